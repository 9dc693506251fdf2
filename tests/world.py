"""A small working city: the real desk on a real database, a clock that the test moves, people who act."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from csirt import founding
from csirt.bootstrap import Desk, wire
from csirt.chores import Chores
from csirt.clock import FixedClock
from csirt.errors import CsirtError
from csirt.model.form import FormKind
from csirt.model.incident import IncidentType
from csirt.model.people import SYSTEM, Actor
from csirt.model.step import DECLINING
from csirt.playbook.language import Playbook
from csirt.playbook.performance import Rested, perform
from csirt.response import assignments, audit, incidents, people, runs
from csirt.response.assignments import Reply
from csirt.response.incidents import Report
from csirt.settings import Settings
from csirt.store.queries import timeline, work
from csirt.store.queries.work import AssignmentView
from csirt.store.tables.record import LedgerRow
from csirt.store.tx import Look

# A case that no playbook drives: people alone act in it. `found_world` asserts that the city has none for this type.
WITHOUT_PLAYBOOK = IncidentType.RESTORE_TEST
TUESDAY_MORNING = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)  # 10:00 in Japan, a business day


@dataclass
class World:
    """The city of one test. Verbs are those of the story; nothing here is faked but the clock."""

    desk: Desk
    clock: FixedClock
    notes: dict[str, Any] = field(default_factory=dict)
    chores: Chores = field(init=False)

    def __post_init__(self) -> None:
        """People are known from the start."""
        self.chores = Chores(self.desk)
        self.desk.commit(SYSTEM, people.refresh, self.desk.directory.people(), self.desk.directory.posts())

    def person(self, uid: str) -> Actor:
        """Somebody, as actor."""

        def look(at: Look) -> Actor:
            return people.local_actor(at.session, at.vault, uid)

        return self.desk.look(look)

    def open(self, type_: IncidentType = IncidentType.RANSOMWARE, title: str = "拡張子が変わった") -> str:
        """The officer opens an incident."""
        return self.desk.commit(self.person("k.sato"), incidents.open_by_report, Report(title=title, type=type_))

    def passes(self) -> list[Rested]:
        """Drive every due run, as the worker does, without Prefect."""
        rested = []
        while held := self.desk.commit(SYSTEM, runs.claim):
            play = self.desk.playbooks[held.playbook, held.version]
            rested.append(perform(play, self.desk.door, held, self.desk.hands))
        return rested

    def work(self) -> None:
        """Let the worker do everything that is due now."""
        for _ in range(20):
            busy = bool(self.passes())
            busy |= self.chores.decide()
            busy |= self.chores.act_slowly()
            busy |= self.chores.send()
            if not busy:
                return

    def forward(self, by: timedelta) -> None:
        """Time passes, in steps no longer than a worker would need to notice."""
        end = self.clock.now() + by
        while self.clock.now() < end:
            self.clock.forward(min(timedelta(seconds=1), end - self.clock.now()))
            self.work()

    def waiting(self, incident: str | None = None) -> dict[str, AssignmentView]:
        """What waits for people, by step; call sheets as `call:PARTY`."""
        found = {}
        for view in self.desk.look(work.assignments, incident=incident):
            found[f"call:{self.called(view)}" if view.delivery else view.step] = view
        return found

    def called(self, sheet: AssignmentView) -> str:
        """Which party a call sheet is for."""
        return self.desk.look(work.deliveries, ids=[sheet.delivery or ""])[0].party

    def answer(self, step: str, uid: str, choice: str, reason: str = "理由", **fields: Any) -> None:
        """A person answers an open step."""
        found = self.waiting()[step]
        told = {**filled(found, choice), **fields}
        self.desk.commit(self.person(uid), assignments.answer, found.id, Reply(choice, reason, told))

    def answer_as_asked(self, view: AssignmentView, choice: str) -> None:
        """Somebody who may answers, by way of local administration; for four eyes it is somebody else each time."""
        actor = Actor(f"p-{view.step[:40]}", "local")
        told = {"spoke_with": "当直", "read_back": "復唱"} if choice == "reached" else filled(view, choice)
        self.desk.commit(actor, assignments.answer, view.id, Reply(choice, "理由", told))

    def kinds(self, incident: str | None = None) -> list[str]:
        """The kinds of entries in the record, in order."""
        with self.desk.read() as session:
            query = select(LedgerRow).order_by(LedgerRow.seq)  # type: ignore[arg-type]
            return [row.kind for row in session.exec(query) if incident in {None, row.inc}]

    def told(self, incident: str) -> list[timeline.TimelineEntry]:
        """The timeline of an incident."""
        return self.desk.look(timeline.timeline, incident)

    def add_playbook(self, play: Playbook) -> None:
        """Give the city one more playbook, as if it lay in the wing."""
        playbooks = {**self.desk.playbooks, (play.name, play.version): play}
        types = {**self.desk.door.city.playbooks, play.handles: (play.name, play.version)}
        object.__setattr__(self.desk, "playbooks", playbooks)
        object.__setattr__(self.desk.door.city, "playbooks", types)


def filled(view: AssignmentView, choice: str) -> dict[str, Any]:
    """Something that fits, in every field of a form but files."""
    something = {FormKind.NUMBER: 1, FormKind.TIME: "2026-11-24T10:00", FormKind.DAY: "2026-11-24", FormKind.TEXT: "文"}
    asked = [] if choice in DECLINING else [one for one in view.form if one.kind is not FormKind.FILE]
    return {one.name: one.options[0] if one.options else something[one.kind] for one in asked}


MakeWorld = Callable[..., World]


def found_world(folder: Path, url: str = "", source: str = "cli") -> World:
    """A world in a folder, on SQLite or on the PostgreSQL database at `url`; `source` is the process it stands for."""
    data = folder / "data"
    if not founding.is_founded(data):
        founding.found(data, founding.SAMPLE_CITY)
    clock = FixedClock(TUESDAY_MORNING)
    world = World(wire(Settings(data=data, database_url=url), source, clock), clock)
    assert WITHOUT_PLAYBOOK not in world.desk.door.city.playbooks, "tests need a type that no playbook handles"
    return world


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """The same city on both databases."""
    url = request.getfixturevalue("fresh_postgres")() if request.param == "postgresql" else ""
    made = found_world(tmp_path, url)
    yield made
    agrees = made.notes.get("intruded") or state_agrees(made.desk)
    made.desk.close()
    assert agrees is True, agrees


def state_agrees(desk: Desk) -> bool | audit.Verified:
    """Whatever a test did: do the tables of cases say what the record says?"""
    try:
        found = desk.look(audit.verify)
    except CsirtError:  # a test took its database away
        return True
    return found if found.why in {"state_differs", "row_missing", "row_without_entry"} else True

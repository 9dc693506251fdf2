"""Every use case, in every role, on one's own thing, on another's, and on what is sealed from them.

Nothing is kept of what is tried (`Desk.imagine`), so that all of it is asked of one and the same city.
"""

import importlib
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from csirt import founding
from csirt.errors import CsirtError
from csirt.model.authority import may
from csirt.model.detection import SourceRecord, Unreadable
from csirt.model.people import NOBODY, SYSTEM, Actor
from csirt.response import intake, quarantine, secrecy
from tests.response.seals import who
from tests.response.test_triage import SENSOR, seen, stored
from tests.response.things import COLLEAGUE, Owner, Things, enrol, made_by
from tests.response.use_cases import ROWS
from tests.world import World, found_world

CAST = (
    "k.sato", "y.tanaka", "m.takahashi", "s.watanabe", "t.nakamura", "a.kobayashi", "r.kato", "d.yoshida", "f.yamada",
    "o.sasaki", "t.uzushio",
)  # fmt: skip
PROGRAMS = (
    SENSOR, Actor("api:in", "api", scopes=frozenset({"intake"})), Actor("api:out", "api", scopes=frozenset({"read"})),
    Actor("p-called", "link"), Actor("p-called", "mail"), Actor("p-new", "ldap"), NOBODY, SYSTEM,
)  # fmt: skip
LED = {"not_permitted", "step_up_needed", "not_your_duty", "not_your_level"}
"""What somebody is told before the case is looked for, so that it says nothing of it."""

NEVER = {
    "acknowledging.by_token",  # by a link only, and only in the name of whoever was called
    "approvals.decide",  # once the council has stamped
    "approvals.review",  # once a deputy has decided
    "glass.break_glass",  # what is not sealed needs none: `test_sealing`
    "holding.send_back",  # once somebody said that they cannot
    "holding.take_back",  # once it was handed over by whoever takes it back
    "secrecy.lift", "secrecy.name_reader", "secrecy.unname_reader",  # what is not sealed has no readers
}  # fmt: skip
"""What would need a longer story to go through: that is told elsewhere. Who is let in is asked here all the same."""


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """A city with sources, where one detection waits and one record could not be read; everybody has a factor."""
    url = request.getfixturevalue("fresh_postgres")() if request.param == "postgresql" else ""
    founding.found(tmp_path / "data", founding.SAMPLE_CITY)
    names = ["edr", *(f"edr-{n}" for n in range(len(CAST)))]
    lines = "".join(f'[[source]]\nname = "{name}"\nowner = "csirt-head"\n' for name in names)
    (tmp_path / "data" / "sources.toml").write_text(lines)
    made = found_world(tmp_path, url)
    try:
        unread = [SourceRecord(0, b"?", Unreadable("json_malformed", "line 1"))]
        told = [SourceRecord(0, b"x", seen("待っている検知", host="pc-76", level=0))]
        for records in (unread, told):
            made.desk.commit(SENSOR, intake.accept, records, source="edr", form="test")
        made.chores.decide()
        for uid in (*CAST, COLLEAGUE):
            enrol(made, uid)
        yield made
    finally:
        made.desk.close()


def things_of(world: World, uid: str) -> Things:
    """What this person made, and what is everybody's."""
    number = CAST.index(uid)
    spare = world.person(CAST[(number + 1) % len(CAST)]).id
    waiting = [stored(world)["待っている検知"].id]
    return made_by(world, Owner(world.person(uid).id, number, spare)) | {
        "incidents.keys": waiting, "joining.keys": waiting, "quarantine.id_": world.desk.look(quarantine.held)[0].id
    }  # fmt: skip


def use_case(name: str) -> Callable[..., Any]:
    module, _, function = name.partition(".")
    found: Callable[..., Any] = getattr(importlib.import_module(f"csirt.response.{module}"), function)
    return found


def arguments(name: str, things: Things) -> dict[str, Any]:
    """What the use case is given: by the name of each parameter, the nearest that is said of it."""
    found = {}
    for one in list(inspect.signature(use_case(name)).parameters.values())[1:]:
        places = (f"{name}.{one.name}", f"{name.partition('.')[0]}.{one.name}", one.name)
        at = next((place for place in places if place in things), None)
        if at is not None and (at != one.name or one.default is one.empty):
            found[one.name] = things[at]
    return found


def outcome(world: World, actor: Actor, name: str, things: Things) -> str:
    """The code of what was raised, or nothing."""
    try:
        world.desk.door.imagine(actor, use_case(name), **arguments(name, things))
    except CsirtError as error:
        return error.code
    return ""


@dataclass(slots=True)
class Matrix:
    """What was tried, and what of it was not as the table says."""

    world: World
    wrong: list[str] = field(default_factory=list)
    through: set[str] = field(default_factory=set)
    cells: int = 0

    def ask(self, actor: Actor, name: str, whose: str, things: Things) -> None:
        """One cell: the use case, who acts, whose thing it is; and the same once their proof is old."""
        self.cells += 1
        row, cell = ROWS[name], f"{name} {actor.id or actor.auth} {whose}"
        found = outcome(self.world, actor, name, things)
        self.through |= set() if found else {name}
        allowed = may(actor, row.own if whose == "own" and row.own else row.needs)
        if allowed != (found != "not_permitted"):
            self.wrong.append(f"{cell}: {found or 'went through'}")
        if row.four_eyes and whose == "own" and not found:
            self.wrong.append(f"{cell}: with one pair of eyes")
        if allowed and not found:
            stale = outcome(self.world, replace(actor, fresh=False), name, things)
            if stale != ("step_up_needed" if row.fresh else ""):
                self.wrong.append(f"{cell}, proved long ago: {stale or 'went through'}")


def test_who_may_is_let_in_and_who_may_not_is_refused(world: World) -> None:
    """Every use case × everybody × own and another's; each goes through for at least one of them."""
    matrix, all_things = Matrix(world), {world.person(uid).id: things_of(world, uid) for uid in CAST}
    for actor in (*(who(world.desk, uid) for uid in CAST), *PROGRAMS):
        other = next(things for id_, things in all_things.items() if id_ != actor.id)
        for name in ROWS:
            matrix.ask(actor, name, "other", other)
            if actor.id in all_things:
                matrix.ask(actor, name, "own", all_things[actor.id])
    assert matrix.wrong == []
    assert sorted(set(ROWS) - matrix.through - NEVER) == []
    assert matrix.cells > 2500


def test_what_is_sealed_is_not_there(world: World) -> None:
    """Whoever was not named is told what everybody is told of a case that does not exist, or that they may not."""
    things, reader = things_of(world, CAST[0]), world.person(COLLEAGUE).id
    for incident in (things["incident"], *things["cases"]):
        world.desk.commit(Actor(reader, "local"), secrecy.seal, incident, [reader])
    wrong = list[str]()
    for actor in (who(world.desk, uid) for uid in CAST):
        for name in (name for name, row in ROWS.items() if row.of_case):
            found = outcome(world, actor, name, things)
            if not (found.endswith("_unknown") or found in LED):
                wrong.append(f"{name} {actor.id}: {found or 'went through'}")
    assert wrong == []

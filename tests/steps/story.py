"""What a scenario remembers, and the words in which its people speak."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Concatenate, ParamSpec, TypeVar

from csirt.clock import JST
from csirt.errors import CsirtError
from csirt.model.incident import IncidentType
from csirt.model.people import Actor, Role
from csirt.readers import formats
from csirt.response import assignments, incidents, intake, people
from csirt.response.assignments import Reply
from csirt.response.incidents import Report
from csirt.response.intake import Accepted
from csirt.response.runs import Claim
from csirt.store.queries import cases, timeline, work
from csirt.store.queries.cases import DetectionView
from csirt.store.queries.work import AssignmentView, EscalationView
from csirt.store.tx import Look, Tx
from tests.plays import assert_sound, signed_in
from tests.world import World, filled

P = ParamSpec("P")
T = TypeVar("T")

SENSOR = Actor("sensor:edr", "token", "", frozenset({Role.SENSOR}))
TITLE = "共有フォルダーの拡張子が変わった"


@dataclass
class Story:
    """One scenario. People come in by the front door, so that roles and posts decide what they may."""

    world: World
    incident: str = ""
    refusal: str = ""
    answers: list[Accepted] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    beside: str = ""
    held: Claim | None = None
    record_before: int = 0
    calls_before: int = 0
    began: datetime = field(init=False)

    def __post_init__(self) -> None:
        """The story begins now."""
        self.began = self.world.clock.now()

    def who(self, name: str) -> Actor:
        """`窓口の佐藤`: somebody by family name; what stands before it is for the reader."""
        family = name.rpartition("の")[2].strip()

        def look(at: Look) -> list[str]:
            known = people.roster(at.session, at.vault).people.values()
            return [person.uid for person in known if person.name.startswith(f"{family} ")]

        found = self.world.desk.look(look)
        assert len(found) == 1, f"{family}: {found}"
        return signed_in(self.world, found[0])

    def attempt(self, by: Actor, act: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs) -> T | None:
        """Somebody tries something; a refusal is kept for the sentence that names it. Then the worker works."""
        self.nothing_is_left_unsaid()
        self.record_before = self.world.desk.look(timeline.head)[0]
        done = None
        try:
            done = self.world.desk.commit(by, act, *args, **kwargs)
        except CsirtError as error:
            self.refusal = error.code
        else:
            self.world.work()
        return done

    def nothing_is_left_unsaid(self) -> None:
        """A refusal that no sentence speaks of is a fault of the story or of the product."""
        assert self.refusal == ""

    def open(self, who: str, title: str = TITLE, type_: str = "ransomware") -> None:
        """Somebody opens an incident by hand."""
        report = Report(title=title, type=IncidentType(type_))
        self.incident = self.attempt(self.who(who), incidents.open_by_report, report) or self.incident

    def choice(self, waiting: AssignmentView, words: str) -> str:
        """The code of the choice that people see under these words; a code stands for itself."""
        shown = self.world.desk.texts.step_text(waiting.playbook or "", waiting.step, "ja").choices
        for choice in waiting.choices:
            if shown.get(choice.code, "").startswith(words) or choice.code == words:
                return choice.code
        return words

    def answer(self, who: str, step: str, words: str, reason: str = "確認した。", **fields: Any) -> None:
        """Somebody answers what waits, or waited, under this name."""
        waiting = self.world.waiting(self.incident)
        assert step in waiting, f"{step} does not wait, but {sorted(waiting)}"
        self.reply(who, waiting[step], words, reason, **fields)

    def reply(self, who: str, waiting: AssignmentView, words: str, reason: str, **fields: Any) -> None:
        """Somebody answers one assignment."""
        choice = self.choice(waiting, words)
        reply = Reply(choice, reason, {**filled(waiting, choice), **fields})
        self.attempt(self.who(who), assignments.answer, waiting.id, reply)

    def calls(self, seconds: int | None = None) -> list[tuple[int, str, str]]:
        """Who was called, how many seconds after the story began, on which channel."""
        found = []
        for entry in self.world.told(self.incident):
            if entry.kind.value == "PERSON_CALLED":
                after = int((entry.at - self.began).total_seconds())
                found.append((after, str(entry.out["party"]), str(entry.out["channel"])))
        return [call for call in found if seconds is None or call[0] == seconds]

    def detections(self) -> list[DetectionView]:
        """The detections of this story's incident."""
        return self.world.desk.look(cases.detections, self.incident)

    def bring(self, data: bytes, form: str = "auto", key: str | None = None, actor: Actor = SENSOR) -> None:
        """A sensor, or somebody else, hands in the bytes of an input."""
        found = self.attempt(
            actor, intake.accept, list(formats.read(data, form)), source="s", form=form, request_key=key
        )
        self.answers.append(found or Accepted())
        if opened := self.world.desk.look(cases.incidents):
            self.incident = opened[-1].id

    def keys_waiting(self) -> list[int]:
        """The detections that wait for the officer."""
        return [key for group in self.world.desk.look(cases.waiting) for key in group.keys]

    def phone_every_office(self, who: str) -> None:
        """The first report has reached prefecture, ministry and SOC."""
        self.phone(who, "pref-security", "mic-cyber", "soc")

    def phone(self, who: str, *offices: str) -> None:
        """Somebody phones offices and has what was said read back."""
        for office in offices:
            self.answer(who, f"call:office:{office}", "reached", "", spoke_with="当直", read_back="案件の番号")

    def by_link(self, who: str) -> Actor:
        """Somebody who came by the link in a mail."""
        return replace(self.who(who), auth="link")

    def escalation(self) -> EscalationView:
        """The chain that this story climbs: the one of its question."""
        return self.world.desk.look(work.escalations, incident=self.incident)[0]

    def day_in(self, days: int) -> date:
        """The day so many days after the story began."""
        return self.began.astimezone(JST).date() + timedelta(days=days)

    def end(self) -> None:
        """However a story ends: nothing is left unsaid, and the record is sound."""
        self.nothing_is_left_unsaid()
        assert_sound(self.world)

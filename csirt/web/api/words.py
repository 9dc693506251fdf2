"""Views of the store as the API gives them: with the words of the reader's language beside the codes."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict

from csirt.bootstrap import Desk
from csirt.documents import Teller, naming
from csirt.era import number_text
from csirt.model.asset import Asset
from csirt.model.authority import may_answer
from csirt.model.incident import IncidentView
from csirt.model.observable import Observable
from csirt.model.people import Actor
from csirt.store.queries.assets import by_id
from csirt.store.queries.candidates import Candidate
from csirt.store.queries.cases import DetectionView, NoteView
from csirt.store.queries.measures import MeasureView
from csirt.store.queries.timeline import TimelineEntry
from csirt.store.queries.work import AssignmentView, EscalationView, StepView
from csirt.store.tx import Look
from csirt.texts.assets import asset_text
from csirt.texts.hosts import host_text
from csirt.texts.naming import Naming
from csirt.texts.observables import observable_lines
from csirt.texts.related import over_texts
from csirt.texts.steps import StepText, titled
from csirt.web.api.detection_shapes import DetectionGiven, ObservableGiven
from csirt.web.api.measure_shapes import MeasureGiven
from csirt.web.api.shapes import (
    AssignmentGiven,
    DeliveryGiven,
    EntryGiven,
    EscalationGiven,
    IncidentGiven,
    NoteGiven,
    StepGiven,
)
from csirt.web.session import Visit


class Words:
    """Makes outputs for one reader."""

    def __init__(self, desk: Desk, look: Look, visit: Visit) -> None:
        """One for each answer: it holds the roster as it is now."""
        self.language = visit.language
        self.name: Naming = naming(desk, look, visit.language, visit.ever)
        self._actor: Actor = visit.actor
        self._look, self._assets = look, dict[str, Asset]()
        self._desk = desk

    def incident(self, view: IncidentView) -> IncidentGiven:
        """An incident."""
        return IncidentGiven.model_validate(self.incident_fields(view))

    def incident_fields(self, view: IncidentView) -> dict[str, object]:
        """The fields of an incident, for outputs that add to them."""
        return {
            **asdict(view),
            "number": self.number(view.fiscal_year, view.ordinal, drill=view.drill),
            "opened_by_name": self.name(view.opened_by),
            "sample": self._desk.door.city.sample,
        }

    def detection(self, view: DetectionView) -> DetectionGiven:
        """A detection, with the reason why it belongs to its incident in words."""
        text = self.joined(view.joined_by, view.joined_over)
        found = self.assets([view.asset]).get(view.asset or "")
        asset = {"id": view.asset, **asdict(found)} if found else None
        told = {
            "joined_text": text, "asset": asset, "asset_text": self.asset(view.asset),
            "observables": observables_given(view.observables),
            "attacked_text": host_text(self.name.words, view.attacked),
        }  # fmt: skip
        return DetectionGiven.model_validate({**asdict(view), **told})

    def observables(self, observables: Iterable[Observable]) -> tuple[str, ...]:
        """What a detection carries, one line a kind, defanged."""
        return observable_lines(self.name.words, observables)

    def assets(self, ids: Iterable[str | None]) -> Mapping[str, Asset]:
        """The assets with these ids."""
        missing = {one for one in ids if one and one not in self._assets}
        self._assets |= by_id(self._look, missing)
        return self._assets

    def asset(self, id_: str | None) -> str:
        """An asset in one line; empty for none."""
        found = self.assets([id_]).get(id_ or "")
        return asset_text(self.name.words, found) if found else ""

    def joined(self, because: str | None, over: str | None) -> str:
        """Why a detection belongs to its incident; empty where nothing was kept."""
        return self.name.words.say(f"joined.{because}", {"over": over or ""}) if because else ""

    def candidate(self, one: Candidate) -> str:
        """Why another incident may be the same one."""
        return self.name.words.say(f"candidate.{one.kind}", {"over": one.text})

    def over(self, over: Collection[tuple[str, str]]) -> tuple[str, ...]:
        """What incidents have in common, one phrase for each kind and value."""
        return over_texts(self.name.words, over, self.assets(value for kind, value in over if kind == "asset"))

    def number(self, year: int, ordinal: int, *, drill: bool = False) -> str:
        """The number of a case as people say it."""
        return number_text(year, ordinal, self.language, drill=drill)

    def step_text(self, playbook: str | None, step: str) -> StepText:
        """The texts of a step."""
        return self._desk.texts.step_text(playbook or "", step, self.language)

    def branch_title(self, playbook: str | None, name: str) -> str:
        """The title of a branch of a playbook, or nothing where it has none."""
        return self._desk.texts.branch_title(playbook or "", name, self.language)

    def assignment(self, view: AssignmentView) -> AssignmentGiven:
        """An assignment in short."""
        return AssignmentGiven.model_validate(self.assignment_fields(view))

    def assignment_fields(self, view: AssignmentView) -> dict[str, object]:
        """The fields of an assignment, for outputs that add to them."""
        return {
            **asdict(view),
            "number": self.number(view.fiscal_year, view.ordinal, drill=view.drill),
            "title": titled(self.step_text(view.playbook, view.step).title, view.kind, self.name.words, view.text),
            "who_name": self.name(view.who),
            "taken_by_name": self.name(view.taken_by) if view.taken_by else "",
            "may_answer": view.closed_at is None and may_answer(self._actor, view.who),
        }

    def step(self, view: StepView, playbook: str | None) -> StepGiven:
        """A step of a run."""
        fields = asdict(view) | {"assignment": view.assignment.id if view.assignment else None}
        return StepGiven.model_validate({**fields, "title": self.step_text(playbook, view.key).title})

    def escalation(self, view: EscalationView) -> EscalationGiven:
        """A chain with its calls."""
        mine = any(call.person == self._actor.id for call in view.calls)
        calls = [DeliveryGiven.model_validate(call) for call in view.calls]
        return EscalationGiven.model_validate({**asdict(view), "called_me": mine, "calls": calls})

    def measure(self, view: MeasureView) -> MeasureGiven:
        """A measure."""
        number = self.number(view.fiscal_year, view.ordinal, drill=view.drill)
        return MeasureGiven.model_validate({**asdict(view), "number": number, "owner_name": self.name.post(view.owner)})

    def note(self, view: NoteView) -> NoteGiven:
        """A remark."""
        return NoteGiven.model_validate({**asdict(view), "by_name": self.name(view.by)})


def entry_given(told: Teller, entry: TimelineEntry, *, with_texts: bool = True) -> EntryGiven:
    """An entry of the record, told."""
    return EntryGiven(
        seq=entry.seq,
        at=entry.at,
        kind=entry.kind.value,
        incident=entry.incident,
        step=entry.step,
        actor=entry.actor,
        actor_name=told.actor(entry),
        text=told.tell(entry, with_texts=with_texts),
        out=entry.out,
    )


def observables_given(observables: Iterable[Observable]) -> list[ObservableGiven]:
    """What a detection carries, as the API gives it."""
    return [ObservableGiven(kind=one.kind, value=one.value, text=one.text) for one in observables]

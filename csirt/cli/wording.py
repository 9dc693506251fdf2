"""Views of the store as commands show them: with the words of a language beside the codes."""

from dataclasses import dataclass
from typing import Any

from csirt.bootstrap import Desk
from csirt.cli.speaking import plain
from csirt.documents import level_text, naming
from csirt.era import number_text
from csirt.model.incident import IncidentView
from csirt.reports.labels import shown_at
from csirt.store.queries.cases import NoteView
from csirt.store.queries.measures import MeasureView
from csirt.store.queries.work import AssignmentView, DeliveryView, EscalationView, StepView
from csirt.store.tx import Look
from csirt.texts.naming import Naming
from csirt.texts.steps import titled


@dataclass(frozen=True, slots=True)
class Words:
    """Makes rows in one language. Fields ending in `_text` and `_name` are for people."""

    desk: Desk
    language: str
    name: Naming

    @classmethod
    def of(cls, look: Look, desk: Desk, language: str) -> "Words":
        """With the roster as it is now."""
        return cls(desk, str(language), naming(desk, look, str(language)))

    def number(self, year: int, ordinal: int, *, drill: bool = False) -> str:
        """The number of a case as people say it."""
        return number_text(year, ordinal, self.language, drill=drill)

    def text(self, prefix: str, code: object) -> str:
        """The word for a code."""
        return self.name.words.gettext(f"{prefix}.{code}")

    def incident(self, view: IncidentView) -> dict[str, Any]:
        """An incident."""
        return {
            "id": view.id,
            "number": self.number(view.fiscal_year, view.ordinal, drill=view.drill),
            "fiscal_year": view.fiscal_year,
            "ordinal": view.ordinal,
            "title": view.title,
            "type": view.type,
            "type_text": self.text("type", view.type.value),
            "level": view.level,
            "proposed_level": view.proposed_level,
            "level_text": level_text(view, self.name.words),
            "status": view.status,
            "status_text": self.text("status", view.status.value),
            "received": view.clocks.received,
            "received_text": shown_at(view.clocks.received, "ja" if self.language == "ja" else "en"),
            "occurred": view.clocks.occurred,
            "noticed": view.clocks.noticed,
            "known": view.clocks.known,
            "opened_by": view.opened_by,
            "opened_by_name": self.name(view.opened_by),
            "playbook": view.playbook,
            "playbook_version": view.playbook_version,
            "disposition": view.disposition,
            "closed_at": view.closed_at,
            "sample": self.desk.door.city.sample,
            "drill": view.drill,
        }

    def assignment(self, view: AssignmentView) -> dict[str, Any]:
        """An assignment, open or answered."""
        texts = self.desk.texts.step_text(view.playbook or "", view.step, self.language)
        choices = [
            {"code": one.code, "text": texts.choices.get(one.code, one.code), "needs_reason": one.needs_reason}
            for one in view.choices
        ]
        return {
            "id": view.id,
            "incident": view.incident,
            "number": self.number(view.fiscal_year, view.ordinal, drill=view.drill),
            "step": view.step,
            "title": titled(texts.title, view.kind, self.name.words, view.text),
            "kind": view.kind,
            "who": view.who,
            "who_name": self.name(view.who),
            "choices": choices,
            "fields": view.fields,
            "form": [one.to_plain() for one in view.form],
            "not_by": view.not_by,
            "opened_at": view.opened_at,
            "due_at": view.due_at,
            "open": view.closed_at is None,
            "closed_at": view.closed_at,
            "answered_by": view.answered_by,
            "choice": view.choice,
            "delivery": view.delivery,
            "text": view.text,
            "necessary": view.necessary,
            "taken_by": view.taken_by,
            "taken_by_name": self.name(view.taken_by) if view.taken_by else "",
            "taken_at": view.taken_at,
            "referred_from": view.referred_from,
        }

    def step(self, view: StepView, playbook: str | None) -> dict[str, Any]:
        """A step of a run."""
        return {
            "key": view.key,
            "title": self.desk.texts.step_text(playbook or "", view.key, self.language).title,
            "kind": view.kind,
            "state": view.state,
            "state_text": self.text("step_state", view.state.value),
            "branch": view.branch,
            "mandatory": view.mandatory,
            "attempts": view.attempts,
            "opened_at": view.opened_at,
            "ended_at": view.ended_at,
            "value": view.value,
            "assignment": view.assignment.id if view.assignment else None,
        }

    def escalation(self, view: EscalationView) -> dict[str, Any]:
        """A chain with its calls; addresses stay in the directory."""
        calls = [_call(one) for one in view.calls]
        return {**plain(view), "calls": calls}

    def measure(self, view: MeasureView) -> dict[str, Any]:
        """A measure."""
        return {
            **plain(view),
            "number": self.number(view.fiscal_year, view.ordinal, drill=view.drill),
            "owner_name": self.name.post(view.owner),
            "state_text": self.text("measure_state", view.state),
        }

    def note(self, view: NoteView) -> dict[str, Any]:
        """A remark."""
        return {**plain(view), "by_name": self.name(view.by)}


_OF_A_CALL = (
    "id", "route", "tier", "channel", "party", "person", "name", "state", "attempts", "queued_at", "finished_at",
    "acknowledged_at",
)  # fmt: skip


def _call(view: DeliveryView) -> dict[str, Any]:
    return {name: getattr(view, name) for name in _OF_A_CALL}

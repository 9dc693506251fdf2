"""What the page of a step and a call sheet share: the assignment with its words, and an answer that is sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from csirt.clock import JST
from csirt.errors import AlreadyAnswered, Invalid
from csirt.model.step import Json
from csirt.response import assignments, reasons
from csirt.response.assignments import Reply
from csirt.store.queries import cases, work
from csirt.store.queries.work import AssignmentView
from csirt.store.tx import Look
from csirt.texts.steps import StepText
from csirt.web.api.words import Words
from csirt.web.pages.forms import Faults, Sent, moment_of
from csirt.web.pages.steps import choice_text
from csirt.web.session import Visit
from csirt.web.views.assignment import Given

PREFIX = "field."
CONFLICT = AlreadyAnswered.http


@dataclass(frozen=True, slots=True)
class Asked:
    """An assignment with the words of its reader's language."""

    view: AssignmentView
    words: Words
    text: StepText
    number: str
    incident_title: str
    drill: bool

    @property
    def given(self) -> Given | None:
        """The answer that stands, if there is one."""
        view = self.view
        if view.closed_at is None:
            return None
        answer = view.answer if isinstance(view.answer, dict) else {}
        return Given(
            choice=choice_text(self.words, self.text, view.choice),
            by=self.words.name(view.answered_by or "system"),
            at=view.closed_at,
            reason=str(answer.get("reason") or ""),
        )


def asked_of(look: Look, visit: Visit, id_: str) -> Asked:
    """One assignment. Raises `NotFound`."""
    view = work.assignment(look, id_)
    words = Words(visit.desk, look, visit)
    case = cases.incident(look, view.incident)
    number = words.number(case.fiscal_year, case.ordinal, drill=case.drill)
    return Asked(view, words, words.step_text(view.playbook, view.step), number, case.title, case.drill)


def is_time(name: str) -> bool:
    """Does a field of this name (`done_at`, `spoke_at`) ask for an instant?"""
    return name.endswith("_at")


def read_fields(sent: Sent, names: Mapping[str, str], faults: Faults) -> dict[str, Json]:
    """The extra fields of a form; `names` maps what use cases call them to what the form calls them."""
    fields: dict[str, Json] = {}
    for name, sent_as in names.items():
        text = sent.text(sent_as)
        if is_time(name):
            faults.check(sent_as, lambda text=text: moment_of(text))  # type: ignore[misc]
        if sent_as not in faults.errors and text:
            fields[name] = _local(moment_of(text)) if is_time(name) else text
        faults.check_text(sent_as, text, reasons.MOST)
    return fields


def _local(at: datetime | None) -> str:
    """An instant as it is recorded: ISO 8601 on the clock of Japan."""
    return at.astimezone(JST).isoformat(timespec="minutes") if at else ""


def send(sent: Sent, view: AssignmentView, reply: Reply, faults: Faults, names: frozenset[str], prefix: str) -> bool:
    """Answer an assignment; false if it was faulty, which `faults` then tells.

    The same answer of the same person again is no clash: they pressed twice.

    Raises:
        AlreadyAnswered: somebody else was faster.
        Forbidden: this person may not.
    """
    visit = sent.visit
    try:
        visit.desk.commit(visit.actor, assignments.answer, view.id, reply)
    except Invalid as error:
        faults.of(error, names, prefix)
        return False
    except AlreadyAnswered:
        stands = visit.desk.look(work.assignment, view.id)
        if (stands.answered_by, stands.choice) != (visit.actor.id, reply.choice):
            raise
    return True

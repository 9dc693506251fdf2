"""Who has a step in hand, as its page shows it, and the acts that the reader has."""

from dataclasses import dataclass

from csirt.model.authority import Permission, may, may_answer
from csirt.model.people import Actor
from csirt.model.step import StepKind
from csirt.response import holding
from csirt.store.queries.work import AssignmentView
from csirt.store.tx import Look
from csirt.web.api.words import Words
from csirt.web.session import Visit
from csirt.web.views.frame import EMPTY_FORM, Form, Option
from csirt.web.views.holding import InHand


@dataclass(frozen=True, slots=True)
class Came:
    """A form about it that came back: which act, with what was typed; `clash`: somebody else was faster."""

    act: str
    form: Form
    clash: bool = False


NOTHING_CAME = Came("", EMPTY_FORM)


def part_of(look: Look, visit: Visit, words: Words, view: AssignmentView, came: Came = NOTHING_CAME) -> InHand | None:
    """What the page of an open step says of it; None once it has its answer, and of what a holder is to see."""
    if view.closed_at is not None or view.kind is StepKind.REVIEW:
        return None
    acts = acts_of(visit.actor, view)
    people = holding.candidates(look, view.id) if "hand_over" in acts else []
    return InHand(
        acts=acts,
        holder=view.taken_by or "",
        by=words.name(view.taken_by) if view.taken_by else "",
        mine=view.taken_by == visit.actor.id,
        since=view.taken_at,
        handed_by=words.name(view.handed_by) if view.handed_by else "",
        note=view.handed_note,
        referred_from=words.name(view.referred_from) if view.referred_from else "",
        referred_by=words.name(view.referred_by) if view.referred_by else "",
        reason=view.referred_reason,
        up=words.name(up) if (up := up_of(view)) else "",
        people=tuple(Option(value=one.id, label=words.name.person(one.id)) for one in people),
        act=came.act,
        form=came.form,
        clash=came.clash,
    )


def up_of(view: AssignmentView) -> str:
    """Who would be asked next if it cannot be done; empty for nobody."""
    return holding.above(view.kind, view.who) or ""


def acts_of(actor: Actor, view: AssignmentView) -> tuple[str, ...]:
    """What this actor may do about an open assignment besides answering it."""
    if not may(actor, Permission.ANSWER_STEP):
        return ()
    answers, assigns = may_answer(actor, view.who), may(actor, Permission.ASSIGN_STEP)
    mine, free = view.taken_by == actor.id, view.taken_by is None
    allowed = {
        "claim": answers and free,
        "take_over": answers and not free and not mine,
        "take_back": answers and not mine and view.handed_by == actor.id,
        "give_back": not free and (mine or assigns),
        "hand_over": assigns or (answers and (mine or free)),
        "cannot": answers and bool(up_of(view)) and view.kind is not StepKind.CALL,
        "waive": view.kind is StepKind.ERRAND and may(actor, Permission.CANCEL_STEP),
        "send_back": answers and view.referred_from is not None,
    }
    if allowed["take_back"]:
        allowed["take_over"] = False
    return tuple(name for name, is_so in allowed.items() if is_so)

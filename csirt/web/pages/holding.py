"""Forms about who has a step in hand. What was typed comes back with who was faster, so that no text is lost."""

from collections.abc import Callable

from fastapi import APIRouter, Request
from starlette.responses import Response

from csirt.errors import AlreadyAnswered, Conflict, CsirtError, Forbidden, Invalid, NotFound
from csirt.model.authority import Permission, must
from csirt.model.step import StepKind
from csirt.response import holding
from csirt.store.queries import work
from csirt.store.tx import Tx
from csirt.web.look import View
from csirt.web.pages.assignments import page_of
from csirt.web.pages.call_sheets import sheet_of
from csirt.web.pages.drafting import begun
from csirt.web.pages.drawing import go, show
from csirt.web.pages.forms import Faults, Sent, SentForm
from csirt.web.pages.in_hand import Came
from csirt.web.session import Visit

router = APIRouter(include_in_schema=False)
NAMES = frozenset({"to", "note", "reason"})
STAY, LIST = "", "/assignments"
_BACK = (Invalid, Conflict, Forbidden, NotFound)


@router.post("/assignments/{id}/claim")
def take_claim(request: Request, id: str, sent: SentForm) -> Response:  # noqa: A002 - the word of the address
    """Take a step in hand, or over from who had it when the page was drawn."""
    holder = sent.line("instead_of")
    return _do(request, sent, id, "claim", lambda tx: holding.claim(tx, id, holder), STAY)


@router.post("/assignments/{id}/hand-over")
def take_hand_over(request: Request, id: str, sent: SentForm) -> Response:  # noqa: A002 - as above
    """Hand a step to a named person with a note."""
    faults = Faults()
    if not sent.line("to"):
        faults.add("to", "choice_missing")
    to, note = sent.line("to"), sent.text("note")
    return _do(request, sent, id, "hand_over", lambda tx: holding.hand_over(tx, id, to, note), LIST, faults)


@router.post("/assignments/{id}/take-back")
def take_take_back(request: Request, id: str, sent: SentForm) -> Response:  # noqa: A002 - as above
    """Take back what one handed over."""
    return _do(request, sent, id, "take_back", lambda tx: holding.take_back(tx, id), STAY)


@router.post("/assignments/{id}/give-back")
def take_give_back(request: Request, id: str, sent: SentForm) -> Response:  # noqa: A002 - as above
    """Lay down what one has in hand."""
    return _do(request, sent, id, "give_back", lambda tx: holding.give_back(tx, id), STAY)


@router.post("/assignments/{id}/cannot")
def take_cannot(request: Request, id: str, sent: SentForm) -> Response:  # noqa: A002 - as above
    """Say why it cannot be done; it goes up."""
    return _do(request, sent, id, "cannot", lambda tx: holding.refer(tx, id, sent.text("reason")), LIST)


@router.post("/assignments/{id}/send-back")
def take_send_back(request: Request, id: str, sent: SentForm) -> Response:  # noqa: A002 - as above
    """Give what came up back down."""
    return _do(request, sent, id, "send_back", lambda tx: holding.send_back(tx, id, sent.text("reason")), LIST)


def _do(
    request: Request,
    sent: Sent,
    id_: str,
    act: str,
    deed: Callable[[Tx], None],
    then: str,
    faults: Faults | None = None,
) -> Response:
    """One act; then it stays with the step, or goes on to one's own list."""
    must(sent.visit.actor, Permission.ANSWER_STEP)
    faults = faults or Faults()
    clash = False
    if not faults.errors:
        try:
            sent.visit.desk.commit(sent.visit.actor, deed)
            return go(request, _place(sent.visit, id_) if then == STAY else then, f"step_{act}")
        except AlreadyAnswered:
            clash = False  # the page shows the answer that stands
        except _BACK as error:
            clash = error.code == "assignment_taken"
            _note(faults, error)
    return _again(request, sent, id_, Came(act, sent.again(faults.errors, faults.params), clash))


def _note(faults: Faults, error: CsirtError) -> None:
    """What went wrong, beside its field; of an unknown assignment or case there is no page to show."""
    if isinstance(error, NotFound) and error.code != "person_unknown":
        raise error
    faults.of(error, NAMES)


def _place(visit: Visit, id_: str) -> str:
    """The page of a step; of a call it is its sheet."""
    is_call = visit.desk.look(work.assignment, id_).kind is StepKind.CALL
    return f"/call-sheets/{id_}" if is_call else f"/assignments/{id_}"


def _again(request: Request, sent: Sent, id_: str, came: Came) -> Response:
    visit, place = sent.visit, _place(sent.visit, id_)
    form = visit.desk.look(begun, visit, place)
    page: View
    if place.startswith("/call-sheets/"):
        page = visit.desk.look(sheet_of, visit, id_, form, came=came)
    else:
        page = visit.desk.look(page_of, visit, id_, form, came=came)
    status = Invalid.http if came.form.errors and not came.clash else Conflict.http
    return show(request, visit, page, "assignments", status=status, path=place)

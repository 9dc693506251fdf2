"""個人データの消去: one person chooses what goes and says why, another one looks at it and decides."""

from collections.abc import Mapping

from fastapi import APIRouter, Request
from starlette.responses import Response

from csirt import erasing as carrying_out
from csirt.errors import Conflict, Invalid
from csirt.model.authority import Permission, may
from csirt.model.erasure import ErasureBasis, ErasureState
from csirt.model.evidence import EvidenceState
from csirt.response import erasing
from csirt.store.queries import cases
from csirt.store.queries import erasures as questions
from csirt.store.queries.cases import resolve_incident
from csirt.store.queries.erasures import ErasableText, Erasure
from csirt.store.queries.evidence import evidence_of
from csirt.store.tx import Look
from csirt.web.api.erasures import must_deal_with
from csirt.web.api.words import Words
from csirt.web.pages.drawing import go, show
from csirt.web.pages.forms import Faults, SentForm, new_key
from csirt.web.session import IncidentReader, Visit
from csirt.web.views.erasures import ErasurePage, ErasureRow, PieceRow, TextRow
from csirt.web.views.frame import EMPTY_FORM, Form, Option

router = APIRouter(include_in_schema=False)

NAMES = frozenset({"texts", "basis", "reason"})


@router.get("/incidents/{name}/erasure")
def show_erasures(request: Request, name: str, reader: IncidentReader) -> Response:
    """What can be erased, and what was."""
    must_deal_with(reader)
    return show(request, reader, reader.desk.look(_page, reader, name, {"": Form(key=new_key())}), "incident")


@router.post("/incidents/{name}/erasure")
def take_proposal(request: Request, name: str, sent: SentForm) -> Response:
    """Propose an erasure; a faulty form comes back with everything that was ticked."""
    visit, faults = sent.visit, Faults()
    incident = visit.desk.look(resolve_incident, name)
    faults.check_text("reason", sent.text("reason"))
    if sent.text("basis") not in {basis.value for basis in ErasureBasis}:
        faults.add("basis", "choice_missing")
    if not faults.errors:
        try:
            visit.desk.commit(
                visit.actor, erasing.propose, incident, sent.many.get("texts", ()), sent.many.get("evidence", ()),
                ErasureBasis(sent.text("basis")), sent.text("reason"), whole=sent.text("whole") == "yes",
                request_key=sent.request_key,
            )  # fmt: skip
            return go(request, f"/incidents/{incident}/erasure", "erasure_proposed")
        except (Invalid, Conflict) as error:
            faults.of(error, NAMES)
    chosen = frozenset({*sent.many.get("texts", ()), *sent.many.get("evidence", ())})
    page = visit.desk.look(_page, visit, incident, {"": sent.again(faults.errors, faults.params)}, chosen)
    return show(request, visit, page, "incident", status=Invalid.http, path=f"/incidents/{incident}/erasure")


@router.post("/erasures/{id}/approval")
def take_approval(request: Request, id: str, sent: SentForm) -> Response:  # noqa: A002 - the word of the address
    """Erase what was proposed."""
    visit = sent.visit
    try:
        incident = carrying_out.approve(visit.desk, visit.actor, id).incident
    except Conflict:
        incident = _decided_so(visit, id, ErasureState.DONE)
    return go(request, f"/incidents/{incident}/erasure", "erased")


def _decided_so(visit: Visit, id_: str, state: ErasureState) -> str:
    """The incident of an erasure that this person decided so already: they pressed twice.

    Raises:
        Conflict: `erasure_decided`: somebody else was faster, or they had decided otherwise.
    """
    found = visit.desk.look(questions.erasure, id_)
    if (found.decided_by, found.state) != (visit.actor.id, state):
        raise Conflict("erasure_decided", erasure=id_)
    return found.incident


@router.post("/erasures/{id}/rejection")
def take_rejection(request: Request, id: str, sent: SentForm) -> Response:  # noqa: A002 - the word of the address
    """Decide that nothing is erased; a form without reason comes back."""
    visit, faults = sent.visit, Faults()
    incident = visit.desk.look(questions.erasure, id).incident
    faults.check_text("reason", sent.text("reason"))
    if not faults.errors:
        try:
            visit.desk.commit(visit.actor, erasing.reject, id, sent.text("reason"))
            return go(request, f"/incidents/{incident}/erasure", "erasure_rejected")
        except Invalid as error:
            faults.of(error, frozenset({"reason"}))
        except Conflict:
            _decided_so(visit, id, ErasureState.REJECTED)
            return go(request, f"/incidents/{incident}/erasure", "erasure_rejected")
    page = visit.desk.look(_page, visit, incident, {id: sent.again(faults.errors, faults.params)})
    return show(request, visit, page, "incident", status=Invalid.http, path=f"/incidents/{incident}/erasure")


def _page(
    look: Look, visit: Visit, name: str, forms: Mapping[str, Form], chosen: frozenset[str] = frozenset()
) -> ErasurePage:
    words = Words(visit.desk, look, visit)
    case = cases.named(look, name)
    texts = [_text(one, words) for one in questions.erasable(look, case.id)]
    pieces = [one for one in evidence_of(look, case.id) if one.state is not EvidenceState.ERASED]
    return ErasurePage(
        incident_id=case.id,
        incident=words.number(case.fiscal_year, case.ordinal, drill=case.drill),
        title=case.title,
        drill=case.drill,
        may_propose=may(visit.actor, Permission.PROPOSE_ERASURE),
        texts=tuple(texts),
        pieces=tuple(PieceRow(id=one.id, name=one.name, size=one.size, at=one.at) for one in pieces),
        erasures=tuple(_row(one, words, visit, texts, forms) for one in questions.of_incident(look, case.id)),
        bases=tuple(Option(value=one.value, label=_basis(one, words)) for one in ErasureBasis),
        chosen=chosen,
        form=forms.get("", EMPTY_FORM),
    )


def _basis(one: ErasureBasis, words: Words) -> str:
    return words.name.words.gettext(f"erasure_basis.{one}")


def _text(one: ErasableText, words: Words) -> TextRow:
    return TextRow(
        c=one.c, seq=one.seq, at=one.at, kind=one.kind, by=words.name(one.actor), field=one.name, text=one.text,
        needed=one.needed,
    )  # fmt: skip


def _row(
    one: Erasure, words: Words, visit: Visit, texts: list[TextRow], forms: Mapping[str, Form]
) -> ErasureRow:  # fmt: skip
    open_ = one.state is ErasureState.PROPOSED
    mine = one.proposed_by == visit.actor.id
    return ErasureRow(
        id=one.id,
        state=one.state,
        basis=one.basis,
        reason=one.reason,
        whole=one.whole,
        number=len(one.texts),
        pieces=len(one.evidence),
        texts=tuple(text for text in texts if open_ and (one.whole or text.c in one.texts)),
        by=words.name(one.proposed_by),
        at=one.proposed_at,
        decided_by=words.name(one.decided_by) if one.decided_by else "",
        decided_at=one.decided_at,
        may_decide=open_ and not mine and may(visit.actor, Permission.APPROVE_ERASURE),
        mine=open_ and mine,
        form=forms.get(one.id, Form(key=new_key())),
    )

"""職の引継ぎ: posts that change hands on a day to come; and the button that confirms an office's contact data."""

from datetime import date

from fastapi import APIRouter, Request
from starlette.responses import Response

from csirt.era import jst_date, parse_date
from csirt.errors import Conflict, CsirtError, Invalid
from csirt.model.authority import Permission, may
from csirt.response import contacts
from csirt.response import handovers as use_cases
from csirt.store.queries.contacts import HandoverView
from csirt.store.queries.contacts import handovers as question
from csirt.store.tx import Look
from csirt.web.api.words import Words
from csirt.web.pages.drawing import go, show
from csirt.web.pages.forms import Faults, Sent, SentForm, new_key
from csirt.web.session import IncidentReader, Visit
from csirt.web.views.frame import Form, Option
from csirt.web.views.handovers import HandoverRow, Handovers

router = APIRouter(include_in_schema=False)

NAMES = frozenset({"post", "on", "holder", "deputies"})
KEEP, NOBODY, NAMED = "keep", "nobody", "named"


@router.get("/handovers")
def show_handovers(request: Request, reader: IncidentReader) -> Response:
    """What is entered, and the form for whoever keeps the contacts."""
    return show(request, reader, reader.desk.look(_page, reader, Form(key=new_key())), "chains")


@router.post("/handovers")
def take_handover(request: Request, sent: SentForm) -> Response:
    """Enter one; a faulty form comes back."""
    visit, faults = sent.visit, Faults()
    on = _day(sent, faults)
    for field in ("post", "holder"):
        if not sent.text(field):
            faults.add(field, "choice_missing")
    deputies = _deputies(sent, faults)
    if on and not faults.errors:
        try:
            visit.desk.commit(
                visit.actor, use_cases.enter, sent.text("post"), on, sent.text("holder"), deputies,
                request_key=sent.request_key,
            )  # fmt: skip
            return go(request, "/handovers", "handover_entered")
        except CsirtError as error:
            if error.code in {"not_permitted", "unavailable"}:
                raise
            faults.of(error, NAMES)
    page = visit.desk.look(_page, visit, sent.again(faults.errors, faults.params))
    return show(request, visit, page, "chains", status=Invalid.http, path="/handovers")


@router.post("/handovers/{id}/cancel")
def cancel_handover(request: Request, id: str, sent: SentForm) -> Response:  # noqa: A002 - the word of the address
    """It does not take place; said twice, it counts once."""
    try:
        sent.visit.desk.commit(sent.visit.actor, use_cases.cancel, id)
    except Conflict as error:
        if error.code != "handover_ended":
            raise
    return go(request, "/handovers", "handover_cancelled")


@router.post("/chains/{name}/confirmation")
def confirm_contact(request: Request, name: str, sent: SentForm) -> Response:
    """Somebody called the office today and found its data right."""
    sent.visit.desk.commit(sent.visit.actor, contacts.confirm, sent.text("office"))
    return go(request, f"/chains/{name}", "contact_confirmed")


def _day(sent: Sent, faults: Faults) -> date | None:
    try:
        return parse_date(sent.text("on"))
    except Invalid as error:
        faults.add("on", error.code, **error.params)
        return None


def _deputies(sent: Sent, faults: Faults) -> list[str] | None:
    """As the form says: they stay (None), there are none, or those that were chosen."""
    found = [one for one in (sent.text("deputy1"), sent.text("deputy2")) if one]
    match sent.text("keep"):
        case "keep" | "nobody" if found:  # which of the two is meant? nothing that was chosen is dropped in silence
            faults.add("deputy1", "deputies_contradict")
            return None
        case "" | "keep" if not found:
            return None
        case "nobody":
            return []
        case _:
            if not found:
                faults.add("deputy1", "choice_missing")
            return found


def _page(look: Look, visit: Visit, form: Form) -> Handovers:
    words, today = Words(visit.desk, look, visit), jst_date(visit.desk.clock.now())
    may_keep = may(visit.actor, Permission.KEEP_CONTACTS)
    known = visit.known
    return Handovers(
        rows=tuple(_row(one, words, today) for one in question(look)),
        may_keep=may_keep,
        posts=tuple(Option(value=one, label=words.name.post(one)) for one in sorted(known.posts)) if may_keep else (),
        people=tuple(
            Option(value=one.id, label=words.name(one.id))
            for one in sorted(known.people.values(), key=lambda one: (one.kana or one.name, one.id))
        )
        if may_keep
        else (),
        form=form,
    )


def _row(one: HandoverView, words: Words, today: date) -> HandoverRow:
    of = one.handover
    on = jst_date(of.begins_at)
    return HandoverRow(
        id=of.id,
        on=on,
        post=words.name(f"post:{of.post}"),
        holder=words.name(of.holder),
        deputies=None if of.deputies is None else tuple(words.name(deputy) for deputy in of.deputies),
        by=words.name(one.entered_by),
        begun=on <= today,
    )

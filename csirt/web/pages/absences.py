"""不在: one says oneself from when until when one is away, and sees what that changes before it is saved."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from fastapi import APIRouter, Request
from starlette.responses import Response

from csirt.errors import Conflict, CsirtError, Invalid
from csirt.model.absence import stand_ins
from csirt.model.authority import Permission, may, must
from csirt.model.handover import Handover, posts_at
from csirt.model.people import Post
from csirt.response import absences as use_cases
from csirt.store.queries.absences import AbsenceView, away_between
from csirt.store.queries.absences import absences as question
from csirt.store.queries.contacts import open_handovers
from csirt.store.tx import Look
from csirt.texts.chains import ChainWords
from csirt.web.api.words import Words
from csirt.web.pages.drawing import go, show
from csirt.web.pages.forms import Faults, Sent, SentForm, moment_of, new_key
from csirt.web.session import IncidentReader, Visit
from csirt.web.views.absences import AbsenceLine, Absences, OrderRow, StandInRow
from csirt.web.views.frame import Form, Option

router = APIRouter(include_in_schema=False)
NAMES = frozenset({"person", "from", "until"})


@router.get("/absences")
def show_absences(request: Request, reader: IncidentReader) -> Response:
    """Who is away, and the form."""
    return show(request, reader, reader.desk.look(_page, reader, Form(key=new_key())), "chains")


@router.post("/absences")
def take_absence(request: Request, sent: SentForm) -> Response:
    """First what it would change, then, with the button below that, it is entered. Pressed twice, it counts once."""
    visit, faults = sent.visit, Faults()
    must(visit.actor, Permission.ENTER_ABSENCE)
    span = _span(sent, faults)
    if span and not faults.errors and sent.text("act") == "enter":
        try:
            person = sent.line("person") or visit.actor.id
            visit.desk.commit(visit.actor, use_cases.enter, person, *span, request_key=sent.request_key)
            return go(request, "/absences", "absence_entered")
        except Invalid as error:
            faults.of(error, NAMES)
    page = visit.desk.look(_page, visit, sent.again(faults.errors, faults.params))
    if span and not faults.errors:
        page = visit.desk.look(_foretold, visit, page, sent.line("person") or visit.actor.id, span)
    status = Invalid.http if faults.errors else 200
    return show(request, visit, page, "chains", status=status, path="/absences")


@router.post("/absences/{id}/end")
def end_absence(request: Request, id: str, sent: SentForm) -> Response:  # noqa: A002 - the word of the address
    """They are back; said twice, it counts once."""
    try:
        sent.visit.desk.commit(sent.visit.actor, use_cases.end, id)
    except Conflict as error:
        if error.code != "absence_ended":
            raise
    return go(request, "/absences", "absence_ended")


def _span(sent: Sent, faults: Faults) -> tuple[datetime, datetime] | None:
    found: list[datetime] = []
    for field in ("from", "until"):
        try:
            at = moment_of(sent.text(field))
        except CsirtError as error:
            faults.add(field, error.code, **error.params)
            continue
        if at is None:
            faults.add(field, "field_missing")
        else:
            found.append(at)
    if len(found) < 2:
        return None
    begins, until = found
    if not begins < until <= begins + use_cases.LONGEST or until <= sent.visit.desk.clock.now():
        faults.add("until", "absence_span")
    return begins, until


def _page(look: Look, visit: Visit, form: Form) -> Absences:
    words, now = Words(visit.desk, look, visit), visit.desk.clock.now()
    keeps = may(visit.actor, Permission.KEEP_CONTACTS)
    people = sorted(visit.known.people.values(), key=lambda one: (one.kana, one.name)) if keeps else []
    found, planned = question(look, now), open_handovers(look.session)
    return Absences(
        rows=tuple(_line(one, found, planned, words, visit) for one in found),
        may_enter=may(visit.actor, Permission.ENTER_ABSENCE),
        people=tuple(Option(value=one.id, label=words.name.person(one.id)) for one in people),
        mine=_orders(words, visit, posts_at(visit.known.posts, planned, now)),
        form=form,
    )


def _orders(words: Words, visit: Visit, posts: Mapping[str, Post]) -> tuple[OrderRow, ...]:
    """The reader's own posts, each with who stands in for whom, in the order of the rule."""
    return tuple(
        OrderRow(post=words.name.post(post.id), people=tuple(words.name(one) for one in post.acting_order))
        for post in sorted(posts.values(), key=lambda one: (one.holder != visit.actor.id, one.id))
        if visit.actor.id in post.acting_order
    )


def _line(
    one: AbsenceView, all_: Sequence[AbsenceView], planned: Sequence[Handover], words: Words, visit: Visit
) -> AbsenceLine:
    mine, now = one.person == visit.actor.id or may(visit.actor, Permission.KEEP_CONTACTS), visit.desk.clock.now()
    others = frozenset(other.person for other in all_ if other.from_at < one.until_at and other.until_at > one.from_at)
    posts = posts_at(visit.known.posts, planned, one.from_at)
    return AbsenceLine(
        id=one.id, name=words.name(one.person), begins=one.from_at, until=one.until_at, under_way=one.from_at <= now,
        may_end=mine and may(visit.actor, Permission.ENTER_ABSENCE),
        stand_ins=_stand_ins(words, visit, one.person, posts, others),
    )  # fmt: skip


def _foretold(look: Look, visit: Visit, page: Absences, person: str, span: tuple[datetime, datetime]) -> Absences:
    """With who is called instead. Others count as away if they are so at any time of it: that is the worst of it."""
    words = Words(visit.desk, look, visit)
    posts = posts_at(visit.known.posts, open_handovers(look.session), span[0])
    rows = _stand_ins(words, visit, person, posts, away_between(look.session, *span))
    return replace(page, shown=True, whose=words.name(person), stand_ins=rows)


def _stand_ins(
    words: Words, visit: Visit, person: str, posts: Mapping[str, Post], others: frozenset[str]
) -> tuple[StandInRow, ...]:
    known = visit.desk.door.city.chains
    titles = ChainWords(known, words.language)
    return tuple(
        StandInRow(
            post=words.name.post(one.post),
            is_holder=one.is_holder,
            acting=words.name(one.acting) if one.acting else "",
            changes=one.changes,
            chains=tuple(titles.title(name) for name in one.chains),
        )
        for one in stand_ins(person, posts, others, known.values())
    )

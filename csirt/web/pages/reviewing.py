"""振り返り: the page of the review of a closed incident; it prints as it stands."""

from datetime import date, datetime

from fastapi import APIRouter, Request
from starlette.responses import Response

from csirt.era import parse_date
from csirt.errors import Conflict, Invalid
from csirt.model.authority import Permission, may
from csirt.model.duty import DutyState
from csirt.model.incident import IncidentStatus, IncidentView
from csirt.model.measure import MeasureFilter
from csirt.response import reviews
from csirt.response.reviews import Review
from csirt.store.queries import cases, duties
from csirt.store.queries import measures as questions
from csirt.store.queries.cases import resolve_incident
from csirt.store.queries.duties import DutyView
from csirt.store.queries.measures import ReviewView
from csirt.store.tx import Look
from csirt.texts.duties import DutyWords
from csirt.web.api.words import Words
from csirt.web.pages.drawing import go, show
from csirt.web.pages.forms import Faults, SentForm, new_key
from csirt.web.pages.measures import row_of
from csirt.web.session import IncidentReader, Visit
from csirt.web.views.frame import Form
from csirt.web.views.measures import MetDuty, ReviewPage, ReviewRow

router = APIRouter(include_in_schema=False)

NAMES = frozenset({"held_on", "well", "badly", "cause", "lessons"})


@router.get("/incidents/{name}/review")
def show_review(request: Request, name: str, reader: IncidentReader) -> Response:
    """The course of an incident, its measures, and every version of its review."""
    return show(request, reader, reader.desk.look(_page, reader, name, Form(key=new_key())), "incident")


@router.post("/incidents/{name}/review")
def take_review(request: Request, name: str, sent: SentForm) -> Response:
    """Write a version of the review down; a faulty form comes back."""
    visit, faults = sent.visit, Faults()
    incident = visit.desk.look(resolve_incident, name)
    faults.check("held_on", lambda: _day(sent.text("held_on")))
    if not faults.errors:
        review = Review(
            _day(sent.text("held_on")), sent.text("well"), sent.text("cause"), sent.text("badly"), sent.text("lessons")
        )
        try:
            visit.desk.commit(visit.actor, reviews.record, incident, review, request_key=sent.request_key)
            return go(request, f"/incidents/{incident}/review", "review_recorded")
        except (Invalid, Conflict) as error:
            faults.of(error, NAMES)
    form = sent.again(faults.errors, faults.params)
    view = visit.desk.look(_page, visit, incident, form)
    return show(request, visit, view, "incident", status=Invalid.http, path=f"/incidents/{incident}/review")


def _day(text: str) -> date:
    if not text:
        raise Invalid("field_missing")
    return parse_date(text)


def _page(look: Look, visit: Visit, name: str, form: Form) -> ReviewPage:
    view = cases.named(look, name)
    words = Words(visit.desk, look, visit)
    closed = view.status is IncidentStatus.CLOSED
    found = questions.measures(look, MeasureFilter(incident=view.id))
    tell = DutyWords(visit.desk.door.city.law, words.name.words)
    return ReviewPage(
        id=view.id,
        fiscal_year=view.fiscal_year,
        ordinal=view.ordinal,
        title=view.title,
        drill=view.drill,
        course=tuple(_course(view)),
        duties=tuple(
            _met(one, tell) for one in duties.duties(look, view.id) if one.state in {DutyState.MET, DutyState.WAIVED}
        ),
        measures=tuple(row_of(one, visit, words) for one in found),
        versions=tuple(_row(one, words) for one in questions.reviews(look, view.id)),
        closed=closed,
        may_record=closed and may(visit.actor, Permission.RECORD_REVIEW),
        form=form,
    )


def _course(view: IncidentView) -> list[tuple[str, datetime]]:
    clocks = [(name, getattr(view.clocks, name)) for name in ("occurred", "noticed", "known", "received")]
    return [(name, at) for name, at in (*clocks, ("closed", view.closed_at)) if at is not None]


def _met(view: DutyView, tell: DutyWords) -> MetDuty:
    """When a duty was met is when the first report went out, not when it was written down."""
    sent = min((one.sent_at for one in view.reports), default=view.ended_at)
    late = view.state is DutyState.MET and view.due_at is not None and sent is not None and sent >= view.due_at
    return MetDuty(label=tell.label(view.rule), state=view.state, last_day=view.last_day, ended_at=sent, late=late)


def _row(view: ReviewView, words: Words) -> ReviewRow:
    return ReviewRow(
        version=view.version, held_on=view.held_on, well=view.well, badly=view.badly, cause=view.cause,
        lessons=view.lessons, by=words.name(view.by), at=view.at,
    )  # fmt: skip

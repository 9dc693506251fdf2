"""再発防止策: the list of all incidents' measures with filters, where they are ended and their effect is looked at."""

from collections.abc import Mapping
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response

from csirt.documents import measures_document
from csirt.era import jst_date
from csirt.errors import Conflict, Invalid
from csirt.model.authority import Permission, may
from csirt.model.measure import MeasureFilter, MeasureState
from csirt.reports.measures_xlsx import measures_xlsx
from csirt.response import measures
from csirt.store.queries import measures as questions
from csirt.store.queries.measures import MeasureView
from csirt.store.tx import Look
from csirt.web.api.measures import Overdue, Owner, State, given_as_file, wanted_from
from csirt.web.api.words import Words
from csirt.web.pages.drawing import go, show
from csirt.web.pages.forms import Faults, SentForm, new_key
from csirt.web.session import IncidentReader, Visit
from csirt.web.views.frame import Form, Option
from csirt.web.views.measures import MeasureList, MeasureRow

router = APIRouter(include_in_schema=False)

_NAMES = frozenset({"reason"})


@router.get("/measures")
def show_measures(
    request: Request, reader: IncidentReader, state: State = "", owner: Owner = "", overdue: Overdue = ""
) -> Response:
    """The measures that fit: open ones first, soonest due first."""
    wanted = wanted_from(reader, state, owner, overdue)
    return show(request, reader, reader.desk.look(_measures, reader, wanted, {}), "measures")


@router.get("/measures.xlsx")
def make_file(reader: IncidentReader, state: State = "", owner: Owner = "", overdue: Overdue = "") -> Response:
    """The same as an Excel file for the committee."""
    wanted = wanted_from(reader, state, owner, overdue)
    document = reader.desk.look(measures_document, reader.desk, wanted, reader.language)
    return given_as_file(measures_xlsx(document))


@router.post("/measures/{id}")
def take_end(request: Request, id: str, sent: SentForm) -> Response:  # noqa: A002 - the word of the address
    """A measure is done or dropped. Said twice, it counts once."""
    visit, state = sent.visit, sent.text("state")
    if state not in {MeasureState.DONE, MeasureState.DROPPED}:
        raise Invalid("choice_unknown", field="state", choice=state[:40])
    try:
        visit.desk.commit(visit.actor, measures.end, id, MeasureState(state), sent.text("reason"))
    except Conflict:
        if _state(visit, id) != state:
            raise
    except Invalid as error:
        return _again(request, sent, id, error)
    return go(request, "/measures", "measure_ended")


@router.post("/measures/{id}/check")
def take_check(request: Request, id: str, sent: SentForm) -> Response:  # noqa: A002 - the word of the address
    """Somebody else looked whether it had the effect that was meant."""
    visit, found = sent.visit, sent.text("effective")
    if found not in {"yes", "no"}:
        raise Invalid("choice_missing", field="effective")
    try:
        visit.desk.commit(visit.actor, measures.check, id, sent.text("reason"), effective=found == "yes")
    except Invalid as error:
        return _again(request, sent, id, error)
    return go(request, "/measures", "measure_checked")


def _again(request: Request, sent: SentForm, id_: str, error: Invalid) -> Response:
    faults = Faults()
    faults.of(error, _NAMES)
    forms = {id_: sent.again(faults.errors, faults.params)}
    view = sent.visit.desk.look(_measures, sent.visit, MeasureFilter(), forms)
    return show(request, sent.visit, view, "measures", status=Invalid.http, path="/measures")


def _state(visit: Visit, id_: str) -> str:
    return next((view.state for view in visit.desk.look(questions.measures) if view.id == id_), "")


def _measures(look: Look, visit: Visit, wanted: MeasureFilter, forms: Mapping[str, Form]) -> MeasureList:
    words = Words(visit.desk, look, visit)
    asked = {
        "state": wanted.state.value if wanted.state else "", "owner": wanted.owner, "overdue": "1" * wanted.overdue,
    }  # fmt: skip
    return MeasureList(
        rows=tuple(row_of(view, visit, words, forms.get(view.id)) for view in questions.measures(look, wanted)),
        posts=tuple(Option(value=post, label=words.name.post(post)) for post in sorted(words.name.known.posts)),
        state=asked["state"],
        owner=wanted.owner,
        overdue=wanted.overdue,
        query=urlencode({name: value for name, value in asked.items() if value}),
    )


def row_of(view: MeasureView, visit: Visit, words: Words, form: Form | None = None) -> MeasureRow:
    """One measure in words, with what the reader may do."""
    state, me = MeasureState(view.state), visit.actor
    is_open = state is MeasureState.OPEN
    return MeasureRow(
        id=view.id,
        text=view.text,
        owner=words.name.post(view.owner),
        due=view.due,
        state=state,
        incident=words.number(view.fiscal_year, view.ordinal, drill=view.drill),
        incident_href=f"/incidents/{view.incident}",
        ended=view.ended_text,
        effect=view.effect,
        checked_by=words.name(view.checked_by) if view.checked_by else "",
        late=is_open and view.due < jst_date(visit.desk.clock.now()),
        may_end=is_open and may(me, Permission.ADD_MEASURE),
        may_check=state is MeasureState.DONE and view.ended_by != me.id and may(me, Permission.CHECK_MEASURE),
        key=new_key(),
        form=form or Form(),
    )

"""再発防止策: the list of all incidents' measures, where they are ended."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from csirt.errors import Conflict, Invalid
from csirt.model.authority import Permission, may
from csirt.model.measure import MeasureState
from csirt.response import measures
from csirt.store.queries import cases
from csirt.store.tx import Look
from csirt.web.api.words import Words
from csirt.web.pages.drawing import go, show
from csirt.web.pages.forms import SentForm
from csirt.web.session import IncidentReader, Visit
from csirt.web.views.measures import MeasureList, MeasureRow

router = APIRouter()


@router.get("/measures")
def show_measures(request: Request, reader: IncidentReader) -> Response:
    """Every measure: open ones first, soonest due first."""
    return show(request, reader, reader.desk.look(_measures, reader), "measures")


@router.post("/measures/{id}")
def take_end(request: Request, id: str, sent: SentForm) -> Response:  # noqa: A002 - the word of the address
    """A measure is done. Said twice, it counts once."""
    visit, state = sent.visit, sent.text("state")
    if state not in {MeasureState.DONE, MeasureState.DROPPED}:
        raise Invalid("choice_unknown", field="state", choice=state[:40])
    try:
        visit.desk.commit(visit.actor, measures.end, id, MeasureState(state), sent.text("reason"))
    except Conflict:
        if _state(visit, id) != state:
            raise
    return go(request, "/measures", "measure_ended")


def _state(visit: Visit, id_: str) -> str:
    return next((view.state for view in visit.desk.look(cases.measures) if view.id == id_), "")


def _measures(look: Look, visit: Visit) -> MeasureList:
    words = Words(visit.desk, look, visit)
    allowed = may(visit.actor, Permission.ADD_MEASURE)
    rows = [
        MeasureRow(
            id=view.id,
            text=view.text,
            owner=words.name.post(view.owner),
            due=view.due,
            state=MeasureState(view.state),
            incident=words.number(view.fiscal_year, view.ordinal, drill=view.drill),
            incident_href=f"/incidents/{view.incident}",
            may_end=allowed and view.state == MeasureState.OPEN,
        )
        for view in cases.measures(look)
    ]
    return MeasureList(rows=tuple(sorted(rows, key=lambda row: row.state is not MeasureState.OPEN)))

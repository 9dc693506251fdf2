"""Chains that the rules call for in an incident, and the button that begins one."""

from collections.abc import Mapping

from fastapi import APIRouter, Request
from starlette.responses import Response

from csirt.errors import Conflict
from csirt.model.authority import Permission, may
from csirt.model.fact import Fact
from csirt.model.incident import IncidentStatus, IncidentView
from csirt.response import triggers
from csirt.store.queries.cases import resolve_incident
from csirt.store.tx import Look
from csirt.web.pages.drawing import go
from csirt.web.pages.forms import SentForm
from csirt.web.session import Visit
from csirt.web.views.escalation import CalledForRow

router = APIRouter(include_in_schema=False)


@router.post("/incidents/{name}/chains/{chain}")
def take_start(request: Request, name: str, chain: str, sent: SentForm) -> Response:
    """Begin a chain. Sent twice, it begins once."""
    visit = sent.visit
    incident = visit.desk.look(resolve_incident, name)
    try:
        visit.desk.commit(visit.actor, triggers.start, incident, chain)
    except Conflict as error:
        if error.code != "chain_begun":
            raise
    return go(request, f"/incidents/{incident}#escalations", "chain_started")


def rows_of(look: Look, visit: Visit, view: IncidentView, sheet: Mapping[str, Fact]) -> tuple[CalledForRow, ...]:
    """The chains that the rules call for, with what became of them. `sheet`: the facts of the case."""
    city = visit.desk.door.city
    allowed = may(visit.actor, Permission.START_CHAIN) and view.status is IncidentStatus.OPEN
    return tuple(
        CalledForRow(
            name=one.chain,
            code=city.chains[one.chain].code,
            title=city.chains[one.chain].title.get(visit.language) or one.chain,
            firing=one.firing,
            automatic=one.automatic,
            begun=one.climbs > 0,
            under_way=one.under_way,
            may_start=allowed and one.climbs == 0,
        )
        for one in triggers.calls_for(look, city, view, sheet)
    )

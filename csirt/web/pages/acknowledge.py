"""確認: the page behind the link in a message. Opening it changes nothing, for mail scanners open links, too."""

from datetime import datetime

from fastapi import APIRouter, Request
from starlette.responses import Response

from csirt.bootstrap import Desk
from csirt.documents import naming
from csirt.era import number_text
from csirt.model.people import Actor
from csirt.model.progress import RouteProgress
from csirt.record.entry import EntryKind
from csirt.response import acknowledging
from csirt.response.acknowledging import HeldCall
from csirt.store.queries import cases, timeline, work
from csirt.store.queries.sealing import is_sealed
from csirt.store.queries.work import DeliveryView, EscalationView
from csirt.store.tx import Look
from csirt.texts.naming import Naming
from csirt.web.pages.drawing import go, reader_language, show
from csirt.web.session import desk_of
from csirt.web.views.acknowledge import Acknowledge, Heard

router = APIRouter(include_in_schema=False)

_LINK = Actor("", "link")  # sees what its token is for
MOST = 200  # acknowledgements that are told


@router.get("/acknowledge/{token}")
def show_call(request: Request, token: str) -> Response:
    """The call that the link was made for, and who has seen it. Changes nothing; no sign-in."""
    desk = desk_of(request).seen_by(_LINK)
    return show(request, None, desk.look(_page, desk, token, reader_language(request, None)))


@router.post("/acknowledge/{token}")
def take_acknowledgement(request: Request, token: str) -> Response:
    """Acknowledge the call that the link was made for. The token is all that is asked, and good for nothing else."""
    desk = desk_of(request).seen_by(_LINK)
    call = desk.look(acknowledging.held_call, token)
    desk.commit(acknowledging.caller(call, "link"), acknowledging.by_token, token)
    return go(request, f"/acknowledge/{token}", "acknowledged")


def _page(look: Look, desk: Desk, token: str, language: str) -> Acknowledge:
    call = acknowledging.held_call(look, token)
    sent = work.deliveries(look, ids=[call.delivery])[0]
    case = cases.incident(look, sent.incident)
    climb = next(one for one in work.escalations(look, incident=case.id) if one.id == call.escalation)
    heard = _heard(look, climb)
    names = naming(desk, look, language)
    asked = [one for one in work.assignments(look, incident=case.id, open_only=False) if one.step == climb.step]
    return Acknowledge(
        token=token,
        number=number_text(case.fiscal_year, case.ordinal, language, drill=case.drill),
        called_as=names(sent.party),
        level=case.level if case.level is not None else case.proposed_level,
        type=case.type,
        called_at=sent.queued_at,
        step=desk.texts.step_text(case.playbook or "", climb.step, language).title,
        due=asked[0].due_at if asked else None,
        mine=next((at for who, at in heard if who == call.who), None),
        others=tuple(Heard(name=_post(climb, who, names), at=at) for who, at in heard if who != call.who),
        over=climb.ended_at is not None,
        expired=acknowledging.is_expired(look, token, desk.clock.now()),
        href=_href(sent, call, asked[0].id if asked else ""),
        drill=case.drill,
        sealed=is_sealed(look.session, case.id),
    )


def _heard(look: Look, climb: EscalationView) -> list[tuple[str, datetime]]:
    found = timeline.explore(look, incident=climb.incident, kind=EntryKind.CALL_ACKNOWLEDGED.value, limit=MOST)
    mine = sorted((entry for entry in found if entry.out.get("escalation") == climb.id), key=lambda entry: entry.seq)
    return [(str(entry.out.get("by", "")), entry.at) for entry in mine]


def _post(climb: EscalationView, who: str, names: Naming) -> str:
    """The post or office as which somebody was called; a link shows nobody's name."""
    called = [one for route in map(RouteProgress.from_plain, climb.routes) for one in route.called]
    return names(next((one.party for one in called if one.is_known_as(who)), ""))


def _href(sent: DeliveryView, call: HeldCall, assignment: str) -> str:
    """Where to read on, behind the sign-in; an office outside has no pages of ours."""
    if call.who.startswith("office:"):
        return ""
    return f"/assignments/{assignment}" if assignment else f"/incidents/{sent.incident}"

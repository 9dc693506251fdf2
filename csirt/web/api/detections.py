"""Detections come in, wait for a decision, or lie in quarantine."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from csirt.errors import Forbidden
from csirt.model.authority import Permission, must
from csirt.model.people import Actor, Role
from csirt.model.source import Source
from csirt.readers import formats
from csirt.response import access, incidents, intake, joining, sources, tokens
from csirt.store.queries import cases
from csirt.store.queries.cases import resolve_incident
from csirt.store.tx import Look
from csirt.taking import Reread, bounded_as, read_again, source_behind, take_grave, take_in
from csirt.texts.hosts import host_text
from csirt.web.addresses import API
from csirt.web.api.detection_shapes import WaitingGiven
from csirt.web.api.shapes import (
    AcceptedGiven,
    CountGiven,
    Given,
    IdGiven,
    QuarantineGiven,
    Taken,
    WaitingIgnoreTaken,
    WaitingJoinTaken,
    WaitingOpenTaken,
)
from csirt.web.api.words import Words, observables_given
from csirt.web.peers import address_of
from csirt.web.refusals import TooFast
from csirt.web.session import IncidentReader, SignedIn, Visit, desk_of, visit

router = APIRouter(prefix=API, tags=["detections"])

_FORMAT = "auto, or a name of `csirt formats`"
FORMAT_MOST, KEY_MOST = 64, 200  # characters
RequestKey = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=KEY_MOST)]


def ingester(request: Request) -> Actor:
    """A sensor by its token, or somebody who is signed in and may bring detections in.

    Raises:
        Forbidden: `token_refused`, `not_permitted`, `form_expired`.
        NotSignedIn: neither token nor session.
    """
    actor = by_token(request) or visit(request).actor
    must(actor, Permission.INGEST)
    look_for_room(request, bounded_as(desk_of(request), actor))
    return actor


def look_for_room(request: Request, source: Source | None) -> None:
    """Keep in mind if this source sends more than was agreed: what is grave passes, which only its body tells."""
    request.state.too_fast = None
    if source is not None:
        try:
            request.app.state.throttle.must_have_room(source, desk_of(request).clock.now())
        except TooFast as error:
            request.state.too_fast = error


def token_in(request: Request) -> str | None:
    """The token that a request carries, if it carries one."""
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    return given.strip()[:300] if kind.lower() == "bearer" else None


def by_token(request: Request) -> Actor | None:
    """The source or sensor whose token a request carries; None: it carries none. Raises `Forbidden`."""
    token = token_in(request)
    if token is None:
        return None
    desk, address = desk_of(request), address_of(request)

    def question(look: Look) -> Actor:
        if tokens.is_ours(token):
            program = tokens.actor_by(look.session, token, address, desk.clock.now())
            must(program, Permission.INGEST)
            return Actor(program.id.replace("api:", "sensor:"), "token", "", frozenset({Role.SENSOR}))
        name = sources.name_by_token(look.session, token, address, desk.clock.now())
        if name is None:
            return access.sensor_of(look.session, token)
        source = desk.door.city.sources.get(name)
        if source is None:  # it is not declared any more
            raise Forbidden("token_refused")
        sources.must_come_from(source, address)
        return sources.actor_for(source)

    return desk.look(question)


@router.post(
    "/detections",
    openapi_extra={"requestBody": {"required": True, "content": {"application/octet-stream": {"schema": {}}}}},
)
async def take_detections(
    request: Request,
    actor: Annotated[Actor, Depends(ingester)],
    key: RequestKey = None,
    format: Annotated[str, Query(max_length=FORMAT_MOST, description=_FORMAT)] = formats.AUTO,  # noqa: A002 - as the address says
) -> AcceptedGiven:
    """Take in the bytes of a sensor's output; answered only once all is stored.

    The same `Idempotency-Key` again gives the same answer and stores nothing twice.
    """
    data = await request.body()
    return AcceptedGiven.model_validate(await run_in_threadpool(take_and_count, request, actor, data, format, key))


def take_and_count(
    request: Request, actor: Actor, data: bytes, form: str, key: str | None, source: Source | None = None
) -> intake.Accepted:
    """Keep an input; its records count against what its source may send.

    Raises:
        Invalid: it cannot be taken in.
        TooFast: its source sends more than was agreed. What is grave of it was kept all the same.
    """
    desk = desk_of(request)
    source = source or source_behind(desk, actor)
    if request.state.too_fast is not None:
        counts, left = take_grave(desk, actor, data, form, key, source)
        if left or not counts.records:
            raise request.state.too_fast
        return counts
    counts = take_in(desk, actor, data, form, key, source)
    if bound := source or bounded_as(desk, actor):
        request.app.state.throttle.add(bound, counts.records, desk.clock.now())
    return counts


@router.get("/detections/waiting")
def show_waiting(reader: IncidentReader) -> list[WaitingGiven]:
    """Detections that wait for an officer's decision, gravest first."""
    return reader.desk.look(_waiting, reader)


def _waiting(look: Look, reader: Visit) -> list[WaitingGiven]:
    words = Words(reader.desk, look, reader)
    return [
        WaitingGiven.model_validate(
            {
                **asdict(group),
                "attacked_text": host_text(words.name.words, group.attacked),
                "asset_text": words.asset(group.asset),
                "observables": observables_given(group.observables),
                "reasons": [words.joined(*reason) for reason in group.reasons],
            }
        )
        for group in cases.waiting(look)
    ]


@router.post("/detections/waiting/open", status_code=201)
def open_waiting(taken: WaitingOpenTaken, who: SignedIn) -> IdGiven:
    """Make an incident of detections that wait."""
    return IdGiven(id=who.desk.commit(who.actor, incidents.open_waiting, taken.keys, taken.title, taken.type))


@router.post("/detections/waiting/join")
def join_waiting(taken: WaitingJoinTaken, who: SignedIn) -> CountGiven:
    """Put detections that wait into an open incident, named by its id or number."""
    must(who.actor, Permission.DECIDE_TRIAGE)
    incident = who.desk.look(resolve_incident, taken.incident)
    return CountGiven(count=who.desk.commit(who.actor, joining.join_waiting, taken.keys, incident))


@router.post("/detections/waiting/ignore")
def ignore_waiting(taken: WaitingIgnoreTaken, who: SignedIn) -> CountGiven:
    """Decide that detections need no incident; they stay findable."""
    return CountGiven(count=who.desk.commit(who.actor, incidents.ignore_waiting, taken.keys, taken.reason))


class RetryTaken(Taken):
    """Which records; all if none is named."""

    ids: list[Annotated[int, Field(ge=1, le=2**53)]] = Field(default=[], max_length=500)


class RereadGiven(Given):
    """How many records left quarantine, and how many still cannot be read."""

    read: int
    still: int


@router.post("/quarantine/retry")
def retry_quarantine(taken: RetryTaken, who: SignedIn) -> RereadGiven:
    """Read what lies in quarantine again, as is agreed with its source by now."""
    found: Reread = read_again(who.desk, who.actor, taken.ids)
    return RereadGiven.model_validate(found)


@router.get("/quarantine")
def show_quarantine(
    reader: IncidentReader, limit: Annotated[int, Query(ge=1, le=500)] = cases.PAGE
) -> list[QuarantineGiven]:
    """Records that could not be read, newest first."""

    def question(look: Look) -> list[QuarantineGiven]:
        return [QuarantineGiven.model_validate(row) for row in cases.quarantine(look, limit)]

    return reader.desk.look(question)

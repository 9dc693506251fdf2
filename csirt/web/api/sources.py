"""Sources: what is declared and how it is, and the door of each (webhook)."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool

from csirt.bootstrap import Desk
from csirt.errors import Forbidden, NotFound
from csirt.model.authority import Permission, must
from csirt.model.people import Actor
from csirt.model.source import Source
from csirt.readers import formats
from csirt.response import sources
from csirt.store.queries import sources as questions
from csirt.store.queries.sources import SourceView
from csirt.store.tx import Look
from csirt.web.addresses import API
from csirt.web.api.detections import RequestKey, by_token, look_for_room, take_and_count
from csirt.web.api.shapes import AcceptedGiven, Given
from csirt.web.api.words import Words
from csirt.web.peers import address_of
from csirt.web.session import IncidentReader, Visit, desk_of, visit

router = APIRouter(prefix=f"{API}/sources", tags=["sources"])

SIGNATURE, STAMP = "x-csirt-signature", "x-csirt-timestamp"
HUB = "x-hub-signature-256"  # of the body alone, as GitHub and those who follow it sign
HEADER_MOST = 200


class TokenGiven(Given):
    """A token without its secret."""

    id: str
    signs: bool
    addresses: list[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class SourceGiven(Given):
    """A declared source, when it was heard last, and what came of it in the last 24 hours."""

    name: str
    owner: str
    owner_name: str
    way: str
    format: str
    mapping: str
    per_minute: int
    flood_from: int
    ignore_fields: list[str]
    silent_after_minutes: int | None
    silent_since: datetime | None
    last_seen: datetime | None
    day: AcceptedGiven
    tokens: list[TokenGiven]


@router.get("")
def list_sources(reader: IncidentReader) -> list[SourceGiven]:
    """All declared sources, by name."""
    return reader.desk.look(_sources, reader)


def _sources(look: Look, reader: Visit) -> list[SourceGiven]:
    desk, words = reader.desk, Words(reader.desk, look, reader)
    return [_given(one, words) for one in questions.sources(look, desk.door.city.sources, desk.clock.now())]


def _given(one: SourceView, words: Words) -> SourceGiven:
    source = one.source
    return SourceGiven(
        name=source.name,
        owner=source.owner,
        owner_name=words.name(f"post:{source.owner}"),
        way=source.way.value,
        format=source.format,
        mapping=source.mapping,
        per_minute=source.per_minute,
        flood_from=source.flood_from,
        ignore_fields=list(source.ignore_fields),
        silent_after_minutes=int(source.silent_after / timedelta(minutes=1)) if source.silent_after else None,
        silent_since=one.silent_since,
        last_seen=one.last_seen,
        day=AcceptedGiven.model_validate(one),
        tokens=[TokenGiven.model_validate(token) for token in one.tokens],
    )


def sender(request: Request, name: str) -> Actor:
    """Who sends to the door of a source: the source by token, whoever signs as it, or somebody who is signed in.

    A signature is checked once the body is there; here only whether the source is one that may sign from there.

    Raises:
        Forbidden: `token_refused`, `not_permitted`, `form_expired`.
        NotFound: `source_unknown`.
    """
    desk = desk_of(request)
    source = desk.door.city.sources.get(name)
    if _signature(request):
        if source is None or not source.may_come_from(address_of(request)):
            raise Forbidden("token_refused")
        actor = sources.actor_for(source)
    else:
        found = by_token(request)
        if found is not None and (source is None or found.id != source.actor):
            raise Forbidden("token_refused")
        must(found or visit(request).actor, Permission.INGEST)
        if source is None:
            raise NotFound("source_unknown", name=name[:40])
        actor = found or visit(request).actor
    look_for_room(request, source)
    return actor


@router.post(
    "/{name}",
    openapi_extra={"requestBody": {"required": True, "content": {"application/octet-stream": {"schema": {}}}}},
)
async def take_from_source(
    request: Request, name: str, actor: Annotated[Actor, Depends(sender)], key: RequestKey = None
) -> AcceptedGiven:
    """Take in what a source sends, read as is agreed with it; answered only once all is stored.

    It shows its token (`Authorization: Bearer`), or signs the body with it: `X-Csirt-Signature: v1=` and the
    HMAC-SHA256 in hex of `X-Csirt-Timestamp` (Unix seconds, at most five minutes off), a dot and the body; or
    `X-Hub-Signature-256: sha256=` and that of the body alone, which counts once.
    """
    data = await request.body()
    counts = await run_in_threadpool(_take, request, name, actor, data, key)
    return AcceptedGiven.model_validate(counts)


def _take(request: Request, name: str, actor: Actor, data: bytes, key: str | None) -> object:
    desk = desk_of(request)
    source = desk.door.city.sources[name]
    if _signature(request):
        _check_signature(request, desk, source, data)
        key = _key_of_signed(request, key)
    return take_and_count(request, actor, data, formats.AUTO, key, source)


def _key_of_signed(request: Request, key: str | None) -> str:
    """What was signed counts once: whoever heard it could send it again. Without a stamp no other key is believed."""
    if SIGNATURE in request.headers:
        return key or request.headers[SIGNATURE][:HEADER_MOST]
    return request.headers[HUB][:HEADER_MOST]


def _signature(request: Request) -> bool:
    return SIGNATURE in request.headers or HUB in request.headers


def _check_signature(request: Request, desk: Desk, source: Source, data: bytes) -> None:
    """Raises `Forbidden` `token_refused` unless one of the source's tokens signed the body just now."""
    address, now = address_of(request), desk.clock.now()
    stamp = request.headers.get(STAMP, "")[:HEADER_MOST]
    if SIGNATURE in request.headers:
        fresh = stamp.isascii() and stamp.isdigit() and len(stamp) < 12
        if not fresh or abs(int(stamp) - now.timestamp()) > sources.STAMP_AGE.total_seconds():
            raise Forbidden("token_refused")
        given, signed = request.headers[SIGNATURE].removeprefix("v1="), stamp.encode() + b"." + data
    else:
        given, signed = request.headers[HUB].removeprefix("sha256="), data

    def question(look: Look) -> bool:
        return sources.is_signed(look.session, look.vault, source, given[:HEADER_MOST], signed, address, now)

    if not desk.look(question):
        raise Forbidden("token_refused")

"""Detections come in, wait for a decision, or lie in quarantine."""

import hashlib
from collections.abc import Iterator
from dataclasses import asdict
from itertools import islice
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request
from starlette.concurrency import run_in_threadpool

from csirt.bootstrap import Desk
from csirt.model.authority import Permission, must
from csirt.model.detection import SourceRecord
from csirt.model.people import Actor
from csirt.readers import formats
from csirt.response import access, incidents, intake
from csirt.store.queries import cases
from csirt.store.tx import Look
from csirt.web.api.shapes import (
    AcceptedGiven,
    CountGiven,
    IdGiven,
    QuarantineGiven,
    WaitingGiven,
    WaitingIgnoreTaken,
    WaitingOpenTaken,
)
from csirt.web.session import IncidentReader, SignedIn, desk_of, visit

router = APIRouter(tags=["detections"])

_FORMAT = "auto, or a name of `csirt formats`"
RequestKey = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=200)]


def ingester(request: Request) -> Actor:
    """A sensor by its token, or somebody who is signed in and may bring detections in.

    Raises:
        Forbidden: `token_refused`, `not_permitted`, `form_expired`.
        NotSignedIn: neither token nor session.
    """
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        desk = desk_of(request)
        actor = desk.look(lambda look: access.sensor_of(look.session, token.strip()[:300]))
    else:
        actor = visit(request).actor
    must(actor, Permission.INGEST)
    return actor


@router.post(
    "/detections",
    openapi_extra={"requestBody": {"required": True, "content": {"application/octet-stream": {"schema": {}}}}},
)
async def take_detections(
    request: Request,
    actor: Annotated[Actor, Depends(ingester)],
    key: RequestKey = None,
    format: Annotated[str, Query(max_length=64, description=_FORMAT)] = formats.AUTO,  # noqa: A002 - as the address says
) -> AcceptedGiven:
    """Take in the bytes of a sensor's output; answered only once all is stored.

    The same `Idempotency-Key` again gives the same answer and stores nothing twice.
    """
    data = await request.body()
    counts = await run_in_threadpool(take_in, desk_of(request), actor, data, format, key)
    return AcceptedGiven.model_validate(counts)


def take_in(desk: Desk, actor: Actor, data: bytes, form: str, key: str | None) -> intake.Accepted:
    """Read an input and keep it, batch by batch. Raises `Invalid` (`format_unknown`)."""
    reader = formats.choose(data[: formats.HEAD_BYTES], form)
    counts = intake.Accepted()
    for number, batch in enumerate(_batches(reader.read(data))):
        request_key = f"{actor.id}:{key}#{number}:{_digest(batch)}" if key else None
        counts += desk.commit(actor, intake.accept, batch, source=actor.id, form=reader.format, request_key=request_key)
    return counts


def _digest(batch: list[SourceRecord]) -> str:
    """What a batch holds, in short: a key that comes again with other records must not make them vanish."""
    digest = hashlib.sha256()
    for record in batch:
        digest.update(len(record.raw).to_bytes(8, "big") + record.raw)
    return digest.hexdigest()[:32]


def _batches(records: Iterator[SourceRecord]) -> Iterator[list[SourceRecord]]:
    while batch := list(islice(records, intake.BATCH_LIMIT)):
        yield batch


@router.get("/detections/waiting")
def show_waiting(reader: IncidentReader) -> list[WaitingGiven]:
    """Detections that wait for an officer's decision, gravest first."""
    return [WaitingGiven.model_validate(asdict(group)) for group in reader.desk.look(cases.waiting)]


@router.post("/detections/waiting/open", status_code=201)
def open_waiting(taken: WaitingOpenTaken, who: SignedIn) -> IdGiven:
    """Make an incident of detections that wait."""
    return IdGiven(id=who.desk.commit(who.actor, incidents.open_waiting, taken.keys, taken.title, taken.type))


@router.post("/detections/waiting/ignore")
def ignore_waiting(taken: WaitingIgnoreTaken, who: SignedIn) -> CountGiven:
    """Decide that detections need no incident; they stay findable."""
    return CountGiven(count=who.desk.commit(who.actor, incidents.ignore_waiting, taken.keys, taken.reason))


@router.get("/quarantine")
def show_quarantine(
    reader: IncidentReader, limit: Annotated[int, Query(ge=1, le=500)] = cases.PAGE
) -> list[QuarantineGiven]:
    """Records that could not be read, newest first."""

    def question(look: Look) -> list[QuarantineGiven]:
        return [QuarantineGiven.model_validate(row) for row in cases.quarantine(look, limit)]

    return reader.desk.look(question)

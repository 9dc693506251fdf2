"""Evidence: files attached to an incident, with their chain of custody."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from csirt.bootstrap import Desk
from csirt.documents import teller
from csirt.model.authority import Permission, must
from csirt.model.evidence import Evidence, EvidenceState
from csirt.response import evidence
from csirt.store.queries.cases import resolve_incident
from csirt.store.queries.evidence import custody, evidence_of, piece
from csirt.store.tx import Look
from csirt.web.addresses import API
from csirt.web.api.detections import RequestKey
from csirt.web.api.shapes import EntryGiven, Given, IdGiven, Line, Taken, Text
from csirt.web.api.words import entry_given
from csirt.web.downloads import give
from csirt.web.session import IncidentReader, SignedIn, Visit
from csirt.web.uploads import FORM, take_form, take_raw

router = APIRouter(prefix=API, tags=["evidence"])

_FILE = {"schema": {"type": "string", "format": "binary"}}
_BODY = {"requestBody": {"required": True, "content": {"application/octet-stream": _FILE, FORM: {"schema": {}}}}}


class EvidenceGiven(Given):
    """A piece of evidence. `size` in bytes, `sha256` in hex; `state` is what the last look at it found."""

    id: str
    incident: str
    name: str
    size: int
    sha256: str
    by: str
    at: datetime
    via: str
    step: str | None
    state: EvidenceState
    checked_at: datetime | None


class EvidenceInFullGiven(EvidenceGiven):
    """A piece of evidence with its chain of custody, oldest first."""

    custody: list[EntryGiven]


class HandOverTaken(Taken):
    """Who was given a piece of evidence, and why or against which receipt."""

    to: Line
    reason: Text


@router.get("/incidents/{name}/evidence")
def list_evidence(name: str, reader: IncidentReader) -> list[EvidenceGiven]:
    """The evidence of an incident, in the order in which it was collected."""

    def question(look: Look) -> list[Evidence]:
        return evidence_of(look, resolve_incident(look, name))

    return [EvidenceGiven.model_validate(one) for one in reader.desk.look(question)]


@router.post("/incidents/{name}/evidence", status_code=201, openapi_extra=_BODY)
async def add_evidence(
    request: Request,
    name: str,
    who: SignedIn,
    file_name: Annotated[str, Query(alias="name", max_length=1000, description="Name of the file.")] = "",
    key: RequestKey = None,
) -> IdGiven:
    """Attach a file: the body itself, or the one file of a `multipart/form-data` body.

    Answered once the file is on the disk and its entry committed. The same `Idempotency-Key` again adds nothing.
    """
    must(who.actor, Permission.COLLECT_EVIDENCE)
    desk = who.desk
    incident = await run_in_threadpool(desk.look, resolve_incident, name)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() == FORM:
        sent = await take_form(request, desk.custody, incident, lambda _fields: None)
        kept, file_name = sent.kept, file_name or sent.name
    else:
        kept = await take_raw(request, desk.custody, incident)
    request_key = f"{who.actor.id}:{key}" if key else None

    def collect() -> str:
        return desk.commit(who.actor, evidence.collect, incident, kept, file_name, via="api", request_key=request_key)

    return IdGiven(id=await run_in_threadpool(collect))


@router.get("/evidence/{evidence}")
def show_evidence(evidence: str, reader: IncidentReader) -> EvidenceInFullGiven:
    """A piece of evidence with its chain of custody."""

    def question(look: Look) -> EvidenceInFullGiven:
        one = piece(look, evidence)
        return EvidenceInFullGiven(**_fields(one), custody=_custody(reader.desk, look, reader, one))

    return reader.desk.look(question)


def _fields(one: Evidence) -> dict[str, object]:
    return {name: getattr(one, name) for name in EvidenceGiven.model_fields}


def _custody(desk: Desk, look: Look, visit: Visit, one: Evidence) -> list[EntryGiven]:
    entries = custody(look, one)
    told = teller(desk, look, visit.language, entries, visit.ever)
    return [entry_given(told, entry, with_texts=True) for entry in entries]


@router.get("/evidence/{evidence}/content", response_class=Response)
def read_evidence(evidence: str, who: SignedIn) -> Response:
    """The content, as a file to save. Every access is recorded. `Repr-Digest` holds its SHA-256 (RFC 9530)."""
    return give(who.desk, who.actor, evidence)


@router.post("/evidence/{id}/hand-over", status_code=204)
def hand_over(id: str, taken: HandOverTaken, who: SignedIn) -> None:  # noqa: A002 - the word of the address
    """Record that a piece was given to somebody outside, such as the police."""
    who.desk.commit(who.actor, evidence.hand_over, id, taken.to, taken.reason)

"""The record: read through filters, entry by entry with its proof, as a file, and checked."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import AwareDatetime

from csirt.checkpoints import checkpoints_of
from csirt.documents import teller
from csirt.errors import NotFound, Unavailable
from csirt.extracting import MAKERS, ExportForm, extract, file_name
from csirt.model.authority import Permission, may
from csirt.model.people import SYSTEM
from csirt.record.entry import EntryKind
from csirt.response import audit
from csirt.store.queries.cases import resolve_incident
from csirt.store.queries.timeline import WINDOW, EntryFilter, explore
from csirt.store.tx import Look
from csirt.telling_checkpoints import checkpoint_history
from csirt.web.addresses import API
from csirt.web.api.record_shapes import CheckpointHistoryGiven, EntryDetailGiven, entry_detail_given, history_given
from csirt.web.api.shapes import EntryGiven, SoundnessGiven
from csirt.web.api.words import entry_given
from csirt.web.pages.entry import proof_file, told_of
from csirt.web.session import RecordReader
from csirt.wellness import note_verified

router = APIRouter(prefix=f"{API}/record", tags=["record"])
Seq = Annotated[int, Path(ge=0, lt=2**53)]


def filters(
    reader: RecordReader,
    incident: Annotated[str | None, Query(max_length=64)] = None,
    kind: EntryKind | None = None,
    actor: Annotated[str, Query(max_length=200)] = "",
    step: Annotated[str, Query(max_length=200)] = "",
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
) -> EntryFilter:
    """What is looked for. Raises `NotFound` `incident_unknown`."""
    found = reader.desk.look(resolve_incident, incident) if incident else ""
    return EntryFilter(found, kind.value if kind else "", actor, step, since, until)


Wanted = Annotated[EntryFilter, Depends(filters)]


@router.get("")
def explore_record(
    reader: RecordReader,
    wanted: Wanted,
    before: Annotated[int | None, Query(ge=0, lt=2**53)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = WINDOW,
) -> list[EntryGiven]:
    """Entries that fit every filter, newest first. Texts of cases are told to those only who may read incidents."""
    with_texts = may(reader.actor, Permission.READ_INCIDENTS)

    def question(look: Look) -> list[EntryGiven]:
        entries = explore(look, wanted, before=before, limit=limit)
        told = teller(reader.desk, look, reader.language, entries, reader.ever)
        return [entry_given(told, entry, with_texts=with_texts) for entry in entries]

    return reader.desk.look(question)


@router.get("/entries/{seq}")
def show_entry(request: Request, reader: RecordReader, seq: Seq) -> EntryDetailGiven:
    """One entry: who, when, before, after, why, its exact bytes, and its place under the newest checkpoint."""
    return entry_detail_given(told_of(request, reader, seq)[0])


@router.get("/entries/{seq}/proof", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def give_proof(request: Request, reader: RecordReader, seq: Seq) -> Response:
    """The entry with its inclusion proof and the signed checkpoint (C2SP tlog-proof), to be checked without us."""
    return proof_file(told_of(request, reader, seq)[0])


@router.get(
    "/export.{form}",
    response_class=Response,
    responses={200: {"content": {kind.partition(";")[0]: {} for _, _, kind in MAKERS.values()}}},
)
def export_record(reader: RecordReader, form: str, wanted: Wanted) -> Response:
    """What the filters find, the oldest first, as `xlsx`, `csv`, `jsonl`, `timesketch` or `pdf`. It is recorded."""
    if form not in set(ExportForm):
        raise NotFound("page_unknown")
    chosen = ExportForm(form)
    content = extract(reader.desk, reader.actor, wanted, chosen, reader.language, ever=reader.ever)
    named = f'attachment; filename="{file_name(chosen)}"'
    return Response(content, media_type=MAKERS[chosen][2], headers={"Content-Disposition": named})


@router.get("/checkpoints")
def show_checkpoints(reader: RecordReader) -> CheckpointHistoryGiven:
    """What is signed, which checkpoints were kept, by which ways they lie outside, and what fell silent."""
    return history_given(reader.desk.look(checkpoint_history, reader.desk))


@router.get("/verify")
def verify_record(request: Request, reader: RecordReader) -> SoundnessGiven:
    """Check every entry of the record, and all of them against the head. One check at a time."""
    lock = request.app.state.checking
    if not lock.acquire(blocking=False):
        raise Unavailable("check_under_way")
    try:
        kept = checkpoints_of(reader.desk.settings).kept()
        found = reader.desk.seen_by(SYSTEM).look(audit.verify, checkpoints=kept)
        note_verified(reader.desk, found)
    finally:
        lock.release()
    return SoundnessGiven(
        sound=found.ok,
        size=found.size,
        root=found.root,
        first_bad=found.first_bad,
        why=found.why,
    )

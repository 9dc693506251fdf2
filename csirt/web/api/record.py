"""The record: read through filters, and checked."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import AwareDatetime

from csirt.documents import teller
from csirt.errors import Unavailable
from csirt.model.authority import Permission, may
from csirt.model.people import SYSTEM
from csirt.record.entry import EntryKind
from csirt.response import audit
from csirt.store.queries.cases import resolve_incident
from csirt.store.queries.timeline import WINDOW, explore
from csirt.store.tx import Look
from csirt.web.api.shapes import EntryGiven, SoundnessGiven
from csirt.web.api.words import entry_given
from csirt.web.session import RecordReader
from csirt.wellness import note_verified

router = APIRouter(prefix="/record", tags=["record"])


@router.get("")
def explore_record(  # noqa: PLR0917 - the filters of a search
    reader: RecordReader,
    incident: Annotated[str | None, Query(max_length=64)] = None,
    kind: EntryKind | None = None,
    actor: Annotated[str | None, Query(max_length=200)] = None,
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
    before: Annotated[int | None, Query(ge=0, lt=2**53)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = WINDOW,
) -> list[EntryGiven]:
    """Entries that fit every filter, newest first. Texts of cases are told to those only who may read incidents."""
    with_texts = may(reader.actor, Permission.READ_INCIDENTS)

    def question(look: Look) -> list[EntryGiven]:
        entries = explore(
            look,
            incident=resolve_incident(look, incident) if incident else None,
            kind=kind.value if kind else None,
            actor=actor,
            since=since,
            until=until,
            before=before,
            limit=limit,
        )
        told = teller(reader.desk, look, reader.language, entries, reader.ever)
        return [entry_given(told, entry, with_texts=with_texts) for entry in entries]

    return reader.desk.look(question)


@router.get("/verify")
def verify_record(request: Request, reader: RecordReader) -> SoundnessGiven:
    """Check every entry of the record, and all of them against the head. One check at a time."""
    lock = request.app.state.checking
    if not lock.acquire(blocking=False):
        raise Unavailable("check_under_way")
    try:
        found = reader.desk.seen_by(SYSTEM).look(audit.verify)
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

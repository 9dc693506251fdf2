"""監査: the checkpoints of the record, where they lie outside, and each as a file or on paper."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from csirt import anchoring
from csirt.checkpoints import checkpoints_of
from csirt.errors import NotFound
from csirt.model.authority import Permission, must
from csirt.model.health import PartHealth, PartState
from csirt.response import sealing
from csirt.telling_checkpoints import CheckpointHistory, KeptCheckpoint, OutsideWay, checkpoint_history
from csirt.texts import health
from csirt.texts.catalogs import Catalog, catalog
from csirt.web.pages.drawing import show
from csirt.web.session import RecordReader, Visit
from csirt.web.views.checkpoints import CheckpointsPage, KeptRow, WayRow

router = APIRouter(prefix="/audit/checkpoints", include_in_schema=False)
Size = Annotated[int, Path(ge=0, lt=2**53)]


@router.get("")
def show_checkpoints(request: Request, reader: RecordReader) -> Response:
    """What is signed, what lies outside, and what fell silent."""
    found = reader.desk.look(checkpoint_history, reader.desk)
    return show(request, reader, _page(found, reader), "audit")


@router.get("/sheet.pdf")
def give_sheet(reader: RecordReader) -> Response:
    """The newest checkpoint on a sheet of A4, to be stamped and filed; that it was made is recorded.

    Raises:
        NotFound: `checkpoint_missing`.
    """
    must(reader.actor, Permission.READ_RECORD)
    newest = anchoring.newest(reader.desk.settings)
    if newest is None:
        raise NotFound("checkpoint_missing")
    made = anchoring.sheet(reader.desk, newest, "ja" if reader.language == "ja" else "en")
    reader.desk.commit(reader.actor, sealing.printed, newest.checkpoint.size)
    named = f'attachment; filename="checkpoint-{newest.checkpoint.size}.pdf"'
    return Response(made, media_type="application/pdf", headers={"Content-Disposition": named})


@router.get("/{size}.note")
def give_note(reader: RecordReader, size: Size) -> Response:
    """One checkpoint as it was signed (C2SP signed-note). Raises `NotFound` `checkpoint_missing`."""
    raw = checkpoints_of(reader.desk.settings).note_of(size)
    if raw is None:
        raise NotFound("checkpoint_missing")
    named = f'attachment; filename="checkpoint-{size}.note"'
    return Response(raw, media_type="text/plain; charset=utf-8", headers={"Content-Disposition": named})


def _page(found: CheckpointHistory, reader: Visit) -> CheckpointsPage:
    words, now = catalog(reader.language), reader.desk.clock.now()
    newest, alarm = found.newest, found.alarm
    told = health.tell(words, alarm) if alarm else None
    at = alarm.since if alarm and alarm.since else newest.at if newest else None
    return CheckpointsPage(
        newest=_kept(words, newest) if newest else None,
        line=newest.line if newest else "",
        key=found.key,
        age=max(now - at, now - now) if at else None,
        waiting=found.waiting,
        state=alarm.state if alarm else PartState.LATE,
        alarm=told.why if told else "",
        todo=told.todo if told else "",
        ways=tuple(_way(words, one) for one in found.ways),
        kept=tuple(_kept(words, one) for one in found.kept),
    )


def _way(words: Catalog, one: OutsideWay) -> WayRow:
    part = "witness" if one.way == "witness" else "anchor"
    told = health.tell(words, PartHealth(part, one.state, one.to, one.at, one.code)) if one.is_on else None
    called = words.gettext(f"anchor.{one.way}")
    return WayRow(
        called=words.say("health.named", {"part": called, "name": one.to}) if one.to else called,
        is_on=one.is_on, state=one.state, at=one.at, size=one.size,
        note=told.why if told else words.gettext(f"anchor.off.{one.way}"),
        todo=told.todo if told else "",
    )  # fmt: skip


def _kept(words: Catalog, one: KeptCheckpoint) -> KeptRow:
    return KeptRow(
        size=one.size,
        root=one.root,
        at=one.at,
        signers=tuple(words.gettext(f"signer.{name}") for name in one.signers),
        outside=tuple(words.gettext(f"anchor.{way}") for way in one.outside),
        note=f"/audit/checkpoints/{one.size}.note",
    )

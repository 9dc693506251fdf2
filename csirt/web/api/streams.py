"""Detections as a long stream of lines (NDJSON): an answer for each line, and memory that does not grow with it."""

import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import asdict
from tempfile import SpooledTemporaryFile
from typing import IO, Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from csirt.bootstrap import Desk
from csirt.model.detection import Detection, NotADetection, SourceRecord, Unreadable
from csirt.model.people import Actor
from csirt.model.ports import Reader
from csirt.readers import formats
from csirt.readers.limits import DEFAULT_LIMITS
from csirt.response import intake
from csirt.taking import BATCH_BYTES, bounded_as, is_grave, keep, reader_for, source_behind
from csirt.web.addresses import API
from csirt.web.api.detections import RequestKey, ingester
from csirt.web.session import desk_of

router = APIRouter(prefix=API, tags=["detections"])

IN_MEMORY = 1024 * 1024  # bytes of answers; beyond it they wait on disk until the last line was read
CHUNK = 64 * 1024
NDJSON = "application/x-ndjson"
_ANSWERS = {"200": {"description": "A line for each line, then the sums.", "content": {NDJSON: {"schema": {}}}}}


@router.post(
    "/detections/stream",
    response_class=StreamingResponse,
    openapi_extra={"requestBody": {"required": True, "content": {NDJSON: {"schema": {}}}}, "responses": _ANSWERS},
)
async def take_stream(
    request: Request,
    actor: Annotated[Actor, Depends(ingester)],
    key: RequestKey = None,
    format: Annotated[str, Query(max_length=64)] = formats.AUTO,  # noqa: A002 - as the address says
) -> StreamingResponse:
    """Take in line after line, in batches, and say for each line what became of it; the last line holds the sums.

    The format is that of the first line. After an error, send all again with the same `Idempotency-Key`: what was
    stored is not stored twice. While the source sends more than was agreed, what is grave is kept, and 429 says that
    the rest was not.
    """
    too_fast = request.state.too_fast
    taker = _Taker(desk_of(request), actor, format, key, grave_only=too_fast is not None)
    try:
        async for line in _lines(request):
            if taker.add(line):
                await run_in_threadpool(taker.flush)
        await run_in_threadpool(taker.flush)
    except BaseException:
        taker.answers.close()
        raise
    if too_fast is not None and (taker.left or not taker.counts.records):
        taker.answers.close()
        raise too_fast
    if too_fast is None and (source := bounded_as(desk_of(request), actor)):
        request.app.state.throttle.add(source, taker.counts.records, desk_of(request).clock.now())
    taker.write(asdict(taker.counts))
    return StreamingResponse(_content(taker.answers), media_type=NDJSON)


class _Taker:
    """Gathers lines into batches, commits them, and writes the answers. `left`: how many it did not keep."""

    def __init__(self, desk: Desk, actor: Actor, form: str, key: str | None, *, grave_only: bool) -> None:
        self.source = source_behind(desk, actor)
        self.left = 0
        self.counts = intake.Accepted()
        self.answers: IO[bytes] = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed when it has been sent
        self._desk, self._actor, self._form, self._key = desk, actor, form, key
        self._grave_only = grave_only
        self._reader: Reader | None = None
        self._lines: list[tuple[int, bytes]] = []
        self._number = self._bytes = self._batch = 0

    def add(self, line: bytes) -> bool:
        """Keep a line in mind; True: it is time for `flush`."""
        self._number += 1
        if line.strip():
            self._lines.append((self._number, line))
            self._bytes += len(line)
        return len(self._lines) >= intake.BATCH_LIMIT or self._bytes >= BATCH_BYTES // 2

    def flush(self) -> None:
        """Read, commit and answer the lines since the last time."""
        lines, self._lines, self._bytes = self._lines, [], 0
        if not lines:
            return
        if self._reader is None:
            self._reader = reader_for(self._desk, self.source, lines[0][1][: formats.HEAD_BYTES], self._form)
        batch: list[SourceRecord] = []
        told: list[dict[str, object]] = []
        for number, line in lines:
            found = self._passing(self._read(self._reader, line))
            if len(batch) + len(found) > intake.BATCH_LIMIT:
                self._commit(self._reader, batch, told)
                batch, told = [], []
            batch += [SourceRecord(len(batch) + at, one.raw, one.result) for at, one in enumerate(found)]
            told.append(_answer(number, found))
        self._commit(self._reader, batch, told)

    def _passing(self, found: list[SourceRecord]) -> list[SourceRecord]:
        """All of a line; only what is grave of it while the source sends more than was agreed."""
        if not self._grave_only:
            return found
        kept = [one for one in found if isinstance(one.result, Detection) and is_grave(self._desk, one.result)]
        self.left += len(found) - len(kept)
        return kept

    def _read(self, reader: Reader, line: bytes) -> list[SourceRecord]:
        if len(line) > DEFAULT_LIMITS.record_bytes:
            why = Unreadable("record_too_large", f"more than {DEFAULT_LIMITS.record_bytes} bytes")
            return [SourceRecord(0, line, why)]
        found = list(reader.read(line))
        if len(found) > intake.BATCH_LIMIT:
            return [SourceRecord(0, line, Unreadable("too_many_records", "line"))]
        return found or [SourceRecord(0, line, Unreadable("empty", "line"))]

    def _commit(self, reader: Reader, batch: list[SourceRecord], told: list[dict[str, object]]) -> None:
        if not batch:
            return
        source = self.source.actor if self.source else self._actor.id
        key = f"{self._key}#{self._batch}" if self._key else None
        self.counts += keep(self._desk, self._actor, batch, source, reader.format, key)
        self._batch += 1
        for one in told:
            self.write(one)

    def write(self, answer: dict[str, object] | dict[str, int]) -> None:
        """Add a line to the answers."""
        self.answers.write(json.dumps(answer).encode() + b"\n")


def _answer(number: int, found: list[SourceRecord]) -> dict[str, object]:
    """What became of a line: how many records ended where, and the first code of what could not be read."""
    kinds = Counter(type(one.result) for one in found)
    code = next((one.result.code for one in found if isinstance(one.result, Unreadable)), None)
    return {
        "line": number, "detections": kinds[Detection], "not_detections": kinds[NotADetection],
        "quarantined": kinds[Unreadable], **({"code": code} if code else {}),
    }  # fmt: skip


async def _lines(request: Request) -> AsyncIterator[bytes]:
    """The lines of a body as they come. Of one beyond the bound, one byte more than a record may have is kept."""
    most = DEFAULT_LIMITS.record_bytes + 1
    held = bytearray()
    async for chunk in request.stream():
        *whole, rest = chunk.split(b"\n")
        for piece in whole:
            yield bytes(held[:most] + piece[: max(0, most - len(held))])
            held.clear()
        held += rest[: max(0, most - len(held))]
    if held:
        yield bytes(held)


def _content(answers: IO[bytes]) -> Iterator[bytes]:
    with answers:
        answers.seek(0)
        while chunk := answers.read(CHUNK):
            yield chunk

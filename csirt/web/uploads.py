"""Files that people send: read as they come in, never as a whole, and never put down unencrypted.

Starlette's own reading of forms would keep a file in the clear in the machine's folder for passing things. Here the
bytes of the one file of a form go straight to the room of evidence, and fields that stand before it are known by then.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from csirt.errors import Invalid
from csirt.response.custody import Custody
from csirt.store.evidence_files import Kept, Writer

AT_ONCE = 1024 * 1024  # bytes that are gathered before a thread writes them
FIELDS_MOST = 64 * 1024  # bytes of all fields that are no file
PARTS_MOST = 20
FORM = "multipart/form-data"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that lies in the room of evidence, and what came with it."""

    kept: Kept
    name: str
    fields: dict[str, str]


@dataclass
class _Parts:
    """A multipart body (RFC 7578) as it is being read: its small fields, the name of its file, the file's bytes."""

    boundary: bytes
    fields: dict[str, str] = field(default_factory=dict)
    name: str = ""
    seen: bool = False
    came: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._header = self._value = self._disposition = b""
        self._field: str | None = None
        self._text = bytearray()
        self._count = self._weight = 0
        self._in_file = self._complete = False
        self._parser = MultipartParser(
            self.boundary,
            {
                "on_part_begin": self._begin, "on_header_field": self._on_header, "on_header_value": self._on_value,
                "on_header_end": self._end_header, "on_headers_finished": self._open, "on_part_data": self._data,
                "on_part_end": self._close, "on_end": self._finish,
            },
        )  # fmt: skip

    def feed(self, some: bytes) -> list[bytes]:
        """Read on; returns the bytes of the file that came. Raises `Invalid` `upload_malformed`."""
        self.came = []
        try:
            self._parser.write(some)
        except FormParserError as error:
            raise Invalid("upload_malformed") from error
        return self.came

    def finish(self) -> None:
        """Nothing more comes. Raises `Invalid` `upload_malformed` where the body was cut off."""
        if not self._complete:
            raise Invalid("upload_malformed")

    def _finish(self) -> None:
        self._complete = True

    def _begin(self) -> None:
        self._count += 1
        if self._count > PARTS_MOST:
            raise Invalid("upload_malformed")
        self._disposition, self._field, self._in_file = b"", None, False
        self._text.clear()

    def _weigh(self, more: int) -> None:
        self._weight += more
        if self._weight > FIELDS_MOST:
            raise Invalid("upload_malformed")

    def _on_header(self, data: bytes, start: int, end: int) -> None:
        self._weigh(end - start)
        self._header += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._weigh(end - start)
        self._value += data[start:end]

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header = self._value = b""

    def _open(self) -> None:
        _, options = parse_options_header(self._disposition)
        if b"filename" in options:
            if self.seen:
                raise Invalid("upload_one_file")
            self.name = options[b"filename"].decode("utf-8", "replace")
            self._in_file = self.seen = True
        else:
            self._field = options.get(b"name", b"").decode("utf-8", "replace")

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._in_file:
            self.came.append(data[start:end])
        else:
            self._weigh(end - start)
            self._text += data[start:end]

    def _close(self) -> None:
        if self._field is not None:
            self.fields[self._field] = self._text.decode("utf-8", "replace").replace("\r\n", "\n")


async def _chunks(request: Request) -> AsyncIterator[bytes]:
    try:
        async for some in request.stream():
            yield some
    except ClientDisconnect:
        raise Invalid("upload_broken") from None


async def take_raw(request: Request, custody: Custody, incident: str) -> Kept:
    """The body itself as a file. Raises `Invalid`, `NotFound`, `Unavailable`; then nothing is left behind."""
    writer = await run_in_threadpool(custody.begin, incident)
    with writer:
        await _pour(_chunks(request), writer)
        return await run_in_threadpool(writer.keep)


async def _pour(chunks: AsyncIterator[bytes], writer: Writer) -> None:
    gathered = bytearray()
    async for some in chunks:
        gathered += some
        if len(gathered) >= AT_ONCE:
            await run_in_threadpool(writer.write, bytes(gathered))
            gathered.clear()
    await run_in_threadpool(writer.write, bytes(gathered))


async def take_form(
    request: Request, custody: Custody, incident: str, check: Callable[[dict[str, str]], Any]
) -> Upload:
    """The one file of a form. `check` is given the fields before it, and raises before a byte of the file is kept.

    Raises:
        Invalid: `upload_malformed`, `upload_broken`, `upload_missing`, `upload_one_file`, `evidence_too_large`.
        NotFound, Unavailable: as `Custody.begin`.
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != FORM.encode() or not 0 < len(options.get(b"boundary", b"")) <= 200:
        raise Invalid("upload_malformed")
    parts = _Parts(options[b"boundary"])
    chunks = _chunks(request)
    first = await _up_to_file(chunks, parts)
    check(parts.fields)
    if not parts.seen or (not parts.name and not any(first)):
        raise Invalid("upload_missing", field="file")
    writer = await run_in_threadpool(custody.begin, incident)
    with writer:
        await run_in_threadpool(writer.write, b"".join(first))
        await _pour(_file_bytes(chunks, parts), writer)
        parts.finish()
        return Upload(await run_in_threadpool(writer.keep), parts.name, parts.fields)


async def _up_to_file(chunks: AsyncIterator[bytes], parts: _Parts) -> list[bytes]:
    """Read until the file begins; returns what came of it already."""
    async for some in chunks:
        came = parts.feed(some)
        if parts.seen:
            return came
    return []


async def _file_bytes(chunks: AsyncIterator[bytes], parts: _Parts) -> AsyncIterator[bytes]:
    async for some in chunks:
        for came in parts.feed(some):
            yield came


async def take_whole(
    request: Request, most: int, check: Callable[[dict[str, str]], Any], *, needed: bool = True
) -> tuple[bytes, dict[str, str]]:
    """The one file of a form in memory, at most so many bytes, and the fields. `check` as in `take_form`.

    Where it is not `needed`, there may be none.

    Raises:
        Invalid: `upload_malformed`, `upload_broken`, `upload_missing`, `upload_one_file`, `asset_file_too_large`.
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != FORM.encode() or not 0 < len(options.get(b"boundary", b"")) <= 200:
        raise Invalid("upload_malformed")
    parts = _Parts(options[b"boundary"])
    chunks = _chunks(request)
    gathered = bytearray(b"".join(await _up_to_file(chunks, parts)))
    check(parts.fields)
    async for some in _file_bytes(chunks, parts):
        gathered += some
        if len(gathered) > most:
            raise Invalid("asset_file_too_large", limit=most)
    parts.finish()
    if needed and not gathered:
        raise Invalid("upload_missing", field="file")
    return bytes(gathered), parts.fields

"""An input becomes batches in the store: by its format, or by what is agreed with the source that it comes from."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from csirt.bootstrap import Desk
from csirt.errors import Conflict, Invalid, NotFound
from csirt.founding import MAPPINGS
from csirt.model.authority import Permission, must
from csirt.model.detection import Detection, SourceRecord, Unreadable
from csirt.model.incident import Level
from csirt.model.people import Actor
from csirt.model.ports import Reader
from csirt.model.source import SENSOR, Source
from csirt.model.triage import suggest
from csirt.readers import formats
from csirt.response import intake, quarantine, sources

BATCH_BYTES = 2 * 1024 * 1024  # of raw records in one batch, so that its opening stays below the verifier's bound


def source_behind(desk: Desk, actor: Actor) -> Source | None:
    """The declared source that an actor is, if it is one."""
    is_sensor = actor.id.startswith(SENSOR)
    return desk.door.city.sources.get(actor.id.removeprefix(SENSOR)) if is_sensor else None


def bounded_as(desk: Desk, actor: Actor) -> Source | None:
    """By which source's rate an actor is bound: a sensor that is not declared has the default; a person has none."""
    known = source_behind(desk, actor)
    return known or (Source(actor.id.removeprefix(SENSOR), "") if actor.id.startswith(SENSOR) else None)


def reader_for(desk: Desk, source: Source | None, head: bytes, form: str = formats.AUTO) -> Reader:
    """The reader of an input that begins with `head`: as said, else as agreed with its source, else recognised.

    Raises:
        Invalid: `format_unknown`, or the mapping of the source is written wrongly.
        NotFound: `file_missing`: it is not there.
    """
    if form == formats.AUTO and source is not None:
        if source.mapping:
            return own_reader(desk, source.mapping)
        form = source.format
    return formats.choose(head, form)


def own_reader(desk: Desk, mapping: str) -> Reader:
    """The reader of one of the city's own mapping files. Raises `Invalid`, `NotFound`."""
    path = desk.settings.data / MAPPINGS / mapping
    try:
        content = path.read_bytes()
    except OSError as error:
        raise NotFound("file_missing", file=mapping) from error
    return formats.reader_of(content, mapping)


def take_in(
    desk: Desk,
    actor: Actor,
    data: bytes,
    form: str,
    key: str | None,
    source: Source | None = None,
    *,
    key_covers: bool = False,
) -> intake.Accepted:
    """Read an input and keep it, batch by batch. The same `key` with the same records again stores nothing.

    `source`: whose records they are, where that is not the actor. `key_covers`: the key stands for the content itself.

    Raises:
        Invalid: `format_unknown`, or the mapping of its source cannot be used; nothing is stored.
    """
    source = source or source_behind(desk, actor)
    reader = reader_for(desk, source, data[: formats.HEAD_BYTES], form)
    name = source.actor if source else actor.id
    counts = intake.Accepted()
    for number, batch in enumerate(batches(reader.read(data))):
        counts += keep(
            desk, actor, batch, name, reader.format, f"{key}#{number}" if key else None, key_covers=key_covers
        )
    return counts


@dataclass(frozen=True, slots=True)
class Read:
    """An input that makes one batch: its records, whose they are, and the reader that read it."""

    records: list[SourceRecord]
    source: str
    form: str

    def request_key(self, key: str) -> str:
        """As `take_in` would make it of the key of the request."""
        return _request_key(self.source, f"{key}#0", self.records)


def read_one_batch(desk: Desk, actor: Actor, data: bytes, form: str) -> Read | None:
    """Read a small input as `take_in` would; None where it does not make exactly one batch.

    Raises:
        Invalid: `format_unknown`, or the mapping of its source cannot be used.
    """
    source = source_behind(desk, actor)
    reader = reader_for(desk, source, data[: formats.HEAD_BYTES], form)
    found = list(islice(batches(reader.read(data)), 2))
    if len(found) != 1:
        return None
    return Read(found[0], source.actor if source else actor.id, reader.format)


def take_grave(
    desk: Desk, actor: Actor, data: bytes, form: str, key: str | None, source: Source | None
) -> tuple[intake.Accepted, int]:
    """Keep what is grave of an input, and nothing else of it; how many records were left.

    Raises:
        Invalid: `format_unknown`, or the mapping of its source cannot be used.
    """
    reader = reader_for(desk, source, data[: formats.HEAD_BYTES], form)
    records = list(reader.read(data))
    grave = [one for one in records if isinstance(one.result, Detection) and is_grave(desk, one.result)]
    counts = intake.Accepted()
    for number, batch in enumerate(batches(grave)):
        counts += keep(
            desk, actor, batch, source.actor if source else actor.id, reader.format, f"{key}#{number}" if key else None
        )
    return counts, len(records) - len(grave)


def is_grave(desk: Desk, detection: Detection) -> bool:
    """Does it pass the door even while its source sends more than agreed?"""
    return suggest(detection, desk.door.city.rules)[1] >= Level.GRAVE


def take_unread(desk: Desk, source: Source, data: bytes, code: str, key: str) -> intake.Accepted:
    """Keep an input of which nothing could be read, whole (as far as a batch may hold it), with the code of why."""
    lost = len(data) > BATCH_BYTES
    record = SourceRecord(0, data[:BATCH_BYTES], Unreadable(code, f"{len(data)} bytes" if lost else "file"))
    return keep(desk, sources.actor_for(source), [record], source.actor, source.format, key, key_covers=True)


def keep(
    desk: Desk,
    actor: Actor,
    batch: list[SourceRecord],
    source: str,
    form: str,
    key: str | None,
    *,
    key_covers: bool = False,
) -> intake.Accepted:
    """Commit one batch; a key that comes again with other records must not make them vanish."""
    request_key = _request_key(source, key, [] if key_covers else batch) if key else None
    return desk.commit(actor, intake.accept, batch, source=source, form=form, request_key=request_key)


def _request_key(source: str, key: str, batch: list[SourceRecord]) -> str:
    return f"{source}:{key}:{_digest(batch) if batch else ''}"


def _digest(batch: list[SourceRecord]) -> str:
    digest = hashlib.sha256()
    for record in batch:
        digest.update(len(record.raw).to_bytes(8, "big") + record.raw)
    return digest.hexdigest()[:32]


def batches(records: Iterable[SourceRecord]) -> Iterator[list[SourceRecord]]:
    """Records in batches of one commit each: bounded in number and in bytes."""
    batch: list[SourceRecord] = []
    size = 0
    for record in records:
        if batch and (len(batch) == intake.BATCH_LIMIT or size + len(record.raw) > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(record)
        size += len(record.raw)
    if batch:
        yield batch


@dataclass(frozen=True, slots=True)
class Reread:
    """How many records left quarantine, and how many still cannot be read."""

    read: int = 0
    still: int = 0


def read_again(
    desk: Desk, actor: Actor, ids: Sequence[int] = (), form: str = formats.AUTO, mapping: Reader | None = None
) -> Reread:
    """Read what lies in quarantine again: by `mapping`, by `form`, or as is agreed with its source by now.

    Raises:
        Forbidden: this actor may not.
        Invalid: `format_unknown`.
    """
    must(actor, Permission.INGEST)
    if form != formats.AUTO:
        mapping = formats.choose(b"", form)
    after = read = still = 0
    while found := desk.look(quarantine.held, ids, after=after):
        after = found[-1].id
        for one in found:
            if _is_read(desk, actor, one, mapping):
                read += 1
            else:
                still += 1
    return Reread(read, still)


def _is_read(desk: Desk, actor: Actor, one: quarantine.Held, given: Reader | None) -> bool:
    source = desk.door.city.sources.get(one.source.removeprefix(SENSOR))
    form = one.format if one.format in formats.names() else formats.AUTO
    try:
        reader = given or reader_for(desk, source, one.raw) if source else given or formats.choose(one.raw, form)
        records = list(islice(reader.read(one.raw), intake.BATCH_LIMIT + 1))
    except (Invalid, NotFound):  # still no format, or a mapping that is still wrong
        return False
    if len(records) > intake.BATCH_LIMIT:  # a whole file: it is brought in as a file
        return False
    try:
        return desk.commit(actor, quarantine.read_again, one.id, records, reader.format)
    except Conflict:
        return True

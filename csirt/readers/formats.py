"""All readers by format, the choice between them, and the row that `csirt read --json` prints."""

from collections.abc import Iterator

from csirt.errors import Invalid
from csirt.model.detection import Detection, SourceRecord, Unreadable
from csirt.model.ports import Reader
from csirt.readers.cef import Cef
from csirt.readers.native import Native
from csirt.readers.suricata_eve import SuricataEve
from csirt.readers.times import to_milliseconds

AUTO = "auto"
HEAD_BYTES = 64 * 1024

# In the order in which they are asked whether an input is theirs.
READERS: tuple[Reader, ...] = (Native(), SuricataEve(), Cef())
FORMATS: tuple[str, ...] = tuple(reader.format for reader in READERS)
_OTHER_NAMES = {"eve": "suricata-eve", "suricata": "suricata-eve", "native": "csirt.detection.v1"}


def choose(head: bytes, format: str | None = None) -> Reader:  # noqa: A002 the word of the command line and the API
    """The reader for a format, or for an input that begins with `head` where the format is None, empty or `auto`.

    Raises:
        Invalid: `format_unknown`: no such format, or nothing here recognises the input; `known` names what there is.
    """
    wanted = (format or AUTO).strip().casefold().replace("_", "-")
    wanted = _OTHER_NAMES.get(wanted, wanted)
    for reader in READERS:
        if reader.format == wanted or (wanted == AUTO and reader.recognises(head[:HEAD_BYTES])):
            return reader
    raise Invalid("format_unknown", format=wanted if wanted == AUTO else "given", known=", ".join(FORMATS))


def read(data: bytes, format: str | None = None) -> Iterator[SourceRecord]:  # noqa: A002 as above
    """Every record of an input, one after the other. Raises `Invalid` as `choose` does, before anything is read."""
    return choose(data[:HEAD_BYTES], format).read(data)


def as_row(record: SourceRecord, format: str | None = None) -> dict[str, str | int] | None:  # noqa: A002 as above
    """The row of one record; None for what is not a detection. Keys without a value are left out.

    A detection gives `i, format, id, title, severity_native, level, time_raw, time_utc, src_ip, dst_ip, host, user`;
    `time_utc` is ISO 8601 with milliseconds and Z. An unreadable record gives `i, error, reason`. `format` stands in
    for the record's own where it is given.
    """
    result = record.result
    if isinstance(result, Unreadable):
        return {"i": record.index, "error": result.code, "reason": result.reason}
    if not isinstance(result, Detection):
        return None
    row: dict[str, str | int | None] = {
        "i": record.index,
        "format": format or result.format,
        "id": result.id,
        "title": result.title,
        "severity_native": result.severity_native,
        "level": result.level,
        "time_raw": result.time_raw,
        "time_utc": to_milliseconds(result.time_utc) if result.time_utc else None,
        "src_ip": result.src_ip,
        "dst_ip": result.dst_ip,
        "host": result.host,
        "user": result.user,
    }
    return {key: value for key, value in row.items() if value is not None and value != ""}

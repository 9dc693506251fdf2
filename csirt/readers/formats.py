"""All readers by format, the choice between them, and the row that `csirt read --json` prints."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib import resources

from csirt.errors import Invalid
from csirt.model.detection import Detection, NotADetection, SourceRecord, Unreadable
from csirt.model.ports import Reader
from csirt.readers import (
    cef,
    fast_log,
    leef,
    mail,
    native,
    pan_os,
    stix,
    suricata_eve,
    timesketch_csv,
    xarf,
    zeek_tables,
)
from csirt.readers.logs import KINDS, SYSLOG, Logs
from csirt.readers.mail import Mail
from csirt.readers.mapped import Head, Mapped
from csirt.readers.mapping import CSV, PAIRS, XML, VendorMapping
from csirt.readers.mapping_files import read_mapping
from csirt.readers.markup import Markup
from csirt.readers.native import Native
from csirt.readers.stix import Stix
from csirt.readers.suricata_eve import SuricataEve, is_eve
from csirt.readers.tables import Tables
from csirt.readers.times import to_milliseconds
from csirt.readers.timesketch_csv import TimesketchCsv
from csirt.readers.vendor_lines import Vendors
from csirt.readers.zeek_tables import ZeekTables

AUTO = "auto"
HEAD_BYTES = 64 * 1024
_OTHER_NAMES = {
    "eve": "suricata-eve",
    "suricata": "suricata-eve",
    "native": "csirt.detection.v1",
    "fast": "suricata-fast",
    "graph": "microsoft-graph",
    "zeek": "zeek-tsv",
    "asff": "security-hub",
}
# The formats that need a reader of their own: what writes them, and where that is described.
_CHECKS = {"xarf-3": xarf.flaw, "xarf-4": xarf.flaw}
OWN: dict[str, dict[str, str]] = {
    native.FORMAT: {"name": "csirt.detection.v1", "documents": "docs/howto/send-detections.md"},
    suricata_eve.FORMAT: {"name": "Suricata EVE", "documents": "https://docs.suricata.io/en/latest/output/eve/"},
    zeek_tables.FORMAT: {"name": "Zeek TSV", "documents": "https://docs.zeek.org/en/current/log-formats.html"},
    cef.FORMAT: {"name": "Common Event Format", "documents": "ArcSight: Implementing ArcSight CEF"},
    leef.FORMAT: {"name": "Log Event Extended Format 1.0, 2.0", "documents": "https://www.ibm.com/docs/en/dsm"},
    pan_os.FORMAT: {"name": "Palo Alto Networks PAN-OS", "documents": "https://docs.paloaltonetworks.com/pan-os"},
    stix.FORMAT: {"name": "STIX 2.1", "documents": "https://docs.oasis-open.org/cti/stix/v2.1/stix-v2.1.html"},
    timesketch_csv.FORMAT: {"name": "Timesketch CSV", "documents": "https://timesketch.org/guides/user/"},
    mail.FORMAT: {"name": "Mail (RFC 5322): SOC notices, ARF", "documents": "docs/howto/write-a-mapping.md"},
    fast_log.FORMAT: {"name": "Suricata, Snort fast.log", "documents": "https://docs.suricata.io/"},
    SYSLOG: {"name": "syslog (RFC 3164, RFC 5424)", "documents": "https://www.rfc-editor.org/rfc/rfc5424"},
}


@cache
def mappings() -> tuple[VendorMapping, ...]:
    """The mappings that ship with the product, by name of their files."""
    folder = resources.files("csirt.readers").joinpath("mappings")
    files = sorted((one for one in folder.iterdir() if one.name.endswith(".toml")), key=lambda one: one.name)
    return tuple(read_mapping(one.read_bytes(), one.name) for one in files)


@cache
def readers() -> tuple[Reader, ...]:
    """All readers."""
    by_format = {one.format: one for one in mappings()}
    vendors = Vendors(mappings())
    kinds = [Logs(kind, vendors=vendors) for kind in KINDS]
    pairs = [Logs(one.format, vendors=vendors, own=True) for one in vendors.of_pairs]
    tables = [Tables(one) for one in _most_exact_first(CSV)]
    markup = [Markup(one) for one in _most_exact_first(XML)]
    lines: tuple[Reader, ...] = (TimesketchCsv(), ZeekTables(by_format), *tables, *markup, *kinds, *pairs)
    last = (Mail([one for one in mappings() if one.input == "mail"]), Logs(SYSLOG, vendors=vendors))
    own: tuple[Reader, ...] = (Native(), SuricataEve(), Stix(by_format[stix.FORMAT]), *lines, *last)
    return (*own, *(Mapped(one, check=_CHECKS.get(one.format)) for one in mappings() if _is_plain(one)))


def _most_exact_first(kind: str) -> list[VendorMapping]:
    """The mappings for one kind of input, those that ask for most first: the first that fits is taken."""
    found = [one for one in mappings() if one.input == kind]
    return sorted(found, key=lambda one: max(way.weight for way in one.recognise), reverse=True)


def _is_plain(mapping: VendorMapping) -> bool:
    """Whether a mapping needs nothing but the reader of mappings."""
    return mapping.input == "json" and mapping.format not in OWN


def told() -> Iterator[dict[str, str]]:
    """Each format for a list: its name, what writes it, how it is read, and where its makers describe it."""
    for name, facts in OWN.items():
        yield {"format": name, **facts, "by": "reader"}
    for one in mappings():
        if one.format not in OWN:
            yield {"format": one.format, "name": one.name, "by": "mapping", "documents": " ".join(one.documents)}


@cache
def names() -> tuple[str, ...]:
    """The names of all formats."""
    return tuple(reader.format for reader in readers())


def choose(head: bytes, format: str | None = None) -> Reader:  # noqa: A002 the word of the command line and the API
    """The reader for a format, or for an input that begins with `head` where the format is None, empty or `auto`.

    Raises:
        Invalid: `format_unknown`: no such format, or nothing here recognises the input; `known` names what there is.
    """
    wanted = (format or AUTO).strip().casefold().replace("_", "-")
    wanted = _OTHER_NAMES.get(wanted, wanted)
    found = _recognised(head[:HEAD_BYTES]) if wanted == AUTO else _named(wanted)
    if found is None:
        raise Invalid("format_unknown", format=wanted if wanted == AUTO else "given", known=", ".join(names()))
    return found


def reader_of(mapping: bytes, file: str) -> Reader:
    """A reader by the bytes of a mapping file of the city's own; `file` is its name in errors. Raises `Invalid`."""
    read = read_mapping(mapping, file)
    own: dict[str, Callable[[], Reader]] = {
        PAIRS: lambda: Logs(read.format, vendors=Vendors([read, *mappings()]), own=True),
        CSV: lambda: Tables(read),
        XML: lambda: Markup(read),
        "mail": lambda: Mail([read, *(one for one in mappings() if one.format == mail.FORMAT)]),
    }
    return own.get(read.input, lambda: Mapped(read))()


def _named(wanted: str) -> Reader | None:
    return next((reader for reader in readers() if reader.format == wanted), None)


def _recognised(head: bytes) -> Reader | None:
    """The reader that knows an input: our own, EVE, else by the mapping that fits best, else by its lines."""
    if Native().is_sure_of(head):
        return _named(native.FORMAT)
    looked_at = Head(head)
    if any(map(is_eve, looked_at.first)):
        return _named(suricata_eve.FORMAT)
    mapped = [reader for reader in readers() if isinstance(reader, Mapped)]
    best = max(mapped, key=lambda one: one.likeness(looked_at))
    if best.likeness(looked_at):
        return best
    return next((one for one in readers() if not isinstance(one, Mapped) and one.recognises(head)), None)


def read(data: bytes, format: str | None = None) -> Iterator[SourceRecord]:  # noqa: A002 as above
    """Every record of an input, one after the other. Raises `Invalid` as `choose` does, before anything is read."""
    return choose(data[:HEAD_BYTES], format).read(data)


def buckets(records: Iterable[SourceRecord]) -> Counter[str]:
    """How many records ended where: `detection`, `not_a_detection:<why>`, `unreadable:<code>`."""
    return Counter(_bucket(record) for record in records)


def _bucket(record: SourceRecord) -> str:
    result = record.result
    if isinstance(result, NotADetection):
        return f"not_a_detection:{result.why}"
    return f"unreadable:{result.code}" if isinstance(result, Unreadable) else "detection"


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

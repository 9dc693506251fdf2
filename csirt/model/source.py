"""Sources: what sends detections, who answers for it, by which way, how much at once, and how long it may be silent.

They stand in `sources.toml` of the city, one table `[[source]]` each.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

from csirt.errors import Invalid
from csirt.model.chains import duration_from
from csirt.model.likeness import IGNORABLE

PER_MINUTE = 60_000  # records; a source of a city sends some hundreds
MOST_PER_MINUTE = 6_000_000
FLOOD_FROM = 30  # cases that one source opens by itself within `FLOOD_WITHIN`; no desk works on more at once
MOST_FLOOD_FROM = 10_000
FLOOD_WITHIN = timedelta(minutes=10)
SENSOR = "sensor:"
IMAPS = 993
_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\.toml")
_KEYS = frozenset(
    ("name", "owner", "way", "format", "mapping", "per_minute", "silent_after", "addresses", "folder", "mailbox")
) | {"flood_from", "ignore_fields"}
_BOX_KEYS = frozenset({"host", "port", "user", "folder", "ca_file"})
_LINE = re.compile(r"[^\x00-\x1f\x7f]{1,300}")

Network = IPv4Network | IPv6Network


class Way(StrEnum):
    """How a source's records come in. The value is also the text key."""

    WEB = "web"  # it sends to our API
    FOLDER = "folder"  # it, or somebody, lays files into a folder
    SYSLOG = "syslog"
    MAIL = "mail"  # mails in a folder or a mailbox


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A mailbox to fetch mails from (IMAP over TLS). Its password lies in the folder of keys, never here."""

    host: str
    user: str
    port: int = IMAPS
    folder: str = "INBOX"
    ca_file: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """One source. `owner` is a post; `mapping` a file of the city's own; `addresses`: from where it may come (all).

    `folder` (of files or mails; relative to the data folder) and `mailbox` say where its records are fetched. Of more
    than `flood_from` cases within ten minutes one is made. `ignore_fields` do not count when repeats are told apart.
    """

    name: str
    owner: str
    way: Way = Way.WEB
    format: str = "auto"
    mapping: str = ""
    per_minute: int = PER_MINUTE
    silent_after: timedelta | None = None
    addresses: tuple[Network, ...] = ()
    folder: str = ""
    mailbox: Mailbox | None = None
    flood_from: int = FLOOD_FROM
    ignore_fields: tuple[str, ...] = ()

    @property
    def actor(self) -> str:
        """Under which id it acts, and its batches stand in the store."""
        return f"{SENSOR}{self.name}"

    def may_come_from(self, address: str) -> bool:
        """Does this source send from this address?"""
        return is_among(address, self.addresses)


def is_among(address: str, networks: Sequence[Network]) -> bool:
    """Is an address in one of these networks? Without networks every one is; what is no address is in none."""
    if not networks:
        return True
    try:
        at = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    plain = getattr(at, "ipv4_mapped", None) or at
    return any(plain in one for one in networks)


def is_silent(source: Source, heard: datetime, now: datetime) -> bool:
    """Has nothing come for longer than this source may be silent?"""
    return source.silent_after is not None and now - heard > source.silent_after


def networks_from(texts: Sequence[str]) -> tuple[Network, ...]:
    """Networks such as `192.0.2.0/24` or a single address. Raises `Invalid` `network_malformed`."""
    try:
        return tuple(ip_network(one) for one in texts)
    except ValueError as error:
        raise Invalid("network_malformed") from error


def sources_from(table: Mapping[str, Any], file: str, text: str = "") -> dict[str, Source]:
    """The sources of a file, by name. `text` is what the file holds, so that an error can name the line.

    Raises:
        Invalid: `key_missing`, `value_malformed`, `source_twice`, `ignore_field_unknown` or `ignore_fields_twice`, with
            file and key.
    """
    rows = table.get("source", [])
    if not isinstance(rows, list) or set(table) - {"source"}:
        raise Invalid("value_malformed", file=file, key="source")
    found: dict[str, Source] = {}
    for number, row in enumerate(rows, start=1):
        source = _source(row, file, f"source[{number}]")
        _check_ignored(source.ignore_fields, file, f"source[{number}].ignore_fields", text, number)
        if source.name in found:
            raise Invalid("source_twice", file=file, name=source.name)
        found[source.name] = source
    return found


def _source(row: object, file: str, place: str) -> Source:
    if not isinstance(row, dict):
        raise Invalid("value_malformed", file=file, key=place)
    if unknown := sorted(set(row) - _KEYS):
        raise Invalid("value_malformed", file=file, key=f"{place}.{unknown[0]}"[:80])
    for key in ("name", "owner"):
        if key not in row:
            raise Invalid("key_missing", file=file, key=f"{place}.{key}")
    keys = _Keys(row, file, place)
    return Source(
        name=keys.text("name", _NAME),
        owner=keys.text("owner", _NAME),
        way=Way(keys.text("way", re.compile("|".join(Way)), Way.WEB)),
        format=keys.text("format", re.compile(r"[a-z][a-z0-9.-]{1,63}"), "auto"),
        mapping=keys.text("mapping", _FILE, ""),
        per_minute=keys.number("per_minute", PER_MINUTE, MOST_PER_MINUTE),
        silent_after=keys.duration("silent_after"),
        addresses=keys.networks("addresses"),
        folder=keys.text("folder", _LINE, ""),
        mailbox=_mailbox(row, file, place),
        flood_from=keys.number("flood_from", FLOOD_FROM, MOST_FLOOD_FROM),
        ignore_fields=keys.texts("ignore_fields"),
    )


def _check_ignored(fields: Sequence[str], file: str, place: str, text: str, number: int) -> None:
    """Only what may be left out, and each once."""
    for at, name in enumerate(fields, start=1):
        if name in IGNORABLE and name not in fields[: at - 1]:
            continue
        code = "ignore_fields_twice" if name in IGNORABLE else "ignore_field_unknown"
        line = _line_of(text, number, "ignore_fields")
        raise Invalid(code, file=file, line=line, key=f"{place}[{at}]", name=name[:40], known=", ".join(IGNORABLE))


def _line_of(text: str, number: int, key: str) -> int:
    """In which line of a file the `number`th source says `key`; 0 where it cannot be told."""
    source = 0
    for at, line in enumerate(text.splitlines(), start=1):
        source += line.strip().replace(" ", "").startswith("[[source]]")
        if source == number and re.match(rf"\s*{key}\s*=", line):
            return at
    return 0


def _mailbox(row: Mapping[str, Any], file: str, place: str) -> Mailbox | None:
    if "mailbox" not in row:
        return None
    box, place = row["mailbox"], f"{place}.mailbox"
    if not isinstance(box, dict) or row.get("way") != Way.MAIL:
        raise Invalid("value_malformed", file=file, key=place)
    if unknown := sorted(set(box) - _BOX_KEYS):
        raise Invalid("value_malformed", file=file, key=f"{place}.{unknown[0]}"[:80])
    for key in ("host", "user"):
        if key not in box:
            raise Invalid("key_missing", file=file, key=f"{place}.{key}")
    keys = _Keys(box, file, place)
    return Mailbox(
        host=keys.text("host", _LINE),
        user=keys.text("user", _LINE),
        port=keys.number("port", IMAPS, 65535),
        folder=keys.text("folder", _LINE, "INBOX"),
        ca_file=keys.text("ca_file", _LINE, ""),
    )


@dataclass(frozen=True, slots=True)
class _Keys:
    row: Mapping[str, Any]
    file: str
    place: str

    def _wrong(self, key: str) -> Invalid:
        return Invalid("value_malformed", file=self.file, key=f"{self.place}.{key}")

    def text(self, key: str, form: re.Pattern[str], otherwise: str = "") -> str:
        if key not in self.row:
            return otherwise
        value = self.row[key]
        if not isinstance(value, str) or not form.fullmatch(value):
            raise self._wrong(key)
        return value

    def number(self, key: str, otherwise: int, most: int) -> int:
        value = self.row.get(key, otherwise)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= most:
            raise self._wrong(key)
        return value

    def duration(self, key: str) -> timedelta | None:
        if key not in self.row:
            return None
        value = duration_from(self.row[key])
        if not value:
            raise self._wrong(key)
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.row.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self._wrong(key)
        return tuple(value)

    def networks(self, key: str) -> tuple[Network, ...]:
        try:
            return networks_from(self.texts(key))
        except Invalid as error:
            raise self._wrong(key) from error

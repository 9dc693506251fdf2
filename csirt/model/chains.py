"""Contact chains and outside offices from their files, and what is weak about them today.

`chain_from` and `offices_from` take what a TOML parser gave and refuse anything that is not understood, naming file,
route, tier and key: a mistyped key in a chain must be found on the day it is written, not on the night it is climbed.
`check_chain` tells what a well-formed chain lacks today: posts without holder, old contact data, missing addresses.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, NoReturn, TypeVar

from csirt.errors import Invalid, Param
from csirt.model.contact import ContactChain, Need, Route, StopOn, Tier
from csirt.model.discretion import ALL, NeverSay
from csirt.model.holidays import Holidays
from csirt.model.incident import IncidentType, Level
from csirt.model.party import Contact, Nobody, PartyKind, parse_party, resolve
from csirt.model.people import ContactPoint, Office, Roster
from csirt.model.trigger import CaseFact, Clause, TouchedSystem

Kind = TypeVar("Kind", IncidentType, CaseFact, TouchedSystem, NeverSay)

CONTACTS_AGE = timedelta(days=365)  # contacts are confirmed yearly, after the transfers of 1 April (人事異動)
CONFIRMED_BY = 5  # May: a month after the transfers everybody has been called once

_DURATION = re.compile(r"([0-9]{1,5}) ?(s|min|h)")
_UNITS = {"s": timedelta(seconds=1), "min": timedelta(minutes=1), "h": timedelta(hours=1)}
_LONGEST = timedelta(days=30)
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_CODE = re.compile(r"[A-Z][0-9]{1,3}")
_CHAIN_KEYS = frozenset({"name", "code", "title", "when", "never_say", "route", "exhausted"})
_MOST_ROUNDS = 20
_MOST_TEXT = 200
LAST_RESORT = "exhausted"  # stands where a tier's number would, in errors and weaknesses


class Severity(StrEnum):
    """How bad a weakness is."""

    ERROR = "error"  # somebody cannot be called at all
    WARNING = "warning"  # somebody can be called, but not as the chain says, or perhaps no more


@dataclass(frozen=True, slots=True)
class Weakness:
    """What is weak about a chain today. `tier` counts from 1 as people do, or is `exhausted`; `key` names the party.

    Codes: `post_unknown`, `no_holder`, `deputy_acts`, `role_unknown`, `office_unknown`, `contact_data_old`,
    `contact_data_before_transfers`, `contact_data_from_future`, `no_contact_point`, `channel_without_address`,
    `tier_reaches_nobody`, `holidays_end`, `directory_behind_handover`.
    """

    code: str
    file: str
    route: str
    tier: str
    key: str
    severity: Severity


def duration_from(text: object) -> timedelta | None:
    """Such as "30 min", of at most thirty days; None where it is no such text."""
    match = _DURATION.fullmatch(text) if isinstance(text, str) else None
    length = int(match[1]) * _UNITS[match[2]] if match else None
    return length if length is not None and length <= _LONGEST else None


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in a file we are, for errors."""

    file: str
    route: str = ""
    tier: str = ""

    def refuse(self, code: str, key: str, **more: Param) -> NoReturn:
        raise Invalid(code, file=self.file, route=self.route, tier=self.tier, key=key, **more)

    def known(self, table: object, key: str, allowed: frozenset[str]) -> Mapping[str, Any]:
        """The table at `key`, with no keys but the allowed ones."""
        if not isinstance(table, Mapping):
            self.refuse("chain_value_malformed", key)
        for name in table:
            if name not in allowed:
                self.refuse("chain_key_unknown", str(name)[:80])
        return table

    def text(self, table: Mapping[str, Any], key: str, pattern: re.Pattern[str]) -> str:
        value = table.get(key)
        if not isinstance(value, str) or not pattern.fullmatch(value):
            self.refuse("chain_value_malformed" if key in table else "chain_key_missing", key)
        return value

    def texts(self, table: Mapping[str, Any], key: str) -> tuple[str, ...]:
        """A list of different strings, at least one."""
        values = table.get(key)
        if key not in table:
            self.refuse("chain_key_missing", key)
        if not isinstance(values, Sequence) or isinstance(values, str) or not values:
            self.refuse("chain_value_malformed", key)
        if any(not isinstance(value, str) for value in values) or len(set(values)) != len(values):
            self.refuse("chain_value_malformed", key)
        return tuple(values)

    def duration(self, table: Mapping[str, Any], key: str) -> timedelta | None:
        """Such as "30 min"; None where the key is absent."""
        if key not in table:
            return None
        length = duration_from(table[key])
        if length is None:
            self.refuse("chain_duration_malformed", key)
        return length


def chain_from(mapping: Mapping[str, Any], source: str) -> ContactChain:
    """The chain that a file describes. `source` is the file's name.

    Raises:
        Invalid: `chain_key_unknown`, `chain_key_missing`, `chain_value_malformed`, `chain_duration_malformed`,
            `chain_times_fall`, `chain_party_malformed`, `chain_route_twice`; each with file, route, tier and key.
    """
    place = _Place(source)
    table = place.known(mapping, "", _CHAIN_KEYS)
    name = place.text(table, "name", _NAME)
    routes = tuple(_route(entry, number, source) for number, entry in enumerate(_tables(place, table, "route"), 1))
    names = [route.name for route in routes]
    for route in routes:
        if names.count(route.name) > 1:
            _Place(source, route.name).refuse("chain_route_twice", "name")
    if "exhausted" not in table:  # a chain without a last resort could end in silence
        place.refuse("chain_key_missing", "exhausted")
    last_place = _Place(source, tier=LAST_RESORT)
    last = last_place.known(table["exhausted"], "exhausted", frozenset({"call", "by", "need"}))
    return ContactChain(
        name,
        routes,
        _tier(last_place, last, timedelta(0)),
        source,
        _title(place, table),
        code=place.text(table, "code", _CODE) if "code" in table else "",
        when=tuple(_clause(place, entry) for entry in _tables(place, table, "when")) if "when" in table else (),
        never_say=_codes(place, table, "never_say", NeverSay) if "never_say" in table else ALL,
    )


def _tables(place: _Place, table: Mapping[str, Any], key: str) -> Sequence[object]:
    if key not in table:
        place.refuse("chain_key_missing", key)
    entries = table[key]
    if not isinstance(entries, Sequence) or isinstance(entries, str) or not entries:
        place.refuse("chain_value_malformed", key)
    return entries


def _clause(place: _Place, entry: object) -> Clause:
    table = place.known(entry, "when", frozenset({"type", "level_from", "fact", "system", "automatic"}))
    level = table.get("level_from")
    if level is not None and (isinstance(level, bool) or level not in list(Level)):
        place.refuse("chain_value_malformed", "level_from")
    if not isinstance(automatic := table.get("automatic", False), bool):
        place.refuse("chain_value_malformed", "automatic")
    return Clause(
        types=_codes(place, table, "type", IncidentType),
        level_from=None if level is None else Level(level),
        facts=_codes(place, table, "fact", CaseFact),
        systems=_codes(place, table, "system", TouchedSystem),
        automatic=automatic,
    )


def _codes(place: _Place, table: Mapping[str, Any], key: str, kind: type[Kind]) -> frozenset[Kind]:
    """A set of known codes; none where the key is absent."""
    if key not in table:
        return frozenset()
    try:
        return frozenset(kind(value) for value in place.texts(table, key))
    except ValueError:
        place.refuse("chain_value_malformed", key)


def _title(place: _Place, table: Mapping[str, Any]) -> dict[str, str]:
    title = place.known(table.get("title", {}), "title", frozenset({"ja", "en"}))
    if any(not isinstance(text, str) or not 0 < len(text) <= _MOST_TEXT for text in title.values()):
        place.refuse("chain_value_malformed", "title")
    return dict(title)


def _route(entry: object, number: int, source: str) -> Route:
    place = _Place(source, str(number))
    table = place.known(entry, "route", frozenset({"name", "title", "stop_on", "repeat", "wait", "tier"}))
    name = place.text(table, "name", _NAME)
    place = _Place(source, name)
    stop_on = table.get("stop_on", StopOn.ACKNOWLEDGE)
    if stop_on not in list(StopOn):
        place.refuse("chain_value_malformed", "stop_on")
    repeat = table.get("repeat", 1)
    if not isinstance(repeat, int) or isinstance(repeat, bool) or not 1 <= repeat <= _MOST_ROUNDS:
        place.refuse("chain_value_malformed", "repeat")
    wait = place.duration(table, "wait")
    if wait == timedelta(0):
        place.refuse("chain_duration_malformed", "wait")
    tiers = tuple(
        _timed_tier(entry, _Place(source, name, str(n))) for n, entry in enumerate(_tables(place, table, "tier"), 1)
    )
    _check_times(tiers, source, name)
    return Route(name, tiers, StopOn(stop_on), repeat, wait, _title(place, table))


def _timed_tier(entry: object, place: _Place) -> Tier:
    table = place.known(entry, "tier", frozenset({"after", "off_hours", "call", "by", "need"}))
    after = place.duration(table, "after")
    if after is None:
        place.refuse("chain_key_missing", "after")
    return _tier(place, table, after, place.duration(table, "off_hours"))


def _tier(place: _Place, table: Mapping[str, Any], after: timedelta, off_hours: timedelta | None = None) -> Tier:
    call = place.texts(table, "call")
    for party in call:
        try:
            parse_party(party)
        except Invalid:
            place.refuse("chain_party_malformed", "call", party=party[:80])
    by = place.texts(table, "by")
    if any(not _NAME.fullmatch(channel) for channel in by):
        place.refuse("chain_value_malformed", "by")
    need = table.get("need", Need.ANY)
    if need not in list(Need):
        place.refuse("chain_value_malformed", "need")
    return Tier(after, call, by, Need(need), off_hours)


def _check_times(tiers: Sequence[Tier], source: str, route: str) -> None:
    """Every tier comes later than the one before, by day and by night."""
    by_day = [tier.after for tier in tiers]
    by_night = [tier.after if tier.off_hours is None else tier.off_hours for tier in tiers]
    for key, times in (("after", by_day), ("off_hours", by_night)):
        for number in range(1, len(times)):
            if times[number] <= times[number - 1]:
                _Place(source, route, str(number + 1)).refuse("chain_times_fall", key)


def offices_from(mapping: Mapping[str, Any], source: str) -> dict[str, Office]:
    """The offices outside the directory, by id. A true `sample` at the top marks made-up data; it changes nothing.

    Raises:
        Invalid: as `chain_from`; `route` holds the office's id.
    """
    place = _Place(source)
    table = place.known(mapping, "", frozenset({"sample", "office"}))
    offices = table.get("office", {})
    if not isinstance(offices, Mapping):
        place.refuse("chain_value_malformed", "office")
    return {str(id_): _office(str(id_), entry, source) for id_, entry in offices.items()}


_OFFICE_KEYS = frozenset({"name_ja", "name_en", "confirmed", "source", "points"})
_LINE = re.compile(r"[^\x00-\x1f\x7f]{1,200}")


def _office(id_: str, entry: object, source: str) -> Office:
    place = _Place(source, id_[:80])
    if not _NAME.fullmatch(id_):
        place.refuse("chain_value_malformed", "office")
    table = place.known(entry, "office", _OFFICE_KEYS)
    confirmed = table.get("confirmed")
    if not isinstance(confirmed, date) or isinstance(confirmed, datetime):
        place.refuse("chain_value_malformed" if "confirmed" in table else "chain_key_missing", "confirmed")
    points = table.get("points")
    if not isinstance(points, Mapping) or not points:
        place.refuse("chain_value_malformed" if "points" in table else "chain_key_missing", "points")
    for channel in points:
        if not _NAME.fullmatch(str(channel)):
            place.refuse("chain_value_malformed", "points")
    return Office(
        id=id_,
        name_ja=place.text(table, "name_ja", _LINE),
        name_en=place.text(table, "name_en", _LINE),
        points=tuple(ContactPoint(channel, place.text(points, channel, _LINE)) for channel in points),
        confirmed=confirmed,
        source=place.text(table, "source", _LINE) if "source" in table else "",
    )


def check_chain(chain: ContactChain, roster: Roster, offices: Mapping[str, Office], today: date) -> list[Weakness]:
    """What is weak about the chain today, in the order of the file. An empty list means that everyone can be called."""
    found: list[Weakness] = []
    for route in chain.routes:
        for number, tier in enumerate(route.tiers, 1):
            found += _check_tier(tier, _Check(chain.source, route.name, str(number), roster, offices, today))
    if chain.exhausted is None:
        found.append(Weakness("chain_key_missing", chain.source, "", LAST_RESORT, LAST_RESORT, Severity.ERROR))
    else:
        found += _check_tier(chain.exhausted, _Check(chain.source, "", LAST_RESORT, roster, offices, today))
    return found


def check_holidays(holidays: Holidays | None, today: date, source: str = "holidays.toml") -> list[Weakness]:
    """Is the end of the known holidays near? What comes after it is a forecast, and a night may be taken for a day."""
    if holidays is None or not holidays.wants_renewal(today):
        return []
    return [Weakness("holidays_end", source, "", "", f"years {holidays.last}", Severity.WARNING)]


@dataclass(frozen=True, slots=True)
class _Check:
    """What a tier is checked against."""

    file: str
    route: str
    tier: str
    roster: Roster
    offices: Mapping[str, Office]
    today: date

    def found(self, code: str, key: str, severity: Severity) -> Weakness:
        return Weakness(code, self.file, self.route, self.tier, key, severity)


def _check_tier(tier: Tier, check: _Check) -> Iterator[Weakness]:
    reached = False
    for party in tier.call:
        contacts = resolve(party, check.roster, check.offices)
        if isinstance(contacts, Nobody):
            yield check.found(contacts.code, party, Severity.ERROR)
            continue
        yield from _check_freshness(party, check)
        for contact in contacts:
            yield from _check_points(party, contact, tier.by, check)
            reached = reached or any(contact.addresses.get(channel) for channel in tier.by)
    if not reached:
        yield check.found("tier_reaches_nobody", "call", Severity.ERROR)


def _check_freshness(party: str, check: _Check) -> Iterator[Weakness]:
    """Is a deputy standing in for a vacant post? How old is an office's contact data?"""
    name = parse_party(party)
    if (
        name.kind is PartyKind.POST
        and name.deputy == 0
        and check.roster.posts[name.id].holder not in check.roster.people
    ):
        yield check.found("deputy_acts", party, Severity.WARNING)
    if name.kind is PartyKind.OFFICE:
        confirmed = check.offices[name.id].confirmed
        if confirmed > check.today:
            yield check.found("contact_data_from_future", party, Severity.WARNING)
        if check.today - confirmed > CONTACTS_AGE:
            yield check.found("contact_data_old", party, Severity.WARNING)
        elif confirmed < _last_transfers(check.today):
            yield check.found("contact_data_before_transfers", party, Severity.WARNING)


def _last_transfers(today: date) -> date:
    """The latest 1 April (人事異動) after which contacts should have been confirmed by today."""
    return date(today.year if today.month >= CONFIRMED_BY else today.year - 1, 4, 1)


def _check_points(party: str, contact: Contact, channels: Sequence[str], check: _Check) -> Iterator[Weakness]:
    missing = [channel for channel in channels if not contact.addresses.get(channel)]
    if len(missing) == len(channels):
        yield check.found("no_contact_point", party, Severity.ERROR)
        return
    for channel in missing:
        yield check.found("channel_without_address", f"{party} {channel}", Severity.WARNING)

"""What somebody looks for in the record: the filters as typed, and as far as they could be understood."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, TypeVar
from urllib.parse import urlencode

from fastapi import Query

from csirt.clock import JST
from csirt.era import parse_date
from csirt.errors import Invalid, NotFound
from csirt.record.entry import EntryKind
from csirt.store.queries.cases import resolve_incident
from csirt.store.queries.timeline import EVERYTHING, EntryFilter
from csirt.store.tx import Look
from csirt.web.pages.forms import Faults

KINDS = tuple(kind.value for kind in EntryKind)
Filter = Annotated[str, Query(max_length=100)]
T = TypeVar("T")


def typed_filters(
    incident: Filter = "", kind: Filter = "", person: Filter = "", step: Filter = "", since: Filter = "",
    until: Filter = "",
) -> Mapping[str, str]:  # fmt: skip
    """The filters of an address, by name."""
    named = {"incident": incident, "kind": kind, "person": person, "step": step, "since": since, "until": until}
    return {name: text.strip() for name, text in named.items()}


@dataclass(frozen=True, slots=True)
class Wanted:
    """The filters as typed, and what they mean."""

    typed: Mapping[str, str]
    filter: EntryFilter = EVERYTHING
    faults: Faults = field(default_factory=Faults)

    @property
    def ok(self) -> bool:
        """Could all of them be understood?"""
        return not self.faults.errors

    def query(self, **more: object) -> str:
        """The same filters as part of an address, with its question mark; empty where there is nothing to say."""
        pairs = {name: text for name, text in {**self.typed, **more}.items() if text}
        return f"?{urlencode(pairs)}" if pairs else ""


def understood(look: Look, typed: Mapping[str, str]) -> Wanted:
    """What the filters mean; what cannot be understood stands among the faults."""
    faults = Faults()

    def read(name: str, meaning: Callable[[str], T], nothing: T) -> T:
        try:
            return meaning(typed[name]) if typed[name] else nothing
        except (Invalid, NotFound) as error:
            faults.add(name, error.code)
            return nothing

    none: datetime | None = None
    found = EntryFilter(
        incident=read("incident", lambda text: resolve_incident(look, text), ""),
        kind=typed["kind"] if typed["kind"] in KINDS else "",
        actor=typed["person"],
        step=typed["step"],
        since=read("since", lambda text: _edge(text, 0), none),
        until=read("until", lambda text: _edge(text, 1), none),
    )
    return Wanted(typed, found, faults)


def _edge(text: str, days: int) -> datetime | None:
    """When a day begins in Japan, or (with one day more) its last moment."""
    day = parse_date(text)
    if not 2000 <= day.year < 2200:
        raise Invalid("date_impossible")
    begins = datetime(day.year, day.month, day.day, tzinfo=JST) + timedelta(days=days)
    return (begins - timedelta(microseconds=days)).astimezone(UTC)

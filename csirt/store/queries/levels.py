"""Questions about the level of an incident: what is proposed and why, and how it came to be what it is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from csirt.model.incident import Level
from csirt.record.entry import EntryKind
from csirt.store.queries import timeline
from csirt.store.queries.timeline import TimelineEntry
from csirt.store.tx import Look

OF_LEVELS = {EntryKind.LEVEL_PROPOSED: 20, EntryKind.LEVEL_SET: 20}  # entries of each kind that are looked at


@dataclass(frozen=True, slots=True)
class LevelChange:
    """A level that was proposed (`because`: code of the rule) or set (`reason`: in the words of who set it)."""

    at: datetime
    level: Level
    is_set: bool
    by: str
    because: str = ""
    reason: str = ""


def level_history(look: Look, incident: str) -> list[LevelChange]:
    """Every proposal and every decision, newest first; the newest 20 of each."""
    return changes_in(timeline.newest_of(look, incident, OF_LEVELS))


def changes_in(entries: Iterable[TimelineEntry]) -> list[LevelChange]:
    """Those of these entries that are about a level, in their order."""
    return [_change(entry) for entry in entries if entry.kind in OF_LEVELS]


def proposed_because(history: Sequence[LevelChange]) -> str:
    """The code of the rule behind the newest proposal."""
    return next((one.because for one in history if not one.is_set), "")


def _change(entry: TimelineEntry) -> LevelChange:
    is_set = entry.kind is EntryKind.LEVEL_SET
    by = str(entry.out.get("by") or entry.actor) if is_set else entry.actor
    because = "" if is_set else str(entry.out.get("because") or entry.out.get("by") or "")
    return LevelChange(entry.at, Level(int(entry.out["level"])), is_set, by, because, entry.texts.get("reason", ""))

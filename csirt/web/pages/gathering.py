"""The timeline for a person: what a long climb called, sent and took back in one go is one line that unfolds.

Nothing is left out: each entry stands in the unfolded line, and the explorer of the record lists each by itself.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from csirt.documents import Teller
from csirt.record.entry import EntryKind
from csirt.store.queries.calls import Called
from csirt.store.queries.timeline import TimelineEntry
from csirt.web.views.incident import Entry, Gathered

FEWEST = 3  # entries that are worth folding
MOST_NAMES = 4
FOLDED = (
    EntryKind.PERSON_CALLED,
    EntryKind.MESSAGE_QUEUED,
    EntryKind.CALL_SHEET_OPENED,
    EntryKind.MESSAGE_DELIVERED,
    EntryKind.DELIVERY_FAILED,
    EntryKind.DELIVERY_CALLED_OFF,
)
_BESIDE = EntryKind.CALL_SHEET_CALLED_OFF  # always with the call that is taken back, which is counted


def rows_of(entries: Sequence[TimelineEntry], told: Teller) -> tuple[Entry, ...]:
    """One row for each entry, or for several in a row about one tier's calls or one notice; the newest first, as given.

    Each tier has a line of its own, for when it was called is what a reader looks for.
    """
    rows: list[Entry] = []
    for run in reversed(list(_runs(reversed(entries), told.called))):
        alone = [_row(entry, told) for entry in reversed(run)]
        rows += [_gathered(run, alone, told)] if len(run) >= FEWEST else alone
    return tuple(rows)


def _runs(entries: Iterable[TimelineEntry], called: Mapping[str, Called]) -> Iterator[list[TimelineEntry]]:
    """The entries, oldest first, in runs that one line may stand for."""
    run: list[TimelineEntry] = []
    for entry in entries:
        if run and not _goes_on(run, entry, called):
            yield run
            run = []
        run.append(entry)
    if run:
        yield run


def _goes_on(run: Sequence[TimelineEntry], entry: TimelineEntry, called: Mapping[str, Called]) -> bool:
    """Is this entry about the same calls? The calls of one tier are made in one commit, at one instant."""
    before = _belongs(run[-1], called)
    if not before or before != _belongs(entry, called):
        return False
    if entry.kind is not EntryKind.PERSON_CALLED:
        return True
    return run[0].at == entry.at


def _belongs(entry: TimelineEntry, called: Mapping[str, Called]) -> str:
    """The climb or the notice of an entry's delivery; nothing for an entry that stands alone."""
    known = called.get(str(entry.out.get("delivery", "")))
    return known.belongs_to if known and entry.kind in (*FOLDED, _BESIDE) else ""


def _row(entry: TimelineEntry, told: Teller) -> Entry:
    return Entry(seq=entry.seq, at=entry.at, who=told.actor(entry), kind=entry.kind.value, what=told.tell(entry))


def _gathered(run: Sequence[TimelineEntry], rows: Sequence[Entry], told: Teller) -> Entry:
    """All of them as one row: of which step and tier, how many of each kind, and to whom. `rows` come newest first."""
    first = run[0]
    counts = tuple((kind.value, sum(entry.kind is kind for entry in run)) for kind in FOLDED)
    step = told.called[str(first.out["delivery"])].step
    parties = dict.fromkeys(_parties(run, told))
    within = Gathered(
        first=first.seq,
        since=first.at,
        tiers=tuple(sorted({int(entry.out["tier"]) + 1 for entry in run if entry.kind is EntryKind.PERSON_CALLED})),
        step=told.step_title(replace(first, step=step)) if step else "",
        counts=tuple(one for one in counts if one[1]),
        parties=tuple(parties)[:MOST_NAMES],
        more=max(0, len(parties) - MOST_NAMES),
        entries=tuple(rows),
    )
    return replace(rows[0], what="", gathered=within)


def _parties(run: Iterable[TimelineEntry], told: Teller) -> Iterator[str]:
    """Whom they were for, the first one called first."""
    for entry in run:
        yield told.name(told.called[str(entry.out["delivery"])].party)

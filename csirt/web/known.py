"""The roster, opened once and kept while it stands: opening a thousand sealed people for each request is slow."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select

from csirt.model.people import Roster
from csirt.response import people
from csirt.store.columns import table_of
from csirt.store.tables.access import RosterPersonRow, RosterPostRow
from csirt.store.tables.workings import ConditionRow
from csirt.store.tx import Look

Stamp = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """Who is known today, and who ever was."""

    stamp: Stamp
    today: Roster
    ever: Roster
    copy_since: datetime | None = None  # the directory does not answer since then; what was kept serves instead


class Rosters:
    """Keeps the last roster that was opened; asks the database each time whether it still stands."""

    def __init__(self) -> None:
        """One for each application."""
        self._kept: Known | None = None

    def of(self, look: Look) -> Known:
        """The roster as it is now."""
        *told, state, since = look.session.connection().execute(_STAMP).one()
        stamp, kept = tuple(told), self._kept
        if kept is None or kept.stamp != stamp:
            today = people.roster(look.session, look.vault)
            kept = Known(stamp, today, people.roster(look.session, look.vault, with_gone=True))
            self._kept = kept
        return replace(kept, copy_since=since if state == "down" else None)


def _stamp() -> Select[Any]:
    """What differs after every refresh, for each seals everyone anew, so that even the first one's bytes change.

    And how the directory was found last. Every request asks: one question, made once, of tables that hide nothing.
    """
    person, post, part = table_of(RosterPersonRow).c, table_of(RosterPostRow).c, table_of(ConditionRow).c
    first = select(person.sealed).where(person.gone_at.is_(None)).order_by(person.id).limit(1)
    asked = (
        select(func.count(person.id)), select(func.max(person.seen_at)), select(func.max(person.gone_at)),
        select(func.count(post.id)), select(func.max(post.seen_at)), first,
        select(part.state).where(part.part == people.PART), select(part.since).where(part.part == people.PART),
    )  # fmt: skip
    return select(*(one.scalar_subquery() for one in asked))


_STAMP = _stamp()

"""The roster, opened once and kept while it stands: opening a thousand sealed people for each request is slow."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func
from sqlmodel import col, select

from csirt.model.people import Roster
from csirt.response import people
from csirt.store.tables.access import RosterPersonRow, RosterPostRow
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
        stamp, kept = _stamp(look), self._kept
        if kept is None or kept.stamp != stamp:
            today = people.roster(look.session, look.vault)
            kept = Known(stamp, today, people.roster(look.session, look.vault, with_gone=True))
            self._kept = kept
        return replace(kept, copy_since=people.lost_since(look.session))


def _stamp(look: Look) -> Stamp:
    """Differs after every refresh: each seals everyone anew, so that even the first one's bytes change."""
    person, post = RosterPersonRow, RosterPostRow
    counted = look.session.exec(
        select(func.count(), func.max(person.seen_at), func.max(person.gone_at)).select_from(person)
    ).one()
    posts = look.session.exec(select(func.count(), func.max(post.seen_at)).select_from(post)).one()
    first = select(person.sealed).where(col(person.gone_at).is_(None)).order_by(col(person.id)).limit(1)
    return (*counted, *posts, look.session.exec(first).first())

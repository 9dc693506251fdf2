"""Posts that change hands (人事異動): entered beforehand, so that the night of 1 April already calls anew."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta

from sqlmodel import col, select

from csirt.clock import JST
from csirt.era import jst_date
from csirt.errors import Conflict, Invalid, NotFound
from csirt.model.authority import Permission, must
from csirt.model.handover import done
from csirt.model.people import Post
from csirt.record.entry import EntryKind
from csirt.response import repeats
from csirt.store.queries.contacts import open_handovers
from csirt.store.tables.access import RosterPersonRow, RosterPostRow
from csirt.store.tables.contacts import HandoverRow
from csirt.store.tx import Tx, new_id

FARTHEST = timedelta(days=400)  # transfers are announced weeks ahead; a day beyond the next 1 April is a slip
MOST_DEPUTIES = 9  # as many as a chain can name: `post:ciso#9`


def enter(
    tx: Tx, post: str, on: date, holder: str, deputies: Sequence[str] | None = None, *, request_key: str | None = None
) -> str:
    """From midnight of that day in Japan the post has this holder and these deputies; returns the hand-over's id.

    `deputies` None: they stay as the directory says. Nobody's rights change by it. The same `request_key` again enters
    nothing.

    Raises:
        Forbidden: without the permission.
        NotFound: `post_unknown`, `person_unknown`.
        Invalid: `handover_day`: the day is past or more than 400 days away; `handover_people`: somebody twice, or too
            many deputies.
        Conflict: `handover_twice`: for this post and day one stands already.
    """
    must(tx.actor, Permission.KEEP_CONTACTS)
    if known := repeats.recorded(tx, request_key):
        return str(known["handover"])
    if tx.session.get(RosterPostRow, post) is None:
        raise NotFound("post_unknown", post=post[:64])
    today = jst_date(tx.now)
    if not today <= on <= today + FARTHEST:
        raise Invalid("handover_day", field="on")
    _check_people(tx, holder, deputies or ())
    begins_at = datetime.combine(on, time(), JST)
    if any(one.post == post and one.begins_at == begins_at for one in open_handovers(tx.session)):
        raise Conflict("handover_twice", post=post)
    handover = new_id("h")
    tx.session.add(
        HandoverRow(
            id=handover, post=post, begins_at=begins_at, holder=holder,
            deputies=None if deputies is None else list(deputies), entered_by=tx.actor.id, entered_at=tx.now,
        )
    )  # fmt: skip
    out: dict[str, str | list[str]] = {"handover": handover, "post": post, "on": on.isoformat(), "holder": holder}
    if deputies is not None:
        out["deputies"] = list(deputies)
    tx.record(EntryKind.HANDOVER_ENTERED, cid=repeats.cid_of(request_key), out=out)
    return handover


def cancel(tx: Tx, handover: str) -> None:
    """It does not take place; if it has begun, the directory counts again.

    Raises:
        Forbidden: without the permission.
        NotFound: there is no such hand-over.
        Conflict: `handover_ended`.
    """
    must(tx.actor, Permission.KEEP_CONTACTS)
    row = tx.session.get(HandoverRow, handover, with_for_update=True)
    if row is None:
        raise NotFound("handover_unknown", handover=handover[:40])
    if row.ended_at is not None:
        raise Conflict("handover_ended", handover=handover)
    _end(tx, row, EntryKind.HANDOVER_CANCELLED)


def end_done(tx: Tx, posts: Mapping[str, Post]) -> None:
    """End what the directory, as it was just read, has caught up with."""
    for one in done(posts, open_handovers(tx.session), tx.now):
        _end(tx, tx.session.get_one(HandoverRow, one.id, with_for_update=True), EntryKind.HANDOVER_ENDED)


def _end(tx: Tx, row: HandoverRow, kind: EntryKind) -> None:
    row.ended_at = tx.now
    tx.session.add(row)
    tx.record(kind, out={"handover": row.id, "post": row.post})


def _check_people(tx: Tx, holder: str, deputies: Sequence[str]) -> None:
    named = [holder, *deputies]
    if len(set(named)) < len(named) or len(deputies) > MOST_DEPUTIES:
        raise Invalid("handover_people", field="deputies")
    here = select(RosterPersonRow.id).where(col(RosterPersonRow.id).in_(named), col(RosterPersonRow.gone_at).is_(None))
    if len(tx.session.exec(here).all()) < len(named):
        raise NotFound("person_unknown")

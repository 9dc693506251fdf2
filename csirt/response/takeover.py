"""What a dead process of this machine held is free at once; the leases of other hosts run out by themselves."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlmodel import col, select

from csirt.store.leases import held_here, is_proven_dead
from csirt.store.tables.outbox import DeliveryDueRow
from csirt.store.tables.runs import ActionDueRow, RunDueRow
from csirt.store.tx import Look, Tx

_Leased = RunDueRow | ActionDueRow | DeliveryDueRow
_LEASED: tuple[type[_Leased], ...] = (RunDueRow, ActionDueRow, DeliveryDueRow)
_OVER = timedelta(microseconds=1)


def orphaned(look: Look, now: datetime) -> list[str]:
    """The leases in force at `now` whose holders are proven dead."""
    held: set[str] = set()
    for table in _LEASED:
        query = select(table.lease).where(col(table.lease_until) >= now, col(table.lease).contains(held_here()))
        held.update(lease for lease in look.session.exec(query) if lease)
    return sorted(lease for lease in held if is_proven_dead(lease))


def free(tx: Tx, leases: Collection[str]) -> int:
    """Let leases end that `orphaned` found; returns how many rows are free now.

    Rows that somebody works on are left for the next look. The lease itself stays: whoever comes next sees from it
    that a message may have gone out already.
    """
    count = 0
    for table in _LEASED:
        query = select(table).where(col(table.lease).in_(leases)).with_for_update(skip_locked=True)
        for row in tx.session.exec(query):
            row.lease_until = tx.lease_now - _OVER
            tx.session.add(row)
            count += 1
    return count

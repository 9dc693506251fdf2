"""Circuit breakers of channels, kept in the database so that all workers know; changes stand in the record."""

from dataclasses import asdict
from datetime import UTC

from csirt.model import circuit as rules
from csirt.model.circuit import Circuit, CircuitState
from csirt.record.entry import EntryKind
from csirt.response import health
from csirt.store.tables.outbox import CircuitRow
from csirt.store.tx import Tx


def at_work(tx: Tx, channel: str) -> Circuit | None:
    """The circuit of a channel whose server is tried now, locked; None while it is left alone."""
    before = _read(tx, channel)
    return before if rules.may_try(before, tx.now) else None


def tried(tx: Tx, before: Circuit) -> None:
    """A message is about to be sent on it."""
    _keep(tx, before, rules.tried(before, tx.now))


def note(tx: Tx, channel: str, code: str = "", *, is_down: bool) -> None:
    """What came of it: did the way itself fail, and with which code?"""
    before = _read(tx, channel)
    after = rules.failed(before, tx.now) if is_down else rules.answered(before, tx.now)
    _keep(tx, before, after)
    health.found(tx, f"channel:{channel}", "down" if is_down else "ok", code if is_down else "")
    if before.state is CircuitState.CLOSED and after.state is CircuitState.OPEN:
        tx.record(EntryKind.CHANNEL_PAUSED, out={"channel": channel, "failures": after.failures})
    if before.state is not CircuitState.CLOSED and after.state is CircuitState.CLOSED:
        seconds = int((tx.now - before.since).total_seconds()) if before.since else 0
        tx.record(EntryKind.CHANNEL_RESUMED, out={"channel": channel, "seconds": seconds})


def _read(tx: Tx, channel: str) -> Circuit:
    row = tx.session.get(CircuitRow, channel, with_for_update=True, populate_existing=True)
    return of_row(row) if row else Circuit(channel)


def of_row(row: CircuitRow) -> Circuit:
    """The circuit that a row holds."""
    since, until = (at.astimezone(UTC) if at else None for at in (row.since, row.until))
    return Circuit(row.channel, CircuitState(row.state), row.failures, since, until)


def _keep(tx: Tx, before: Circuit, after: Circuit) -> None:
    if after != before:
        tx.session.merge(CircuitRow(**asdict(after)))

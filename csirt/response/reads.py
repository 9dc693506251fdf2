"""Who read what: sealed incidents, personal data opened on purpose, what left as a file, all that an auditor opens.

A reading is an entry like an act, once for each person, object and stretch of ten minutes, so that reading stays cheap
and the record is not drowned by it. Whoever responds is shown a case even while nothing can be recorded, and the log
says so: a full disk must not blind the desk in the middle of an attack. An auditor is not: nothing waits for what they
read, and an audit that leaves no trace is worth nothing.
"""

import hashlib
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from sqlmodel import select

from csirt.errors import CsirtError
from csirt.logs import log
from csirt.model.people import Actor, Role
from csirt.record.entry import EntryKind
from csirt.store.sight import overseeing
from csirt.store.tables.record import LedgerRow
from csirt.store.tx import Tx

EVERY = 600  # seconds: the same person reads the same thing once in each such stretch of the clock
_MOST = 20_000  # readings that a process remembers; beyond that it asks the record again


class Why(StrEnum):
    """Why a reading is recorded. The value is also the text key."""

    SEALED = "sealed"  # texts of a sealed incident were opened
    PERSONAL = "personal"  # personal data was opened on purpose
    EXPORT = "export"  # it left as a file
    AUDIT = "audit"  # an auditor opened it


@dataclass(frozen=True, slots=True)
class Reading:
    """Something that was read: codes and ids only. `address` is that of the page, its parts by name (`[name]`)."""

    why: Why
    incident: str | None = None
    address: str = ""
    object: str = ""


def note(tx: Tx, readings: Iterable[Reading]) -> None:
    """Record what was read, unless this stretch of time has it already.

    The reader may have lost sight of an incident since: what they saw is recorded all the same.
    """
    with overseeing(tx.session):
        for one in readings:
            cid = _cid(tx, one)
            if tx.session.exec(select(LedgerRow.seq).where(LedgerRow.cid == cid)).first() is None:
                told = {"why": one.why.value, "address": one.address, "object": one.object}
                out = {name: value for name, value in told.items() if value}
                tx.record(EntryKind.RECORD_READ, incident=one.incident, cid=cid, out=out)


def _cid(tx: Tx, one: Reading) -> str:
    parts = (str(int(tx.now.timestamp()) // EVERY), *_reader(tx.actor), one.why, one.incident or "", one.address,
             one.object)  # fmt: skip
    return f"read:{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:32]}"


def _reader(actor: Actor) -> tuple[str, str, str]:
    return actor.id, actor.auth, actor.sid or ""


class Readings:
    """What this process recorded lately, so that a page looked at again costs nothing. One for each door."""

    def __init__(self) -> None:
        """Nothing was read yet."""
        self._kept: dict[tuple[tuple[str, str, str], Reading], int] = {}
        self._lock = threading.Lock()

    def note(
        self, actor: Actor, readings: Iterable[Reading], at: int, write: Callable[[list[Reading]], object],
        *, automatic: bool = False,
    ) -> None:  # fmt: skip
        """Have `write` record the readings that are new at the second `at`.

        `automatic`: the page asked by itself; that is no new reading of what its reader has opened before.
        Raises whatever `write` raises, for an auditor; for others the log says that it is missing.
        """
        stretch, reader = at // EVERY, _reader(actor)
        new = [one for one in readings if self._is_new((reader, one), stretch, automatic=automatic)]
        if not new:
            return
        try:
            write(new)
        except CsirtError as error:
            if Role.AUDITOR in actor.roles:
                raise
            for one in new:
                log().error("reading.unrecorded", person=actor.id, incident=one.incident, why=one.why.value,
                            code=error.code)  # fmt: skip
            return
        with self._lock:
            if len(self._kept) > _MOST:
                self._kept.clear()
            self._kept.update({(reader, one): stretch for one in new})

    def _is_new(self, key: tuple[tuple[str, str, str], Reading], stretch: int, *, automatic: bool) -> bool:
        kept = self._kept.get(key)
        return kept is None or (kept != stretch and not automatic)

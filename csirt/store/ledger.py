"""Appends entries to the record inside a commit, and the guards that keep its rows from being changed."""

from base64 import b64encode
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlmodel import Session, col, insert, select

from csirt.clock import Clock
from csirt.model.people import Actor
from csirt.record.entry import Commitment, EntryActor, EntryKind, LedgerEntry, canonical
from csirt.record.tree import Frontier
from csirt.record.verify_record import leaf_hash
from csirt.store.tables.record import LedgerHeadRow, LedgerIncidentRow, LedgerRow
from csirt.store.vault import Sealed

Code = str | int | bool


@dataclass(slots=True)
class EntryDraft:
    """An entry before it has its place in the record."""

    kind: EntryKind
    incident: str | None = None
    run: str | None = None
    step: str | None = None
    cid: str | None = None
    out: dict[str, Code | list[str]] = field(default_factory=dict)
    sealed: list[Sealed] = field(default_factory=list)


def boot_id() -> str:
    """Which boot of the machine this is, so that `mono` can be compared; 12 hex digits."""
    path = Path("/proc/sys/kernel/random/boot_id")
    return path.read_text().strip().replace("-", "")[:12] if path.exists() else "unknown"


@dataclass(frozen=True, slots=True)
class Stamp:
    """What all entries of one commit share: instant, actor, where it came in, boot and monotonic milliseconds."""

    at: datetime
    actor: Actor
    source: str
    boot: str
    mono: int


def stamp(clock: Clock, actor: Actor, source: str, boot: str) -> Stamp:
    """The stamp of a commit that begins now."""
    return Stamp(clock.now(), actor, source, boot, clock.monotonic_ms())


class Appender:
    """Puts the drafts of one commit at the end of the record. The head is read last, freshly and locked."""

    def __init__(self, session: Session, shared: Stamp) -> None:
        """One appender serves one commit."""
        self._session = session
        self._stamp = shared
        self._links: dict[str, LedgerIncidentRow] = {}

    def append(self, drafts: list[EntryDraft]) -> None:
        """Seal every draft, in order, and move the head."""
        head = self._session.exec(select(LedgerHeadRow).with_for_update()).one()
        frontier = Frontier.from_bytes(head.frontier)
        self._lock_links({draft.incident for draft in drafts if draft.incident})
        leaves, rows = [], []
        for seq, draft in enumerate(drafts, start=head.size):
            entry, raw = self._seal(seq, draft)
            leaves.append(leaf_hash(raw))
            rows.append(_row(entry, raw, leaves[-1], self._stamp))
        self._session.execute(insert(LedgerRow), rows)  # past the session: nobody changes an entry afterwards
        frontier = frontier.extend(leaves)
        head.size, head.frontier = frontier.size, frontier.to_bytes()
        self._session.add(head)

    def _seal(self, seq: int, draft: EntryDraft) -> tuple[LedgerEntry, bytes]:
        link = self._link(draft.incident)
        shared = self._stamp
        entry = LedgerEntry(
            seq=seq,
            ts=shared.at,
            kind=draft.kind,
            inc=draft.incident,
            inc_seq=link.inc_seq + 1 if link else None,
            inc_prev=b64encode(link.leaf).decode() if link and link.inc_seq >= 0 else None,
            run=draft.run,
            step=draft.step,
            actor=EntryActor(shared.actor.id, shared.actor.auth, shared.actor.sid or None),
            cid=draft.cid,
            src=shared.source,
            out=draft.out,
            pay=tuple(Commitment(sealed.c, sealed.cls, sealed.name) for sealed in draft.sealed),
            boot=shared.boot,
            mono=shared.mono,
        )
        raw = canonical(entry)
        if link:
            link.inc_seq, link.leaf = link.inc_seq + 1, leaf_hash(raw)
            self._session.add(link)
        return entry, raw

    def _lock_links(self, incidents: set[str]) -> None:
        """The last entry of each incident, in one question and in one order, so that two commits never cross."""
        query = select(LedgerIncidentRow).where(col(LedgerIncidentRow.inc).in_(incidents))
        for found in self._session.exec(query.order_by(col(LedgerIncidentRow.inc)).with_for_update()):
            self._links[found.inc] = found
        for incident in incidents - self._links.keys():
            self._links[incident] = LedgerIncidentRow(inc=incident, inc_seq=-1, leaf=b"")

    def _link(self, incident: str | None) -> LedgerIncidentRow | None:
        return self._links[incident] if incident else None


def _row(entry: LedgerEntry, raw: bytes, leaf: bytes, shared: Stamp) -> dict[str, object]:
    return {
        "seq": entry.seq,
        "canonical": raw,
        "at": shared.at,
        "kind": entry.kind.value,
        "actor": shared.actor.id,
        "inc": entry.inc,
        "inc_seq": entry.inc_seq,
        "step": entry.step,
        "cid": entry.cid,
        "leaf": leaf,
    }


SQLITE_GUARDS = (
    """CREATE TRIGGER ledger_no_update BEFORE UPDATE ON ledger_entry
       BEGIN SELECT RAISE(ABORT, 'ledger_entry is append-only'); END""",
    """CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger_entry
       BEGIN SELECT RAISE(ABORT, 'ledger_entry is append-only'); END""",
    """CREATE TRIGGER ledger_dense BEFORE INSERT ON ledger_entry
       WHEN NEW.seq <> (SELECT COALESCE(MAX(seq) + 1, 0) FROM ledger_entry)
       BEGIN SELECT RAISE(ABORT, 'ledger_entry has no gaps'); END""",
)

POSTGRES_GUARDS = (
    """CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS
       $$ BEGIN RAISE EXCEPTION 'ledger_entry is append-only'; END $$""",
    """CREATE FUNCTION ledger_dense() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN
         IF NEW.seq <> (SELECT COALESCE(MAX(seq) + 1, 0) FROM ledger_entry) THEN
           RAISE EXCEPTION 'ledger_entry has no gaps';
         END IF;
         RETURN NEW;
       END $$""",
    """CREATE TRIGGER ledger_no_change BEFORE UPDATE OR DELETE ON ledger_entry
       FOR EACH ROW EXECUTE FUNCTION ledger_refuse()""",
    """CREATE TRIGGER ledger_no_truncate BEFORE TRUNCATE ON ledger_entry
       FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse()""",
    """CREATE TRIGGER ledger_no_gap BEFORE INSERT ON ledger_entry
       FOR EACH ROW EXECUTE FUNCTION ledger_dense()""",
    "ALTER TABLE ledger_entry ENABLE ALWAYS TRIGGER ledger_no_change",
    "ALTER TABLE ledger_entry ENABLE ALWAYS TRIGGER ledger_no_truncate",
    "ALTER TABLE ledger_entry ENABLE ALWAYS TRIGGER ledger_no_gap",
)


def guards(dialect: str) -> tuple[str, ...]:
    """The statements that guard the record in this database."""
    return SQLITE_GUARDS if dialect == "sqlite" else POSTGRES_GUARDS

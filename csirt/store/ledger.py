"""Appends entries to the record inside a commit, and the guards that keep its rows from being changed."""

from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, bindparam, insert, select, text, update

from csirt.clock import Clock
from csirt.model.people import Actor
from csirt.record.entry import Commitment, EntryActor, EntryKind, LedgerEntry, canonical
from csirt.record.tree import Frontier
from csirt.record.verify_record import leaf_hash
from csirt.store.columns import table_of
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


_HEAD, _LINK, _ENTRY = (table_of(row) for row in (LedgerHeadRow, LedgerIncidentRow, LedgerRow))
_READ_HEAD = select(_HEAD.c.id, _HEAD.c.frontier).with_for_update()
_READ_LINKS = (
    select(_LINK.c.inc, _LINK.c.inc_seq, _LINK.c.leaf)
    .where(_LINK.c.inc.in_(bindparam("incidents", expanding=True)))
    .order_by(_LINK.c.inc)  # in one order, so that two commits never cross
    .with_for_update()
)
_MOVE_LINK = update(_LINK).where(_LINK.c.inc == bindparam("of"))
_LOCK = text("SELECT size, inc, inc_seq, leaf FROM ledger_lock(:incidents)")
_APPEND = text("SELECT ledger_append(:entries)")
_MOVE_HEAD = update(_HEAD).where(_HEAD.c.id == bindparam("of"))


@dataclass(slots=True)
class _Link:
    """The last entry of an incident."""

    inc: str
    inc_seq: int = -1
    leaf: bytes = b""
    stored: bool = False


@dataclass(frozen=True, slots=True)
class _Sealed:
    """A draft with its place in the record."""

    seq: int
    shared: Stamp
    draft: EntryDraft
    inc_seq: int | None
    raw: bytes
    leaf: bytes


def append(connection: Connection, drafts: Sequence[tuple[Stamp, EntryDraft]]) -> None:
    """Seal every draft, in order, at the end of the record. The head is read last in a commit, freshly and locked.

    Plain statements, past any session: nobody changes an entry afterwards. On PostgreSQL the desk's role may read the
    record and call two functions: one locks its end, the other takes exact bytes and makes all rows from them.
    """
    incidents = {draft.incident for _, draft in drafts if draft.incident}
    if connection.dialect.name == "postgresql":
        size, links = _locked(connection, incidents)
        entries = [sealed.raw for sealed in _sealed(size, drafts, links)]
        connection.execute(_APPEND, {"entries": entries})
        return
    head = connection.execute(_READ_HEAD).one()
    frontier = Frontier.from_bytes(head.frontier)
    links = _links(connection, incidents)
    new = list(_sealed(frontier.size, drafts, links))
    connection.execute(insert(_ENTRY), [_row(sealed) for sealed in new])
    _store_links(connection, links.values())
    frontier = frontier.extend(sealed.leaf for sealed in new)
    connection.execute(_MOVE_HEAD, {"of": head.id, "size": frontier.size, "frontier": frontier.to_bytes()})


def _locked(connection: Connection, incidents: set[str]) -> tuple[int, dict[str, _Link]]:
    """How many entries there are, and the last one of each incident, locked until the end of the commit."""
    head, *found = connection.execute(_LOCK, {"incidents": sorted(incidents)})
    links = {incident: _Link(incident) for incident in incidents}
    return head.size, links | {row.inc: _Link(row.inc, row.inc_seq, row.leaf, stored=True) for row in found}


def _sealed(size: int, drafts: Sequence[tuple[Stamp, EntryDraft]], links: Mapping[str, _Link]) -> Iterator[_Sealed]:
    """Each draft with its place behind the first `size` entries; moves the links on."""
    for seq, (shared, draft) in enumerate(drafts, start=size):
        link = links[draft.incident] if draft.incident else None
        raw = canonical(_entry(seq, shared, draft, link))
        leaf = leaf_hash(raw)
        if link:
            link.inc_seq, link.leaf = link.inc_seq + 1, leaf
        yield _Sealed(seq, shared, draft, link.inc_seq if link else None, raw, leaf)


def _links(connection: Connection, incidents: set[str]) -> dict[str, _Link]:
    """The last entry of each incident, in one question."""
    links = {incident: _Link(incident) for incident in sorted(incidents)}
    for found in connection.execute(_READ_LINKS, {"incidents": list(links)}) if links else ():
        links[found.inc] = _Link(found.inc, found.inc_seq, found.leaf, stored=True)
    return links


def _store_links(connection: Connection, links: Iterable[_Link]) -> None:
    moved = [{"of": link.inc, "inc_seq": link.inc_seq, "leaf": link.leaf} for link in links if link.stored]
    new = [{"inc": link.inc, "inc_seq": link.inc_seq, "leaf": link.leaf} for link in links if not link.stored]
    if moved:
        connection.execute(_MOVE_LINK, moved)
    if new:
        connection.execute(insert(_LINK), new)


def _entry(seq: int, shared: Stamp, draft: EntryDraft, link: _Link | None) -> LedgerEntry:
    return LedgerEntry(
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


def _row(sealed: _Sealed) -> dict[str, object]:
    draft = sealed.draft
    return {
        "seq": sealed.seq,
        "canonical": sealed.raw,
        "at": sealed.shared.at,
        "kind": draft.kind.value,
        "actor": sealed.shared.actor.id,
        "inc": draft.incident,
        "inc_seq": sealed.inc_seq,
        "step": draft.step,
        "cid": draft.cid,
        "leaf": sealed.leaf,
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

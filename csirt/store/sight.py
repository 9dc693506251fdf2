"""Who sees which incidents: the one place that decides it, for every question and every use case.

A sealed incident is as good as not there for whoever was not named. A session that reads or writes for an actor knows
which incidents are hidden from them, and every SELECT on it leaves out their rows, in whatever table they lie: a table
with a column `incident` or `inc` is covered by itself, so that no query and no page has to think of it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, event, or_
from sqlalchemy import select as plain_select
from sqlalchemy.orm import ORMExecuteState, with_loader_criteria
from sqlmodel import Session, SQLModel, col, select

from csirt.model.people import Actor, Role
from csirt.store.columns import table_of
from csirt.store.tables.cases import IncidentRow, MergeRow
from csirt.store.tables.sealing import SealGlassRow, SealReaderRow, SealRow

UNSEEN = "csirt_unseen"  # in a session's `info`: the incidents that are hidden from who asks
_SEALED, _OPENED = "csirt_sealed", "csirt_opened"  # also there: what is sealed, and of that what was read
SEALED = "csirt_sealed_now"  # also there: what is sealed, where somebody asked for several sessions
UNHIDDEN = {"csirt_unhidden": True}  # execution option of a question that must see all, and tells nobody of it
_SEES_ALL = frozenset({"system", "token", "link", "mail"})
# What sorting works on: a commit must know of every detection, or it would take one in twice.
_OF_SORTING = frozenset({"detection", "sorting_cluster"})
_COLUMNS = ("incident", "inc")
_MORE: dict[type[SQLModel], tuple[str, ...]] = {IncidentRow: ("id",), MergeRow: ("gone", "into_incident")}


_SEAL = table_of(SealRow)  # of the table, not of its rows: nothing of it is hidden, and every session asks
_SEALED_NOW = plain_select(_SEAL.c.incident).where(_SEAL.c.lifted_at.is_(None))


def sealed_now(connection: Connection) -> frozenset[str]:
    """The incidents that are sealed, for several sessions on one connection."""
    return frozenset(connection.scalars(_SEALED_NOW))


def hidden_from(session: Session, actor: Actor, at: datetime) -> frozenset[str]:
    """The sealed incidents that an actor does not see at this instant.

    The system and those whose permissions end at one call see all. On this machine (`local`) anybody could claim any
    name, so that being named does not count there, only opening by break-glass. Who administers the product is never
    shown a sealed incident.
    """
    if actor.auth in _SEES_ALL:
        return frozenset()
    sealed = _sealed(session)
    if not sealed or (actor.auth != "local" and Role.ADMINISTRATOR in actor.roles):
        return sealed
    return sealed - _opened(session, actor, at) - (frozenset() if actor.auth == "local" else _named(session, actor))


def _sealed(session: Session) -> frozenset[str]:
    """All sealed incidents; asked once a session, on which they stay what they are."""
    found: frozenset[str] | None = session.info.get(SEALED)
    if found is None:
        found = sealed_now(session.connection())
    session.info[_SEALED] = found
    return found


def known_unsealed(session: Session, incident: str) -> bool:
    """Is it known on this session that an incident is not sealed? For questions that need not be asked then."""
    sealed: frozenset[str] | None = session.info.get(_SEALED)
    return sealed is not None and incident not in sealed


def _named(session: Session, actor: Actor) -> frozenset[str]:
    query = select(SealReaderRow.incident).where(SealReaderRow.person == actor.id)
    return frozenset(session.scalars(query.where(col(SealReaderRow.ended_at).is_(None))))


def _opened(session: Session, actor: Actor, at: datetime) -> frozenset[str]:
    query = select(SealGlassRow.incident).where(col(SealGlassRow.until) > at)
    if actor.auth == "local":
        query = query.where(SealGlassRow.auth == "local")
    else:
        query = query.where(SealGlassRow.auth != "local", SealGlassRow.person == actor.id)
    return frozenset(session.scalars(query))


def show_as(session: Session, actor: Actor, at: datetime, *, writing: bool = False) -> None:
    """From now on the session shows what this actor may see; several actors share it where all of them may."""
    hidden = hidden_from(session, actor, at)
    kept: tuple[frozenset[str], bool] = session.info.get(UNSEEN, (frozenset(), writing))
    session.info[UNSEEN] = (kept[0] | hidden, writing)


def unseen(session: Session) -> frozenset[str]:
    """The incidents that are hidden on this session."""
    found: tuple[frozenset[str], bool] = session.info.get(UNSEEN, (frozenset(), False))
    return found[0]


def note_opened(session: Session, incident: str | None) -> None:
    """A text of this incident was opened: whoever reads a sealed one is to be recorded."""
    if incident in session.info.get(_SEALED, ()):
        session.info.setdefault(_OPENED, set()).add(incident)


def sealed_opened(session: Session) -> frozenset[str]:
    """The sealed incidents whose texts were opened on this session, for an actor who can be named."""
    return frozenset(session.info.get(_OPENED, ()))


@contextmanager
def overseeing(session: Session) -> Iterator[frozenset[str]]:
    """Within it the session shows everything; gives what is hidden outside of it. For who decides on the hidden."""
    kept = session.info.get(UNSEEN)
    session.info.pop(UNSEEN, None)
    try:
        yield kept[0] if kept else frozenset()
    finally:
        session.flush()
        if kept:
            session.info[UNSEEN] = kept


def columns_of(*, writing: bool = False) -> list[tuple[type[SQLModel], tuple[str, ...]]]:
    """Every table that tells of an incident, with its columns that name one."""
    found: list[tuple[type[SQLModel], tuple[str, ...]]] = []
    for mapper in IncidentRow._sa_registry.mappers:  # noqa: SLF001 - SQLModel's registry of all rows
        row: type[SQLModel] = mapper.class_
        names = _MORE.get(row) or tuple(name for name in _COLUMNS if name in mapper.columns)
        if names and not (writing and row.__tablename__ in _OF_SORTING):
            found.append((row, names))
    return found


@lru_cache(64)
def _criteria(hidden: frozenset[str], _tables: int, *, writing: bool) -> list[Any]:
    """Every SELECT carries them: made once for what is hidden, and again where a module brought further tables."""
    ids = sorted(hidden)
    return [
        with_loader_criteria(row, _visible(getattr(row, name), ids), include_aliases=True)
        for row, names in columns_of(writing=writing)
        for name in names
    ]


def _visible(column: Any, hidden: list[str]) -> Any:
    return or_(column.is_(None), column.not_in(hidden))


@event.listens_for(Session, "do_orm_execute")
def _narrow(state: ORMExecuteState) -> None:
    hidden, writing = state.session.info.get(UNSEEN, (frozenset(), False))
    if hidden and state.is_select and not state.execution_options.get("csirt_unhidden"):
        tables = len(IncidentRow._sa_registry._managers)  # noqa: SLF001 - SQLModel's registry of all rows
        state.statement = state.statement.options(*_criteria(hidden, tables, writing=writing))

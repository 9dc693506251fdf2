"""Questions about sealed incidents: by whom, who may read them, who opened them. Nothing here writes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, bindparam
from sqlmodel import Session, col, select

from csirt.store.sight import known_unsealed
from csirt.store.tables.sealing import SealGlassRow, SealReaderRow, SealRow
from csirt.store.tx import Look

# Asked at each step of a case, so made once.
_ASKED: BindParameter[Any] = bindparam("incidents", expanding=True)
_SEALED = select(SealRow.incident).where(col(SealRow.incident).in_(_ASKED), col(SealRow.lifted_at).is_(None))
_READERS = select(SealReaderRow.incident, SealReaderRow.person).where(
    col(SealReaderRow.incident).in_(_ASKED), col(SealReaderRow.ended_at).is_(None)
)


@dataclass(frozen=True, slots=True)
class ReaderView:
    """Somebody who may read a sealed incident; `person` and `named_by` are opaque ids."""

    person: str
    named_by: str
    named_at: datetime


@dataclass(frozen=True, slots=True)
class OpeningView:
    """Somebody who opened a sealed incident without having been named."""

    person: str
    auth: str
    opened_at: datetime
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class SealView:
    """A sealed incident. `openings` are all there ever were, newest first."""

    incident: str
    sealed_by: str
    sealed_at: datetime
    readers: tuple[ReaderView, ...]
    openings: tuple[OpeningView, ...]


def seal_of(look: Look, incident: str) -> SealView | None:
    """Who may read an incident, if it is sealed."""
    if known_unsealed(look.session, incident):
        return None
    row = look.session.get(SealRow, incident)
    if row is None or row.lifted_at is not None:
        return None
    readers = look.session.exec(
        select(SealReaderRow)
        .where(SealReaderRow.incident == incident, col(SealReaderRow.ended_at).is_(None))
        .order_by(col(SealReaderRow.named_at), col(SealReaderRow.id))
    ).all()
    query = select(SealGlassRow).where(SealGlassRow.incident == incident)
    opened = look.session.exec(query.order_by(col(SealGlassRow.opened_at).desc())).all()
    reasons = look.vault.texts(look.session, (one.reason_c for one in opened))
    return SealView(
        incident, row.sealed_by, row.sealed_at,
        tuple(ReaderView(one.person, one.named_by, one.named_at) for one in readers),
        tuple(
            OpeningView(one.person, one.auth, one.opened_at, one.until, reasons.get(one.reason_c, ""))
            for one in opened
        ),
    )  # fmt: skip


def is_sealed(session: Session, incident: str) -> bool:
    """May named people only see this incident?"""
    query = select(SealRow.incident).where(SealRow.incident == incident, col(SealRow.lifted_at).is_(None))
    return session.exec(query).first() is not None


def sealed_of(session: Session, incidents: set[str]) -> dict[str, frozenset[str]]:
    """Those of these incidents that are sealed, with the ids of their readers."""
    found: dict[str, set[str]] = {incident: set() for incident in session.scalars(_SEALED, {"incidents": incidents})}
    if found:
        for incident, person in session.execute(_READERS, {"incidents": [*found]}):
            found[incident].add(person)
    return {incident: frozenset(people) for incident, people in found.items()}


def sealed_seen(look: Look) -> list[SealView]:
    """The sealed incidents that the reader sees, newest first."""
    query = select(SealRow.incident).where(col(SealRow.lifted_at).is_(None)).order_by(col(SealRow.sealed_at).desc())
    found = (seal_of(look, incident) for incident in look.session.exec(query).all())
    return [view for view in found if view is not None]

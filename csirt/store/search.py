"""Full-text search: SQLite's FTS5 or PostgreSQL's text search, over words that nobody can read.

Texts of cases lie encrypted in the vault; an index of their words in the clear would undo that. So each word goes into
the index as a keyed digest. Who has the database alone learns how often some unknown word occurs, and no more.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import column, insert, table, text
from sqlalchemy.orm import Session
from sqlmodel import col, select

from csirt.store.columns import table_of
from csirt.store.tables.cases import NoteRow
from csirt.store.tables.intake import DetectionRow
from csirt.store.tables.search import SearchDocRow
from csirt.store.vault import Vault
from csirt.store.words import phrases_of, words_of

_AT_ONCE = 500  # below the number of parameters that a statement may have
KINDS = ("incident", "note", "detection")
_INDEX = table("search_index", column("rowid"))
_DOCS = table_of(SearchDocRow)
_DOC = insert(_DOCS).returning(_DOCS.c.id, sort_by_parameter_order=True)
_PUT = {
    "sqlite": text("INSERT INTO search_index (rowid, words) VALUES (:id, :words)"),
    "postgresql": text("INSERT INTO search_index (id, words) VALUES (:id, to_tsvector('simple', :words))"),
}
_TAKE = {
    "sqlite": text("DELETE FROM search_index WHERE rowid = :id"),
    "postgresql": text("DELETE FROM search_index WHERE id = :id"),
}


def put(session: Session, vault: Vault, docs: Sequence[tuple[str, str, str]]) -> None:
    """Make things findable: kind, id and text of each."""
    if not docs:
        return
    ids = session.connection().execute(_DOC, [{"kind": kind, "ref": ref} for kind, ref, _ in docs]).scalars()
    told = [
        {"id": id_, "words": " ".join((f"kind{kind}", *map(vault.blind, words_of(said))))}
        for id_, (kind, _, said) in zip(ids, docs, strict=True)
    ]
    session.connection().execute(_PUT[session.get_bind().dialect.name], told)


def take_away(session: Session, kind: str, refs: Sequence[str]) -> int:
    """Things are no longer findable, because their texts were erased; returns how many were."""
    rows = session.scalars(select(SearchDocRow).where(SearchDocRow.kind == kind, col(SearchDocRow.ref).in_(refs))).all()
    for row in rows:
        session.connection().execute(_TAKE[session.get_bind().dialect.name], {"id": row.id})
        session.delete(row)
    return len(rows)


def take_away_of(session: Session, incident: str) -> int:
    """Nothing of an incident is findable any more, and nobody's words of it stay in the index."""
    notes = session.scalars(select(NoteRow.id).where(NoteRow.incident == incident)).all()
    detections = session.scalars(select(DetectionRow.id).where(DetectionRow.incident == incident)).all()
    found = {"incident": [incident], "note": list(notes), "detection": [str(one) for one in detections]}
    return sum(
        take_away(session, kind, refs[start : start + _AT_ONCE])
        for kind, refs in found.items()
        for start in range(0, len(refs), _AT_ONCE)
    )


def find(
    session: Session, vault: Vault, kind: str, query: str, *, limit: int, before: int | None = None
) -> list[tuple[int, str]]:
    """Place and id of what holds every part of a query, the newest first; `before` is a place to go on from.

    Whether the reader may see it, this does not ask: whoever shows it reads it through their own session.
    """
    phrases = [[vault.blind(word) for word in phrase] for phrase in phrases_of(query)]
    if not phrases:
        return []
    wanted: Any = select(SearchDocRow.id, SearchDocRow.ref)
    if session.get_bind().dialect.name == "sqlite":
        match = " AND ".join([f"kind{kind}", *(f'"{" ".join(words)}"' for words in phrases)])
        wanted = wanted.join(_INDEX, _INDEX.c.rowid == SearchDocRow.id).where(text("search_index MATCH :match"))
        order = _INDEX.c.rowid
    else:
        match = " & ".join([f"kind{kind}", *(f"({' <-> '.join(words)})" for words in phrases)])
        found = table("search_index", column("id"), column("words"))
        wanted = wanted.join(found, found.c.id == SearchDocRow.id).where(
            text("search_index.words @@ to_tsquery('simple', :match)")
        )
        order = found.c.id
    if before is not None:
        wanted = wanted.where(order < before)
    rows = session.execute(wanted.params(match=match).order_by(order.desc()).limit(limit))
    return [(row.id, row.ref) for row in rows]

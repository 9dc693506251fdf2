"""Full-text search: SQLite's FTS5 or PostgreSQL's text search, over words that nobody can read.

Texts of cases lie encrypted in the vault; an index of their words in the clear would undo that. So each word goes into
the index as a keyed digest. Who has the database alone learns how often some unknown word occurs, and no more.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, column, func, insert, table, text
from sqlalchemy.orm import Session
from sqlmodel import col, select

from csirt.store.columns import table_of
from csirt.store.many import some_of
from csirt.store.tables.cases import NoteRow
from csirt.store.tables.intake import DetectionRow
from csirt.store.tables.search import SearchDocRow
from csirt.store.vault import Vault
from csirt.store.words import phrases_of, words_of

KINDS = ("incident", "note", "detection")
_NEWEST = 16_384  # detections that are read through for a word before the index of words is asked
_INDEX = table("search_index", column("rowid"))
_DOCS = table_of(SearchDocRow)
_DOC = insert(_DOCS).returning(_DOCS.c.id, sort_by_parameter_order=True)
_WORDS = table("search_index", column("id", BigInteger))
Hits = list[tuple[int, str]]
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
    return sum(take_away(session, kind, some) for kind, refs in found.items() for some in some_of(refs))


def find(session: Session, vault: Vault, kind: str, query: str, *, limit: int, before: int | None = None) -> Hits:
    """Place and id of what holds every part of a query, the newest first; `before` is a place to go on from.

    Whether the reader may see it, this does not ask: whoever shows it reads it through their own session.
    """
    phrases = [[vault.blind(word) for word in phrase] for phrase in phrases_of(query)]
    if not phrases:
        return []
    if session.get_bind().dialect.name == "sqlite":
        return _in_file(session, kind, phrases, limit, before)
    return _on_server(session, kind, phrases, limit, before)


def _in_file(session: Session, kind: str, phrases: Sequence[Sequence[str]], limit: int, before: int | None) -> Hits:
    """SQLite: FTS5 walks its lists from the newest, and stops where it has enough."""
    match = " AND ".join([f"kind{kind}", *(f'"{" ".join(words)}"' for words in phrases)])
    query: Any = select(SearchDocRow.id, SearchDocRow.ref).join(_INDEX, _INDEX.c.rowid == SearchDocRow.id)
    query = query.where(text("search_index MATCH :match"))
    if before is not None:
        query = query.where(_INDEX.c.rowid < before)
    rows = session.execute(query.params(match=match).order_by(_INDEX.c.rowid.desc()).limit(limit))
    return [(row.id, row.ref) for row in rows]


def _on_server(session: Session, kind: str, phrases: Sequence[Sequence[str]], limit: int, before: int | None) -> Hits:
    """PostgreSQL: its index of words knows no order and gives all hits or none, of a common word hundreds of thousands.

    So the newest detections are read through first, as the common words stand there. What they do not fill has few
    hits, or old ones: these come from the index of words. Cases and notes are few and come from there at once; left to
    itself, the server would read through a million detections to find that no case has a word that they have.
    """
    match = " & ".join([f"kind{kind}", *(f"({' <-> '.join(words)})" for words in phrases)])
    hits = select(_WORDS.c.id).where(text("search_index.words @@ to_tsquery('simple', :match)"))
    if before is not None:
        hits = hits.where(_WORDS.c.id < before)
    by_words = hits.order_by((_WORDS.c.id + 0).desc()).limit(limit)  # a sum is in no index: the order is no reason
    if kind != "detection":
        return _read(session, by_words, match)
    top = select(func.max(_WORDS.c.id)).scalar_subquery() if before is None else before
    newest = hits.where(_WORDS.c.id > top - _NEWEST).order_by(_WORDS.c.id.desc()).limit(limit)
    found = _read(session, newest, match)
    return found if len(found) == limit else _read(session, by_words, match)


def _read(session: Session, hits: Any, match: str) -> Hits:
    """The things that these places of the index stand for."""
    places = hits.subquery()
    query: Any = select(SearchDocRow.id, SearchDocRow.ref).join(places, places.c.id == SearchDocRow.id)
    rows = session.execute(query.params(match=match).order_by(col(SearchDocRow.id).desc()))
    return [(row.id, row.ref) for row in rows]

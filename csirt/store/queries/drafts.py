"""What a person has typed and not sent yet. Nobody else's is ever read."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from csirt.errors import Untrusted
from csirt.store.tables.drafts import DraftRow
from csirt.store.tx import Look


@dataclass(frozen=True, slots=True)
class Draft:
    """The fields of a form as they were typed, and when they were last kept."""

    place: str
    fields: Mapping[str, str]
    saved_at: datetime


def scope_of(incident: str | None) -> str | None:
    """The key that a draft lies under: that of its incident, where it belongs to one."""
    return f"incident:{incident}" if incident else None


def label_of(person: str, place: str) -> str:
    """What a sealed draft is bound to: moved to another person or place, it does not open."""
    return f"draft:{person}:{place}"


def draft(look: Look, person: str, place: str) -> Draft | None:
    """The draft of a person for a form; None where there is none, or where its key was destroyed."""
    row = look.session.get(DraftRow, (person, place))
    return _opened(look, row) if row else None


def drafts_at(look: Look, person: str, places: Collection[str]) -> dict[str, Draft]:
    """The drafts of a person for these forms, by the form; without those whose key was destroyed."""
    query = select(DraftRow).where(DraftRow.person == person, col(DraftRow.place).in_(places))
    found = (_opened(look, row) for row in look.session.exec(query))
    return {one.place: one for one in found if one}


def drafts(look: Look, person: str, prefix: str) -> list[Draft]:
    """The drafts of a person for places that begin so, newest first."""
    query = select(DraftRow).where(DraftRow.person == person, col(DraftRow.place).startswith(prefix, autoescape=True))
    rows = look.session.exec(query.order_by(col(DraftRow.saved_at).desc())).all()
    return [one for one in (_opened(look, row) for row in rows) if one]


def _opened(look: Look, row: DraftRow) -> Draft | None:
    try:
        text = look.vault.open_aside(look.session, row.sealed, scope_of(row.incident), label_of(row.person, row.place))
    except Untrusted as error:
        if error.code == "vault_key_erased":
            return None
        raise
    return Draft(row.place, json.loads(text), row.saved_at)

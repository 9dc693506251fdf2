"""Questions about notes that one shift leaves for the next. Nothing here writes."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from csirt.store.tables.shifts import ShiftNoteRow
from csirt.store.tx import Look


@dataclass(frozen=True, slots=True)
class ShiftNoteView:
    """A note; `by` and `seen_by` are opaque ids."""

    id: str
    incident: str | None
    text: str
    by: str
    at: datetime
    seen_by: str | None
    seen_at: datetime | None


def shift_notes(look: Look, *, unseen_only: bool = True, limit: int = 50) -> list[ShiftNoteView]:
    """Notes, the newest first: those that nobody has seen yet, or all."""
    query = select(ShiftNoteRow).order_by(col(ShiftNoteRow.at).desc(), col(ShiftNoteRow.id)).limit(limit)
    if unseen_only:
        query = query.where(col(ShiftNoteRow.seen_at).is_(None))
    rows = look.session.exec(query).all()
    texts = look.vault.texts(look.session, (row.text_c for row in rows))
    return [
        ShiftNoteView(row.id, row.incident, texts.get(row.text_c, ""), row.by, row.at, row.seen_by, row.seen_at)
        for row in rows
    ]

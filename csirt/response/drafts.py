"""Drafts: what somebody has typed and not sent yet, kept on the server, sealed, for nobody but them.

They survive a lost connection, a session that ran out and a shared computer, since nothing is kept in the browser. They
are no part of the record: an entry tells what was decided, not what somebody was about to write.
"""

import json
import re
from collections.abc import Mapping
from datetime import timedelta

from sqlmodel import col, delete, func, select

from csirt.errors import Conflict, Invalid
from csirt.guard import find_my_numbers
from csirt.model.authority import Permission, must
from csirt.store.queries.drafts import label_of, scope_of
from csirt.store.tables.cases import IncidentRow
from csirt.store.tables.drafts import DraftRow
from csirt.store.tables.runs import AssignmentRow
from csirt.store.tx import Tx

KEPT = timedelta(days=14)
MOST_BYTES = 64 * 1024
MOST_OF_A_PERSON = 100
OPENING = "/incidents/new/"
_PLACES: tuple[tuple[re.Pattern[str], Permission], ...] = (
    (re.compile(r"/incidents/new/[A-Za-z0-9_-]{8,64}"), Permission.OPEN_INCIDENT),
    (re.compile(r"/assignments/(?P<assignment>a-[0-9a-z]{12})"), Permission.ANSWER_STEP),
    (re.compile(r"/call-sheets/(?P<assignment>a-[0-9a-z]{12})"), Permission.FILL_CALL_SHEET),
    (re.compile(r"/incidents/(?P<incident>i-[0-9a-z]{12})/notes"), Permission.ADD_NOTE),
    (re.compile(r"/incidents/(?P<incident>i-[0-9a-z]{12})/measures"), Permission.ADD_MEASURE),
)


def is_place(place: str) -> bool:
    """Is this the address of a form that drafts are kept for?"""
    return any(pattern.fullmatch(place) for pattern, _ in _PLACES)


def keep(tx: Tx, place: str, fields: Mapping[str, str]) -> tuple[str, ...]:
    """Keep what the actor has typed into a form, in place of what was kept before.

    A field that may hold a 個人番号 is never kept; returns the names of those. With nothing left, the draft is gone.

    Raises:
        Invalid: no form of ours has this address, or it is too much.
        Forbidden: the actor may not send this form.
        Conflict: `drafts_full`: so many are kept for one person already.
    """
    incident = _incident_of(tx, place)
    left_out = tuple(sorted(name for name, text in fields.items() if find_my_numbers(text)))
    kept = {name: text for name, text in fields.items() if text.strip() and name not in left_out}
    row = tx.session.get(DraftRow, (tx.actor.id, place), with_for_update=True)
    if not kept:
        if row:
            tx.session.delete(row)
        return left_out
    text = json.dumps(kept, ensure_ascii=False)
    if len(text.encode()) > MOST_BYTES:
        raise Invalid("input_too_large", limit=MOST_BYTES)
    if row is None:
        _check_room(tx)
        row = DraftRow(person=tx.actor.id, place=place, incident=incident, sealed=b"", saved_at=tx.now)
    label = label_of(tx.actor.id, place)
    row.sealed, row.saved_at = tx.vault.seal_aside(tx.session, text, scope_of(row.incident), label), tx.now
    tx.session.add(row)
    return left_out


def _check_room(tx: Tx) -> None:
    count = select(func.count()).select_from(DraftRow).where(DraftRow.person == tx.actor.id)
    if tx.session.exec(count).one() >= MOST_OF_A_PERSON:
        raise Conflict("drafts_full", limit=MOST_OF_A_PERSON)


def _incident_of(tx: Tx, place: str) -> str | None:
    """The incident that a form belongs to, if any; whoever may not send the form keeps no draft of it."""
    for pattern, permission in _PLACES:
        if found := pattern.fullmatch(place):
            must(tx.actor, permission)
            named = found.groupdict()
            incident = named.get("incident")
            if assignment := named.get("assignment"):
                incident = tx.session.exec(select(AssignmentRow.incident).where(AssignmentRow.id == assignment)).first()
            elif not incident:
                return None
            if incident and tx.session.get(IncidentRow, incident):
                return incident
    raise Invalid("draft_place_unknown", place=place[:80])


def drop(tx: Tx, place: str) -> None:
    """The actor's draft is no longer needed: it was sent, or taken back."""
    if row := tx.session.get(DraftRow, (tx.actor.id, place)):
        tx.session.delete(row)


def sweep(tx: Tx) -> int:
    """Forget drafts that nobody has touched for two weeks; returns how many."""
    old = delete(DraftRow).where(col(DraftRow.saved_at) < tx.now - KEPT)
    return int(tx.session.exec(old).rowcount)

"""代決 and 後閲 of steps: a deputy answers for an absent holder, it is marked, and the holder sees it afterwards.

What waits to be seen is an assignment of the holder alone. It keeps nobody from going on, stays after the case is
closed, and ends only by being seen.
"""

import json

from sqlmodel import select

from csirt.errors import Forbidden
from csirt.model.people import Post
from csirt.model.step import SEEN, StepKind
from csirt.record.entry import EntryKind
from csirt.response import people, reaching
from csirt.store.tables.access import RosterPostRow
from csirt.store.tables.runs import AssignmentRow
from csirt.store.tx import Tx, new_id

HOLDER = "holder:"


def post_by_deputy(tx: Tx, row: AssignmentRow) -> Post | None:
    """The post for which the actor answers as a deputy; None where they hold it, or it is asked of no post."""
    kind, _, name = row.who.partition(":")
    found = tx.session.get(RosterPostRow, name) if kind == "post" else None
    if found is None or found.holder in {None, tx.actor.id} or tx.actor.id not in found.deputies:
        return None
    return Post(found.id, found.name_ja, found.name_en, found.holder, tuple(found.deputies))


def mark(tx: Tx, row: AssignmentRow, post: Post) -> dict[str, str | bool]:
    """Mark an answer as given by a deputy, and open what its holder is to see; returns what the entry says of it.

    `away` says whether the holder's absence was entered at that time.
    """
    row.proxy_for = post.id
    seen = AssignmentRow(
        id=new_id("a"), incident=row.incident, run=None, step=row.step, kind=StepKind.REVIEW.value,
        who=f"{HOLDER}{post.id}", choices=[[one.code, one.needs_reason] for one in SEEN], opened_at=tx.now,
    )  # fmt: skip
    tx.session.add(seen)
    away = post.holder in people.roster(tx.session, tx.vault, at=tx.now).away
    return {"proxy": post.id, "review": seen.id, "away": away}


def tell(tx: Tx, row: AssignmentRow, post: Post, review: str) -> None:
    """The holder is told by mail, unless they are away: then it waits on their list."""
    if post.holder and post.holder not in people.roster(tx.session, tx.vault, at=tx.now).away:
        who = (post.holder,)
        reaching.notify(tx, row.incident, row.run, row.step, who, ("mail",), "assignment", assignment=review, due="")


def see(tx: Tx, row: AssignmentRow, reason: str) -> str:
    """The holder has seen what their deputy decided; returns the commitment of what they say to it.

    Raises:
        Forbidden: `four_eyes`: they decided it themselves, as the deputy that they were then.
    """
    decided = select(AssignmentRow.answered_by).where(
        AssignmentRow.incident == row.incident,
        AssignmentRow.step == row.step,
        AssignmentRow.proxy_for == row.who.removeprefix(HOLDER),
        AssignmentRow.answered_by == tx.actor.id,
    )
    if tx.session.exec(decided).first() is not None:
        raise Forbidden("four_eyes", step=row.step)
    value = {"choice": SEEN[0].code, "reason": reason.strip(), "fields": {}, "by": tx.actor.id}
    sealed = tx.record(
        EntryKind.STEP_REVIEWED, incident=row.incident, step=row.step,
        out={"assignment": row.id, "post": row.who.removeprefix(HOLDER)},
        texts={"text": reason.strip()} if reason.strip() else None,
        raws={"value": json.dumps(value, ensure_ascii=False)},
    )  # fmt: skip
    return sealed["value"]

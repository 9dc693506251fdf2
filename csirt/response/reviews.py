"""The review (振り返り) of a closed case: what went well, what did not, why, what is learned. Never overwritten."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlmodel import select

from csirt.era import jst_date
from csirt.errors import Conflict, Invalid, NotFound
from csirt.guard import refuse_my_number
from csirt.model.authority import Permission, must
from csirt.model.incident import IncidentStatus
from csirt.record.entry import EntryKind
from csirt.response import repeats
from csirt.store.ledger import Code
from csirt.store.tables.cases import IncidentRow, ReviewRow
from csirt.store.tx import Tx, new_id

MOST_TEXT = 8000
NEEDED = ("well", "cause")


@dataclass(frozen=True, slots=True)
class Review:
    """What a review found. `well` and `cause` are needed; nobody is blamed in any of them."""

    held_on: date
    well: str
    cause: str
    badly: str = ""
    lessons: str = ""

    def texts(self) -> Mapping[str, str]:
        """The texts by name, those that are empty left out."""
        said = {name: getattr(self, name).strip() for name in ("well", "badly", "cause", "lessons")}
        return {name: text for name, text in said.items() if text}


def record(tx: Tx, incident: str, review: Review, *, request_key: str | None = None) -> int:
    """Write the review of a closed case down; returns the number of this version.

    The same `request_key` again records nothing.

    Raises:
        NotFound: there is no such incident.
        Conflict: it is not closed yet.
        Invalid: a text is missing or too long, a day in the future, or a 個人番号 in a text.
    """
    must(tx.actor, Permission.RECORD_REVIEW)
    if known := repeats.recorded(tx, request_key):
        return int(str(known["version"]))
    row = tx.session.get(IncidentRow, incident, with_for_update=True)
    if row is None:
        raise NotFound("incident_unknown", incident=incident[:40])
    if row.status != IncidentStatus.CLOSED.value:
        raise Conflict("review_before_closing", incident=incident)
    _check(tx, review)
    version = len(tx.session.exec(select(ReviewRow.id).where(ReviewRow.incident == incident)).all()) + 1
    out: dict[str, Code | list[str]] = {"version": version, "held": review.held_on.isoformat()}
    sealed = tx.record(
        EntryKind.REVIEW_RECORDED, incident=incident, cid=repeats.cid_of(request_key), out=out, texts=review.texts()
    )
    tx.session.add(
        ReviewRow(
            id=new_id("v"), incident=incident, version=version, held_on=review.held_on, well_c=sealed["well"],
            badly_c=sealed.get("badly"), cause_c=sealed["cause"], lessons_c=sealed.get("lessons"), by=tx.actor.id,
            at=tx.now,
        )
    )  # fmt: skip
    return version


def _check(tx: Tx, review: Review) -> None:
    texts = review.texts()
    if missing := next((name for name in NEEDED if name not in texts), None):
        raise Invalid("text_missing", field=missing)
    for name, text in texts.items():
        if len(text) > MOST_TEXT:
            raise Invalid("text_too_long", field=name, limit=MOST_TEXT)
        refuse_my_number(text, field=name)
    if review.held_on > jst_date(tx.now):
        raise Invalid("time_in_future", field="held_on")

"""The announcement desk (広報): drafts, the decision by other eyes, what was said where and when, calls to the hotline.

Saying an approved announcement in public meets the duty to publish; deciding not to publish is a decision against it,
with ground and reason. Drafts are never overwritten: a new one takes the place of one that nobody decided on yet.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import col, select

from csirt.era import jst_date
from csirt.errors import Conflict, Forbidden, Invalid, NotFound
from csirt.guard import refuse_my_number
from csirt.model.announcement import DECIDERS, AnnouncementState, Ground, Outlet
from csirt.model.authority import Permission, must, must_be_fresh
from csirt.model.duty import DutyState
from csirt.record.entry import EntryKind
from csirt.response import duties, locks, reasons, repeats
from csirt.response.duties import Sent
from csirt.store.ledger import Code
from csirt.store.tables.announcements import AnnouncementRow, HotlineRow, ReleaseRow
from csirt.store.tables.cases import IncidentRow
from csirt.store.tables.duties import DutyRow
from csirt.store.tx import Tx, new_id

MOST_TEXT = 8000
MOST_CALLS = 1_000_000
_PUBLIC = "public"  # the addressee of duties that a release meets
_PERSONS = "persons"
_CHANNELS: Mapping[Outlet, str] = {
    Outlet.WEB: "site", Outlet.PRESS_CLUB: "press", Outlet.MAIL_LIST: "mail", Outlet.SNS: "sns",
    Outlet.LOUDSPEAKER: "loudspeaker", Outlet.LETTER: "letter",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be said: title and text, the same in plain Japanese (やさしい日本語), and questions with answers."""

    title: str
    body: str
    plain: str = ""
    qa: str = ""

    def texts(self) -> dict[str, str]:
        """The texts by name, those that are empty left out."""
        said = {name: getattr(self, name).strip() for name in ("title", "body", "plain", "qa")}
        return {name: text for name, text in said.items() if text}


def draft(tx: Tx, incident: str, said: Draft, *, request_key: str | None = None) -> str:
    """起案: draft the next announcement; an earlier draft that nobody decided on gives way to it. Returns its id.

    The same `request_key` again drafts nothing.

    Raises:
        NotFound: there is no such incident.
        Invalid: no title or text, one that is too long, or a 個人番号 in it.
    """
    must(tx.actor, Permission.DRAFT_ANNOUNCEMENT)
    if known := repeats.recorded(tx, request_key):
        return str(known["announcement"])
    _hold(tx, incident)
    _check(said)
    for row in _of(tx, incident):
        if row.state == AnnouncementState.DRAFTED.value:
            row.state = AnnouncementState.REPLACED.value
            tx.session.add(row)
    made, number = new_id("b"), len(_of(tx, incident)) + 1
    out: dict[str, Code | list[str]] = {"announcement": made, "number": number}
    cid = repeats.cid_of(request_key)
    sealed = tx.record(EntryKind.ANNOUNCEMENT_DRAFTED, incident=incident, cid=cid, out=out, texts=said.texts())
    tx.session.add(
        AnnouncementRow(
            id=made, incident=incident, number=number, state=AnnouncementState.DRAFTED.value, title_c=sealed["title"],
            body_c=sealed["body"], plain_c=sealed.get("plain"), qa_c=sealed.get("qa"), drafted_by=tx.actor.id,
            drafted_at=tx.now,
        )
    )  # fmt: skip
    return made


def approve(tx: Tx, announcement: str) -> None:
    """決裁: CISO or mayor, or who deputises for them, and never the author.

    Raises:
        Forbidden: the actor holds no such post, or wrote it.
        StepUpNeeded: they proved too long ago who they are: what was said in public is not taken back.
        Conflict: it was decided on already, or another draft took its place.
    """
    row = _to_decide(tx, announcement)
    must_be_fresh(tx.actor)
    out: dict[str, Code | list[str]] = {"announcement": row.id, "number": row.number}
    tx.record(EntryKind.ANNOUNCEMENT_APPROVED, incident=row.incident, out=out)
    _decided(tx, row, AnnouncementState.APPROVED)


def send_back(tx: Tx, announcement: str, reason: str) -> None:
    """差戻し: it is to be written anew, with what is wrong. Raises as `approve`, and `Invalid` without a reason."""
    row = _to_decide(tx, announcement)
    reasons.given(reason)
    out: dict[str, Code | list[str]] = {"announcement": row.id, "number": row.number}
    sealed = tx.record(
        EntryKind.ANNOUNCEMENT_RETURNED, incident=row.incident, out=out, texts={"reason": reason.strip()}
    )
    row.reason_c = sealed["reason"]
    _decided(tx, row, AnnouncementState.RETURNED)


def withhold(tx: Tx, incident: str, ground: Ground, reason: str) -> str:
    """Decide not to publish, with ground and reason; open duties to publish are decided against in the same commit.

    Raises:
        Forbidden: the actor does not hold the post that decides.
        Invalid: no reason, or a 個人番号 in it.
    """
    _must_decide(tx)
    _hold(tx, incident)
    reasons.given(reason)
    made, number = new_id("b"), len(_of(tx, incident)) + 1
    out: dict[str, Code | list[str]] = {"announcement": made, "number": number, "ground": ground.value}
    sealed = tx.record(EntryKind.ANNOUNCEMENT_WITHHELD, incident=incident, out=out, texts={"reason": reason.strip()})
    tx.session.add(
        AnnouncementRow(
            id=made, incident=incident, number=number, state=AnnouncementState.WITHHELD.value, ground=ground.value,
            reason_c=sealed["reason"], drafted_by=tx.actor.id, drafted_at=tx.now, decided_by=tx.actor.id,
            decided_at=tx.now,
        )
    )  # fmt: skip
    for duty in _open_duties(tx, incident, _PUBLIC):
        duties.waive(tx, duty, reason)
    return made


def release(tx: Tx, announcement: str, outlet: Outlet, at: datetime) -> str:
    """It was said on an outlet at a time; the first time meets what the city owed the public, a letter the persons.

    Raises:
        Conflict: it is not approved.
        Invalid: a time in the future.
    """
    must(tx.actor, Permission.DRAFT_ANNOUNCEMENT)
    row = _locked(tx, announcement)
    if row.state != AnnouncementState.APPROVED.value:
        raise Conflict("announcement_not_approved", announcement=announcement)
    if at > tx.now:
        raise Invalid("time_in_future", field="at")
    made = ReleaseRow(
        id=new_id("q"), announcement=announcement, outlet=outlet.value, at=at, by=tx.actor.id, recorded_at=tx.now
    )
    tx.session.add(made)
    out: dict[str, Code | list[str]] = {"announcement": row.id, "number": row.number, "outlet": outlet.value}
    tx.record(EntryKind.ANNOUNCEMENT_RELEASED, incident=row.incident, out=out)
    owed = _PERSONS if outlet is Outlet.LETTER else _PUBLIC
    for duty in _open_duties(tx, row.incident, owed):
        duties.report(tx, duty, Sent(_CHANNELS[outlet], at))
    return made.id


def count_calls(tx: Tx, incident: str, day: date, calls: int) -> str:
    """How many calls the hotline took on a day; a later count of that day takes the place of the earlier.

    Raises:
        Invalid: a day in the future, or an absurd number.
    """
    must(tx.actor, Permission.DRAFT_ANNOUNCEMENT)
    _hold(tx, incident)
    if day > jst_date(tx.now):
        raise Invalid("time_in_future", field="day")
    if not 0 <= calls <= MOST_CALLS:
        raise Invalid("number_out_of_range", field="calls")
    made = HotlineRow(id=new_id("h"), incident=incident, day=day, calls=calls, by=tx.actor.id, at=tx.now)
    row = _counted(tx, incident, day) or made
    row.calls, row.by, row.at = made.calls, made.by, made.at
    tx.session.add(row)
    out: dict[str, Code | list[str]] = {"due": day.isoformat(), "calls": calls}
    tx.record(EntryKind.HOTLINE_COUNTED, incident=incident, out=out)
    return row.id


def _counted(tx: Tx, incident: str, day: date) -> HotlineRow | None:
    query = select(HotlineRow).where(HotlineRow.incident == incident, HotlineRow.day == day)
    return tx.session.exec(query).first()


def _hold(tx: Tx, incident: str) -> None:
    if tx.session.get(IncidentRow, incident, with_for_update=True) is None:
        raise NotFound("incident_unknown", incident=incident[:40])


def _of(tx: Tx, incident: str) -> list[AnnouncementRow]:
    return list(tx.session.exec(select(AnnouncementRow).where(AnnouncementRow.incident == incident)))


def _locked(tx: Tx, announcement: str) -> AnnouncementRow:
    found = tx.session.get(AnnouncementRow, announcement)
    if found is None:
        raise NotFound("announcement_unknown", announcement=announcement[:40])
    locks.hold(tx, found.incident)
    return tx.session.get_one(AnnouncementRow, announcement, with_for_update=True, populate_existing=True)


def _must_decide(tx: Tx) -> None:
    must(tx.actor, Permission.APPROVE_ANNOUNCEMENT)
    if tx.actor.auth != "local" and tx.actor.posts.isdisjoint(DECIDERS):
        raise Forbidden("not_your_duty", post="ciso")


def _to_decide(tx: Tx, announcement: str) -> AnnouncementRow:
    _must_decide(tx)
    row = _locked(tx, announcement)
    if row.drafted_by == tx.actor.id:
        raise Forbidden("four_eyes", step=announcement)
    if row.state != AnnouncementState.DRAFTED.value:
        raise Conflict("announcement_decided", announcement=announcement)
    return row


def _decided(tx: Tx, row: AnnouncementRow, state: AnnouncementState) -> None:
    row.state, row.decided_by, row.decided_at = state.value, tx.actor.id, tx.now
    tx.session.add(row)


def _open_duties(tx: Tx, incident: str, addressee: str) -> list[str]:
    query = select(DutyRow).where(DutyRow.incident == incident, DutyRow.state == DutyState.OPEN.value)
    rules = {rule.id for rule in tx.city.law.rules if rule.addressee == addressee}
    return [row.id for row in tx.session.exec(query.order_by(col(DutyRow.rule))) if row.rule in rules]


def _check(said: Draft) -> None:
    texts = said.texts()
    if missing := next((name for name in ("title", "body") if name not in texts), None):
        raise Invalid("text_missing", field=missing)
    for name, text in texts.items():
        if len(text) > MOST_TEXT:
            raise Invalid("text_too_long", field=name, limit=MOST_TEXT)
        refuse_my_number(text, field=name)

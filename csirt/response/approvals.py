"""起案・合議・決裁 of reports: stamps by posts, a yes by phone, a deputy's decision seen later."""

from dataclasses import dataclass
from datetime import datetime

from csirt.errors import Invalid, NotFound
from csirt.guard import refuse_my_number
from csirt.model import approval
from csirt.model.approval import Act, ReportState
from csirt.model.authority import Permission, must
from csirt.model.people import Post
from csirt.record.entry import EntryKind
from csirt.response import duties, people
from csirt.store.queries.reports import report
from csirt.store.tables.cases import IncidentRow
from csirt.store.tables.reports import ReportRow, ReportStampRow
from csirt.store.tx import Look, Tx, new_id


@dataclass(frozen=True, slots=True)
class _Held:
    """A draft under its lock, with its sheet."""

    row: ReportRow
    sheet: approval.Sheet


def consent(tx: Tx, id_: str, text: str = "") -> None:
    """Stamp as a post of the council (合議), with an opinion or none.

    Raises:
        Forbidden: the actor holds no post of the council, drafted the report, or has stamped already.
        NotFound: no such report.
        Conflict: it goes round no longer, or this post has stamped.
        Invalid: a 個人番号 in the opinion.
    """
    must(tx.actor, Permission.APPROVE_REPORT)
    held = _held(tx, id_)
    post = approval.post_for_consent(held.sheet, tx.actor.id, tx.actor.posts)
    _stamp(tx, held.row, EntryKind.REPORT_CONSENTED, Act.CONSENT, post, text=text)


def decide(tx: Tx, id_: str, text: str = "") -> None:
    """Approve as the post that decides (決裁); a deputy's stamp is a 代決, to be seen by the holder later.

    Raises as `consent`, and:
        Conflict: `report_council_open`: the council has not stamped yet.
    """
    must(tx.actor, Permission.APPROVE_REPORT)
    held = _held(tx, id_)
    approval.check_decider(held.sheet, tx.actor.id, tx.actor.posts)
    act = Act.APPROVE if _post(tx, held.row.decider).holder == tx.actor.id else Act.PROXY
    _stamp(tx, held.row, EntryKind.REPORT_APPROVED, act, held.row.decider, text=text)
    held.row.state = ReportState.APPROVED.value
    tx.session.add(held.row)
    duties.wake(tx, held.row.incident)  # a case may close once its papers are stamped


def send_back(tx: Tx, id_: str, reason: str) -> None:
    """Send a draft back to whoever drafted it (差戻し), with the reason.

    Raises:
        Forbidden: the actor holds no post of its route.
        Conflict: it goes round no longer.
        Invalid: no reason, or a 個人番号 in it.
    """
    must(tx.actor, Permission.APPROVE_REPORT)
    held = _held(tx, id_)
    post = approval.post_for_return(held.sheet, tx.actor.posts)
    if not reason.strip():
        raise Invalid("reason_missing", field="reason")
    _stamp(tx, held.row, EntryKind.REPORT_RETURNED, Act.RETURN, post, text=reason)
    held.row.state = ReportState.RETURNED.value
    tx.session.add(held.row)


def record_oral(tx: Tx, id_: str, who: str, text: str, at: datetime | None = None) -> None:
    """Write down that the decider, or a deputy, said yes by phone or in person; the paper is stamped later.

    `who` is the opaque id of that person, `text` says how they were asked and what they said, `at` when.

    Raises:
        Forbidden: this actor may not draft reports; `who` may not decide on this one, or drafted it.
        Conflict: it goes round no longer.
        Invalid: no text, a 個人番号 in it, or a time in the future or before the draft.
    """
    must(tx.actor, Permission.DRAFT_REPORT)
    held = _held(tx, id_)
    order = _post(tx, held.row.decider).acting_order
    approval.check_oral(held.sheet, who, order, allowed=held.row.oral)
    if not text.strip():
        raise Invalid("text_missing", field="text")
    if at is not None and not held.row.drafted_at <= at <= tx.now:
        raise Invalid("time_in_future" if at > tx.now else "time_before_draft", field="at")
    _stamp(tx, held.row, EntryKind.REPORT_APPROVED, Act.ORAL, held.row.decider, who=who, at=at, text=text)
    held.row.state = ReportState.ORAL.value
    tx.session.add(held.row)


def review(tx: Tx, id_: str, text: str = "") -> None:
    """See what a deputy decided, as the holder of the post (後閲).

    Raises:
        Forbidden: the actor does not hold that post, or drafted the report.
        Conflict: there is nothing to see.
    """
    must(tx.actor, Permission.APPROVE_REPORT)
    held = _held(tx, id_)
    approval.check_review(held.sheet, tx.actor.id, _post(tx, held.row.decider).holder)
    _stamp(tx, held.row, EntryKind.REPORT_REVIEWED, Act.REVIEW, held.row.decider, text=text)


def _held(tx: Tx, id_: str) -> _Held:
    """The draft, its incident's row locked first."""
    row = tx.session.get(ReportRow, id_)
    if row is None:
        raise NotFound("report_unknown", report=id_[:40])
    tx.session.get_one(IncidentRow, row.incident, with_for_update=True)
    row = tx.session.get_one(ReportRow, id_, with_for_update=True, populate_existing=True)
    return _Held(row, report(Look(tx.session, tx.vault), id_).sheet)


def _post(tx: Tx, id_: str) -> Post:
    found = people.roster(tx.session, tx.vault).posts.get(id_)
    return found or Post(id_, id_, id_, None)


def _stamp(
    tx: Tx, row: ReportRow, kind: EntryKind, act: Act, post: str, *, text: str, who: str = "",
    at: datetime | None = None,
) -> None:  # fmt: skip
    refuse_my_number(text, field="text")
    out: dict[str, str | int | bool] = {
        "report": row.id, "form": row.form, "number": row.number, "act": act.value, "post": post,
        "sha256": row.sha256, **({"person": who} if who else {}),
    }  # fmt: skip
    name = "reason" if act is Act.RETURN else "text"
    texts = {name: text.strip()} if text.strip() else None
    sealed = tx.record(kind, incident=row.incident, out=out, texts=texts)
    tx.session.add(
        ReportStampRow(
            id=new_id("k"), report=row.id, act=act.value, post=post, person=who or tx.actor.id, at=at or tx.now,
            by=tx.actor.id, text_c=sealed.get(name),
        )
    )  # fmt: skip

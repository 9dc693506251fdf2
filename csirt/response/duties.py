"""Legal duties of an incident: they arise, change and lapse with its facts, and are met by a recorded report.

`review` is called by every commit that changes what rules see; what it does stands in the record beside the cause.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row
from sqlalchemy import select as plain_select
from sqlmodel import col, select

from csirt.errors import Conflict, Forbidden, Invalid, NotFound
from csirt.guard import refuse_my_number
from csirt.model.authority import Permission, must
from csirt.model.condition import Situation
from csirt.model.duty import Duty, DutyRule, DutyState, Reason, duties_of
from csirt.model.incident import Disposition, IncidentStatus
from csirt.model.people import Actor
from csirt.record.entry import EntryKind
from csirt.response import reasons, repeats
from csirt.store.ledger import Code
from csirt.store.queries.facts import open_situations, situation
from csirt.store.tables.cases import IncidentRow
from csirt.store.tables.duties import DutyReportRow, DutyRow
from csirt.store.tables.outbox import DeliveryRow
from csirt.store.tables.runs import RunRow
from csirt.store.tx import Tx, new_id

CHANNELS = ("web_form", "mail", "lgwan-mail", "phone", "fax", "visit", "letter", "press", "site", "sns", "loudspeaker")
_KEPT_REASONS = 20
# Plain columns instead of rows: a nightly look goes over every open case.
_COMPARED = tuple(
    col(one)
    for one in (
        DutyRow.incident, DutyRow.rule, DutyRow.state, DutyRow.edition, DutyRow.due_at, DutyRow.clock,
        DutyRow.uncertain, DutyRow.reasons,
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sent:
    """A report that went out: on which channel, when, and when somebody acknowledged it. `receipt` is a number.

    `document` is the id of the report, where it was drafted here.
    """

    channel: str
    at: datetime
    acknowledged_at: datetime | None = None
    receipt: str = ""
    document: str = ""


def review(tx: Tx, row: IncidentRow, seen: Situation | None = None) -> int:
    """Compare the duties of an open incident with what its facts ask for now; returns how many changed.

    The caller holds the incident's row. `seen` is what rules see of it, where the caller has it at hand.
    """
    if row.status != IncidentStatus.OPEN.value:
        return 0
    wanted = {duty.rule: duty for duty in duties_of(seen or situation(tx.session, row), tx.city.law, tx.now)}
    kept = {one.rule: one for one in tx.session.exec(select(DutyRow).where(DutyRow.incident == row.id))}
    return _compare(tx, row.id, wanted, kept)


def review_all(tx: Tx, most: int = 500) -> int:
    """The nightly look at every open incident, for rules and days that changed; returns how many duties changed.

    Changes at most `most` incidents at once; what is left is found by the next call.
    """
    kept: dict[str, dict[str, Row[Any]]] = {}
    for one in tx.session.execute(plain_select(*_COMPARED)):
        kept.setdefault(one.incident, {})[one.rule] = one
    changed = touched = 0
    for incident, facts in open_situations(tx.session).items():
        if not _differs({duty.rule: duty for duty in duties_of(facts, tx.city.law, tx.now)}, kept.get(incident, {})):
            continue
        row = tx.session.get(IncidentRow, incident, with_for_update=True)
        if row is not None:
            changed += review(tx, row, facts)
            wake(tx, incident)
            touched += 1
        if touched >= most:
            break
    return changed


def _differs(wanted: Mapping[str, Duty], kept: Mapping[str, Row[Any]]) -> bool:
    gone = (one for one in kept.values() if one.state != DutyState.LAPSED.value and one.rule not in wanted)
    return next(gone, None) is not None or any(
        rule not in kept or kept[rule].state == DutyState.LAPSED.value or not _says(kept[rule], duty)
        for rule, duty in wanted.items()
    )


def _compare(tx: Tx, incident: str, wanted: Mapping[str, Duty], kept: Mapping[str, DutyRow]) -> int:
    changed = 0
    for rule, duty in wanted.items():
        row = kept.get(rule)
        if row is None or row.state == DutyState.LAPSED.value:
            _arise(tx, incident, duty, row)
        elif not _says(row, duty):
            _change(tx, row, duty)
        else:
            continue
        changed += 1
    for row in kept.values():
        if row.rule not in wanted and row.state != DutyState.LAPSED.value:
            _lapse(tx, row)
            changed += 1
    return changed


def _arise(tx: Tx, incident: str, duty: Duty, before: DutyRow | None) -> None:
    row = before or DutyRow(
        id=new_id("d"), incident=incident, rule=duty.rule, edition=duty.edition, state="", reasons=[], uncertain=False,
        arose_at=tx.now, changed_at=tx.now,
    )  # fmt: skip
    row.state, row.arose_at, row.ended_at, row.ended_by, row.reason_c = DutyState.OPEN.value, tx.now, None, None, None
    row.rung = 0
    _keep(tx, row, duty)
    tx.record(EntryKind.DUTY_AROSE, incident=incident, out=_out(row))


def _change(tx: Tx, row: DutyRow, duty: Duty) -> None:
    """A duty that was decided against is open again once it has a ground that nobody decided on."""
    if row.state == DutyState.WAIVED.value and not _codes(duty.reasons) <= {one["code"] for one in row.reasons}:
        row.state, row.ended_at, row.ended_by, row.reason_c = DutyState.OPEN.value, None, None, None
    _keep(tx, row, duty)
    tx.record(EntryKind.DUTY_CHANGED, incident=row.incident, out=_out(row))


def _lapse(tx: Tx, row: DutyRow) -> None:
    row.state, row.ended_at, row.changed_at = DutyState.LAPSED.value, tx.now, tx.now
    remind(tx, row)
    out = {"duty": row.id, "rule": row.rule, "edition": row.edition}
    tx.record(EntryKind.DUTY_LAPSED, incident=row.incident, out=out)


def _keep(tx: Tx, row: DutyRow, duty: Duty) -> None:
    row.edition, row.reasons, row.uncertain = duty.edition, _stored(duty), duty.uncertain
    row.clock, row.changed_at = duty.clock, tx.now
    row.target_day = duty.target.day if duty.target else None
    row.last_day = duty.limit.day if duty.limit else None
    due_at = duty.limit.at if duty.limit else None
    if due_at != row.due_at:
        row.due_at, row.rung = due_at, 0  # another last day: whoever heard of the old one hears of the new one
    remind(tx, row)


def remind(tx: Tx, row: DutyRow) -> None:
    """Set the next reminder of a duty that stands open, in the commit that changes it; none for one that has ended."""
    found = None
    if row.state == DutyState.OPEN.value:
        found = tx.city.reminders.next_rung(row.clock or row.arose_at, row.due_at, row.rung, tx.now)
    row.remind_at = found[1] if found else None
    tx.session.add(row)


def _says(row: DutyRow | Row[Any], duty: Duty) -> bool:
    return (
        row.edition == duty.edition
        and row.due_at == (duty.limit.at if duty.limit else None)
        and row.clock == duty.clock
        and row.uncertain == duty.uncertain
        and row.reasons == _stored(duty)
    )


def _stored(duty: Duty) -> list[dict[str, object]]:
    return [{"code": one.code, "params": dict(one.params)} for one in duty.reasons[:_KEPT_REASONS]]


def _codes(reasons: Sequence[Reason]) -> set[str]:
    return {one.code for one in reasons}


def _out(row: DutyRow) -> dict[str, Code | list[str]]:
    out: dict[str, Code | list[str]] = {
        "duty": row.id, "rule": row.rule, "edition": row.edition, "reasons": [str(one["code"]) for one in row.reasons],
        "uncertain": row.uncertain,
    }  # fmt: skip
    for one in row.reasons:  # the numbers that its reasons name, so that the record can tell them
        out |= {name: value for name, value in one["params"].items() if isinstance(value, int)}
    if row.last_day:
        out["due"] = row.last_day.isoformat()
    return out


# --------------------------------------------------------------------------------------------- met, decided against


def is_theirs(rule: DutyRule, actor: Actor) -> bool:
    """Does a post of this actor see to the duty, or may it decide against it?"""
    return not actor.posts.isdisjoint({rule.in_charge, rule.waived_by})


def report(tx: Tx, duty: str, sent: Sent, *, request_key: str | None = None) -> str:
    """Record that the addressee was told; the first report meets the duty, later ones are new versions.

    Returns the id of the report; the same `request_key` again records nothing.

    Raises:
        Forbidden: this actor may not.
        NotFound: no such duty.
        Conflict: its reason is gone.
        Invalid: no such channel, a time in the future, acknowledged before it was sent, or a 個人番号.
    """
    must(tx.actor, Permission.REPORT_DUTY)
    if known := repeats.recorded(tx, request_key):
        return str(known["report"])
    row = _locked(tx, duty)
    if row.state == DutyState.LAPSED.value:
        raise Conflict("duty_lapsed", duty=duty, rule=row.rule)
    check_sent(tx, sent)
    return _record(tx, row, sent, repeats.cid_of(request_key))


def _record(tx: Tx, row: DutyRow, sent: Sent, cid: str | None) -> str:
    duty = row.id
    rule = tx.city.law.rule(row.rule, row.edition)
    version = len(tx.session.exec(select(DutyReportRow.id).where(DutyReportRow.duty == duty)).all()) + 1
    made = DutyReportRow(
        id=new_id("q"), duty=duty, version=version, addressee=rule.addressee if rule else row.rule,
        channel=sent.channel, sent_at=sent.at, acknowledged_at=sent.acknowledged_at, by=tx.actor.id, recorded_at=tx.now,
        document=sent.document or None,
    )  # fmt: skip
    out: dict[str, Code | list[str]] = {
        "duty": duty, "rule": row.rule, "report": made.id, "addressee": made.addressee, "version": version,
        "channel": sent.channel, "acknowledged": sent.acknowledged_at is not None,
        "late": row.due_at is not None and sent.at >= row.due_at,
    }  # fmt: skip
    if sent.document:
        out["document"] = sent.document
    texts = {"number": sent.receipt.strip()} if sent.receipt.strip() else None
    sealed = tx.record(EntryKind.DUTY_REPORTED, incident=row.incident, cid=cid, out=out, texts=texts)
    made.receipt_c = sealed.get("number")
    tx.session.add(made)
    if row.state != DutyState.MET.value:
        row.state, row.ended_at, row.ended_by = DutyState.MET.value, tx.now, tx.actor.id
        remind(tx, row)
        wake(tx, row.incident)
    return made.id


def check_sent(tx: Tx, sent: Sent) -> None:
    """Raises `Invalid`: no such channel, a time in the future, acknowledged before it was sent, or a 個人番号."""
    if sent.channel not in CHANNELS:
        raise Invalid("choice_unknown", field="channel", choice=sent.channel[:40])
    for field, at in (("at", sent.at), ("acknowledged_at", sent.acknowledged_at)):
        if at is not None and at > tx.now:
            raise Invalid("time_in_future", field=field)
    if sent.acknowledged_at is not None and sent.acknowledged_at < sent.at:
        raise Invalid("time_before_sending", field="acknowledged_at")
    refuse_my_number(sent.receipt, field="receipt")


def waive(tx: Tx, duty: str, reason: str, *, request_key: str | None = None) -> None:
    """Decide not to do what a duty asks, such as not to publish; the post that its rule names gives the reason.

    The same `request_key` again records nothing.

    Raises:
        Forbidden: the actor does not hold that post.
        Conflict: it stands open no longer.
        Invalid: no reason, or a 個人番号 in it.
    """
    must(tx.actor, Permission.WAIVE_DUTY)
    if repeats.recorded(tx, request_key) is not None:
        return
    row = _locked(tx, duty)
    if row.state != DutyState.OPEN.value:
        raise Conflict("duty_ended", duty=duty, rule=row.rule)
    rule = tx.city.law.rule(row.rule, row.edition)
    post = rule.waived_by if rule else "ciso"
    if tx.actor.auth != "local" and post not in tx.actor.posts:
        raise Forbidden("not_your_duty", post=post)
    reasons.given(reason)
    out = {"duty": duty, "rule": row.rule, "post": post}
    sealed = tx.record(
        EntryKind.DUTY_WAIVED, incident=row.incident, cid=repeats.cid_of(request_key), out=out,
        texts={"reason": reason.strip()},
    )  # fmt: skip
    row.state, row.ended_at, row.ended_by, row.reason_c = DutyState.WAIVED.value, tx.now, tx.actor.id, sealed["reason"]
    remind(tx, row)
    wake(tx, row.incident)


def _locked(tx: Tx, duty: str) -> DutyRow:
    """A duty, its incident's row locked first."""
    found = tx.session.get(DutyRow, duty)
    if found is None:
        raise NotFound("duty_unknown", duty=duty[:40])
    tx.session.get(IncidentRow, found.incident, with_for_update=True)
    return tx.session.get_one(DutyRow, duty, with_for_update=True, populate_existing=True)


def meet_by_calls(tx: Tx, incident: str) -> None:
    """A call of a contact chain that the addressee's desk acknowledged is a report, and recorded as one."""
    query = select(DutyRow).where(DutyRow.incident == incident, DutyRow.state == DutyState.OPEN.value)
    for row in tx.session.exec(query).all():
        rule = tx.city.law.rule(row.rule, row.edition)
        calls = select(DeliveryRow).where(
            DeliveryRow.incident == incident,
            col(DeliveryRow.party).in_([f"office:{one}" for one in (rule.offices if rule else ())]),
            col(DeliveryRow.acknowledged_at).is_not(None),
        )
        call = tx.session.exec(calls.order_by(col(DeliveryRow.acknowledged_at))).first()
        if call is not None and call.acknowledged_at is not None:
            _record(tx, row, Sent(call.channel, min(call.queued_at, call.acknowledged_at), call.acknowledged_at), None)


def end(tx: Tx, incident: str, disposition: Disposition) -> None:
    """What was no incident has nobody to tell; a real one ends once everybody was told or it was decided not to.

    Raises:
        Conflict: `duties_open`, with the rules of the duties that stand open.
    """
    query = select(DutyRow).where(DutyRow.incident == incident, DutyRow.state == DutyState.OPEN.value)
    if disposition is not Disposition.TRUE_POSITIVE:
        for row in tx.session.exec(query).all():
            _lapse(tx, row)
        return
    meet_by_calls(tx, incident)
    if left := sorted(row.rule for row in tx.session.exec(query).all()):
        raise Conflict("duties_open", incident=incident, duties=",".join(left))


def wake(tx: Tx, incident: str) -> None:
    """The runs of an incident that have not ended have something new to look at."""
    query = select(RunRow.id).where(RunRow.incident == incident, col(RunRow.ended_at).is_(None))
    for run in tx.session.exec(query.where(col(RunRow.stopped_by).is_(None))).all():
        tx.wake(run)

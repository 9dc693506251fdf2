"""Rules that set detections aside are made with a reason and an end, applied when detections are sorted, and end."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_network
from typing import Any

from sqlmodel import Session, col, func, select, update

from csirt.errors import Conflict, Invalid, NotFound
from csirt.guard import clean_line, mask, refuse_my_number
from csirt.model.authority import Permission, must
from csirt.model.ignoring import LONGEST, PASSES_FROM, IgnoreKind, IgnoreRule, Told
from csirt.model.incident import Level
from csirt.record.entry import EntryKind
from csirt.response import members, reasons, repeats
from csirt.response.floods import sources_of
from csirt.response.members import Member
from csirt.store.tables.ignoring import IgnoreRuleRow
from csirt.store.tables.intake import DetectionRow
from csirt.store.tx import Tx, new_id

LINE_LIMIT = 200
REASON_LIMIT = 2000
_CONDITIONS = ("source", "text", "host", "network")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A rule as somebody asks for it. Without `from_at` it holds at once."""

    kind: IgnoreKind
    until_at: datetime
    reason: str
    from_at: datetime | None = None
    source: str = ""
    text: str = ""
    host: str = ""
    network: str = ""
    passes_from: Level = PASSES_FROM


def make(tx: Tx, wanted: Wanted, *, request_key: str | None = None) -> str:
    """Make a rule; returns its id. The same `request_key` again makes nothing.

    Raises:
        Forbidden: this actor may not decide what needs no incident.
        Invalid: `reason_missing`, `ignore_rule_empty`, `ignore_rule_span`, `network_malformed`, `text_too_long`, or a
            個人番号 in a text.
    """
    must(tx.actor, Permission.DECIDE_TRIAGE)
    if known := repeats.recorded(tx, request_key):
        return str(known["rule"])
    conditions = _conditions(wanted)
    from_at = wanted.from_at or tx.now
    if wanted.until_at <= max(tx.now, from_at) or wanted.until_at - from_at > LONGEST[wanted.kind]:
        raise Invalid("ignore_rule_span", field="until", days=LONGEST[wanted.kind].days)
    reasons.given(wanted.reason, most=REASON_LIMIT)
    rule = new_id("q")
    out = {
        "rule": rule, "kind": wanted.kind.value, "from": _stamp(from_at), "until": _stamp(wanted.until_at),
        "passes_from": int(wanted.passes_from), "conditions": [name for name in _CONDITIONS if conditions[name]],
    }  # fmt: skip
    said = "\n".join(f"{name}: {value}" for name, value in conditions.items() if value)
    sealed = tx.record(
        EntryKind.IGNORE_RULE_MADE, cid=repeats.cid_of(request_key), out=out,
        texts={"reason": wanted.reason.strip(), "conditions": said},
    )  # fmt: skip
    tx.session.add(
        IgnoreRuleRow(
            id=rule, kind=wanted.kind.value, from_at=from_at, until_at=wanted.until_at,
            source=conditions["source"], text=conditions["text"], host=conditions["host"],
            network=conditions["network"], passes_from=int(wanted.passes_from), reason_c=sealed["reason"],
            made_by=tx.actor.id, made_at=tx.now,
        )
    )  # fmt: skip
    return rule


def _conditions(wanted: Wanted) -> dict[str, str]:
    conditions = {name: clean_line(getattr(wanted, name)).strip() for name in _CONDITIONS}
    if not any(conditions.values()):
        raise Invalid("ignore_rule_empty", field="text")
    for name, value in conditions.items():
        if len(value) > LINE_LIMIT:
            raise Invalid("text_too_long", field=name, limit=LINE_LIMIT)
        refuse_my_number(value, field=name)
    if conditions["network"]:
        try:
            conditions["network"] = str(ip_network(conditions["network"], strict=False))
        except ValueError as error:
            raise Invalid("network_malformed", field="network") from error
    # As detections are kept: a rule that holds a secret in the clear would keep it, and never fit.
    return {name: mask(value) for name, value in conditions.items()}


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def end(tx: Tx, rule: str) -> int:
    """End a rule before its time; returns how many snoozed detections come back.

    Raises:
        Forbidden: this actor may not.
        NotFound: `ignore_rule_unknown`.
        Conflict: `ignore_rule_ended`.
    """
    must(tx.actor, Permission.DECIDE_TRIAGE)
    row = tx.session.get(IgnoreRuleRow, rule, with_for_update=True)
    if row is None:
        raise NotFound("ignore_rule_unknown")
    if row.ended_at is not None:
        raise Conflict("ignore_rule_ended")
    return _end(tx, row)


def overdue(session: Session, now: datetime) -> bool:
    """Is the time of a rule over that has not ended?"""
    return session.exec(_over(now).limit(1)).first() is not None


def expire(tx: Tx) -> int:
    """End the rules whose time is over; returns how many."""
    rows = tx.session.exec(_over(tx.now).with_for_update()).all()
    for row in rows:
        _end(tx, row)
    return len(rows)


def _over(now: datetime) -> Any:
    query = select(IgnoreRuleRow).where(col(IgnoreRuleRow.ended_at).is_(None), col(IgnoreRuleRow.until_at) <= now)
    return query.order_by(col(IgnoreRuleRow.until_at), col(IgnoreRuleRow.id))


def _end(tx: Tx, row: IgnoreRuleRow) -> int:
    mine = (col(DetectionRow.ignored_by) == row.id, col(DetectionRow.state) == "ignored")
    count = tx.session.exec(select(func.count()).select_from(DetectionRow).where(*mine)).one()
    row.ended_at = tx.now
    tx.session.add(row)
    back = 0
    if row.kind == IgnoreKind.SNOOZE:
        tx.session.execute(update(DetectionRow).where(*mine).values(state="new", ignored_until=None))
        back = count
    else:  # what is told again later is looked at again
        tx.session.execute(update(DetectionRow).where(*mine).values(ignored_until=tx.now))
    tx.record(EntryKind.IGNORE_RULE_ENDED, out={"rule": row.id, "detections": count, "back": back})
    return back


# ---------------------------------------------------------------------------------------------------- while sorting


def set_aside(tx: Tx, fresh: Mapping[int, Member]) -> set[int]:
    """Set aside those of the new detections that a rule speaks of; returns their ids. One entry a rule."""
    rules = _active(tx)
    if not rules:
        return set()
    sources = sources_of(tx, {row.batch for row in fresh.values()})
    found: defaultdict[str, list[Member]] = defaultdict(list)
    until: dict[str, datetime] = {rule.id: rule.until_at for rule in rules}
    for row in fresh.values():
        told = _told(row, sources.get(row.batch, ""))
        rule = next((one for one in rules if one.fits(told)), None)
        if rule is not None and row.ignored_by != rule.id:  # what a snooze gave back is not set aside by it again
            found[rule.id].append(row)
    for rule_id, rows in sorted(found.items()):
        for row in rows:
            row.state, row.ignored_by, row.ignored_until = "ignored", rule_id, until[rule_id]
        members.store(tx.session, rows)
        out: dict[str, str | int] = {"rule": rule_id, "detections": len(rows), "level": max(row.level for row in rows)}
        tx.record(EntryKind.DETECTIONS_SET_ASIDE, out=out)
    return {row.id for rows in found.values() for row in rows}


def _active(tx: Tx) -> list[IgnoreRule]:
    """The rules that have not ended, oldest first: each looks at when a detection came in."""
    query = select(IgnoreRuleRow).where(col(IgnoreRuleRow.ended_at).is_(None))
    rows = tx.session.exec(query.order_by(col(IgnoreRuleRow.made_at), col(IgnoreRuleRow.id)))
    return [rule_of(row) for row in rows]


def rule_of(row: IgnoreRuleRow) -> IgnoreRule:
    """A stored rule."""
    return IgnoreRule(
        row.id, IgnoreKind(row.kind), row.from_at, row.until_at, row.source, row.text, row.host, row.network,
        row.passes_from,
    )  # fmt: skip


def _told(row: Member, source: str) -> Told:
    hosts = (row.host, row.attacked, row.reported_as)
    addresses = (row.src_ip, row.dst_ip, row.attacked, row.reported_as)
    return Told(
        source, row.title, tuple(one for one in hosts if one), tuple(one for one in addresses if one), row.level,
        row.last_seen,
    )  # fmt: skip

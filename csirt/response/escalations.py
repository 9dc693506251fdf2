"""Chains are climbed: calls go to the outbox in the commit that decides them; acknowledgements stop them."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from csirt.errors import Forbidden, Invalid, NotFound
from csirt.model import escalation as climb
from csirt.model.authority import Permission, must
from csirt.model.contact import ContactChain
from csirt.model.duty import rule_of
from csirt.model.escalation import Advance, Escalation, Page, RouteProgress, RouteState
from csirt.model.message import CALL_SHEET_CHANNELS, DeliveryState
from csirt.model.people import Roster
from csirt.model.step import Json, StepKind
from csirt.record.entry import EntryKind
from csirt.response import call_sheets, deliveries, duties, locks, people, runs
from csirt.store.ledger import Code
from csirt.store.queries.duties import end_of
from csirt.store.tables.cases import IncidentRow
from csirt.store.tables.outbox import DeliveryRow, EscalationRow
from csirt.store.tables.runs import AssignmentRow, StepRow
from csirt.store.tx import Tx, new_id


def start(
    tx: Tx, incident: str, run: str | None, step: str, chain: str, template: str, said: Mapping[str, Code] = {}
) -> str:
    """Begin to climb a chain and make the calls that are due at once; returns the escalation's id.

    `said` is what the entry says besides, where the chain is a step of its own.

    Raises:
        NotFound: the city has no such chain.
    """
    if chain not in tx.city.chains:
        raise NotFound("chain_unknown", chain=chain)
    begun = climb.begin(
        tx.city.chains[chain], escalation_id=new_id("e"), incident=incident, step=step, template=template, now=tx.now
    )
    row = EscalationRow(
        id=begun.id, incident=incident, run=run, step=step, chain=chain, template=template, routes=[],
        started_at=tx.now, next_due=tx.now,
    )  # fmt: skip
    _keep(row, begun)
    tx.session.add(row)
    tx.session.flush()
    routes = [route.route for route in begun.routes]
    out: dict[str, Code | list[str]] = {"escalation": row.id, "chain": chain, "routes": routes, "template": template}
    out |= said
    tx.record(EntryKind.ESCALATION_STARTED, incident=incident, run=run, step=step, out=out)
    _advance(tx, row)
    return row.id


def join(tx: Tx, incident: str, run: str, step: str, chain: str) -> bool:
    """A step of a run takes part in the climb of this chain that no run began, so that nobody is called twice.

    False where there is none. If that climb has ended already, the step has its outcome at once.
    """
    query = select(EscalationRow).where(
        EscalationRow.incident == incident, EscalationRow.chain == chain, col(EscalationRow.run).is_(None),
        EscalationRow.template != REMINDER,
    )  # fmt: skip
    found = _all_locked(tx, query.order_by(col(EscalationRow.started_at)))
    if not found:
        return False
    row = found[0]
    row.run, row.step = run, step
    tx.session.add(row)
    out: dict[str, str | list[str]] = {"escalation": row.id, "chain": chain, "routes": _states(_read(row))}
    tx.record(EntryKind.ESCALATION_JOINED, incident=incident, run=run, step=step, out=out)
    if row.ended_at is not None:
        _settle(tx, row, _read(row))
    return True


REMINDER = "duty_reminder"  # the template of calls about a duty: they belong to it, not to the case as a whole
BATCH = 250  # escalations that one commit advances: enough to be quick, few enough that no writer waits long


def advance(tx: Tx, limit: int = BATCH, only: str | None = None) -> int:
    """Make every call that is due in any open escalation, or in `only` this one; returns how many escalations moved."""
    is_due = (col(EscalationRow.ended_at).is_(None), col(EscalationRow.next_due) <= tx.now)
    oldest = select(EscalationRow.id, EscalationRow.incident).where(*is_due).order_by(col(EscalationRow.next_due))
    if only is not None:
        oldest = oldest.where(EscalationRow.id == only)
    found = tx.session.exec(oldest.limit(limit)).all()
    free = locks.hold_free(tx, {incident for _, incident in found})
    ids = [id_ for id_, incident in found if incident in free]
    due = _all_locked(
        tx,
        select(EscalationRow).where(col(EscalationRow.id).in_(ids), *is_due),
    )
    if due:
        _advance(tx, *due)
    return len(due)


def acknowledge(tx: Tx, escalation: str) -> None:
    """Somebody who was called says that they have seen it.

    Raises:
        Forbidden: the actor was not called in this escalation.
    """
    must(tx.actor, Permission.ACKNOWLEDGE_CALL)
    heard(tx, escalation, tx.actor.id)


def heard(tx: Tx, escalation: str, who: str) -> None:
    """A person, or an office by its party, has seen the call. Said twice, heard once.

    Raises:
        Forbidden: they were not called in this escalation.
    """
    if case := tx.session.exec(select(EscalationRow.incident).where(EscalationRow.id == escalation)).first():
        locks.hold(tx, case)
    row = _locked(tx, escalation)
    progress = _read(row)
    asked = [route for route in progress.routes if any(called.is_known_as(who) for called in route.called)]
    if not asked:
        raise Forbidden("not_called", escalation=escalation)
    if not all(who in route.acknowledged for route in asked):
        _acknowledge(tx, row, progress, who)


def record_call(tx: Tx, sheet: AssignmentRow, choice: str, reason: str, fields: Mapping[str, Json]) -> None:
    """A member of staff has filled in a call sheet: who was reached, on which number, when, what they read back.

    Raises:
        Invalid: somebody was reached, but nobody is named or nothing was read back.
    """
    reached = choice == "reached"
    for name in ("spoke_with", "read_back") if reached else ():
        if not str(fields.get(name) or "").strip():
            raise Invalid("field_missing", field=name)
    call = tx.session.get_one(DeliveryRow, sheet.delivery)
    call.state = DeliveryState.SENT.value if reached else DeliveryState.REFUSED.value
    call.finished_at, call.reply, call.attempts = tx.now, choice, 1
    call.acknowledged_at = tx.now if reached else None
    tx.session.add(call)
    texts = {name: str(value) for name, value in fields.items() if str(value).strip()}
    if reason.strip():
        texts["reason"] = reason.strip()
    out = {"choice": choice, "delivery": call.id, "channel": call.channel, "party": call.party}
    tx.record(EntryKind.CALL_RECORDED, incident=call.incident, step=sheet.step, out=out, texts=texts)
    if reached and call.escalation:
        row = _locked(tx, call.escalation)
        _acknowledge(tx, row, _read(row), call.person or call.party)
    if reached and call.incident:
        duties.meet_by_calls(tx, call.incident)


def answered(tx: Tx, run: str, step: str) -> None:
    """The step has its answer: whatever still climbs for it stops, and nobody needs to phone for it any more."""
    query = select(EscalationRow).where(EscalationRow.run == run, EscalationRow.step == step)
    for row in _all_locked(tx, query):
        if row.ended_at is None:
            _finish(tx, row, climb.answered(_read(row), tx.now))
        deliveries.call_off_routes(tx, row.id, _route_names(row))  # also what a route left that ran through


def call_off(tx: Tx, incident: str, step: str | None = None) -> None:
    """The case closes, or one step is given up: nothing climbs on, and call sheets not filled in are taken back."""
    query = select(EscalationRow).where(EscalationRow.incident == incident)
    for row in _all_locked(tx, query if step is None else query.where(EscalationRow.step == step)):
        if row.ended_at is None:
            _finish(tx, row, climb.end(_read(row), tx.now))
        deliveries.call_off_routes(tx, row.id, _route_names(row))


def facts_of(tx: Tx, incident: str, step: str) -> dict[str, str]:
    """What a message may say: codes, numbers and times. Words are put in when it is sent."""
    return _facts(tx, _cases(tx, {incident}), {(incident, step)})[incident, step]


def _cases(tx: Tx, incidents: set[str]) -> dict[str, IncidentRow]:
    return {row.id: row for row in tx.session.exec(select(IncidentRow).where(col(IncidentRow.id).in_(incidents)))}


def _facts(
    tx: Tx, cases: Mapping[str, IncidentRow], steps: set[tuple[str, str]]
) -> dict[tuple[str, str], dict[str, str]]:
    """What messages about these steps may say, in one question for all of them."""
    apart = [StepKind.CALL.value, StepKind.REVIEW.value, StepKind.ERRAND.value]
    query = select(AssignmentRow).where(
        col(AssignmentRow.incident).in_({incident for incident, _ in steps}), col(AssignmentRow.kind).not_in(apart)
    )
    asked: dict[tuple[str, str], AssignmentRow] = {}
    for row in tx.session.exec(query):
        asked.setdefault((row.incident, row.step), row)
    return {
        (incident, step): _facts_about(tx, cases[incident], step, asked.get((incident, step)))
        | _ends(tx, incident, step)
        for incident, step in steps
    }


def _ends(tx: Tx, incident: str, step: str) -> dict[str, str]:
    """Until when, where the call is about a duty: the last minute of its last day."""
    rule = rule_of(step)
    end = end_of(tx.session, incident, rule) if rule else None
    return {"due": (end - timedelta(minutes=1)).isoformat()} if end else {}


def _facts_about(tx: Tx, row: IncidentRow, step: str, asked: AssignmentRow | None) -> dict[str, str]:
    level = row.level if row.level is not None else row.proposed_level
    return {
        "incident": row.id,
        "year": str(row.fiscal_year),
        "ordinal": str(row.ordinal),
        "type": row.type,
        "level": str(level),
        "step": step,
        "assignment": asked.id if asked else "",
        "due": asked.due_at.isoformat() if asked and asked.due_at else "",
        "at": tx.now.isoformat(),
        **{
            name: at.isoformat()
            for name in ("occurred", "noticed", "known", "received")
            if (at := getattr(row, name)) is not None
        },
    }


def _locked(tx: Tx, escalation: str) -> EscalationRow:
    row = tx.session.get(EscalationRow, escalation, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound("escalation_unknown", escalation=escalation)
    return row


def _all_locked(tx: Tx, query: SelectOfScalar[EscalationRow]) -> Sequence[EscalationRow]:
    """Locked before they are read: `routes` is written back whole, and must not undo what somebody else just wrote."""
    query = query.order_by(col(EscalationRow.id)).with_for_update().execution_options(populate_existing=True)
    return tx.session.exec(query).all()


def _read(row: EscalationRow) -> Escalation:
    routes = tuple(RouteProgress.from_plain(route) for route in row.routes)
    return Escalation(row.id, row.incident, row.step, row.chain, row.template, row.started_at, routes, row.ended_at)


def _keep(row: EscalationRow, value: Escalation) -> None:
    row.routes = [dict(route.to_plain()) for route in value.routes]
    row.ended_at = value.ended_at


def _advance(tx: Tx, *rows: EscalationRow) -> None:
    """Take the next step of each; what all of them need is asked for once."""
    known: Roster = people.roster(tx.session, tx.vault, at=tx.now)
    sealed = people.callable_in(tx.session, known, {row.incident for row in rows})
    steps = [(row, _step(tx, row, sealed.get(row.incident, known))) for row in rows]
    tx.session.flush()
    calling = {(row.incident, row.step) for row, step in steps if step and step.pages}
    cases = _cases(tx, {incident for incident, _ in calling})  # held here, so that the session finds them again
    facts = _facts(tx, cases, calling)
    for row, step in steps:
        if step is not None:
            _take(tx, row, step, facts.get((row.incident, row.step), {}))


def _step(tx: Tx, row: EscalationRow, known: Roster) -> Advance | None:
    """The next step, kept in the row; None where the chain's file was taken away meanwhile, and that is said."""
    chain = tx.city.chains.get(row.chain)
    if chain is None:
        out = {"escalation": row.id, "code": "chain_unknown"}
        tx.record(EntryKind.TIER_SKIPPED, incident=row.incident, run=row.run, step=row.step, out=out)
        _finish(tx, row, climb.end(_read(row), tx.now))
        return None
    step = climb.next_pages(chain, _read(row), known, tx.city.offices, tx.city.calendar, tx.now)
    row.next_due = step.next_due
    _keep(row, step.escalation)
    tx.session.add(row)
    return step


def _take(tx: Tx, row: EscalationRow, step: Advance, facts: Mapping[str, str]) -> None:
    """Make the calls of a step."""
    for page in step.pages:
        _call(tx, row, page, {**facts, "escalation": row.id, "chain": row.chain})
    if step.escalation.ended_at:
        _finish(tx, row, step.escalation)
    elif not step.pages:  # a new round, or a tier whose people all know already: the climb moves, and that is said
        moved: dict[str, str | list[str]] = {"escalation": row.id, "routes": _states(step.escalation)}
        tx.record(EntryKind.ESCALATION_ADVANCED, incident=row.incident, run=row.run, step=row.step, out=moved)


def _call(tx: Tx, row: EscalationRow, page: Page, facts: Mapping[str, str]) -> None:
    out: dict[str, str | int] = {
        "escalation": row.id, "route": page.route, "round": page.round, "tier": page.tier, "party": page.party,
    }  # fmt: skip
    if page.recipient is None:
        out["code"] = page.skipped or "unknown"
        tx.record(EntryKind.TIER_SKIPPED, incident=row.incident, run=row.run, step=row.step, out=out)
        return
    delivery = deliveries.queue(
        tx, row.incident, page.channel, page.recipient, row.template, facts,
        escalation=row.id, page=(page.page_key, page.route, page.tier),
    )  # fmt: skip
    out |= {"channel": page.channel, "delivery": delivery}
    if page.recipient.person:
        out["person"] = page.recipient.person
    tx.record(EntryKind.PERSON_CALLED, incident=row.incident, run=row.run, step=row.step, out=out)
    if page.channel in CALL_SHEET_CHANNELS:
        call_sheets.open_sheet(tx, row.incident, row.run, row.step, delivery)


def _acknowledge(tx: Tx, row: EscalationRow, before: Escalation, who: str) -> None:
    # Without its chain's file nobody is called any more; that somebody was reached still counts, and ends the route.
    chain = tx.city.chains.get(row.chain) or ContactChain(row.chain, routes=())
    after = climb.acknowledge(before, chain, who, tx.now)
    _keep(row, after)
    row.next_due = _next_due(tx, chain, after)
    tx.session.add(row)
    out: dict[str, str | list[str]] = {"escalation": row.id, "by": who, "routes": _states(after)}
    tx.record(EntryKind.CALL_ACKNOWLEDGED, incident=row.incident, run=row.run, step=row.step, out=out)
    deliveries.call_off_addressee(tx, row.id, who)
    # The last resort of another route, which nobody answered, is still to be called.
    over = [r.route for r in after.routes if r.state not in {RouteState.CLIMBING, RouteState.EXHAUSTED}]
    deliveries.call_off_routes(tx, row.id, over)
    if after.ended_at and not before.ended_at:
        _finish(tx, row, after)


def _next_due(tx: Tx, chain: ContactChain, value: Escalation) -> datetime | None:
    """When the routes that still climb take their next step; at once if one is due already."""
    known = people.roster(tx.session, tx.vault, at=tx.now)
    known = people.callable_in(tx.session, known, {value.incident}).get(value.incident, known)
    step = climb.next_pages(chain, value, known, tx.city.offices, tx.city.calendar, tx.now)
    return step.next_due if step.escalation == value else tx.now


def _route_names(row: EscalationRow) -> list[str]:
    return [route.route for route in _read(row).routes]


def _states(value: Escalation) -> list[str]:
    return [f"{route.route}:{route.state.value}" for route in value.routes]


def _finish(tx: Tx, row: EscalationRow, after: Escalation) -> None:
    """No route climbs any more. A `reach` step ends with it."""
    _keep(row, after)
    row.ended_at, row.next_due = after.ended_at or tx.now, None
    tx.session.add(row)
    out: dict[str, str | list[str]] = {"escalation": row.id, "routes": _states(after)}
    tx.record(EntryKind.ESCALATION_ENDED, incident=row.incident, run=row.run, step=row.step, out=out)
    if any(route.state != RouteState.EXHAUSTED for route in after.routes):
        over = [route.route for route in after.routes if route.state != RouteState.EXHAUSTED]
        deliveries.call_off_routes(tx, row.id, over)
    _settle(tx, row, after)


def _settle(tx: Tx, row: EscalationRow, after: Escalation) -> None:
    """The `reach` step that waits for a climb, if there is one, has its outcome."""
    step = tx.session.get(StepRow, (row.run, row.step)) if row.run else None
    if step and step.kind == StepKind.REACH.value:
        value: Json = {route.route: route.state.value for route in after.routes}
        runs.settle(tx, step.run, row.incident, row.step, value, out={"routes": len(after.routes)})

"""Questions about steps, assignments and escalations. Nothing here writes."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam, false
from sqlmodel import col, or_, select

from csirt.errors import NotFound
from csirt.model.form import FormField
from csirt.model.message import DeliveryState
from csirt.model.step import Choice, Json, StepKind, StepState
from csirt.store.tables.cases import IncidentRow
from csirt.store.tables.outbox import DeliveryDueRow, DeliveryRow, EscalationRow
from csirt.store.tables.runs import AssignmentRow, RunRow, StepRow
from csirt.store.tx import Look


@dataclass(frozen=True, slots=True)
class AssignmentView:
    """A step that waits for a person, or waited. `answered_by` is an opaque id; `answer` is opened from the vault."""

    id: str
    incident: str
    fiscal_year: int
    ordinal: int
    drill: bool
    type: str
    playbook: str | None
    step: str
    kind: StepKind
    who: str
    choices: tuple[Choice, ...]
    fields: tuple[str, ...]
    form: tuple[FormField, ...]
    showing: tuple[str, ...]
    not_by: tuple[str, ...]
    opened_at: datetime
    due_at: datetime | None
    closed_at: datetime | None
    answered_by: str | None
    choice: str | None
    answer: Json
    delivery: str | None
    run: str | None
    taken_by: str | None = None  # who has it in hand
    taken_at: datetime | None = None
    handed_by: str | None = None
    handed_note: str = ""
    referred_from: str | None = None
    referred_by: str | None = None
    referred_reason: str = ""
    text: str = ""  # what is to be done, where no playbook says it
    asked_by: str | None = None
    necessary: bool = False
    proxy_for: str | None = None  # a deputy answered for the holder of this post (代決)


@dataclass(frozen=True, slots=True)
class StepView:
    """A recorded step with its value."""

    key: str
    kind: StepKind
    state: StepState
    branch: str
    mandatory: bool
    attempts: int
    opened_at: datetime
    ended_at: datetime | None
    value: Json
    assignment: AssignmentView | None


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """A call or message: to whom, on which channel, and what became of it."""

    id: str
    incident: str
    escalation: str | None
    route: str | None
    tier: int | None
    channel: str
    party: str
    person: str | None
    name: str
    address: str
    template: str
    state: str
    attempts: int
    queued_at: datetime
    finished_at: datetime | None
    acknowledged_at: datetime | None
    reply: str
    facts: dict[str, str]


@dataclass(frozen=True, slots=True)
class EscalationView:
    """A chain being climbed, or climbed. `routes` is the plain form of `RouteProgress`."""

    id: str
    incident: str
    step: str
    chain: str
    routes: tuple[dict[str, Any], ...]
    started_at: datetime
    next_due: datetime | None
    ended_at: datetime | None
    calls: tuple[DeliveryView, ...]


def assignments(
    look: Look, *, who: Sequence[str] | None = None, incident: str | None = None, open_only: bool = True,
    kind: StepKind | None = None, limit: int = 200, offset: int = 0,
) -> list[AssignmentView]:  # fmt: skip
    """Assignments, soonest due first. `who` are parties such as `role:officer`, `post:ciso`; None means everybody's."""
    told: dict[str, Any] = {"who": None if who is None else list(who), "incident": incident or None}
    told |= {"kind": kind.value if kind else None}
    told = {name: value for name, value in told.items() if value is not None}
    query = _listed(frozenset(told), open_only=open_only)
    return _views(look, look.session.execute(query, {**told, "first": offset, "most": limit}).all())


@lru_cache
def _listed(told: frozenset[str], *, open_only: bool) -> Any:
    """The question by what it is told, made once."""
    due = col(AssignmentRow.due_at)
    query = _assignments().order_by(due.is_(None), due, col(AssignmentRow.id))
    if "who" in told:
        query = query.where(col(AssignmentRow.who).in_(bindparam("who", expanding=True)))
    for name in told - {"who"}:
        query = query.where(col(getattr(AssignmentRow, name)) == bindparam(name))
    if open_only:
        query = query.where(col(AssignmentRow.closed_at).is_(None))
    return query.offset(bindparam("first")).limit(bindparam("most"))


def assignment(look: Look, id_: str) -> AssignmentView:
    """One assignment. Raises `NotFound`."""
    rows = look.session.exec(_assignments().where(AssignmentRow.id == id_)).all()
    if not rows:
        raise NotFound("assignment_unknown", assignment=id_[:40])
    return _views(look, rows)[0]


def _assignments() -> Any:
    return (
        select(AssignmentRow, IncidentRow, RunRow)
        .join(IncidentRow, col(IncidentRow.id) == col(AssignmentRow.incident))
        .join(RunRow, col(RunRow.incident) == col(AssignmentRow.incident), isouter=True)
    )


def _views(look: Look, rows: Sequence[tuple[AssignmentRow, IncidentRow, RunRow | None]]) -> list[AssignmentView]:
    answers = look.vault.texts(
        look.session, (one for row, _, _ in rows for one in (row.answer_c, row.handed_c, row.referred_c, row.text_c))
    )
    return [
        AssignmentView(
            id=row.id, incident=row.incident, fiscal_year=case.fiscal_year, ordinal=case.ordinal,
            drill=case.drill, type=case.type,
            playbook=run.playbook if run else None, step=row.step, kind=StepKind(row.kind), who=row.who,
            choices=tuple(Choice(str(code), bool(needs)) for code, needs in row.choices), fields=tuple(row.fields),
            form=tuple(FormField.from_plain(one) for one in row.form or ()),
            showing=tuple(row.showing), not_by=tuple(row.not_by), opened_at=row.opened_at, due_at=row.due_at,
            closed_at=row.closed_at, answered_by=row.answered_by, choice=row.choice,
            answer=json.loads(answers[row.answer_c]) if row.answer_c in answers else None, delivery=row.delivery,
            run=row.run, taken_by=row.taken_by, taken_at=row.taken_at, handed_by=row.handed_by,
            handed_note=answers.get(row.handed_c or "", ""), referred_from=row.referred_from,
            text=answers.get(row.text_c or "", ""), asked_by=row.asked_by, necessary=row.necessary,
            proxy_for=row.proxy_for, referred_by=row.referred_by, referred_reason=answers.get(row.referred_c or "", ""),
        )
        for row, case, run in rows
    ]  # fmt: skip


def steps(look: Look, incident: str, known: Sequence[AssignmentView] | None = None) -> list[StepView]:
    """The steps of an incident's run, in the order in which they were first reached.

    `known` are the assignments of the incident, where the caller has them at hand.
    """
    if known is None:
        known = assignments(look, incident=incident, open_only=False)
    rows = look.session.execute(_STEPS, {"incident": incident}).scalars().all()
    values = look.vault.texts(look.session, (row.value_c for row in rows))
    asked = {view.step: view for view in known if view.run}
    return [
        StepView(
            row.key, StepKind(row.kind), StepState(row.state), row.branch, row.mandatory, row.attempts,
            row.opened_at, row.ended_at, json.loads(values[row.value_c]) if row.value_c in values else None,
            asked.get(row.key),
        )
        for row in rows
    ]  # fmt: skip


_STEPS: Any = (
    select(StepRow)
    .join(RunRow, col(RunRow.id) == col(StepRow.run))
    .where(col(RunRow.incident) == bindparam("incident"))
    .order_by(col(StepRow.position))
)


def goes_on(look: Look, incident: str) -> bool:
    """Does a playbook still lead this incident? Not one that came to its end or was stopped."""
    run = look.session.exec(select(RunRow).where(RunRow.incident == incident)).first()
    return run is not None and run.ended_at is None and run.stopped_by is None


def step_values(look: Look, run: str, keys: Sequence[str]) -> dict[str, Json]:
    """The values of some steps, for what a question shows."""
    query = select(StepRow).where(StepRow.run == run, col(StepRow.key).in_(keys))
    rows = look.session.exec(query).all()
    values = look.vault.texts(look.session, (row.value_c for row in rows))
    return {row.key: json.loads(values[row.value_c]) for row in rows if row.value_c in values}


def escalations(
    look: Look, *, incident: str | None = None, open_only: bool = False, called: str | None = None, limit: int = 100
) -> list[EscalationView]:
    """Escalations with their calls, oldest first; with `called` those that called this person."""
    told = {name: value for name, value in (("incident", incident), ("called", called)) if value}
    query = _escalations(frozenset(told), open_only=open_only)
    rows = look.session.execute(query, {**told, "most": limit}).scalars().all()
    calls: dict[str | None, list[DeliveryView]] = {}
    for call in deliveries(look, escalations=[row.id for row in rows]):
        calls.setdefault(call.escalation, []).append(call)
    return [
        EscalationView(
            row.id, row.incident, row.step, row.chain, tuple(row.routes), row.started_at, row.next_due, row.ended_at,
            tuple(calls.get(row.id, ())),
        )
        for row in rows
    ]  # fmt: skip


@lru_cache
def _escalations(told: frozenset[str], *, open_only: bool) -> Any:
    """The question by what it is told, made once: every board asks it."""
    query = select(EscalationRow).order_by(col(EscalationRow.started_at)).limit(bindparam("most"))
    if "incident" in told:
        query = query.where(col(EscalationRow.incident) == bindparam("incident"))
    if open_only:
        query = query.where(col(EscalationRow.ended_at).is_(None))
    if "called" in told:
        theirs = select(DeliveryRow.escalation).where(col(DeliveryRow.person) == bindparam("called"))
        query = query.where(col(EscalationRow.id).in_(theirs))
    return query


def chains_of(look: Look, incidents: Collection[str]) -> dict[str, str]:
    """The chain of every escalation of these incidents, by its id and by `incident/step`, the newest where two did."""
    if not incidents:
        return {}
    asked = select(EscalationRow.id, EscalationRow.incident, EscalationRow.step, EscalationRow.chain)
    query = asked.where(col(EscalationRow.incident).in_(incidents)).order_by(col(EscalationRow.started_at))
    rows = look.session.exec(query).all()
    of_steps = {f"{incident}/{step}": chain for _, incident, step, chain in rows}
    return of_steps | {id_: chain for id_, _, _, chain in rows}


def incident_of_escalation(look: Look, escalation: str) -> str:
    """The incident of an escalation. Raises `NotFound`."""
    row = look.session.get(EscalationRow, escalation)
    if row is None:
        raise NotFound("escalation_unknown", escalation=escalation[:40])
    return row.incident


def deliveries(
    look: Look, *, escalations: Sequence[str] = (), incident: str | None = None, ids: Sequence[str] = ()
) -> list[DeliveryView]:
    """Calls and messages of escalations or of an incident, oldest first."""
    theirs = col(DeliveryRow.incident) == incident if incident else false()  # none would mean: those of no case
    wanted = or_(col(DeliveryRow.escalation).in_(escalations), theirs, col(DeliveryRow.id).in_(ids))
    if not (escalations or incident or ids):
        return []
    rows = look.session.exec(select(DeliveryRow).where(wanted).order_by(col(DeliveryRow.queued_at))).all()
    if not rows:
        return []
    held = select(DeliveryDueRow.delivery).where(col(DeliveryDueRow.lease).is_not(None))
    sending = set(look.session.exec(held.where(col(DeliveryDueRow.delivery).in_([row.id for row in rows]))))
    return [_delivery(row, is_sending=row.id in sending) for row in rows]


def _delivery(row: DeliveryRow, *, is_sending: bool) -> DeliveryView:
    """A delivery is `sending` while a sender holds it, unless it may have arrived already."""
    view = DeliveryView(**{name: getattr(row, name) for name in DeliveryView.__dataclass_fields__})
    known = is_sending and row.state != DeliveryState.UNKNOWN.value
    return replace(view, state=DeliveryState.SENDING.value) if known else view

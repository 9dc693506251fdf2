"""Escalations as ladders: who was called on which rung, who has seen it, who comes next."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from csirt.model.authority import Permission, may
from csirt.model.contact import ContactChain, Route, StopOn, Tier
from csirt.model.message import DeliveryState
from csirt.model.people import Actor
from csirt.model.progress import RouteProgress, RouteState
from csirt.record.entry import EntryKind
from csirt.store.queries import timeline, work
from csirt.store.queries.timeline import TimelineEntry
from csirt.store.queries.work import AssignmentView, DeliveryView, EscalationView
from csirt.store.tx import Look
from csirt.web.api.words import Words
from csirt.web.session import Visit
from csirt.web.views.escalation import Call, EscalationPart, Ladder, Rung

MOST = 1000  # skipped tiers and acknowledgements that one page tells of
_STILL_ASKED = frozenset({RouteState.CLIMBING, RouteState.EXHAUSTED})


def waiting_for(look: Look, actor: Actor) -> list[EscalationView]:
    """Escalations under way that called this person, who has not said yet that they saw it."""
    if not may(actor, Permission.ACKNOWLEDGE_CALL):
        return []
    return [view for view in work.escalations(look, open_only=True) if _asks(view, actor)]


def _asks(view: EscalationView, actor: Actor) -> bool:
    return any(
        progress.state in _STILL_ASKED
        and actor.id not in progress.acknowledged
        and any(called.person == actor.id for called in progress.called)
        for progress in _progress(view)
    )


def _progress(view: EscalationView) -> list[RouteProgress]:
    return [RouteProgress.from_plain(plain) for plain in view.routes]


def parts(look: Look, visit: Visit, words: Words, incident: str, sheets: Sequence[AssignmentView]) -> tuple[EscalationPart, ...]:
    """The escalations of an incident: those under way first, then the ended ones, newest first. `sheets` are its call sheets."""
    found = work.escalations(look, incident=incident)
    ordered = sorted(found, key=lambda view: (view.ended_at is None, view.started_at), reverse=True)
    told = _Told(
        visit,
        words,
        _by_escalation(timeline.explore(look, incident=incident, kind=EntryKind.TIER_SKIPPED.value, limit=MOST)),
        _by_escalation(timeline.explore(look, incident=incident, kind=EntryKind.CALL_ACKNOWLEDGED.value, limit=MOST)),
        _open_sheets(visit.actor, sheets),
        {step.step: step.playbook for step in sheets},
    )
    return tuple(told.part(view) for view in ordered)


def _by_escalation(entries: Iterable[TimelineEntry]) -> dict[str, list[TimelineEntry]]:
    found: dict[str, list[TimelineEntry]] = {}
    for entry in sorted(entries, key=lambda one: one.seq):
        found.setdefault(str(entry.out.get("escalation")), []).append(entry)
    return found


def _open_sheets(actor: Actor, sheets: Sequence[AssignmentView]) -> dict[str, str]:
    """Delivery to call sheet, for who may fill them in."""
    if not may(actor, Permission.FILL_CALL_SHEET):
        return {}
    return {sheet.delivery: sheet.id for sheet in sheets if sheet.delivery and sheet.closed_at is None}

"""Escalations as ladders: who was called on which rung, who has seen it, who comes next."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated

from fastapi import Query

from csirt.bootstrap import Desk
from csirt.model.authority import Permission, may
from csirt.model.contact import Route, StopOn, Tier
from csirt.model.message import DeliveryState
from csirt.model.people import Actor
from csirt.model.progress import RouteProgress, RouteState
from csirt.record.entry import EntryKind
from csirt.store.queries import timeline, work
from csirt.store.queries.timeline import TimelineEntry
from csirt.store.queries.work import AssignmentView, DeliveryView, EscalationView
from csirt.store.tx import Look
from csirt.web.api.words import Words
from csirt.web.pages.ladders import picture_of_climb
from csirt.web.session import Visit
from csirt.web.views.escalation import Call, EscalationPart, Ladder, Rung
from csirt.web.views.frame import Window

MOST = 1000  # skipped tiers and acknowledgements that one page tells of
PAGE = 5  # escalations that one page shows
_RUNGS, _CALLS = 6, 8  # of a ladder, and of one rung, that are shown at first: the newest, and what comes next
_STILL_ASKED = frozenset({RouteState.CLIMBING, RouteState.EXHAUSTED})


def waiting_for(look: Look, actor: Actor) -> list[EscalationView]:
    """Escalations under way that called this person, who has not said yet that they saw it."""
    if not may(actor, Permission.ACKNOWLEDGE_CALL):
        return []
    return [view for view in work.escalations(look, open_only=True, called=actor.id) if asks(view, actor)]


def asks(view: EscalationView, actor: Actor) -> bool:
    """Does a route that is not settled wait for this person to say that they saw it?"""
    return any(
        progress.state in _STILL_ASKED
        and actor.id not in progress.acknowledged
        and any(called.person == actor.id for called in progress.called)
        for progress in map(RouteProgress.from_plain, view.routes)
    )


@dataclass(frozen=True, slots=True)
class Shown:
    """Which page of an incident's escalations is wanted, and which of them is wanted whole (its id)."""

    page: int = 1
    whole: str = ""


def wanted(
    climbs: Annotated[int, Query(ge=1, le=100_000)] = 1, ladder: Annotated[str, Query(max_length=40)] = ""
) -> Shown:
    """Which page of them the address names, and which one is to be shown whole."""
    return Shown(climbs, ladder)


def parts_of(
    look: Look, visit: Visit, words: Words, playbook: str | None,
    found: Sequence[EscalationView], sheets: Sequence[AssignmentView], shown: Shown,
) -> tuple[EscalationPart, ...]:  # fmt: skip
    """One page of an incident's escalations, those under way first, then the newest. `sheets` are its call sheets."""
    if not found:
        return ()
    ordered = sorted(found, key=lambda view: (view.ended_at is None, view.started_at), reverse=True)
    first = (shown.page - 1) * PAGE
    incident = found[0].incident
    skipped = timeline.explore(look, incident=incident, kind=EntryKind.TIER_SKIPPED.value, limit=MOST)
    seen = timeline.explore(look, incident=incident, kind=EntryKind.CALL_ACKNOWLEDGED.value, limit=MOST)
    climbs = [
        _Climb(
            visit, words, view, _of(view, skipped), _of(view, seen), _open_sheets(visit.actor, sheets),
            is_whole=view.id == shown.whole,
        )
        for view in ordered[first : first + PAGE]
    ]  # fmt: skip
    return tuple(climb.part(words.step_text(playbook, climb.view.step).title) for climb in climbs)


def window_of(incident: str, total: int, page: int) -> Window | None:
    """Which of them a page shows; None where it shows all."""
    if total <= PAGE and page == 1:
        return None
    first, base = (page - 1) * PAGE, f"/incidents/{incident}"
    return Window(
        first=first + 1,
        last=min(first + PAGE, total),
        total=total,
        newer=f"{base}?climbs={page - 1}#escalations" if page > 1 else "",
        older=f"{base}?climbs={page + 1}#escalations" if first + PAGE < total else "",
    )


def _of(view: EscalationView, entries: Iterable[TimelineEntry]) -> list[TimelineEntry]:
    """The entries of this escalation, oldest first."""
    mine = (entry for entry in entries if entry.out.get("escalation") == view.id)
    return sorted(mine, key=lambda entry: entry.seq)


def _open_sheets(actor: Actor, sheets: Sequence[AssignmentView]) -> dict[str, str]:
    """Delivery to open call sheet, for who may fill them in."""
    if not may(actor, Permission.FILL_CALL_SHEET):
        return {}
    return {sheet.delivery: sheet.id for sheet in sheets if sheet.delivery and sheet.closed_at is None}


def cut(numbers: list[int], calls: dict[int, list[Call]]) -> int:
    """Leave of a long ladder the rungs around the one reached last, of each the newest calls; how many are left out.

    Both arguments are shortened in place.
    """
    reached = max(calls, default=0)
    first = max(0, min(sum(number <= reached for number in numbers) - _RUNGS // 2, len(numbers) - _RUNGS))
    kept = numbers[first : first + _RUNGS]
    hidden = len(numbers) - len(kept)
    numbers[:] = kept
    for number in kept:
        hidden += max(0, len(calls.get(number, ())) - _CALLS)
        calls[number] = calls.get(number, [])[-_CALLS:]
    return hidden


@dataclass(frozen=True)
class _Climb:
    """One escalation with what the record says of it."""

    visit: Visit
    words: Words
    view: EscalationView
    skipped: list[TimelineEntry]
    seen: list[TimelineEntry]
    sheets: Mapping[str, str]
    is_whole: bool

    @property
    def desk(self) -> Desk:
        return self.visit.desk

    def part(self, about: str) -> EscalationPart:
        chain = self.desk.door.city.chains.get(self.view.chain)
        routes = {route.name: route for route in chain.routes} if chain else {}
        last = chain.exhausted if chain else None
        progress = [RouteProgress.from_plain(plain) for plain in self.view.routes]
        title = chain.title.get(self.words.language) or chain.name if chain else self.view.chain
        made = EscalationPart(
            id=self.view.id,
            chain=title,
            about=about,
            ladders=tuple(self._ladder(one, routes.get(one.route), last) for one in progress),
            may_acknowledge=may(self.visit.actor, Permission.ACKNOWLEDGE_CALL) and asks(self.view, self.visit.actor),
        )
        if any(ladder.hidden for ladder in made.ladders):
            made = replace(made, whole=self._whole())
        return replace(made, picture=picture_of_climb(made, self.words.name.words))

    def _whole(self) -> str:
        return f"/incidents/{self.view.incident}?ladder={self.view.id}#escalation-{self.view.id}"

    def _ladder(self, progress: RouteProgress, route: Route | None, last: Tier | None) -> Ladder:
        tiers = (*route.tiers, *((last,) if last else ())) if route else ()
        calls = self._calls(progress.route)
        expected = range(len(route.tiers)) if route and progress.state is RouteState.CLIMBING else range(0)
        numbers = sorted({*calls, *expected})
        hidden = 0 if self.is_whole else cut(numbers, calls)
        return Ladder(
            hidden=hidden,
            name=(route.title.get(self.words.language) if route else "") or progress.route,
            state=progress.state,
            stop_on=route.stop_on if route else StopOn.ACKNOWLEDGE,
            rungs=tuple(
                self._rung(number, progress, tiers[number] if number < len(tiers) else None, calls.get(number, []))
                for number in numbers
            ),
        )

    def _rung(self, number: int, progress: RouteProgress, tier: Tier | None, calls: list[Call]) -> Rung:
        made = Rung(
            number=number + 1,
            at=min((call.at for call in calls), default=self._planned(progress, tier)),
            parties=tuple(self.words.name(party) for party in tier.call) if tier else (),
            reached=bool(calls),
            calls=tuple(calls),
        )
        return replace(made, need=tier.need) if tier else made

    def _planned(self, progress: RouteProgress, tier: Tier | None) -> datetime:
        if tier is None:
            return progress.round_at
        open_now = self.desk.door.city.calendar.is_open(progress.round_at)
        late = tier.off_hours if not open_now and tier.off_hours is not None else tier.after
        return progress.round_at + late

    def _calls(self, route: str) -> dict[int, list[Call]]:
        """The calls of a route by tier, and those that could not be made."""
        made = [call for call in self.view.calls if call.route == route]
        seen = self._acknowledged(made)
        found: dict[int, list[Call]] = {}
        for delivery in made:
            found.setdefault(delivery.tier or 0, []).append(self._call(delivery, seen.get(delivery.id)))
        for entry in self.skipped:
            if entry.out.get("route") == route:
                found.setdefault(int(entry.out.get("tier", 0)), []).append(self._skip(entry))
        return {tier: sorted(calls, key=lambda call: call.at) for tier, calls in found.items()}

    def _acknowledged(self, made: list[DeliveryView]) -> dict[str, tuple[datetime, str]]:
        """Which delivery led to which acknowledgement: the last one before it to the same person or party."""
        found: dict[str, tuple[datetime, str]] = {}
        for entry in self.seen:
            by = str(entry.out.get("by"))
            before = [call for call in made if by in {call.person, call.party} and call.queued_at <= entry.at]
            by_phone = [call for call in before if call.acknowledged_at == entry.at]
            if before:
                found.setdefault((by_phone or before)[-1].id, (entry.at, by))
        return found

    def _call(self, delivery: DeliveryView, seen: tuple[datetime, str] | None) -> Call:
        return Call(
            name=self.words.name(delivery.person or delivery.party),
            channel=delivery.channel,
            at=delivery.queued_at,
            state=DeliveryState(delivery.state),
            acknowledged_at=seen[0] if seen else None,
            acknowledged_by=self.words.name(seen[1]) if seen else "",
            sheet=self.sheets.get(delivery.id, ""),
        )

    def _skip(self, entry: TimelineEntry) -> Call:
        party = str(entry.out.get("party", ""))
        return Call(
            name=self.words.name(party) if party else "–",
            channel="",
            at=entry.at,
            state=None,
            skipped=str(entry.out.get("code", "unknown")),
        )

"""One contact chain: its ladder, what is weak, who would be called in the coming fortnight, and its rehearsal."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from fastapi import APIRouter, Request
from markupsafe import Markup
from starlette.responses import Response

from csirt.errors import CsirtError, Invalid, Param
from csirt.model.authority import Permission, may
from csirt.model.chains import Severity, Weakness
from csirt.model.contact import ContactChain
from csirt.model.party import PartyKind
from csirt.model.rehearsal import Reached, Rehearsed, Weakest
from csirt.model.spells import PlannedCall, Spell
from csirt.outlook import Assumed, Outlook, Planned, channels_of, parties_of, planned
from csirt.reports.rehearsal_svg import draw_rehearsal
from csirt.store.tx import Look
from csirt.web.api.words import Words
from csirt.web.look import Phrasing
from csirt.web.pages.chains import Drawn
from csirt.web.pages.drawing import show
from csirt.web.pages.forms import Faults, moment_of
from csirt.web.session import IncidentReader, Visit
from csirt.web.views.chains import ChainPage, OfficeRow, Pattern, PlannedRow, Point, ReachedRow, Rehearsal, WeakRow
from csirt.web.views.frame import Form, Option

router = APIRouter(include_in_schema=False)

WITHIN = (15, 30, 60, 120, 240, 480, 1440)  # minutes
RUNS = (1_000, 10_000)
MOST_SHOWN = 5  # single failures that are told
_WITHOUT = {"silent": "rehearsal.silent", "down": "rehearsal.down"}


@router.get("/chains/{name}")
def show_chain(request: Request, name: str, reader: IncidentReader) -> Response:
    """One chain, rehearsed from now on, or as the form asks; a faulty form comes back."""
    given = request.query_params
    typed = {field: given.get(field, "") for field in ("at", "goal", "within", "runs")}
    page = _Page(reader, name, typed, tuple(given.getlist("silent")), tuple(given.getlist("down")))
    view = reader.desk.look(page.view)
    return show(request, reader, view, "chains", status=Invalid.http if view.form.errors else 200)


class _Page:
    """The page of one chain for one reader."""

    def __init__(
        self, visit: Visit, name: str, typed: dict[str, str], silent: tuple[str, ...], down: tuple[str, ...]
    ) -> None:
        self._visit = visit
        self._outlook = Outlook(visit.desk, visit.known)
        self._chain: ContactChain = self._outlook.chain(name)
        self._typed, self._silent, self._down = typed, silent, down
        self._faults = Faults()

    def view(self, look: Look) -> ChainPage:
        """All of it."""
        visit, chain = self._visit, self._chain
        self._words = Words(visit.desk, look, visit)
        self._drawn = Drawn(visit, self._words).chain(chain)
        city, speak = visit.desk.door.city, self._words.name.words
        rehearsal = self._rehearsal()
        called = [party for route in chain.routes for tier in route.tiers for party in tier.call]
        spans = [timedelta(minutes=minutes) for minutes in WITHIN]
        return ChainPage(
            chain=self._drawn,
            office_open=city.calendar.is_open(visit.desk.clock.now()),
            weak=tuple(self._weak(one) for one in self._outlook.weaknesses(chain)),
            patterns=self._patterns(),
            rates=city.rates.source if city.rates else "",
            parties=self._options(parties_of(chain)),
            channels=tuple(channels_of(chain)),
            goals=self._options(list(dict.fromkeys(called))),
            spans=tuple(
                Option(value=str(minutes), label=Phrasing(speak).span(span))
                for minutes, span in zip(WITHIN, spans, strict=True)
            ),
            runs=tuple(Option(value=str(runs), label=f"{runs:,}") for runs in RUNS),
            form=Form(errors=self._faults.errors, params=self._faults.params, typed=self._typed),
            silent=self._silent,
            down=self._down,
            rehearsal=rehearsal,
            offices=tuple(self._offices()),
            may_confirm=may(visit.actor, Permission.KEEP_CONTACTS),
        )

    def _offices(self) -> Iterator[OfficeRow]:
        known = self._outlook.offices()
        for party in parties_of(self._chain):
            kind, _, id_ = party.partition(":")
            if kind == PartyKind.OFFICE and (office := known.get(id_)):
                points = tuple(Point(channel=point.channel, address=point.address) for point in office.points)
                yield OfficeRow(id=id_, name=self._words.name(party), points=points, confirmed=office.confirmed)

    def _options(self, parties: Sequence[str]) -> tuple[Option, ...]:
        return tuple(Option(value=party, label=self._words.name(party)) for party in parties)

    def _route(self, name: str) -> str:
        titles = {route.name: route.title for route in self._chain.routes}
        return titles.get(name, {}).get(self._words.language) or name

    def _weak(self, one: Weakness) -> WeakRow:
        party, _, channel = one.key.partition(" ")
        speak = self._words.name.words
        who = self._words.name(party) + (f" [{speak.gettext(f'channel.{channel}')}]" if channel else "")
        tier = one.tier if one.tier.isdecimal() else speak.gettext("chains.exhausted")
        return WeakRow(
            route=self._route(one.route), tier=tier, who=who, code=one.code, grave=one.severity is Severity.ERROR
        )

    def _patterns(self) -> tuple[Pattern, ...]:
        """Spells with the same calls put together: mostly one for office hours and one for the rest."""
        found: dict[tuple[PlannedCall, ...], list[Spell]] = {}
        for spell in self._outlook.spells(self._chain):
            found.setdefault(spell.calls, []).append(spell)
        return tuple(
            Pattern(
                periods=tuple((spell.begins, spell.ends) for spell in of),
                rows=tuple(self._planned(one) for one in planned(calls)),
            )
            for calls, of in found.items()
        )

    def _planned(self, one: Planned) -> PlannedRow:
        return PlannedRow(
            route=self._route(one.route),
            tier=one.tier,
            after=timedelta(minutes=one.after),
            who=self._words.name(one.party) if one.party else "",
            people=tuple(self._words.name(person) for person in one.people),
            channels=one.channels,
            skipped=one.skipped or "",
        )

    def _rehearsal(self) -> Rehearsal | None:
        """What the form asks for; None where it is faulty, or where the city has no answer rates."""
        at = self._moment()
        within, runs = self._number("within", WITHIN, 60), self._number("runs", RUNS, RUNS[0])
        if self._faults.errors or self._visit.desk.door.city.rates is None:
            return None
        assumed = Assumed(
            at=at, silent=self._silent, down=self._down, goal=self._typed["goal"], within=within, runs=runs
        )
        try:
            found = self._outlook.rehearse(self._chain, assumed)
        except CsirtError as error:
            self._faults.add("form", error.code, **error.params)
            return None
        self._typed |= {"goal": found.goal, "within": str(within), "runs": str(runs)}
        return self._told(found)

    def _moment(self) -> datetime | None:
        self._faults.check("at", lambda: moment_of(self._typed["at"]))
        if self._faults.errors:
            self._typed["at"] = ""  # a field for times cannot show what is none
        return moment_of(self._typed["at"])

    def _number(self, field: str, allowed: tuple[int, ...], default: int) -> int:
        text = self._typed[field] or str(default)
        if text not in map(str, allowed):
            self._faults.add(field, "choice_missing")
            return default
        return int(text)

    def _told(self, found: Rehearsed) -> Rehearsal:
        name, speak = self._words.name, self._words.name.words
        who = name(found.goal) if found.goal else speak.gettext("rehearsal.anybody")
        head: dict[str, Param] = {
            "chain": self._drawn.title, "at": Phrasing(speak).moment(found.at), "runs": f"{found.runs:,}",
            "seed": found.seed,
        }  # fmt: skip
        goal = {"who": who, "within": f"{found.within:g}", "share": f"{found.probability:.1%}"}
        silence = {"nobody": f"{found.nobody:.1%}", "last": f"{found.last_resort:.1%}"}
        drawn = draw_rehearsal(found, speak, name, self._drawn.title)
        return Rehearsal(
            said=(
                speak.say("rehearsal.head", head),
                speak.say("rehearsal.probability", goal),
                speak.say("rehearsal.silence", silence),
            ),
            picture=Markup(drawn),  # noqa: S704 - every word in it was escaped when it was drawn
            rows=tuple(self._reached(one) for one in found.reached),
            worst=tuple(self._without(one) for one in found.weakest[:MOST_SHOWN]),
        )

    def _reached(self, one: Reached) -> ReachedRow:
        return ReachedRow(
            who=self._words.name(one.party),
            first_call=_minutes(one.first_call),
            share=f"{one.share:.1%}",
            median=_minutes(one.median),
            late=_minutes(one.late),
            worst=_minutes(one.worst),
        )

    def _without(self, one: Weakest) -> str:
        speak = self._words.name.words
        what = speak.gettext(f"channel.{one.key}") if one.kind == "down" else self._words.name(one.key)
        return speak.say(_WITHOUT[one.kind], {"what": what, "share": f"{one.probability:.1%}"})


def _minutes(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"

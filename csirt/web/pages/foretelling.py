"""What opening an incident would set going: its playbook, whom it calls, which deadlines begin. Nothing is written."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from markupsafe import Markup

from csirt.gallery import PlaybookWords, Shelf
from csirt.model.condition import Known, Situation
from csirt.model.contact import ContactChain
from csirt.model.duty import Duty, duties_of
from csirt.model.fact import FactState
from csirt.model.incident import IncidentType, Level
from csirt.model.party import Nobody, resolve
from csirt.model.trigger import CaseFact, Firing, fires, fires_by_itself, situation_of
from csirt.outlook import Outlook
from csirt.response import levels
from csirt.response.incidents import Report
from csirt.store.tx import Look
from csirt.texts.duties import DutyWords
from csirt.web.api.words import Words
from csirt.web.session import Visit
from csirt.web.views.opening import FirstStep, Foretold, WouldCall, WouldEnd

FIRST = 5  # steps that are told one by one
_SUSPECTED = Known("suspected", FactState.ESTIMATED)


def foretell(look: Look, visit: Visit, report: Report) -> Foretold:
    """For a report as it would be opened now."""
    return _Foretelling(look, visit, report).told()


class _Foretelling:
    def __init__(self, look: Look, visit: Visit, report: Report) -> None:
        self._city, self._now = visit.desk.door.city, visit.desk.clock.now()
        level, _ = levels.presumed(self._city, self._now, report.level, report.type.value, report.personal_data)
        self._visit, self._report = visit, replace(report, level=level)
        self._words = Words(visit.desk, look, visit)

    def told(self) -> Foretold:
        duties = tuple(self._duties())
        known = self._city.playbooks.get(self._report.type)
        if known is None:
            return Foretold(calls=tuple(self._fired()), duties=duties)
        shelf, (name, version) = Shelf.of(self._visit.desk), known
        told = PlaybookWords(shelf, shelf.walk(name, version), self._words.name)
        steps = [one for one in told.told() if one.who]
        return Foretold(
            playbook=shelf.texts.playbook_title(name, self._visit.language),
            playbook_href=f"/playbooks/{name}?version={version}",
            version=version,
            picture=Markup(told.svg()),  # noqa: S704 - drawn by us, every text in it escaped
            steps=tuple(FirstStep(title=one.title, who=one.who, within=one.within) for one in steps[:FIRST]),
            more=max(0, len(steps) - FIRST),
            calls=tuple(self._calls(told)),
            duties=duties,
        )

    def _calls(self, told: PlaybookWords) -> Iterator[WouldCall]:
        """Each chain once: as the playbook calls it, before what a rule says of it."""
        by_playbook = list(self._by_playbook(told))
        yield from by_playbook
        named = {one.title for one in by_playbook}
        yield from (one for one in self._fired() if one.title not in named)

    def _by_playbook(self, told: PlaybookWords) -> Iterator[WouldCall]:
        """The chains that its steps call, in the order of the steps; the first of each step is called at once."""
        found = dict.fromkeys(step.chain for step in told.walk.steps.values() if step.chain)
        for chain in (self._city.chains[name] for name in found if name in self._city.chains):
            yield WouldCall(title=self._title(chain), parties=self._first(chain), by_playbook=True)

    def _fired(self) -> Iterator[WouldCall]:
        """The chains that the rules of the city call for."""
        seen = situation_of(self._report.type, self._report.level, personal_data=self._report.personal_data)
        undecided = self._report.type is IncidentType.UNDECIDED
        for _, chain in sorted(self._city.chains.items(), key=lambda one: (not one[1].code, one[1].code, one[0])):
            firing = fires(chain.when, seen)
            if firing is Firing.YES or (firing is Firing.PERHAPS and not undecided):
                yield WouldCall(
                    title=self._title(chain), parties=self._first(chain), firing=firing,
                    automatic=fires_by_itself(chain.when, seen),
                )  # fmt: skip

    def _title(self, chain: ContactChain) -> str:
        title = chain.title.get(self._words.language) or chain.name
        return f"{chain.code} {title}".strip()

    def _first(self, chain: ContactChain) -> tuple[str, ...]:
        """The first rung of each route: the post or office, who that is today, and the channels."""
        return tuple(
            self._party(party, route.tiers[0].by) for route in chain.routes if route.tiers
            for party in route.tiers[0].call
        )  # fmt: skip

    def _party(self, party: str, by: tuple[str, ...]) -> str:
        say, name = self._words.name.words, self._words.name(party)
        found = resolve(party, Outlook(self._visit.desk, self._visit.known).called(), self._city.offices)
        people = [] if isinstance(found, Nobody) else [self._words.name(one.person) for one in found if one.person]
        who = f"{name} ({say.gettext('list.separator').join(people)})" if people else name
        channels = say.gettext("list.separator").join(say.gettext(f"channel.{one}") for one in by)
        return say.say("tell.pair", {"name": who, "text": channels})

    def _duties(self) -> Iterator[WouldEnd]:
        """Those that begin for certain, then those that begin if the case turns out graver, with what it takes."""
        sure = duties_of(self._situation(), self._city.law, self._now)
        for duty in sure:
            yield self._duty(duty)
        certain = {duty.rule for duty in sure}
        found: dict[str, Duty] = {}
        takes: defaultdict[str, list[str]] = defaultdict(list)
        for name, more in self._graver():
            for duty in duties_of({**self._situation(), **more}, self._city.law, self._now):
                if duty.rule not in certain and (name != "both" or duty.rule not in found):
                    found.setdefault(duty.rule, duty)
                    takes[duty.rule].append(name)
        for rule, duty in found.items():
            yield self._duty(duty, "_or_".join(takes[rule]))

    def _graver(self) -> Iterator[tuple[str, Situation]]:
        """What the case may turn out to be; a leak not where the report said that no personal data is concerned.

        What somebody does to the city on purpose is also done to the data: 不正の目的 counts at any number of persons.
        """
        level = {"level": Known(int(Level.SERIOUS))}
        yield "level", level
        if self._report.personal_data != "no":
            crime = CaseFact.CRIME_SUSPECTED in situation_of(self._report.type, self._report.level).facts
            leak = {"leak": _SUSPECTED} | ({"wrongful_purpose": _SUSPECTED} if crime else {})
            yield "leak", leak
            yield "both", level | leak

    def _situation(self) -> Situation:
        """As `incidents.open_case` begins the sheet of facts."""
        at, said = self._now.isoformat(timespec="seconds"), self._report.personal_data
        known = {"known": Known(at), "received": Known(at), "type": Known(self._report.type.value)}
        if self._report.noticed:
            known["noticed"] = Known(self._report.noticed.isoformat(timespec="seconds"))
        return known | ({"personal_data": Known(said, FactState.ESTIMATED)} if said in {"yes", "no"} else {})

    def _duty(self, duty: Duty, perhaps: str = "") -> WouldEnd:
        tell = DutyWords(self._city.law, self._words.name.words)
        reasons = tell.reasons([{"code": one.code, "params": one.params} for one in duty.reasons])
        due = duty.limit.at if duty.limit else None
        say = self._words.name.words.say
        condition = say(f"opening.if.{perhaps}", {"level": int(Level.SERIOUS)}) if perhaps else ""
        return WouldEnd(label=tell.label(duty.rule), reasons=() if perhaps else reasons, due=due, perhaps=condition)

"""The record put into words: one entry for a page, a whole incident as a document. Used by web and CLI alike."""

import base64
from collections.abc import Sequence

from csirt.bootstrap import Desk
from csirt.era import in_era, jst_date, number_text
from csirt.errors import Invalid, NotFound
from csirt.model.approval import Act, ReportState
from csirt.model.city import City
from csirt.model.duty import DutyState
from csirt.model.incident import FourClocks, IncidentView
from csirt.model.measure import MeasureFilter, MeasureState
from csirt.model.people import Roster
from csirt.record.tree import Frontier
from csirt.reports.labels import Language, shown_at
from csirt.reports.measures_xlsx import COLUMNS, MeasuresDocument
from csirt.reports.report import ReportDocument, ReportRow
from csirt.reports.timeline import TimelineDocument, TimelineLine
from csirt.response import people
from csirt.store.queries import cases, reports
from csirt.store.queries.calls import Called, called_by
from csirt.store.queries.duties import duties
from csirt.store.queries.measures import MeasureView, measures
from csirt.store.queries.reports import ReportView
from csirt.store.queries.timeline import TimelineEntry, head, timeline
from csirt.store.queries.work import chains_of
from csirt.store.queries.workings import playbooks_of
from csirt.store.tx import Look
from csirt.texts.catalogs import Catalog, catalog
from csirt.texts.chains import ChainWords
from csirt.texts.facts import FactWords
from csirt.texts.naming import Naming
from csirt.texts.reports import ReportLine, ReportWords
from csirt.texts.steps import StepText, StepTexts
from csirt.texts.telling import Books, tell

_OF_CALLS = {"route", "routes"}  # fields of entries that name a route, mostly without its chain
_CLOCKS = ("occurred", "noticed", "known", "received")


class Teller:
    """Tells entries in one language. Make one for each answer: it remembers the roster and playbooks it looked up."""

    def __init__(
        self, naming: Naming, texts: StepTexts, playbooks: dict[str, str], city: City, climbs: dict[str, str],
        called: dict[str, Called],
    ) -> None:  # fmt: skip
        """`playbooks` maps the incidents of the entries to their playbooks, `climbs` their calls to chains.

        `called` says whom their deliveries went to.
        """
        self.name, self.called = naming, called
        self.words: Catalog = naming.words
        self._texts = texts
        self._playbooks = playbooks
        self._told_steps: dict[tuple[str, str], StepText] = {}
        self._chains = ChainWords(city.chains, self.words.language, climbs)
        self._books = Books(city.facts, city.law, city.forms, self._chains, called)

    def actor(self, entry: TimelineEntry) -> str:
        """Who acted; says so if it was done on the server in somebody's name."""
        name = self.name(entry.actor)
        return self.words.say("naming.local", {"name": name}) if entry.auth == "local" else name

    def kind(self, entry: TimelineEntry) -> str:
        """The kind of an entry in words."""
        return self.words.gettext(f"kind.{entry.kind.value}")

    def step_title(self, entry: TimelineEntry) -> str:
        """The title of an entry's step with its item, or nothing."""
        return self._title(self._step_text(entry, entry.step)) if entry.step else ""

    def tell(self, entry: TimelineEntry, *, with_texts: bool = True) -> str:
        """An entry as a sentence or two."""
        return tell(
            entry,
            self.words.language,
            self.name,
            lambda step: self._title(self._step_text(entry, step)) if step else "",
            lambda step: self._step_text(entry, step),
            with_texts=with_texts,
            books=self._books,
        )

    def detail(self, entry: TimelineEntry, name: str, value: object) -> str:
        """A field of an entry as it stands in the record, behind what people call it where that differs."""
        codes = [str(one) for one in value] if isinstance(value, list | tuple) else [str(value)]
        return ", ".join(self._named(entry, name, code) for code in codes)

    def _named(self, entry: TimelineEntry, name: str, code: str) -> str:
        chain = self._chains.chain_of(entry.out, entry.incident, entry.step)
        plain = code.partition(":")[0]
        called = {
            "chain": lambda: self._chains.title(code),
            "route": lambda: self._chains.route(chain, code),
            "routes": lambda: self._chains.route(chain, plain),
        }.get(name, lambda: self.name(code))()
        return code if called in {code, plain} else self.words.say("naming.coded", {"name": called, "code": code})

    def _step_text(self, entry: TimelineEntry, step: str) -> StepText:
        named = self._playbooks.get(entry.incident or "", ""), step
        if (known := self._told_steps.get(named)) is None:
            known = self._told_steps[named] = self._texts.step_text(*named, self.words.language)
        return known

    @staticmethod
    def _title(text: StepText) -> str:
        return f"{text.title} [{text.item}]" if text.item and text.item not in text.title else text.title


def naming(desk: Desk, look: Look, language: str, ever: Roster | None = None) -> Naming:
    """Words for people and parties, those who have left included (`ever`, where the caller has them at hand).

    Raises:
        Invalid: we do not have this language.
    """
    known = ever or people.roster(look.session, look.vault, with_gone=True)
    return Naming(known, desk.door.city.offices, catalog(language))


def teller(
    desk: Desk, look: Look, language: str, entries: Sequence[TimelineEntry], ever: Roster | None = None,
    playbooks: dict[str, str] | None = None,
) -> Teller:  # fmt: skip
    """A teller for these entries; see `naming`. `playbooks` of their incidents, where the caller has them at hand.

    Raises `Invalid` for an unknown language.
    """
    name = naming(desk, look, language, ever)
    calls = {entry.incident for entry in entries if entry.incident and not entry.out.keys().isdisjoint(_OF_CALLS)}
    called = called_by(look, {str(entry.out["delivery"]) for entry in entries if "delivery" in entry.out})
    if playbooks is None:
        playbooks = playbooks_of(look, {entry.incident for entry in entries if entry.incident})
    return Teller(name, desk.texts, playbooks, desk.door.city, chains_of(look, calls), called)


def timeline_document(desk: Desk, incident: str, language: str) -> TimelineDocument:
    """All that a printed timeline of an incident says, as the record stands now.

    Raises:
        NotFound: there is no such incident.
        Invalid: we do not have this language.
    """
    if language not in {"ja", "en"}:
        raise Invalid("language_unknown")
    return desk.look(_document, desk, incident, "ja" if language == "ja" else "en")


def _document(look: Look, desk: Desk, incident: str, language: Language) -> TimelineDocument:
    view = cases.incident(look, incident)
    entries = timeline(look, incident)
    told = teller(desk, look, language, entries)
    words = told.words
    size, frontier = head(look)
    return TimelineDocument(
        number_text=number_text(view.fiscal_year, view.ordinal, language, drill=view.drill),
        title=view.title,
        type_text=words.gettext(f"type.{view.type.value}"),
        level_text=level_text(view, words),
        status_text=words.gettext(f"status.{view.status.value}"),
        clocks=_clocks(view.clocks, words, language),
        lines=tuple(_line(entry, told) for entry in entries),
        measures=tuple(_measure(one, told.name, language) for one in measures(look, MeasureFilter(incident=incident))),
        record_size=size,
        record_root=base64.b64encode(Frontier.from_bytes(frontier).root()).decode(),
        language=language,
        made_at=desk.clock.now(),
        sample=desk.door.city.sample,
        drill=view.drill,
        handling=words.gettext("mark.handling"),
    )


def level_text(view: IncidentView, words: Catalog) -> str:
    """The level that was set, or the one proposed, marked as such."""
    if view.level is not None:
        return words.gettext(f"level.{view.level.value}")
    return words.gettext(f"level.{view.proposed_level.value}") + words.gettext("level.proposed")


def _clocks(clocks: FourClocks, words: Catalog, language: Language) -> tuple[tuple[str, str], ...]:
    unknown = words.gettext("clock.unknown")
    times = ((name, getattr(clocks, name)) for name in _CLOCKS)
    return tuple((words.gettext(f"clock.{name}"), shown_at(at, language) if at else unknown) for name, at in times)


def _line(entry: TimelineEntry, told: Teller) -> TimelineLine:
    return TimelineLine(
        seq=entry.seq,
        at=entry.at,
        kind=entry.kind.value,
        kind_text=told.kind(entry),
        step=entry.step,
        step_text=told.step_title(entry) or None,
        actor=told.actor(entry),
        text=told.tell(entry),
    )


def _measure(view: MeasureView, names: Naming, language: Language) -> tuple[str, str, str]:
    return view.text, names.post(view.owner), in_era(view.due) if language == "ja" else view.due.isoformat()


def report_words(desk: Desk, words: Catalog) -> ReportWords:
    """Reports in words of one language."""
    city = desk.door.city
    return ReportWords(city.forms, FactWords(city.facts, words), words)


def report_document(desk: Desk, report: str, language: str, *, stamped: bool = False) -> ReportDocument:
    """All that a printed report says; `stamped` with the stamps on it, for the copy that stays in the house.

    Raises:
        NotFound: there is no such report, or its texts were erased.
        Invalid: we do not have this language.
    """
    if language not in {"ja", "en"}:
        raise Invalid("language_unknown")
    return desk.look(_report, desk, report, "ja" if language == "ja" else "en", stamped)


def _report(look: Look, desk: Desk, id_: str, language: Language, stamped: bool) -> ReportDocument:  # noqa: FBT001 - passed on by `look`
    view = reports.report(look, id_)
    if view.snapshot is None:
        raise NotFound("report_erased", report=id_)
    names = naming(desk, look, language)
    words, snapshot, before = names.words, view.snapshot, reports.before(look, view)
    speak = report_words(desk, words)
    lines = speak.lines(snapshot, before)
    return ReportDocument(
        title=speak.title(snapshot),
        number_text=speak.number(snapshot),
        addressees=_addressees(look, desk, view, words),
        sender=_sender(speak.city(snapshot), speak.desk(snapshot)),
        sections=tuple(
            (
                title,
                tuple(ReportRow(one.label, one.text, one.changed, one.before) for one in lines if one.section == name),
            )
            for name, title in speak.sections(snapshot).items()
            if any(one.section == name for one in lines)
        ),
        edition=view.edition,
        sha256=view.sha256,
        language=language,
        made_at=snapshot.made_at,
        handling=words.gettext("mark.handling"),
        further=before is not None,
        draft=view.state not in {ReportState.APPROVED, ReportState.ORAL},
        drill=snapshot.case["drill"] is True,
        sample=snapshot.case["sample"] is True,
        stamps=_stamps(view, names, language) if stamped else (),
    )


def _sender(city: str, desk: str) -> str:
    """The city above its desk, unless the desk is called by it already."""
    return desk if desk.startswith(city) else f"{city}\n{desk}"


def _row(one: ReportLine) -> ReportRow:
    return ReportRow(one.label, one.text, one.changed, one.before)


def _addressees(look: Look, desk: Desk, view: ReportView, words: Catalog) -> tuple[str, ...]:
    """Those whom the case must tell with this report."""
    city = desk.door.city
    form = city.forms.forms.get(view.form)
    served = {rule for kind in (form.kinds if form else ()) if kind.code == view.kind for rule in kind.duties}
    stand = [one for one in duties(look, view.incident) if one.rule in served and one.state is not DutyState.LAPSED]
    rules = [city.law.rule(one.rule, one.edition) for one in stand]
    found = dict.fromkeys(words.gettext(f"addressee.{rule.addressee}") for rule in rules if rule)
    return tuple(words.say("reports.to", {"name": name}) for name in found)


def _stamps(view: ReportView, names: Naming, language: Language) -> tuple[tuple[str, str, str, str], ...]:
    """起案 first, then every stamp; posts that have not stamped yet stand empty."""
    words = names.words
    drafted = (words.gettext("report_act.draft"), "", names(view.drafted_by), shown_at(view.drafted_at, language))
    given = [
        (
            words.gettext(f"report_act.{one.act.value}"),
            names.post(one.post),
            names(one.person),
            shown_at(one.at, language),
        )
        for one in view.stamps
    ]
    left = [(Act.CONSENT, post) for post in view.sheet.council_left] if view.sheet.waits_for else []
    left += [(Act.APPROVE, view.decider)] if view.sheet.waits_for else []
    empty = [(words.gettext(f"report_act.{act}"), names.post(post), "", "") for act, post in left]
    return (drafted, *given, *empty)


def measures_document(look: Look, desk: Desk, wanted: MeasureFilter, language: str) -> MeasuresDocument:
    """The measures that fit, in words of one language."""
    name, now = naming(desk, look, language), desk.clock.now()
    words, city = name.words, desk.door.city
    marks = [words.gettext("mark.handling"), words.gettext("mark.sample") if city.sample else ""]
    return MeasuresDocument(
        title=words.gettext("measures.title"),
        marks=tuple(one for one in marks if one),
        heads={column: words.gettext(f"measure.{column}") for column in COLUMNS},
        rows=[_listed(view, name, late=jst_date(now) > view.due) for view in measures(look, wanted)],
        made_at=now,
    )


def _listed(view: MeasureView, name: Naming, *, late: bool) -> dict[str, str]:
    words = name.words
    state = words.gettext(f"measure_state.{view.state}")
    if late and view.state == MeasureState.OPEN.value:
        state += f" ({words.gettext('measure.overdue')})"
    return {
        "incident": number_text(view.fiscal_year, view.ordinal, words.language, drill=view.drill),
        "text": view.text,
        "owner": name.post(view.owner),
        "due": in_era(view.due) if words.language == "ja" else view.due.isoformat(),
        "state": state,
        "ended": view.ended_text,
        "effect": view.effect,
    }

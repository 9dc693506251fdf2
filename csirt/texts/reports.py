"""Reports in words: what each field of a snapshot says, how surely, and what it said in the report before."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from csirt.clock import JST
from csirt.era import at_in_era, number_text
from csirt.model.fact import FactState
from csirt.model.report import FilledFact, FormBook, FormField, Snapshot, Trust, changed
from csirt.texts.catalogs import Catalog
from csirt.texts.facts import FactWords


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One field in words. `before` is what it said in the last report, where it says something else now."""

    field: str
    section: str
    label: str
    text: str
    trust: Trust
    source: str
    required: bool
    missing: bool
    changed: bool
    before: str


@dataclass(frozen=True, slots=True)
class ReportWords:
    """Puts reports into words of one language."""

    forms: FormBook
    facts: FactWords
    words: Catalog

    def label(self, form: str) -> str:
        """The name of a form; its id where it is no longer on file."""
        known = self.forms.forms.get(form)
        return known.label(self.words.language) if known else form

    def kind(self, form: str, kind: str) -> str:
        """What a report on a form is, such as 速報; empty where there is only one kind."""
        known = self.forms.forms.get(form)
        return next((one.label(self.words.language) for one in known.kinds if one.code == kind), "") if known else ""

    def title(self, snapshot: Snapshot) -> str:
        """The title of the document: `漏えい等報告書（速報）第1報`."""
        known = self.forms.forms.get(snapshot.form)
        name = known.title(self.words.language) if known else snapshot.form
        kind = self.kind(snapshot.form, snapshot.kind)
        code = "reports.name.kind" if kind else "reports.name"
        return self.words.say(code, {"name": name, "kind": kind, "n": snapshot.number})

    def number(self, snapshot: Snapshot) -> str:
        """The number of the case."""
        case = snapshot.case
        year, ordinal = int(case["fiscal_year"] or 0), int(case["ordinal"] or 0)
        return number_text(year, ordinal, self.words.language, drill=case["drill"] is True)

    def city(self, snapshot: Snapshot) -> str:
        """Which city reports."""
        return self.case(snapshot, "city")

    def desk(self, snapshot: Snapshot) -> str:
        """Who is asked about it: desk, telephone, mail."""
        return self.case(snapshot, "desk")

    def sections(self, snapshot: Snapshot) -> dict[str, str]:
        """The headings of its form in order, by name."""
        known = self.forms.forms.get(snapshot.form)
        return {one.name: one.label(self.words.language) for one in known.sections} if known else {}

    def lines(self, snapshot: Snapshot, before: Snapshot | None = None) -> list[ReportLine]:
        """Every field in order. A first report has no changes."""
        known = self.forms.forms.get(snapshot.form)
        fields = known.fields_of(snapshot.edition, snapshot.kind) if known else ()
        missing = {one.name for one in snapshot.missing(known)} if known else set()
        differing = changed(snapshot, before)
        return [self._line(one, snapshot, before, differing, missing) for one in fields]

    def _line(
        self, one: FormField, snapshot: Snapshot, before: Snapshot | None, differing: dict[str, tuple[FilledFact, ...]],
        missing: set[str],
    ) -> ReportLine:  # fmt: skip
        text = self.text(one, snapshot)
        said = self.text(one, before) if before else text
        differs = one.name in differing or (before is not None and bool(one.case) and said != text)
        return ReportLine(
            field=one.name, section=one.section, label=one.label(self.words.language), text=text, trust=one.trust,
            source=one.source, required=one.required, missing=one.name in missing, changed=differs,
            before=said if differs else "",
        )  # fmt: skip

    def text(self, one: FormField, snapshot: Snapshot) -> str:
        """What a field says."""
        if one.case:
            return self.case(snapshot, one.case)
        facts = snapshot.fields.get(one.name, ())
        stated = [fact for fact in facts if fact.state is not None]
        if not stated:
            return self.words.gettext("fact_state.investigating")
        if stated == [facts[0]]:  # the label of the field says it already
            return self.value(stated[0])
        pairs = ((self.facts.label(fact.fact), self.value(fact)) for fact in stated)
        return "\n".join(self.words.say("tell.pair", {"name": name, "text": text}) for name, text in pairs)

    def value(self, fact: FilledFact) -> str:
        """A fact as a report says it: what is only estimated or still looked into is marked so."""
        text = self.facts.value(fact.fact, fact.value)
        if fact.state is None or not text:
            return self.words.gettext(f"fact_state.{(fact.state or FactState.INVESTIGATING).value}")
        if fact.state is FactState.CONFIRMED:
            return text
        return self.words.say("reports.unsure", {"text": text, "state": self.words.gettext(f"fact_state.{fact.state}")})

    def case(self, snapshot: Snapshot, name: str) -> str:
        """What the case itself says under a name; `report_number` and `kind` are those of the report."""
        made: dict[str, Callable[[Snapshot], str]] = {
            "number": self.number,
            "report_number": lambda one: str(one.number),
            "kind": lambda one: self.kind(one.form, one.kind),
            "made_at": lambda one: self._at(one.made_at),
            "type": lambda one: self.words.gettext(f"type.{one.case['type']}"),
            "level": self._level,
            "desk": lambda one: "\n".join(self._desk(one)),
        }
        if name in made:
            return made[name](snapshot)
        key = {"city": f"city_{self.words.language}", "desk_phone": "phone", "desk_mail": "mail"}.get(name, name)
        return str(snapshot.case.get(key) or "")

    def _at(self, at: datetime) -> str:
        return at_in_era(at) if self.words.language == "ja" else f"{at.astimezone(JST):%Y-%m-%d %H:%M} JST"

    def _level(self, snapshot: Snapshot) -> str:
        level, words = snapshot.case["level"], self.words
        if level is not None:
            return words.gettext(f"level.{level}")
        return words.gettext(f"level.{snapshot.case['proposed_level']}") + words.gettext("level.proposed")

    def _desk(self, snapshot: Snapshot) -> Iterator[str]:
        case = snapshot.case
        if desk := case.get(f"desk_{self.words.language}") or case.get(f"city_{self.words.language}"):
            yield str(desk)
        for name, code in (("phone", "reports.desk.phone"), ("mail", "reports.desk.mail")):
            if case.get(name):
                yield self.words.say(code, {"at": str(case[name])})

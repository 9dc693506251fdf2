"""One entry of the record as a sentence or two, in the reader's language: what an officer reads in the timeline."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from csirt.clock import JST
from csirt.era import at_in_era, in_era, number_text
from csirt.errors import Invalid, Param
from csirt.model.duty import LawBook
from csirt.model.fact import FactCatalogue
from csirt.model.report import FormBook
from csirt.record.entry import EntryKind
from csirt.store.queries.calls import Called
from csirt.store.queries.timeline import TimelineEntry
from csirt.texts.catalogs import Catalog, catalog
from csirt.texts.chains import ChainWords
from csirt.texts.facts import FactWords
from csirt.texts.steps import StepText

Names = Callable[[str], str]
StepTitle = Callable[[str | None], str]
StepTextOf = Callable[[str], StepText]

# Which field of an entry chooses between the sentences of its kind: `tell.TIMER_FIRED.deadline`.
_VARIANTS: Mapping[EntryKind, str] = {
    EntryKind.DETECTIONS_JOINED: "because",
    EntryKind.DETECTIONS_MOVED: "because",
    EntryKind.INCIDENTS_MERGED: "cause",
    EntryKind.INCIDENT_OPENED: "cause",
    EntryKind.LEVEL_PROPOSED: "by",
    EntryKind.RECORD_READ: "why",
    EntryKind.REPORT_APPROVED: "act",
    EntryKind.MEASURE_CHECKED: "effective",
    EntryKind.RECORD_EXPORTED: "scope",
    EntryKind.TIMER_FIRED: "timer",
}
_PARTIES = frozenset({"by", "owner", "party", "person", "post", "proxy", "source", "who"})
_WORDS: Mapping[str, str] = {  # field -> where its words stand in the catalog
    "auth": "auth",
    "certainty": "fact_state",
    "channel": "channel",
    "disposition": "disposition",
    "found": "evidence_state",
    "ground": "ground",
    "level": "level",
    "outlet": "outlet",
    "playbook": "type",  # a playbook is called like the type that it handles
    "state": "measure_state",
    "type": "type",
    "way": "anchor",
}
_TEXTS = (
    "title",
    "account",
    "text",
    "reason",
    "because",
    "number",
    "spoke_with",
    "spoke_at",
    "read_back",
    "name",
    "to",
    "sha256",
    "well",
    "badly",
    "cause",
    "lessons",
    "body",
    "plain",
    "qa",
)


@dataclass(frozen=True, slots=True)
class Books:
    """What entries name by their codes: the city's dated data, and deliveries. What is not there stands for itself."""

    facts: FactCatalogue = field(default_factory=FactCatalogue)
    law: LawBook = field(default_factory=LawBook)
    forms: FormBook = field(default_factory=FormBook)
    chains: ChainWords = field(default_factory=ChainWords)
    called: Mapping[str, Called] = field(default_factory=dict)  # by delivery; only the state knows whom it went to


_NO_BOOKS = Books()


def tell(
    entry: TimelineEntry,
    language: str,
    names: Names,
    step_title: StepTitle,
    step_text: StepTextOf | None = None,
    *,
    with_texts: bool = True,
    books: Books = _NO_BOOKS,
) -> str:
    """What an entry says. `names` puts parties and people into words, `step_title` steps.

    `step_text` adds the words of a step's choices and fields, `books` those of facts, duties, reports and chains.
    Without `with_texts` nothing from the vault is told.
    Raises `Invalid` for a language that we do not have; never fails for what an entry holds.
    """
    return _Telling(entry, catalog(language), names, step_title, step_text, with_texts, books).told()


@dataclass(frozen=True, slots=True)
class _Telling:
    entry: TimelineEntry
    words: Catalog
    names: Names
    step_title: StepTitle
    step_text: StepTextOf | None
    with_texts: bool
    books: Books

    def told(self) -> str:
        """The sentence of the kind, and behind it the texts that it does not hold already."""
        code = self._sentence()
        frame = self.words.gettext(code)
        texts = dict(self._texts())
        values = {name: self._value(name, value) for name, value in self.entry.out.items()}
        values |= {"step": self.step_title(self.entry.step), **self._made(), **self._delivery(), **texts}
        if self._is_erased("text"):
            values["text"] = self.words.gettext("tell.gone")
        behind = [self._behind(name, text) for name, text in texts.items() if f"%({name})s" not in frame]
        gone = [self._gone(name) for name in self._erased() if f"%({name})s" not in frame]
        return self.words.say(code, values) + "".join((*behind, *self._answer(), *gone))

    def _sentence(self) -> str:
        """The code of the sentence: that of a variant if the catalog has one, else that of the kind."""
        plain = f"tell.{self.entry.kind.value}"
        variants = [*self._variants(), ""]
        if self._called():
            variants = [name for one in variants for name in (f"{one}.called".lstrip("."), one)]
        chosen = next((f"{plain}.{one}" for one in variants if self.words.has(f"{plain}.{one}")), plain)
        return chosen if self.words.has(chosen) else f"kind.{self.entry.kind.value}"

    def _variants(self) -> Iterator[str]:
        out = self.entry.out
        if name := _VARIANTS.get(self.entry.kind):
            yield str(out.get(name, ""))
        if self.entry.kind is EntryKind.DUTY_REMINDED and "chain" in out:
            yield "chain"
        for name in ("proxy", "told", "routes", "instead_of", "bundle", "person", "by", "value", "due"):
            if name in out:
                yield name
        if out.get("final") is True:
            yield "final"
        if self.entry.kind is EntryKind.TIER_SKIPPED and "party" not in out:
            yield "code"

    # ------------------------------------------------------------------------------------------------------ values

    def _value(self, name: str, value: Any) -> Param:
        """One field of the entry in words."""
        if name in _PARTIES and isinstance(value, str):
            return self.names(value)
        if name == "tier" and isinstance(value, int):
            return value + 1
        if name == "routes" and not isinstance(value, int):
            return self._join(self._route(str(one)) for one in value)
        special = {
            "chain": self.books.chains.title, "choice": self._choice, "code": self.words.error, "due": self._day,
            "held": self._day,
        }  # fmt: skip
        return special[name](str(value)) if name in special else self._word(_WORDS.get(name, ""), value)

    def _made(self) -> dict[str, Param]:
        """Values that are made of more than one field, or of none."""
        out, kind = self.entry.out, self.entry.kind
        made: dict[str, Param] = {}
        if kind is EntryKind.INCIDENT_OPENED:
            made["number"] = self._number()
            made["channel"] = self._word("report", out.get("channel", ""))
        if kind is EntryKind.FACT_STATED:
            made |= self._fact()
        if "rule" in out and kind.value.startswith("DUTY_"):
            made |= self._duty()
        if "form" in out and kind.value.startswith("REPORT_"):
            made |= self._report()
        if kind is EntryKind.MEASURE_REMINDED:
            made["parties"] = self._join(self.names(str(party)) for party in out.get("parties", ()))
        if kind is EntryKind.TIER_SKIPPED:
            made["skipped"] = self._word("skipped", out.get("code", ""))
        if kind is EntryKind.STEP_DONE and "routes" in out:
            made["value"] = self._join(self._route(f"{name}:{state}") for name, state in self._json().items())
        return made

    def _called(self) -> Called | None:
        """Whom the delivery of this entry went to, where it is known."""
        return self.books.called.get(str(self.entry.out.get("delivery", "")))

    def _delivery(self) -> dict[str, Param]:
        called = self._called()
        if called is None:
            return {}
        return {"called": self._addressee(called), "channel": self._word("channel", called.channel)}

    def _addressee(self, called: Called) -> str:
        """The post or office, and who was called for it."""
        party = self.names(called.party)
        if not called.person or called.person == called.party:
            return party
        return self.words.say("naming.for", {"party": party, "person": self.names(called.person)})

    def _duty(self) -> dict[str, Param]:
        out = self.entry.out
        name = str(out["rule"])
        rule = next((one for one in self.books.law.rules if one.id == name), None)
        numbers: dict[str, Param] = {key: value for key, value in out.items() if isinstance(value, int)}
        reasons = (self.words.say(f"reason.{code}", numbers) for code in out.get("reasons", ()))
        made: dict[str, Param] = {"rule": rule.label(self.words.language) if rule else name}
        if "channel" in out:
            made["channel"] = self._word("report_channel", out["channel"])
        if "parties" in out:
            made["parties"] = self._join(self.names(str(party)) for party in out["parties"])
        return {**made, "reasons": self._join(reasons)}

    def _report(self) -> dict[str, Param]:
        out = self.entry.out
        known = self.books.forms.forms.get(str(out["form"]))
        made: dict[str, Param] = {"form": known.label(self.words.language) if known else str(out["form"])}
        if "post" in out:
            made["post"] = self.names(str(out["post"]))
        if "act" in out:
            made["act"] = self._word("report_act", out["act"])
        if "addressee" in out:
            to = str(out["addressee"])
            made["addressee"] = self.names(to) if to.startswith("office:") else self._word("addressee", to)
            made["channel"] = self._word("report_channel", out.get("channel", ""))
        return made

    def _fact(self) -> dict[str, Param]:
        words, out = FactWords(self.books.facts, self.words), self.entry.out
        name, value = str(out.get("fact", "")), out.get("value")
        codes = tuple(map(str, value)) if isinstance(value, list | tuple) else value
        source = self._word("fact_source", out.get("source", ""))
        return {"fact": words.label(name), "value": words.value(name, codes), "source": source}

    def _number(self) -> str:
        try:
            out = self.entry.out
            year, ordinal, drill = int(out["year"]), int(out["ordinal"]), out.get("drill") is True
            return number_text(year, ordinal, self.words.language, drill=drill)
        except (KeyError, ValueError, TypeError, Invalid):
            return "–"

    def _day(self, text: str) -> str:
        try:
            return in_era(date.fromisoformat(text)) if self.words.language == "ja" else text
        except (ValueError, Invalid):
            return text

    def _choice(self, code: str) -> str:
        known = self.step_text(self.entry.step).choices if self.step_text and self.entry.step else {}
        return known.get(code) or self._word("choice", code)

    def _route(self, text: str) -> str:
        """`ladder:acknowledged` with the route by its title and the state in words."""
        code, _, state = text.partition(":")
        entry = self.entry
        name = self.books.chains.route(self.books.chains.chain_of(entry.out, entry.incident, entry.step), code)
        return self.words.say("tell.pair", {"name": name, "text": self._word("route_state", state)}) if state else name

    def _word(self, prefix: str, value: Any) -> str:
        code = f"{prefix}.{value}"
        return self.words.gettext(code) if self.words.has(code) else str(value)

    def _join(self, parts: Iterator[str]) -> str:
        return self.words.gettext("tell.between").join(parts)

    # ------------------------------------------------------------------------------------------------------- texts

    def _texts(self) -> Iterator[tuple[str, str]]:
        """Free texts that were opened, in a fixed order."""
        for name in _TEXTS if self.with_texts else ():
            if text := self.entry.texts.get(name, "").strip():
                yield name, self._instant(text) if name == "spoke_at" else text

    def _answer(self) -> Iterator[str]:
        """The reason and the fields of a form that a person answered with."""
        if self.entry.kind is not EntryKind.STEP_ANSWERED or not self.with_texts:
            return
        value = self._json()
        if reason := str(value.get("reason") or "").strip():
            yield self._behind("reason", reason)
        fields = value.get("fields")
        labels = self.step_text(self.entry.step).fields if self.step_text and self.entry.step else {}
        for name, given in fields.items() if isinstance(fields, dict) else ():
            if given not in (None, ""):
                yield self._behind(name, self._given(given), labels.get(name))

    def _given(self, value: Any) -> str:
        if isinstance(value, bool):
            return self._word("choice", "yes" if value else "no")
        if isinstance(value, list):
            return self._join(self._given(one) for one in value)
        return self._instant(value) if isinstance(value, str) else str(value)

    def _instant(self, text: str) -> str:
        """An instant of a form, on the clock of Japan; any other text as it is."""
        try:
            at = datetime.fromisoformat(text) if "T" in text else None
            if at is None or at.tzinfo is None:
                return text
            return at_in_era(at) if self.words.language == "ja" else f"{at.astimezone(JST):%Y-%m-%d %H:%M} JST"
        except (ValueError, OverflowError, Invalid):
            return text

    def _json(self) -> dict[str, Any]:
        """The sealed value of a step, if it was opened and is an object."""
        try:
            value = json.loads(self.entry.texts.get("value", "{}"))
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}

    def _behind(self, name: str, text: str, label: str | None = None) -> str:
        return self.words.say("tell.text", {"name": label or self._label(name), "text": text})

    def _gone(self, name: str) -> str:
        return self.words.say("tell.erased", {"name": self._label(name)})

    def _label(self, name: str) -> str:
        """What a text of this kind of entry is called: the number of a report is none that was called."""
        codes = (f"tell.name.{self.entry.kind.value}.{name}", f"tell.name.{name}")
        return next((self.words.gettext(code) for code in codes if self.words.has(code)), name)

    def _erased(self) -> tuple[str, ...]:
        """What was sealed with the entry and can no longer be opened. A person's answer is sealed with every one."""
        if not self.with_texts:
            return ()
        lost = self.entry.kind is EntryKind.STEP_ANSWERED and "value" not in self.entry.texts
        return (*self.entry.erased, *(("value",) if lost else ()))

    def _is_erased(self, name: str) -> bool:
        return self.with_texts and name in self.entry.erased

"""Reports to the authorities: forms as dated data, and frozen snapshots of the fact sheet under them. Pure.

A form has editions and fields; a field takes facts, or what the case itself says, and tells how surely the field is
known to stand in the original. A report is a snapshot: which version of which fact stood in which field when it was
drafted. It is never changed; a correction is another snapshot.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from csirt.errors import Invalid
from csirt.model.fact import NEEDS_VALUE, Fact, FactState, Value

OF_THE_CASE = ("number", "title", "type", "level", "made_at", "city", "desk", "desk_phone", "desk_mail")


class Trust(StrEnum):
    """How surely a field stands so in the original form."""

    OWN = "own"  # the city's own form: there is no other original
    READ = "read"  # read in the original
    SECOND_HAND = "second_hand"  # told by somebody who has read it
    ASSUMED = "assumed"  # not seen anywhere that counts; to be compared with the original before use


@dataclass(frozen=True, slots=True)
class FormField:
    """One field: the facts that go into it, or what it takes from the case (`OF_THE_CASE`). No `editions`: in all."""

    name: str
    section: str
    ja: str
    en: str
    trust: Trust
    source: str
    facts: tuple[str, ...] = ()
    case: str = ""
    required: bool = False
    editions: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()

    def label(self, language: str) -> str:
        """Its name in `ja` or `en`."""
        return self.ja if language == "ja" else self.en


@dataclass(frozen=True, slots=True)
class FormSection:
    """A heading of the form."""

    name: str
    ja: str
    en: str

    def label(self, language: str) -> str:
        """Its name in `ja` or `en`."""
        return self.ja if language == "ja" else self.en


@dataclass(frozen=True, slots=True)
class FormKind:
    """What a report on this form may be, such as 速報 or 確報, and which duties it serves."""

    code: str
    ja: str
    en: str
    duties: tuple[str, ...]

    def label(self, language: str) -> str:
        """Its name in `ja` or `en`; may be empty where the form has one kind only."""
        return self.ja if language == "ja" else self.en


@dataclass(frozen=True, slots=True)
class FormEdition:
    """An edition of a form, named by the day from which it is valid."""

    valid_from: date
    valid_to: date | None
    source: str

    @property
    def name(self) -> str:
        """How it is called."""
        return self.valid_from.isoformat()

    def is_valid(self, on: date) -> bool:
        """Is it in force on a day?"""
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


@dataclass(frozen=True, slots=True)
class ReportForm:
    """One form with its editions. `types`: the types of incident that it is made for; none: for all."""

    id: str
    ja: str
    en: str
    title_ja: str
    title_en: str
    editions: tuple[FormEdition, ...]
    sections: tuple[FormSection, ...]
    kinds: tuple[FormKind, ...]
    fields: tuple[FormField, ...]
    types: frozenset[str] = frozenset()

    def label(self, language: str) -> str:
        """Its name in `ja` or `en`."""
        return self.ja if language == "ja" else self.en

    def title(self, language: str) -> str:
        """What stands at the top of it, in `ja` or `en`."""
        return self.title_ja if language == "ja" else self.title_en

    def edition_on(self, on: date) -> FormEdition:
        """The edition in force on a day. Raises `Invalid` `form_not_in_force`."""
        found = next((one for one in self.editions if one.is_valid(on)), None)
        if found is None:
            raise Invalid("form_not_in_force", field="form", form=self.id, day=on.isoformat())
        return found

    def kind(self, code: str) -> FormKind:
        """One of its kinds; the first for an empty code. Raises `Invalid` `form_kind_unknown`."""
        found = self.kinds[0] if not code else next((one for one in self.kinds if one.code == code), None)
        if found is None:
            raise Invalid("form_kind_unknown", field="kind", form=self.id, kind=code[:40])
        return found

    def fields_of(self, edition: str, kind: str) -> tuple[FormField, ...]:
        """The fields of an edition for one kind of report, in order."""
        return tuple(
            one
            for one in self.fields
            if (not one.editions or edition in one.editions) and (not one.kinds or kind in one.kinds)
        )


@dataclass(frozen=True, slots=True)
class FormBook:
    """All forms by id."""

    forms: Mapping[str, ReportForm] = field(default_factory=dict)

    def form(self, id_: str) -> ReportForm:
        """A form. Raises `Invalid` `form_unknown`."""
        if id_ not in self.forms:
            raise Invalid("form_unknown", field="form", form=id_[:40])
        return self.forms[id_]

    def serving(self, rule: str, on: date, type_: str) -> list[tuple[ReportForm, FormKind]]:
        """The forms in force with which a duty can be met; those made for this type of incident come first."""
        found = [
            (form, kind)
            for form in self.forms.values()
            for kind in form.kinds
            if rule in kind.duties and any(one.is_valid(on) for one in form.editions)
            if not form.types or type_ in form.types
        ]
        return sorted(found, key=lambda pair: not pair[0].types)


# ------------------------------------------------------------------------------------------------------- the snapshot


@dataclass(frozen=True, slots=True)
class FilledFact:
    """One fact as it stood: `version` 0 and no state where nobody had stated it."""

    fact: str
    version: int = 0
    state: FactState | None = None
    value: Value = None

    @property
    def is_missing(self) -> bool:
        """Is there nothing to report yet?"""
        return self.state not in NEEDS_VALUE


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A report as it was drafted. `case` holds what the case itself said; `nonce` keeps its hash from being guessed.

    `number` is that of the report (第n報), `revision` that of its draft, both from 1.
    """

    incident: str
    form: str
    edition: str
    kind: str
    number: int
    revision: int
    made_at: datetime
    nonce: str
    case: Mapping[str, str | int | bool | None]
    fields: Mapping[str, tuple[FilledFact, ...]]

    def to_text(self) -> str:
        """The exact text that is kept and hashed: canonical JSON."""
        plain = {**asdict(self), "v": 1, "made_at": self.made_at.isoformat()}
        return json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    def missing(self, form: ReportForm) -> list[FormField]:
        """The fields that cannot be reported yet: not one of their facts has a value that counts."""
        return [
            one
            for one in form.fields_of(self.edition, self.kind)
            if not one.case and all(fact.is_missing for fact in self.fields.get(one.name, ()))
        ]


def hash_of(text: str) -> str:
    """The hash of a snapshot as documents and the record have it: SHA-256 in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def snapshot_from(text: str) -> Snapshot:
    """The reverse of `Snapshot.to_text`."""
    plain: dict[str, Any] = json.loads(text)
    fields = {
        name: tuple(
            FilledFact(
                one["fact"], one["version"], FactState(one["state"]) if one["state"] else None, _value(one["value"])
            )
            for one in facts
        )
        for name, facts in plain["fields"].items()
    }
    return Snapshot(
        plain["incident"], plain["form"], plain["edition"], plain["kind"], plain["number"], plain["revision"],
        datetime.fromisoformat(plain["made_at"]), plain["nonce"], plain["case"], fields,
    )  # fmt: skip


def filled(fields: Sequence[FormField], sheet: Mapping[str, Fact]) -> dict[str, tuple[FilledFact, ...]]:
    """What a fact sheet puts into fields."""
    return {one.name: tuple(_filled(name, sheet.get(name)) for name in one.facts) for one in fields if one.facts}


def changed(now: Snapshot, before: Snapshot | None) -> dict[str, tuple[FilledFact, ...]]:
    """The fields that say something else than in the report before, with what stood there. A first report: none."""
    if before is None:
        return {}
    return {
        name: before.fields.get(name, ())
        for name, facts in now.fields.items()
        if [(one.fact, one.state, one.value) for one in facts]
        != [(one.fact, one.state, one.value) for one in before.fields.get(name, ())]
    }


def _filled(name: str, fact: Fact | None) -> FilledFact:
    return FilledFact(name, fact.version, fact.state, fact.value) if fact else FilledFact(name)


def _value(stored: Any) -> Value:
    return tuple(map(str, stored)) if isinstance(stored, list) else stored

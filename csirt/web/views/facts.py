"""The fact sheet of an incident: what is known, every version of it, and the forms that state more."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from csirt.model.fact import FactKind, FactState
from csirt.web.views.duties import DutyRow
from csirt.web.views.frame import EMPTY_FORM, Form, Option


@dataclass(frozen=True, slots=True, kw_only=True)
class FactRow:
    """One version of one fact, in words."""

    label: str
    value: str
    state: FactState
    version: int
    source: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FactField:
    """One fact in a form. `value` and `state` are what holds now; `unit` stands behind the box of a count."""

    name: str
    label: str
    kind: FactKind
    hint: str = ""
    unit: str = ""
    options: tuple[Option, ...] = ()
    value: str = ""
    state: FactState | None = None
    chosen: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class FactPart:
    """One heading of the sheet with its form."""

    name: str
    label: str
    fields: tuple[FactField, ...]
    form: Form = EMPTY_FORM


@dataclass(frozen=True, slots=True, kw_only=True)
class FactSheet:
    """事実一覧."""

    template: ClassVar[str] = "fact_sheet.html"
    id: str
    fiscal_year: int
    ordinal: int
    title: str
    facts: tuple[FactRow, ...]
    history: tuple[FactRow, ...]
    parts: tuple[FactPart, ...] = ()
    sources: tuple[Option, ...] = ()
    duties: tuple[DutyRow, ...] = ()
    drill: bool = False

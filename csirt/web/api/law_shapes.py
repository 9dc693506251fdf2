"""What the API takes and gives of facts and duties."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from csirt.model.fact import FactKind, FactSource, FactState
from csirt.web.api.shapes import Code, Given, Moment, Taken, Text


class FactTaken(Taken):
    """One statement. `value` is a code, a count, an instant (ISO 8601), several codes, or a text, as the fact asks."""

    fact: Code
    state: FactState
    value: int | Text | list[Code] | None = None
    source: FactSource = FactSource.STAFF
    at: Moment | None = None


class FactsTaken(Taken):
    """What is known."""

    facts: Annotated[list[FactTaken], Field(min_length=1, max_length=100)]


class FactGiven(Given):
    """One version of one fact, with the words of the reader's language."""

    fact: str
    label: str
    version: int
    state: FactState
    state_text: str
    value: int | str | list[str] | None
    value_text: str
    source: FactSource
    source_text: str
    at: datetime
    by: str
    by_name: str
    stated_at: datetime


class FactOptionGiven(Given):
    """One code that a fact may have."""

    code: str
    label: str


class FactDefinitionGiven(Given):
    """One fact of the catalogue."""

    name: str
    group: str
    kind: FactKind
    label: str
    hint: str
    unit: str
    options: list[FactOptionGiven]
    valid_from: str
    source: str


class StatedGiven(Given):
    """How many statements said something new."""

    stated: int

"""The page on which personal data of an incident is erased by two people."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from csirt.model.erasure import ErasureBasis, ErasureState
from csirt.record.entry import EntryKind
from csirt.web.views.frame import EMPTY_FORM, Form, Option


@dataclass(frozen=True, slots=True, kw_only=True)
class TextRow:
    """One text of the record that can be chosen. `needed`: a run that goes on still reads it."""

    c: str
    seq: int
    at: datetime
    kind: EntryKind
    by: str
    field: str
    text: str
    needed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PieceRow:
    """One piece of evidence that can be chosen; `size` in bytes."""

    id: str
    name: str
    size: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureRow:
    """One erasure. `texts` are those that are still there, so that whoever decides sees what goes."""

    id: str
    state: ErasureState
    basis: ErasureBasis
    reason: str
    whole: bool
    number: int
    pieces: int
    texts: tuple[TextRow, ...]
    by: str
    at: datetime
    decided_by: str = ""
    decided_at: datetime | None = None
    may_decide: bool = False
    mine: bool = False
    form: Form = EMPTY_FORM


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasurePage:
    """個人データの消去. Fields: `texts`, `evidence`, `whole`, `basis`, `reason`. `chosen`: what was ticked."""

    template: ClassVar[str] = "erasures.html"
    incident_id: str
    incident: str
    title: str
    drill: bool
    may_propose: bool
    texts: tuple[TextRow, ...]
    pieces: tuple[PieceRow, ...]
    erasures: tuple[ErasureRow, ...]
    bases: tuple[Option, ...]
    chosen: frozenset[str] = frozenset()
    form: Form = EMPTY_FORM

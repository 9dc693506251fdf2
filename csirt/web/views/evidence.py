"""証拠保全: files of an incident, and the form that adds one."""

from dataclasses import dataclass
from datetime import datetime

from csirt.model.evidence import EvidenceState
from csirt.web.views.frame import EMPTY_FORM, Form


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRow:
    """One piece. `size` in bytes; `name` and `sha256` are empty once they were erased. `key` is for handing it over."""

    id: str
    name: str
    size: int
    sha256: str
    by: str
    at: datetime
    state: EvidenceState
    checked_at: datetime | None = None
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidencePart:
    """The evidence on an incident's page. `most`: bytes that one file may have."""

    rows: tuple[EvidenceRow, ...] = ()
    most: int = 0
    may_add: bool = False
    may_read: bool = False
    may_hand_over: bool = False
    form: Form = EMPTY_FORM
    hand_over_form: Form = EMPTY_FORM
    handing_over: str = ""


NO_EVIDENCE = EvidencePart()

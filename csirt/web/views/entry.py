"""監査: one entry of the record: who, when, before, after, why, and its proof."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from csirt.web.views.frame import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRow:
    """One value of the case: of what, which, before and after."""

    of: str
    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofBox:
    """Whether the entry stands under a signed checkpoint, in words; `state` as `ProofState`."""

    state: str
    text: str
    line: str = ""
    signed_at: datetime | None = None
    path: tuple[str, ...] = ()
    file: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryPage:
    """One entry. `facts` are who, when and where; `raw` the exact bytes that were hashed to `leaf`."""

    template: ClassVar[str] = "entry.html"
    seq: int
    kind: str
    text: str
    facts: tuple[Fact, ...]
    reasons: tuple[Fact, ...]
    changes: tuple[ChangeRow, ...]
    proof: ProofBox
    raw: str
    leaf: str
    incident_href: str = ""
    older: str = ""
    newer: str = ""

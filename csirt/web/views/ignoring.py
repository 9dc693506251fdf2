"""検知の除外: rules that set detections aside, and the list of detections."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from csirt.model.ignoring import IgnoreKind
from csirt.model.incident import Level
from csirt.web.views.frame import EMPTY_FORM, Form, Option, Window


@dataclass(frozen=True, slots=True, kw_only=True)
class IgnoreRuleRow:
    """One rule; `what` are its conditions in words. `state`: coming, active, ended."""

    id: str
    kind: IgnoreKind
    state: str
    what: tuple[str, ...]
    from_at: datetime
    until_at: datetime
    reason: str
    by: str
    passes_from: Level
    detections: int = 0
    seen: int = 0
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IgnoreRules:
    """検知の除外. Fields: `kind`, `source`, `text`, `host`, `network`, `from`, `until`, `reason`."""

    template: ClassVar[str] = "ignore_rules.html"
    rows: tuple[IgnoreRuleRow, ...]
    sources: tuple[Option, ...] = ()
    may_decide: bool = False
    form: Form = EMPTY_FORM


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundDetection:
    """One detection. `incident` leads to its case; `rule` set it aside."""

    at: datetime
    title: str
    level: Level
    host: str
    format: str
    state: str
    repeats: int = 1
    incident: str = ""
    asset: str = ""
    observables: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectionList:
    """検知の一覧. Fields: `state`, `host`, and `rule` where it was asked for."""

    template: ClassVar[str] = "detections.html"
    rows: tuple[FoundDetection, ...]
    state: str = ""
    host: str = ""
    rule: str = ""
    window: Window | None = None

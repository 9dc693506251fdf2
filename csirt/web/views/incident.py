"""The page of one incident."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from csirt.model.incident import Disposition, FourClocks, IncidentStatus, IncidentType, Level
from csirt.model.step import StepKind, StepState
from csirt.web.views.duties import DutyRow
from csirt.web.views.errands import ErrandRow
from csirt.web.views.escalation import CalledForRow, EscalationPart
from csirt.web.views.evidence import NO_EVIDENCE, EvidencePart
from csirt.web.views.facts import FactRow
from csirt.web.views.frame import EMPTY_FORM, Form, Option, Window
from csirt.web.views.levels import NO_LEVELS, LevelPart
from csirt.web.views.measures import MeasureRow
from csirt.web.views.reports import ReportRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a run. `state` is None while it has not been reached; `assignment` leads to its page."""

    key: str
    title: str
    kind: StepKind
    number: str = ""
    state: StepState | None = None
    waiting_for: str = ""
    since: datetime | None = None
    due: datetime | None = None
    answer: str = ""
    reason: str = ""
    by: str = ""
    at: datetime | None = None
    assignment: str = ""
    taken_by: str = ""  # who has it in hand
    may_answer: bool = True
    mandatory: bool = False
    set_aside: str = ""  # where it is skipped or cancelled, for a reader who may


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """One branch of steps that go on side by side."""

    title: str
    steps: "tuple[Step | SideBySide, ...]"


@dataclass(frozen=True, slots=True, kw_only=True)
class SideBySide:
    """Branches that do not wait for one another."""

    branches: tuple[Branch, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the timeline. `kind` is the ledger's; `what` says more, in words, where there is more to say."""

    seq: int
    at: datetime
    who: str
    kind: str
    what: str = ""
    gathered: "Gathered | None" = None  # where this line stands for several


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """Several entries about one step's calls, folded into one line: how many of each kind, and to whom.

    `first` is the oldest of them, of the time `since`; `tiers` are those that were called; `more` counts the parties
    that are not named.
    """

    first: int
    since: datetime
    step: str
    tiers: tuple[int, ...]
    counts: tuple[tuple[str, int], ...]
    parties: tuple[str, ...]
    more: int
    entries: "tuple[Entry, ...]"


class MarkState(StrEnum):
    """What a mark of the strip tells of."""

    PAST = "past"
    NOW = "now"
    AHEAD = "ahead"
    LATE = "late"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One mark of the strip: what happened or is due at an instant; `since` the mark before, None for the first."""

    at: datetime
    labels: tuple[str, ...]
    state: MarkState = MarkState.PAST
    since: timedelta | None = None

    def after(self, before: datetime) -> "Mark":
        """The same, with the time since the mark before."""
        return replace(self, since=self.at - before)

    def with_labels(self, labels: tuple[str, ...]) -> "Mark":
        """The same, with more labels; none twice."""
        return replace(self, labels=tuple(dict.fromkeys((*self.labels, *labels))))


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectionRow:
    """One detection of the incident. `asset` in words; `raised_from`: its level before the asset raised it."""

    at: datetime
    format: str
    title: str
    level: Level
    host: str = ""
    repeats: int = 1
    joined: str = ""
    asset: str = ""
    observables: tuple[str, ...] = ()
    raised_from: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteRow:
    """A remark on the incident."""

    at: datetime
    who: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RelatedRow:
    """Another incident that shows the same, and what, in words."""

    id: str
    number: str
    title: str
    level: Level | None
    proposed_level: Level
    status: IncidentStatus
    over: tuple[str, ...]
    may_merge: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RelatedPart:
    """Related incidents; `common` is what too many incidents show to relate them, in words."""

    rows: tuple[RelatedRow, ...] = ()
    common: tuple[str, ...] = ()


NOT_RELATED = RelatedPart()


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One incident, whole. `posts` are those a measure may be given to; `timeline` is the window that is shown.

    `account` is what the report said; `detections_window` is set where not all detections are shown.
    """

    template: ClassVar[str] = "incident.html"
    id: str
    fiscal_year: int
    ordinal: int
    title: str
    type: IncidentType
    level: Level | None
    proposed_level: Level
    status: IncidentStatus
    clocks: FourClocks
    opened_by: str
    timeline: tuple[Entry, ...]
    window: Window
    level_set_by: str = ""
    level_reason: str = ""
    disposition: Disposition | None = None
    closed_at: datetime | None = None
    playbook: str = ""
    playbook_version: int = 0
    playbook_href: str = ""
    stopped_by: str = ""
    steps: tuple[Step | SideBySide, ...] = ()
    is_between: bool = False  # an answer is recorded, and the playbook has not asked for the next step yet
    strip: tuple[Mark, ...] = ()
    next_step: Step | None = None  # the first one that waits for the reader
    escalations: tuple[EscalationPart, ...] = ()
    escalations_window: Window | None = None
    detections: tuple[DetectionRow, ...] = ()
    detections_window: Window | None = None
    notes: tuple[NoteRow, ...] = ()
    notes_window: Window | None = None
    measures: tuple[MeasureRow, ...] = ()
    errands: tuple[ErrandRow, ...] = ()  # what was asked beside the playbook
    may_ask: bool = False
    evidence: EvidencePart = NO_EVIDENCE
    posts: tuple[Option, ...] = ()
    account: str = ""
    facts: tuple[FactRow, ...] = ()
    called_for: tuple[CalledForRow, ...] = ()
    merged_into: Option | None = None
    may_erase: bool = False
    came_from: tuple[Option, ...] = ()
    readers: tuple[str, ...] = ()  # the names of those who may see it, where it is sealed
    may_seal: bool = False
    may_merge: bool = False
    related: RelatedPart = NOT_RELATED
    may_decide: bool = False  # what no playbook decides
    duties: tuple[DutyRow, ...] = ()
    levels: LevelPart = NO_LEVELS
    reports: tuple[ReportRow, ...] = ()
    may_add_note: bool = False
    may_add_measure: bool = False
    may_set_level: bool = False
    note_form: Form = EMPTY_FORM
    measure_form: Form = EMPTY_FORM
    level_form: Form = EMPTY_FORM
    sample: bool = False
    drill: bool = False

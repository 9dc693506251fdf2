"""再発防止策: measures with owner and due date."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from csirt.model.measure import MeasureState


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureRow:
    """One measure. `href` is empty where it may not be ended from here; `incident` is a caption for the list."""

    id: str
    text: str
    owner: str
    due: date
    state: MeasureState
    incident: str = ""
    incident_href: str = ""
    may_end: bool = False
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureList:
    """再発防止策, open ones first by due date."""

    template: ClassVar[str] = "measures.html"
    rows: tuple[MeasureRow, ...]

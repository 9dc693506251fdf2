"""The form by which an incident is merged into another one, or a merge is undone."""

from dataclasses import dataclass
from typing import ClassVar

from csirt.web.views.frame import EMPTY_FORM, Form


@dataclass(frozen=True, slots=True, kw_only=True)
class Merging:
    """An incident. `merged_into` is the number of the one that it went into. Fields: `into`, `reason`."""

    template: ClassVar[str] = "merging.html"
    incident_id: str
    incident: str
    title: str
    drill: bool
    is_open: bool
    may: bool
    merged_into: str = ""
    merged_into_id: str = ""
    form: Form = EMPTY_FORM

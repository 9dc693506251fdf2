"""The form by which an open step is skipped or cancelled."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from csirt.web.views.frame import EMPTY_FORM, Form


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """An open step of an incident. `acts` are what the reader may do: `skip`, `cancel`. Fields: `act`, `reason`."""

    template: ClassVar[str] = "set_aside.html"
    incident_id: str
    incident: str
    incident_title: str
    step: str
    title: str
    href: str
    acts: tuple[str, ...]
    opened_at: datetime
    mandatory: bool = False
    form: Form = EMPTY_FORM
    drill: bool = False

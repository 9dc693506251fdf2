"""Work beside the playbook: what was asked of whom, and the form to ask for it."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from csirt.web.views.frame import EMPTY_FORM, Form, Option


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrandRow:
    """Something that was asked beside the playbook. `state`: `open`, `done` or `cancelled`."""

    href: str
    text: str
    who: str
    asked_by: str
    state: str
    necessary: bool = False
    due: datetime | None = None
    taken_by: str = ""
    by: str = ""
    at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskErrand:
    """The form. Fields: `text`, `who`, `due`, `necessary` (`yes`, `no`)."""

    template: ClassVar[str] = "ask_errand.html"
    incident_id: str
    incident: str
    incident_title: str
    parties: tuple[Option, ...]
    people: tuple[Option, ...]
    form: Form = EMPTY_FORM
    drill: bool = False

"""The page on which people decide about a case that no playbook leads."""

from dataclasses import dataclass
from typing import ClassVar

from csirt.model.incident import Disposition, IncidentType
from csirt.web.views.frame import EMPTY_FORM, Form, Option


@dataclass(frozen=True, slots=True, kw_only=True)
class ByHand:
    """Fields: `type` and `reason`; `disposition` and `reason`. `types` name the playbook that each begins."""

    template: ClassVar[str] = "by_hand.html"
    incident_id: str
    incident: str
    title: str
    type: IncidentType
    drill: bool = False
    may_set_type: bool = False
    may_close: bool = False
    types: tuple[Option, ...] = ()
    dispositions: tuple[Disposition, ...] = tuple(Disposition)
    type_form: Form = EMPTY_FORM
    close_form: Form = EMPTY_FORM

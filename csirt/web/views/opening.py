"""起票: the form on one page, the same in four short steps, and what will happen next."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from markupsafe import Markup

from csirt.model.incident import IncidentType
from csirt.model.trigger import Firing
from csirt.web.views.frame import EMPTY_FORM, Fact, Form


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenIncident:
    """通報票. Fields: `channel`, `title`, `account`, `host`, `noticed`, `personal_data`, and `type` if known."""

    template: ClassVar[str] = "open_incident.html"
    form: Form = EMPTY_FORM
    types: tuple[IncidentType, ...] = tuple(IncidentType)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """An opening that the reader began and did not finish."""

    title: str
    href: str
    place: str
    saved_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningStep:
    """One of the first three steps. `step` is `what`, `where` or `data`; `action` is where its form goes."""

    template: ClassVar[str] = "opening_step.html"
    step: str
    action: str
    form: Form = EMPTY_FORM
    back: str = ""
    types: tuple[IncidentType, ...] = tuple(IncidentType)
    unfinished: tuple[Unfinished, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstStep:
    """One of the first steps of a playbook: who does it and until when, in words."""

    title: str
    who: str
    within: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WouldCall:
    """A chain that is, or may be, begun: whom it calls first, each with who that is today and how they are reached."""

    title: str
    parties: tuple[str, ...]
    firing: Firing = Firing.YES
    automatic: bool = False
    by_playbook: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WouldEnd:
    """A duty that begins with the opening; `perhaps` says what else it takes, empty for one that begins in any case."""

    label: str
    reasons: tuple[str, ...]
    due: datetime | None = None
    perhaps: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Foretold:
    """What opening sets going. Without a playbook, people decide the steps by hand."""

    playbook: str = ""
    playbook_href: str = ""
    version: int = 0
    picture: Markup | None = None
    steps: tuple[FirstStep, ...] = ()
    more: int = 0
    calls: tuple[WouldCall, ...] = ()
    duties: tuple[WouldEnd, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmOpening:
    """The last step: what was typed, by step, and what will happen. `parts` maps the address of a step to its facts."""

    template: ClassVar[str] = "opening_confirm.html"
    action: str
    place: str
    parts: tuple[tuple[str, str, tuple[Fact, ...]], ...]
    foretold: Foretold
    form: Form = EMPTY_FORM
    back: str = ""
    drill: bool = False
    sealed: bool = False

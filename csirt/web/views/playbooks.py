"""対応手順: the playbooks as listed, one in full, and the move of a run to another version."""

from dataclasses import dataclass
from typing import ClassVar

from markupsafe import Markup

from csirt.gallery import StepTold
from csirt.model.incident import IncidentType
from csirt.web.views.frame import EMPTY_FORM, Form, Option


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybookRow:
    """One playbook in the list."""

    name: str
    title: str
    type: IncidentType
    newest: int
    versions: int
    open_runs: int
    steps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Gallery:
    """The list. `faults` are sentences: why playbooks of the city were left out."""

    template: ClassVar[str] = "playbooks.html"
    rows: tuple[PlaybookRow, ...]
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """An open incident that runs a version."""

    number: str
    href: str
    stopped: bool = False
    move_href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRow:
    """One version, and which open incidents run it."""

    version: int
    newest: bool
    runs: tuple[RunRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRow:
    """What differs in one step. `what` is the code of the aspect (`change.…`)."""

    title: str
    what: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Playbook:
    """One version of a playbook; `compared` is the version that `changes` are told against."""

    template: ClassVar[str] = "playbook.html"
    name: str
    title: str
    type: IncidentType
    version: int
    newest: int
    picture: Markup
    steps: tuple[StepTold, ...]
    versions: tuple[VersionRow, ...]
    ways: int = 0
    compared: int | None = None
    changes: tuple[ChangeRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Moving a run: what is recorded, and how it would fit the chosen version. Lists hold titles of steps."""

    template: ClassVar[str] = "move.html"
    incident: str
    number: str
    playbook: str
    version: int
    choices: tuple[Option, ...]
    chosen: int | None = None
    fits: bool = False
    matched: tuple[str, ...] = ()
    drifting: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    form: Form = EMPTY_FORM

"""監査: the checkpoints of the record, and where they lie outside."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from csirt.model.health import PartState


@dataclass(frozen=True, slots=True, kw_only=True)
class WayRow:
    """One way outside; `called` is its name, `note` why it is not well, `todo` what to do about it."""

    called: str
    is_on: bool
    state: PartState
    at: datetime | None = None
    size: int | None = None
    note: str = ""
    todo: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRow:
    """A checkpoint that was kept; `signers` and `outside` in words."""

    size: int
    root: str
    at: datetime | None
    signers: tuple[str, ...]
    outside: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointsPage:
    """All checkpoints. `age` is that of the newest; `alarm` what is wrong with it, in words."""

    template: ClassVar[str] = "checkpoints.html"
    newest: KeptRow | None = None
    line: str = ""
    key: str = ""
    age: timedelta | None = None
    waiting: int = 0
    state: PartState = PartState.OK
    alarm: str = ""
    todo: str = ""
    ways: tuple[WayRow, ...] = ()
    kept: tuple[KeptRow, ...] = ()

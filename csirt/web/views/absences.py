"""不在: who is away, and the form by which one says so oneself, with what it changes."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from csirt.web.views.frame import EMPTY_FORM, Form, Option


@dataclass(frozen=True, slots=True, kw_only=True)
class StandInRow:
    """A post of who will be away. `acting` is empty where nobody would be called."""

    post: str
    is_holder: bool
    acting: str
    changes: bool
    chains: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsenceLine:
    """An absence, under way or to come, with who is called instead for each post."""

    id: str
    name: str
    begins: datetime
    until: datetime
    under_way: bool = False
    may_end: bool = False
    stand_ins: tuple[StandInRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRow:
    """A post with its people as they stand in for one another: the holder, then the deputies."""

    post: str
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Absences:
    """The list, the form (`person`, `from`, `until`), and once it was filled in what it would change."""

    template: ClassVar[str] = "absences.html"
    rows: tuple[AbsenceLine, ...]
    may_enter: bool = False
    people: tuple[Option, ...] = ()  # for whoever keeps others' absences too
    mine: tuple[OrderRow, ...] = ()  # the reader's own posts
    form: Form = EMPTY_FORM
    shown: bool = False
    whose: str = ""
    stand_ins: tuple[StandInRow, ...] = ()

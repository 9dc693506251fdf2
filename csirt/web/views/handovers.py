"""職の引継ぎ: posts that change hands."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from csirt.web.views.frame import EMPTY_FORM, Form, Option


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverRow:
    """One hand-over. `deputies` None: they stay. `begun`: the day has come, and the directory does not know yet."""

    id: str
    on: date
    post: str
    holder: str
    deputies: tuple[str, ...] | None
    by: str
    begun: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Handovers:
    """Those that are open, and the form for one more."""

    template: ClassVar[str] = "handovers.html"
    rows: tuple[HandoverRow, ...]
    may_keep: bool = False
    posts: tuple[Option, ...] = ()
    people: tuple[Option, ...] = ()
    form: Form = EMPTY_FORM

"""Who has a step in hand, and what the reader may do about it."""

from dataclasses import dataclass
from datetime import datetime

from csirt.web.views.frame import EMPTY_FORM, Form, Option


@dataclass(frozen=True, slots=True, kw_only=True)
class InHand:
    """Part of the page of a step: who has it, and the acts of the reader.

    `acts`: `claim`, `take_over`, `give_back`, `take_back`, `hand_over`, `cannot`, `send_back`, `waive`.
    `holder` is the opaque id of who has it, as the forms send it back. `form` is that of `act` that came back, and
    `clash` says that somebody else was faster meanwhile. `up` is who would be asked if it cannot be done.
    """

    acts: tuple[str, ...] = ()
    holder: str = ""
    by: str = ""
    mine: bool = False
    since: datetime | None = None
    handed_by: str = ""
    note: str = ""
    referred_from: str = ""
    referred_by: str = ""
    reason: str = ""
    up: str = ""
    people: tuple[Option, ...] = ()
    act: str = ""
    form: Form = EMPTY_FORM
    clash: bool = False

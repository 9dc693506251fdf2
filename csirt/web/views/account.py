"""What the pages about one's own access are given: the second factor, one's sessions, proving again who one is."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from csirt.web.views.frame import EMPTY_FORM, Form


@dataclass(frozen=True, slots=True, kw_only=True)
class CodePage:
    """Between password and page: the code of the second factor."""

    template: ClassVar[str] = "code.html"
    form: Form = EMPTY_FORM
    back: str = "/"


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactorPage:
    """Enrolling a second factor. `secret` is empty before it was begun; `picture` is its QR code, an SVG of ours.

    `needed`: the city asks for it before anything else; `has_one`: it takes the place of one that is there.
    """

    template: ClassVar[str] = "second_factor.html"
    secret: str = ""
    picture: str = ""
    form: Form = EMPTY_FORM
    back: str = "/"
    needed: bool = False
    has_one: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StepUp:
    """Proving again who one is. `uid` is their account; `with_code`: they have a second factor; `oidc`: on its page."""

    template: ClassVar[str] = "step_up.html"
    form: Form = EMPTY_FORM
    back: str = "/"
    with_code: bool = False
    uid: str = ""
    oidc: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLine:
    """A live session. `person` is empty on one's own page."""

    opened_at: datetime
    last_at: datetime
    auth: str
    here: bool = False
    person: str = ""
    uid: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One's own access."""

    template: ClassVar[str] = "account.html"
    sessions: tuple[SessionLine, ...]
    has_factor: bool = False
    may_administer: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetLine:
    """A second factor that is to be taken away, once a second person agrees."""

    id: str
    person: str
    asked_by: str
    asked_at: datetime
    may_agree: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """For those who look after access: everybody's sessions, resets that wait, and the sealed account."""

    template: ClassVar[str] = "access.html"
    sessions: tuple[SessionLine, ...]
    resets: tuple[ResetLine, ...]
    sealed_made: datetime | None = None
    sealed_used: datetime | None = None
    may_end: bool = False
    form: Form = EMPTY_FORM

"""What each page is given: frozen values, filled by the backend, drawn by one template each.

Rules for whoever fills them: instants are aware UTC, enums stay enums, names of people and posts are already resolved
to words, step texts come from `csirt.texts.steps`. Codes (errors, channels, kinds) stay codes; templates translate.
Errors of a form map a field's name to an error code; what was typed maps a field's name to the text as it arrived.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import ClassVar

from csirt.errors import Param
from csirt.model.people import Role

NOTHING: Mapping[str, str] = MappingProxyType({})
NAVIGATION = ("board", "assignments", "open_incident", "chains", "playbooks", "audit", "administration")


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What surrounds every page. `nav` lists the entries this reader may use; `here` is the one they are on.

    `path` is where the language switch returns to: always our own, beginning with one `/`. `notice` is the code of a
    message shown once after a deed (`notice.…`). `directory` is the code of the one in use (`ldif`, `ldap`).
    `read_only` marks a reader who may change nothing, such as an auditor. `copy_since`: the directory does not answer
    since then, and the sealed copy serves instead.
    """

    language: str
    city: str
    now: datetime
    path: str = "/"
    here: str = ""
    sample: bool = False
    directory: str = "ldif"
    csrf: str = ""
    name: str = ""
    roles: tuple[Role, ...] = ()
    nav: tuple[str, ...] = ()
    notice: str = ""
    read_only: bool = False
    copy_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Which part of a long list is shown: rows `first` to `last` of `total`, and where the rest is."""

    first: int
    last: int
    total: int
    newer: str = ""
    older: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One entry of a list to choose from."""

    value: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """Another incident that may be the same one, and why, in words."""

    value: str
    label: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The state of a form that came back: what was typed, and which error stands beside which field.

    The error under `form` belongs to no field. `key` is the idempotency key: the same form sent twice counts once.
    `params` are what the errors' sentences name. `place` is the address that it is sent to, where drafts of it are
    kept; `kept`: there is one, that can be thrown away. `drafted_at` says when it was kept, where somebody comes back
    to it.
    """

    typed: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    errors: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    key: str = ""
    params: Mapping[str, Param] = field(default_factory=dict)
    place: str = ""
    drafted_at: datetime | None = None
    kept: bool = False


EMPTY_FORM = Form()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something shown to decide on: a caption and its value, or its values as a list."""

    label: str
    value: str = ""
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """Sign-in. `back` is the page to go on to; `oidc`: people may sign in on the provider's page."""

    template: ClassVar[str] = "sign_in.html"
    form: Form = EMPTY_FORM
    back: str = "/"
    oidc: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A page that could not be given: HTTP status, our code and its parameters, and the reference for the log.

    `kept` is what was typed into a form that could not be taken, to be copied from, and `draft_kept` says that it is a
    draft now; `sign_in` is set where signing in is what helps, `step_up` where proving again who one is does.
    """

    template: ClassVar[str] = "message.html"
    status: int
    code: str = ""
    params: Mapping[str, Param] = field(default_factory=dict)
    reference: str = ""
    back: str = "/"
    kept: tuple[str, ...] = ()
    draft_kept: bool = False
    sign_in: str = ""
    step_up: str = ""

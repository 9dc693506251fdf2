"""APIトークン: the administrator's list, and the form that makes one."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from csirt.web.views.frame import EMPTY_FORM, Form


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRow:
    """One token. `scopes` are codes."""

    id: str
    name: str
    scopes: tuple[str, ...]
    addresses: tuple[str, ...]
    created_by: str
    created_at: datetime
    expires_at: datetime
    revoked: bool = False
    live: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """The page. `secret` is shown once, just after a token was made; `scopes` are those that there are."""

    template: ClassVar[str] = "tokens.html"
    rows: tuple[TokenRow, ...]
    scopes: tuple[str, ...] = ()
    chosen: frozenset[str] = frozenset()
    secret: str = ""
    form: Form = EMPTY_FORM

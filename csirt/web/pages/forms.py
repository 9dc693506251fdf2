"""Forms that people send: read once, checked for the session's token, and kept so that nothing typed is lost."""

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Request

from csirt.clock import JST
from csirt.errors import CsirtError, Invalid, NotSignedIn, Param
from csirt.guard import clean_line, mask_each, refuse_my_number
from csirt.web.ended import keep_of_ended
from csirt.web.session import Visit, check_csrf, open_visit
from csirt.web.views.frame import Form

LINE_MOST = 200
TEXT_MOST = 4000
_KEY = re.compile(r"[A-Za-z0-9_-]{8,64}")
_NOT_TYPED = frozenset({"csrf", "key", "back", "password", "draft"})  # what a page puts in, or must not give back
_YEARS = range(2000, 2200)


@dataclass(frozen=True, slots=True)
class Sent:
    """A form with who sent it. `typed` is the last value of each field, `many` all of them."""

    visit: Visit
    typed: Mapping[str, str]
    many: Mapping[str, tuple[str, ...]]

    def text(self, name: str) -> str:
        """A field as it was typed, without blanks around it."""
        return self.typed.get(name, "").strip()

    def line(self, name: str) -> str:
        """A field of one line, made safe."""
        return clean_line(self.text(name))

    @property
    def key(self) -> str:
        """The form's idempotency key, or a new one where it is missing or no key of ours."""
        key = self.typed.get("key", "")
        return key if _KEY.fullmatch(key) else new_key()

    @property
    def request_key(self) -> str:
        """The key as use cases take it: what one person sent is not mistaken for another's."""
        return f"{self.visit.actor.id}:{self.key}"

    def again(self, errors: Mapping[str, str], params: Mapping[str, Param] | None = None) -> Form:
        """The form as it goes back: with everything typed, and the errors beside their fields."""
        return Form(
            typed=kept_of(self.typed), errors=errors, key=self.key, params=params or {},
            place=self.typed.get("draft", "")[:200],
        )  # fmt: skip


class Faults:
    """Collects what is wrong with a form, one error for each field."""

    def __init__(self) -> None:
        """Nothing is wrong yet."""
        self.errors: dict[str, str] = {}
        self.params: dict[str, Param] = {}

    def add(self, field: str, code: str, /, **params: Param) -> None:
        """Note an error, unless the field has one already."""
        if field not in self.errors:
            self.errors[field] = code
            self.params |= mask_each(params)

    def of(self, error: CsirtError, names: frozenset[str], prefix: str = "") -> None:
        """Note an error of a use case beside its field, or above the form where it names none of these."""
        field = f"{error.params.get('field', '')}"
        place = field if field in names else f"{prefix}{field}"
        self.add(place if place in names else "form", error.code, **error.params)

    def check_text(self, field: str, text: str, most: int = TEXT_MOST) -> None:
        """Too long, or with a 個人番号 in it?"""
        if len(text) > most:
            self.add(field, "text_too_long", limit=most)
        else:
            self.check(field, lambda: refuse_my_number(text, field=field))

    def check(self, field: str, read: Callable[[], object]) -> None:
        """Note what `read` raises as an error of this field."""
        try:
            read()
        except Invalid as error:
            self.add(field, error.code, **error.params)


def new_key() -> str:
    """A key for a form that is drawn anew."""
    return secrets.token_urlsafe(12)


def kept_of(typed: Mapping[str, str]) -> dict[str, str]:
    """What people typed, without what pages put in and without passwords."""
    return {name: text for name, text in typed.items() if name not in _NOT_TYPED}


async def read_form(request: Request) -> Mapping[str, tuple[str, ...]]:
    """The fields of a form; files are left out. Kept for the page that has to tell that it could not be taken."""
    form = await request.form()
    found: dict[str, tuple[str, ...]] = {}
    for name, value in form.multi_items():
        if isinstance(value, str):
            found[name] = (*found.get(name, ()), value.replace("\r\n", "\n"))
    request.state.typed = kept_of({name: values[-1] for name, values in found.items()})
    return found


Fields = Annotated[Mapping[str, tuple[str, ...]], Depends(read_form)]


def sent_form(request: Request, fields: Fields) -> Sent:
    """A form of somebody who is signed in.

    Raises:
        NotSignedIn: nobody is.
        Forbidden: `form_expired`: the token is that of another session.
    """
    typed = {name: values[-1] for name, values in fields.items()}
    try:
        found = open_visit(request)
    except NotSignedIn:
        kept = keep_of_ended(request, typed.get("csrf", ""), kept_of(typed), typed.get("draft", ""))
        request.state.draft_kept = kept
        raise
    check_csrf(found, typed.get("csrf", ""))
    return Sent(found, typed, fields)


SentForm = Annotated[Sent, Depends(sent_form)]


def moment_of(text: str) -> datetime | None:
    """The instant that a `datetime-local` field holds, which counts in Japan's time; None if it is empty.

    Raises:
        Invalid: `time_malformed`.
    """
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid("time_malformed") from error
    if at.year not in _YEARS:
        raise Invalid("time_malformed")
    return (at if at.tzinfo else at.replace(tzinfo=JST)).astimezone(UTC)

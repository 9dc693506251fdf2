"""Checks what people fill into the fields of an answer, and brings it into the form in which it is recorded."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError

from csirt.clock import JST
from csirt.era import parse_date
from csirt.errors import Invalid
from csirt.guard import refuse_my_number
from csirt.model.form import TEXT_MOST, FormField, FormKind
from csirt.model.step import Json

_LONGEST = 80  # of a number, a day or a time as somebody writes it
_CLOCK = re.compile(r"(?P<day>.*?)[T\s]*(?P<hour>\d{1,2})(?::|時)(?P<minute>\d{1,2})(?::\d{1,2}|分)?")
# What pydantic calls an error -> what we call it, and which of its values is the limit.
_CODES = {
    "greater_than_equal": ("count_too_small", "ge"),
    "less_than_equal": ("count_too_large", "le"),
    "string_too_long": ("text_too_long", "max_length"),
}
_MALFORMED = {FormKind.NUMBER: "count_malformed", FormKind.CHOICE: "choice_unknown", FormKind.TEXT: "field_invalid"}


def checked(form: Sequence[FormField], given: Mapping[str, Json], *, declined: bool = False) -> dict[str, Json]:
    """The values as they are recorded. Whoever declines (`no`, `cannot`) need not fill anything in.

    A time is read on the clock of Japan; days may be written in an era (`令和8年11月24日 10:03`, `R8.11.24 10時3分`).

    Raises:
        Invalid: a field is missing, unknown or does not fit; it is named. A 個人番号 in a text.
    """
    known = {field.name: field for field in form}
    if unknown := set(given) - set(known):
        raise Invalid("field_unknown", field=min(unknown)[:40])
    filled = {name: value for name, value in given.items() if not _is_empty(value)}
    if not declined:
        for field in form:
            if field.required and field.name not in filled:
                raise Invalid("field_missing", field=field.name)
    return {name: _value(known[name], value) for name, value in filled.items()}


def _is_empty(value: Json) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _value(field: FormField, given: Json) -> Json:
    try:
        value: Json = _adapter(field).validate_python(given)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)[0]
        code, limit = _CODES.get(found["type"], ("", ""))
        if not code:
            raise Invalid(_MALFORMED.get(field.kind, "field_invalid"), field=field.name) from None
        raise Invalid(code, field=field.name, limit=found["ctx"][limit]) from None
    except Invalid as error:
        raise Invalid(error.code, **{**error.params, "field": field.name}) from None
    if isinstance(value, str) and field.kind is FormKind.TEXT:
        refuse_my_number(value, field=field.name)
    return value


def _adapter(field: FormField) -> TypeAdapter[Any]:
    if field.kind is FormKind.NUMBER:
        bounds = Field(ge=field.least, le=field.most, strict=True)
        return TypeAdapter(Annotated[int, bounds, BeforeValidator(_whole_number)])
    read = _READ.get(field.kind)
    text: Any = Annotated[str, Field(max_length=field.most or TEXT_MOST)]
    if read:
        text = Annotated[text, BeforeValidator(read)]
    if field.kind is FormKind.CHOICE:
        text = Annotated[text, BeforeValidator(lambda value: _one_of(value, field.options))]
    return TypeAdapter(text)


def _short(value: object) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise ValueError
    return unicodedata.normalize("NFKC", value).strip()


def _whole_number(value: object) -> object:
    """A number as JSON has it, or as people write it: `12`, `１２`, `1,200`."""
    if not isinstance(value, str):
        return value
    digits = _short(value).replace(",", "")
    if not re.fullmatch(r"-?[0-9]{1,15}", digits):
        raise ValueError
    return int(digits)


def _one_of(value: object, options: Sequence[str]) -> object:
    if value not in options:
        raise ValueError
    return value


def _day(value: object) -> str:
    return parse_date(_short(value)).isoformat()


def _time(value: object) -> str:
    """An instant; without a zone it is meant on the clock of Japan."""
    text = _short(value)
    if ":" not in text and "時" not in text:  # a day alone is no instant
        raise Invalid("time_malformed")
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = _era_time(text)
    at = at if at.tzinfo else at.replace(tzinfo=JST)
    try:
        return at.astimezone(JST).isoformat(timespec="minutes")
    except OverflowError:
        raise Invalid("time_malformed") from None


def _era_time(text: str) -> datetime:
    found = _CLOCK.fullmatch(text)
    if found is None:
        raise Invalid("time_malformed")
    day, hour, minute = parse_date(found["day"]), int(found["hour"]), int(found["minute"])
    if hour > 23 or minute > 59:
        raise Invalid("time_malformed")
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=JST)


_READ: Mapping[FormKind, Callable[[object], object]] = {FormKind.TIME: _time, FormKind.DAY: _day}

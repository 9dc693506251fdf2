"""Every input door, found by itself: the API's from its own description, the pages' from the forms that they draw."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from fastapi import FastAPI

Plant = Callable[[], str]
"""Gives the text of the next canary."""

_TYPED = frozenset({"text", "search", "password", "email", "tel", "url"})
_ENDS = ("/sign-out", "/account/sign-out", "/access/sessions/end", "/language", "/drafts/drop")


@dataclass(frozen=True)
class Call:
    """One request to the API."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None


def api_calls(app: FastAPI, bodies: Mapping[str, Any], traces: Mapping[str, str], plant: Plant) -> Iterator[Call]:
    """Each free text of each operation once: of its body, its query, its address."""
    described = app.openapi()
    for path, item in described["paths"].items():
        for method, operation in item.items():
            if not path.endswith("/live") and (method, path) != ("delete", "/api/v1/session"):
                yield from _calls(path, method, operation, described, bodies.get(path), traces, plant)


def _calls(
    path: str, method: str, operation: Mapping[str, Any], described: Mapping[str, Any], base: Any,
    traces: Mapping[str, str], plant: Plant,
) -> Iterator[Call]:  # fmt: skip
    known = _Anything(traces)
    place = path.format_map(known)
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "query" and _is_text(parameter["schema"], described):
            yield Call(method, place, {parameter["name"]: plant()}, base)
        if parameter["in"] == "path":
            yield Call(method, path.format_map(_Anything({**traces, parameter["name"]: plant()})))
    for name in _texts(_body_schema(operation, described), described):
        yield Call(method, place, {}, {**(base if isinstance(base, dict) else {}), name: plant()})
    if method != "get":
        yield Call(method, place, {}, plant())  # no object at all


class _Anything(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "x"


def _resolved(schema: Mapping[str, Any], described: Mapping[str, Any]) -> Mapping[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    return described["components"]["schemas"][name] if name else schema


def _body_schema(operation: Mapping[str, Any], described: Mapping[str, Any]) -> Mapping[str, Any]:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    return _resolved(content.get("schema", {}), described)


def _is_text(schema: Mapping[str, Any], described: Mapping[str, Any]) -> bool:
    found = _resolved(schema, described)
    kinds = [found, *(_resolved(one, described) for one in found.get("anyOf", ()))]
    return any(one.get("type") == "string" and "enum" not in one for one in kinds)


def _texts(schema: Mapping[str, Any], described: Mapping[str, Any]) -> list[str]:
    return [name for name, one in schema.get("properties", {}).items() if _is_text(one, described)]


# --------------------------------------------------------------------------------------------------------------- forms


@dataclass
class Form:
    """A form that sends: where it goes, what stands in it, and which of its fields somebody types into."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    typed: list[str] = field(default_factory=list)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._form: Form | None = None
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(has.get("action", "")) if has.get("method") == "post" else None
            if self._form:
                self.found.append(self._form)
        if self._form is not None:
            self._take(self._form, tag, has)

    def _take(self, form: Form, tag: str, has: Mapping[str, str]) -> None:
        name, kind = has.get("name", ""), has.get("type", "text")
        if tag == "textarea" or (tag == "input" and kind in _TYPED and name):
            form.typed.append(name)
        elif tag == "input" and kind in _CHOSEN and name:
            form.fields.setdefault(name, has.get("value") or _FILLED.get(kind, "on"))
        elif tag == "button" and name:
            form.fields.setdefault(name, has.get("value", ""))
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and has.get("value"):
            form.fields.setdefault(self._select, has["value"])

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        if tag == "select":
            self._select = ""


_CHOSEN = frozenset({"hidden", "radio", "checkbox", "date", "datetime-local", "number"})
_FILLED = {"date": "2026-11-22", "datetime-local": "2026-11-22T10:00", "number": "1"}


def forms_of(page: str) -> list[Form]:
    """The forms of a page that send something, but for those that end the session."""
    parser = _Forms()
    parser.feed(page)
    return [one for one in parser.found if not one.action.startswith(_ENDS)]

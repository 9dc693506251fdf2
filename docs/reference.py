"""Writes `docs/reference/*.md` from the source: `python docs/reference.py`; with `--check` only says what is stale.

Settings, commands, addresses, error codes and kinds of entry each have a heading of their own, so that a code shown on
a screen can be looked up. Nothing here is written by hand: what is wrong on these pages is mended in the source.
"""  # noqa: INP001 - a script beside the texts, no package

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import typer.main
from fastapi.routing import APIRoute
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from csirt import errors
from csirt.cli.main import app
from csirt.errors import CsirtError
from csirt.readers import formats
from csirt.readers.mapping import VendorMapping
from csirt.record import entry as record_entry
from csirt.record.entry import EntryKind
from csirt.settings import Settings
from csirt.texts.catalogs import catalog
from csirt.web import problems, refusals
from csirt.web.addresses import hang
from csirt.web.api.described import Described
from csirt.web.api.routes import routers as api
from csirt.web.pages.routes import PARTS

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "reference"
NOTE = "<!-- Written by docs/reference.py from the source. Do not edit. -->"
METHODS = ("get", "post", "put", "patch", "delete")
PACKAGES = ("csirt", "notifications", "playbooks")


def page(title: str, lead: str, body: Iterable[str]) -> str:
    """A whole page."""
    return "\n".join([f"# {title}", "", NOTE, "", lead, "", *body]).rstrip() + "\n"


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    """A table; nothing where there are no rows."""
    lines = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    if not lines:
        return []
    heads = list(heads)
    return [f"| {' | '.join(row)} |" for row in (heads, ["---"] * len(heads), *lines)] + [""]


# ------------------------------------------------------------------------------------------------------------ settings


def settings_page() -> str:
    """Every setting."""
    lead = (
        "A setting is read from the environment (`CSIRT_…`), else from `csirt.toml` in the data folder, else it has its"
        " default. They are read once, at start. Another name in `csirt.toml` is refused."
    )
    return page(
        "Settings", lead, (line for name, info in Settings.model_fields.items() for line in _setting(name, info))
    )


def _setting(name: str, info: FieldInfo) -> list[str]:
    rows = [
        ("Environment", f"`CSIRT_{name.upper()}`"),
        ("In `csirt.toml`", f"`{name}`"),
        ("Value", _kind_of(info.annotation)),
        ("Default", _default_of(name, info)),
    ]
    return [f"## {name}", "", info.description or "", "", *table(("", ""), rows)]


def _kind_of(annotation: Any) -> str:
    if get_origin(annotation) is Literal:
        return ", ".join(f"`{value}`" for value in get_args(annotation))
    if annotation is SecretStr:
        return "text, secret"
    if get_origin(annotation) is tuple:
        return "list of texts; in the environment as JSON"
    words = {str: "text", int: "whole number", bool: "`true` or `false`"}
    return words.get(annotation, "path")


def _default_of(name: str, info: FieldInfo) -> str:
    if name == "data":  # depends on whose home it is
        return "`csirt` in `$XDG_DATA_HOME`, else `~/.local/share/csirt`"
    value = info.default.get_secret_value() if isinstance(info.default, SecretStr) else info.default
    if value in ("", None, ()):
        return "empty"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


# ------------------------------------------------------------------------------------------------------------ commands


def commands() -> Iterator[tuple[str, Any]]:
    """Every command by its full name, such as `csirt serve`, in alphabetical order."""
    yield from sorted(_below("csirt", typer.main.get_command(app)), key=lambda named: named[0])


def _below(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    if not hasattr(command, "list_commands"):
        yield name, command
        return
    context = typer.Context(command)
    for word in command.list_commands(context):
        yield from _below(f"{name} {word}", command.get_command(context, word))


def commands_page() -> str:
    """Every command of `csirt`."""
    lead = (
        "After `./run --setup-only` the program is `.venv/bin/csirt`; below it is written `csirt`. Every command says"
        " what it takes with `--help`. Exit codes: 0 done, 2 not understood, 3 not allowed, 4 not found, 5 somebody was"
        " faster, 6 something outside is down, 70 our own record is wrong."
    )
    return page("Commands", lead, (line for name, command in commands() for line in _command(name, command)))


def _command(name: str, command: Any) -> list[str]:
    shown = [one for one in command.params if not getattr(one, "hidden", False) and one.name != "help"]
    takes = [(_parameter(one), (getattr(one, "help", None) or "").strip()) for one in shown]
    words = [_word(one) for one in shown if one.param_type_name == "argument"]
    words += [_parameter(one).replace("`", "") for one in shown if one.param_type_name == "option" and one.required]
    usage = " ".join([name, *words, *(["[options]"] if len(words) < len(shown) else [])])
    about = [part.strip() for part in (command.help or "").replace("\b", "").split("\n\n")]
    spaced = (line for part in about for line in (re.sub(r"\s+", " ", part), ""))
    return [f"## {name}", "", *spaced, "```console", f"$ {usage}", "```", "", *table(("Takes", "Meaning"), takes)]


def _word(argument: Any) -> str:
    word = (argument.metavar or argument.name).strip("[]").upper()
    return word if argument.required else f"[{word}]"


def _parameter(one: Any) -> str:
    if one.param_type_name == "argument":
        return f"`{_word(one)}`"
    names = ", ".join(f"`{name}`" for name in (*one.opts, *one.secondary_opts))
    return names if one.is_flag else f"{names} {_value(one.type_descriptor.annotation)}"


def _value(annotation: Any) -> str:
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return " or ".join(f"`{one.value}`" for one in annotation)
    return {int: "NUMBER", float: "NUMBER", Path: "PATH"}.get(annotation, "TEXT")


# -------------------------------------------------------------------------------------------------------------- routes


def api_described() -> Mapping[str, Any]:
    """What the API offers, as its own OpenAPI description has it."""
    described = Described(title="CSIRT desk", version="1")
    hang(described, api)
    return described.openapi()


def routes_page() -> str:
    """Every address of the API and of the pages."""
    lead = (
        "The API speaks JSON and lives under `/api/v1`; its full description in OpenAPI is served at"
        " `/api/v1/openapi.json`. Every unsafe request carries the session's token in `X-CSRF-Token`, or comes from a"
        " sensor with `Authorization: Bearer …`. Errors come as `error`, `params`, `message`; see"
        " [errors](errors.md)."
    )
    described = api_described()
    shapes = described["components"]["schemas"]
    calls = [(f"{way.upper()} {path}", told) for path, ways in described["paths"].items() for way, told in ways.items()]
    body = [line for heading, told in sorted(calls, key=_by_path) for line in _call(heading, told, shapes)]
    return page("Addresses", lead, [*body, "## Pages", "", *_pages()])


def _by_path(call: tuple[str, Any]) -> tuple[str, int]:
    way, path = call[0].split(" ", 1)
    return path, METHODS.index(way.lower())


def _call(heading: str, told: Mapping[str, Any], shapes: Mapping[str, Any]) -> list[str]:
    takes = [
        (f"`{one['name']}`", one["in"], "yes" if one["required"] else "no", one.get("description", ""))
        for one in told.get("parameters", ())
        if one["in"] != "cookie"
    ]
    body = told.get("requestBody", {}).get("content", {})
    takes += [row for content in body.values() for row in _fields_of(content, shapes)]
    good = ", ".join(code for code in told["responses"] if code.startswith("2"))
    sent = f"Body: {', '.join(body)}. " if body else ""
    return [
        *(f"## {heading}", "", told.get("description", ""), ""),
        *table(("Takes", "In", "Required", ""), takes),
        *(f"{sent}Answers {good}.", ""),
    ]


def _fields_of(content: Mapping[str, Any], shapes: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    shape = shapes.get(content.get("schema", {}).get("$ref", "").rpartition("/")[2], {})
    required = shape.get("required", ())
    return [
        (f"`{name}`", "body", "yes" if name in required else "no", field.get("description", ""))
        for name, field in shape.get("properties", {}).items()
    ]


def _pages() -> list[str]:
    found = [route for part in PARTS for route in part.router.routes if isinstance(route, APIRoute)]
    rows = [
        (f"`{way} {route.path}`", (route.description or "").partition("\n")[0])
        for route in sorted(found, key=lambda route: (route.path, sorted(route.methods or ())))
        for way in sorted(set(route.methods or ()) - {"HEAD"})
    ]
    return table(("Page", ""), rows)


# -------------------------------------------------------------------------------------------------------------- errors

_CODE = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
# What is no error but carries a code that people see.
ASIDE = {
    "Unreadable": "Reason why a record lies in quarantine.",
    "Nobody": "Reason why a party of a contact chain stands for nobody.",
    "Weakness": "Weakness of a contact chain, found when it is checked.",
    "Bad": "Finding when a record is verified.",
}
_CALLS = {"refuse": "Invalid", "found": "Weakness"}


def families() -> dict[str, type[CsirtError]]:
    """Every error class of ours by name."""
    named = [pair for module in (errors, refusals, problems) for pair in vars(module).items()]
    return {name: kind for name, kind in named if isinstance(kind, type) and issubclass(kind, CsirtError)}


def raised() -> dict[str, set[str]]:
    """Every error code that stands in the source, with the names of the classes that carry it."""
    known = {*families(), *ASIDE}
    found: dict[str, set[str]] = {}
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                for family, code in _codes_in(node, known):
                    found.setdefault(code, set()).add(family)
    return found


def _codes_in(node: ast.AST, known: set[str]) -> Iterator[tuple[str, str]]:
    if not isinstance(node, ast.Call) or not node.args:
        return
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    family = _CALLS.get(name, name)
    for value in _choices(node.args[0]):
        if family in known and isinstance(value, str) and _CODE.fullmatch(value):
            yield family, value


def _choices(argument: ast.expr) -> list[object]:
    """The values that an argument may have: a constant, or either side of a conditional."""
    if isinstance(argument, ast.IfExp):
        return [*_choices(argument.body), *_choices(argument.orelse)]
    return [argument.value] if isinstance(argument, ast.Constant) else []


def errors_page() -> str:
    """Every error code, with its sentences."""
    lead = (
        "A code never changes; the sentence may. Parts in `‹ ›` are filled in. Where a code can come in several"
        " families, all are named. A code without a family stands in the record or on a page as the reason for"
        " something."
    )
    carried = raised()
    said = {code.removeprefix("error.") for code in catalog("en").texts if code.startswith("error.")} - {"other"}
    return page("Errors", lead, (line for code in sorted({*carried, *said}) for line in _error(code, carried)))


def _error(code: str, carried: Mapping[str, set[str]]) -> list[str]:
    classes = families()
    rows = [
        (f"`{name}`", str(classes[name].http), str(classes[name].exit_code))
        for name in sorted(carried.get(code, ()))
        if name in classes
    ]
    asides = [line for name, words in ASIDE.items() if name in carried.get(code, ()) for line in (words, "")]
    sentences = [line for language in ("ja", "en") for line in _sentence(code, language)]
    return [f"## {code}", "", *sentences, *table(("Family", "HTTP", "Exit code"), rows), *asides]


def _sentence(code: str, language: str) -> list[str]:
    words = catalog(language)
    if not words.has(f"error.{code}"):
        return []
    return [re.sub(r"%\((\w+)\)s", r"‹\1›", words.gettext(f"error.{code}")).replace("%%", "%"), ""]


# --------------------------------------------------------------------------------------------------------------- kinds


def kinds_page() -> str:
    """Every kind of entry of the record."""
    lead = (
        "The record is a row of entries; each has one of these kinds. A kind is never removed, so that old records stay"
        " readable. Beside its kind an entry holds who (as an opaque id), when, codes and numbers, and commitments to"
        " texts that lie in the vault."
    )
    source = Path(record_entry.__file__).read_text(encoding="utf-8")
    meanings = dict(re.findall(r'^    ([A-Z_]+) = "\1"  # (?:noqa: \S+ - )?(.+)$', source, re.MULTILINE))
    return page("Kinds of entry", lead, (line for kind in EntryKind for line in _kind(kind, meanings)))


def _kind(kind: Enum, meanings: Mapping[str, str]) -> list[str]:
    labels = (catalog(language).gettext(f"kind.{kind.value}") for language in ("ja", "en"))
    meaning = meanings[str(kind.value)]
    return [f"## {kind.value}", "", f"{meaning[0].upper()}{meaning[1:]}.", "", f"Shown as: {' / '.join(labels)}", ""]


# ------------------------------------------------------------------------------------------------------------- formats


def formats_page() -> str:
    """Every format that is read, and for each mapping what it takes from where."""
    lead = (
        "The formats that `csirt read` and `csirt ingest` recognise by themselves. `csirt formats` lists them, too."
        " What is not here is read by a mapping of the city's own: [write a mapping](../howto/write-a-mapping.md)."
    )
    rows = [(f"`{one['format']}`", one["name"], one["by"], one["documents"]) for one in formats.told()]
    body = table(("Format", "Name", "Read by", "Described in"), rows)
    return page("Formats", lead, [*body, *(line for one in formats.mappings() for line in _mapping(one))])


def _mapping(one: VendorMapping) -> list[str]:
    """What one mapping makes of severities, and what raises nothing."""
    words = [f"{word} → {level}" for word, level in one.severity.levels.items()]
    bands = [f"from {least:g} → {level}" for least, level in one.severity.bands]
    none = sorted({rule.why for rule in one.not_a_detection})
    quiet = sorted({rule.why for rule in one.no_alarm})
    facts = [
        ("Severity to level", ", ".join([*words, *bands, f"else → {one.severity.unknown}"])),
        ("Never below", ", ".join(f"level {rule.level}" for rule in one.at_least)),
        ("No detection", ", ".join(f"`{why}`" for why in none)),
        ("Level 0, opens nothing", ", ".join(f"`{why}`" for why in quiet)),
        ("Observables", ", ".join(one.observables)),
    ]
    return [f"## {one.format}", "", f"{one.name}.", "", *table(("", ""), [fact for fact in facts if fact[1]])]


# ----------------------------------------------------------------------------------------------------------------------

PAGES = {
    "settings.md": settings_page,
    "commands.md": commands_page,
    "routes.md": routes_page,
    "errors.md": errors_page,
    "ledger-kinds.md": kinds_page,
    "formats.md": formats_page,
}


def stale() -> dict[str, str]:
    """The pages that are not as the source has them, by name, as they should be."""
    fresh = {name: make() for name, make in PAGES.items()}
    return {name: text for name, text in fresh.items() if not _holds(FOLDER / name, text)}


def _holds(path: Path, text: str) -> bool:
    return path.exists() and path.read_text(encoding="utf-8") == text


def main(arguments: list[str]) -> int:
    """Write every page, or with `--check` name those that are stale; 1 if there are any."""
    found = stale()
    if "--check" not in arguments:
        FOLDER.mkdir(exist_ok=True)
        for name, text in found.items():
            (FOLDER / name).write_text(text, encoding="utf-8")
    sys.stdout.write("".join(f"{'stale' if '--check' in arguments else 'written'}: {name}\n" for name in found))
    return int(bool(found) and "--check" in arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

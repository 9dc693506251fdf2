"""What every command shares: its options, and how it speaks: JSON lines for programs, sentences and tables for people.

JSON goes to standard output, one object a line; sentences about what went wrong go to standard error.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum, StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from csirt.errors import CsirtError, Param
from csirt.guard import clean_line, mask_each
from csirt.texts.catalogs import Catalog, catalog


class Language(StrEnum):
    """The languages that we speak."""

    JA = "ja"
    EN = "en"


def _remember(ctx: typer.Context, param: typer.CallbackParam, value: Any) -> Any:
    """Keep how to speak where an error finds it, whatever came first on the line."""
    ctx.meta[f"csirt.{param.name}"] = value
    return value


AsJson = Annotated[
    bool, typer.Option("--json", help="JSON, one object a line. JSONで出力", callback=_remember, is_eager=True)
]
Lang = Annotated[
    Language,
    typer.Option("--lang", help="Language of words. 言語", envvar="CSIRT_LANGUAGE", callback=_remember, is_eager=True),
]
Data = Annotated[Path | None, typer.Option("--data", help="Data folder. データの場所", envvar="CSIRT_DATA")]
As = Annotated[str, typer.Option("--as", help="In whose name (account). 誰の名で行うか")]


def words(language: str) -> Catalog:
    """The catalog of a language."""
    return catalog(str(language))


def say(language: str, code: str, params: Mapping[str, Param] | None = None) -> None:
    """A sentence for people, on standard output."""
    typer.echo(words(language).say(code, params))


def refuse(ctx: typer.Context, error: CsirtError) -> None:
    """Tell an error on standard error: a sentence, or with `--json` its code, parameters and sentence."""
    language = ctx.meta.get("csirt.language") or Language.JA
    tell_error(error.code, error.params, language, as_json=bool(ctx.meta.get("csirt.as_json")))


def tell_error(code: str, params: Mapping[str, Param], language: str, *, as_json: bool) -> None:
    """The same for an error that does not end the command at once."""
    params = mask_each(params)
    message = words(language).error(code, params)
    if as_json:
        typer.echo(to_json({"error": code, "params": dict(params), "message": message}), err=True)
        return
    shown = ", ".join(f"{name}={value}" for name, value in params.items() if f"{value}" not in message)
    typer.echo(f"{message} [{code}{': ' if shown else ''}{shown}]", err=True)


def plain(value: Any) -> Any:
    """A value as JSON can hold it; instants in UTC to the millisecond, with Z."""
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return value.value if isinstance(value, Enum) else value


def to_json(value: Any) -> str:
    """One object on one line; control characters of any kind are written as escapes."""
    text = json.dumps(plain(value), ensure_ascii=False)
    return "".join(f"\\u{ord(sign):04x}" if "\x7f" <= sign <= "\x9f" else sign for sign in text)


def show(rows: Iterable[Mapping[str, Any]], headings: Mapping[str, str], language: str, *, as_json: bool) -> None:
    """Rows as JSON lines, or as a table of the named columns; a heading is a code of the catalog."""
    if as_json:
        for row in rows:
            typer.echo(to_json(row))
        return
    from csirt.cli.tables import print_table  # lazy: rich is needed for people only

    speech = words(language)
    cells = ([_cell(row.get(name)) for name in headings] for row in rows)
    print_table([speech.gettext(code) for code in headings.values()], cells, speech.gettext("cli.nothing"))


def show_one(value: Mapping[str, Any], sentence: str, language: str, *, as_json: bool) -> None:
    """One object as JSON, or a sentence that has its values as places."""
    if as_json:
        typer.echo(to_json(value))
    else:
        say(language, sentence, {name: _cell(one) for name, one in value.items()})


def _cell(value: Any) -> str:
    value = plain(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        value = ", ".join(str(one["code"] if isinstance(one, dict) else one) for one in value)
    return "" if value is None else clean_line(str(value))

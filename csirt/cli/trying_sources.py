"""`csirt sources test`: what would become of a file if a source sent it. Nothing is kept."""

from pathlib import Path
from typing import Annotated, Any

import typer

from csirt.cli.opening import LOCAL, open_desk
from csirt.cli.reading import bytes_of
from csirt.cli.speaking import AsJson, Data, Lang, Language, plain, say, show, to_json, words
from csirt.errors import Invalid
from csirt.model.asset import Asset
from csirt.response.trials import Fate
from csirt.store.queries.assets import by_id
from csirt.texts.assets import asset_text
from csirt.texts.hosts import host_text
from csirt.texts.trials import fate_text
from csirt.trying import Trial, try_input

_COLUMNS = {
    "index": "cli.column.i",
    "level": "cli.column.level",
    "attacked_text": "cli.column.host",
    "title": "cli.column.title",
    "asset_text": "cli.column.asset",
    "fate_text": "cli.column.fate",
    "fingerprint": "cli.column.fingerprint",
}


def try_out(
    name: Annotated[str, typer.Argument(help="The source's name. 検知元の名前")],
    file: Annotated[Path, typer.Argument(help="File, or - for standard input. ファイル")],
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Read a file as a source would, and tell what would become of it; nothing is kept. 試しに読む（保存しない）"""
    content = bytes_of(file)
    with open_desk(data) as desk:
        trial = try_input(desk, LOCAL, name, content)
        known = desk.look(by_id, {one.asset for one in trial.tried if one.asset})
    if as_json:
        typer.echo(to_json(_whole(trial, known, language)))
    else:
        show(_rows(trial, known, language), _COLUMNS, language, as_json=False)
        _tell(trial, language)
    if not trial.tried or all(one.fate is Fate.QUARANTINED for one in trial.tried):
        why = trial.tried[0] if trial.tried else None
        code, reason = (why.why, why.reason) if why else ("empty", "file")
        raise Invalid("nothing_readable", file=file.name, code=code, reason=reason)


def _rows(trial: Trial, known: dict[str, Asset], language: str) -> list[dict[str, Any]]:
    speech = words(language)
    return [
        {
            **plain(one),
            "attacked_text": host_text(speech, one.attacked),
            "asset_text": asset_text(speech, known[one.asset]) if one.asset in known else "",
            "layer": known[one.asset].layer if one.asset in known else None,
            "fate_text": fate_text(speech, one),
        }
        for one in trial.tried
    ]


def _whole(trial: Trial, known: dict[str, Asset], language: str) -> dict[str, Any]:
    source = trial.source
    return {
        "name": source.name, "format": trial.format, "mapping": source.mapping, "tokens_live": trial.tokens,
        "let_in": trial.let_in, "too_many": trial.too_many, "per_minute": source.per_minute,
        "ignore_fields": source.ignore_fields, "left": trial.left, **trial.counted(),
        "records": _rows(trial, known, language),
    }  # fmt: skip


def _tell(trial: Trial, language: str) -> None:
    source = trial.source
    say(language, "trial.read_as", {"name": source.name, "format": trial.format, "mapping": source.mapping or "-"})
    if source.ignore_fields:
        say(language, "trial.ignoring", {"names": ", ".join(source.ignore_fields)})
    say(language, "trial.sums", trial.counted())
    if not trial.let_in:
        say(language, "trial.no_token")
    if trial.too_many:
        say(language, "trial.too_many", {"n": source.per_minute})
    if trial.left:
        say(language, "trial.left", {"n": trial.left})

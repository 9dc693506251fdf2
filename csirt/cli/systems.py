"""Commands about outside systems: which there are, and whether they would do what is asked of them."""

from collections.abc import Iterable
from dataclasses import asdict

import typer

from csirt.cli.opening import open_desk
from csirt.cli.speaking import AsJson, Data, Lang, Language, show, words
from csirt.errors import Unavailable

systems = typer.Typer(no_args_is_help=True, help="Outside systems that carry orders out. 対処を実行する外部システム")

_COLUMNS = {
    "system": "cli.column.name",
    "kind": "cli.column.kind_of_system",
    "does_text": "cli.column.does",
    "ok_text": "cli.column.status",
    "code": "cli.column.key",
}


@systems.command("list")
def list_(data: Data = None, as_json: AsJson = False, language: Lang = Language.JA) -> None:
    """List the systems and what they do; nothing is tried. 外部システムの一覧"""
    with open_desk(data) as desk:
        found = [system for system, _ in desk.hands.systems.ways]
    rows = [
        {"system": one.name, "kind": one.kind, "does": one.does, "does_text": _does(one.does, language)}
        for one in found
    ]  # fmt: skip
    show(rows, _COLUMNS, language, as_json=as_json)


@systems.command()
def check(data: Data = None, as_json: AsJson = False, language: Lang = Language.JA) -> None:
    """Try every system without any effect. すべてのシステムを、影響を与えずに試す"""
    speech = words(language)
    with open_desk(data) as desk:
        found = desk.hands.systems.check()
    rows = [
        asdict(one)
        | {
            "does_text": _does(one.does, language),
            "ok_text": speech.gettext("system.ok") if one.ok else speech.error(one.code, {"system": one.system}),
        }
        for one in found
    ]
    show(rows, _COLUMNS, language, as_json=as_json)
    if bad := next((one for one in found if not one.ok), None):
        raise Unavailable("system_check_failed", system=bad.system, why=bad.code)


def _does(kinds: Iterable[str], language: str) -> str:
    speech = words(language)
    return speech.gettext("list.separator").join(speech.gettext(f"order.{kind}") for kind in kinds)

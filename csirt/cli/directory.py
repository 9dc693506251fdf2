"""Commands about the directory: do its servers answer, and what does the mapping give somebody, and why."""

from typing import Annotated, Any

import typer

from csirt.cli.opening import open_desk, refresh_people
from csirt.cli.speaking import AsJson, Data, Lang, Language, say, show, show_one, words
from csirt.directory.probing import Probe
from csirt.errors import DirectoryUnavailable
from csirt.model.people import SYSTEM
from csirt.response import people
from csirt.texts.directory import tell_all, tell_one

_PROBED = {
    "place": "cli.column.place",
    "state": "cli.column.state",
    "reason": "cli.column.reason",
    "ms": "cli.column.ms",
}

directory = typer.Typer(no_args_is_help=True, help="The directory of people. 名簿")


@directory.callback()
def _directory() -> None:
    """Whether the directory answers, and whom it gives which role. 名簿の点検"""


@directory.command()
def check(
    user: Annotated[str, typer.Argument(help="An account: what it may do, and why. ユーザーID")] = "",
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Look at each server, read everybody, and say what the mapping comes to. 名簿に接続し、役割の対応を点検する"""
    with open_desk(data) as desk:
        probes = desk.directory.probe()
        show(map(_probed, probes), _PROBED, language, as_json=as_json)
        listing = desk.directory.listing()
        speech = words(language)
        found = list(tell_one(listing, user, speech) if user else tell_all(listing, speech))
    rows = [{"code": code, "what": speech.gettext(f"cli.directory.{code}"), "value": value} for code, value in found]
    show(rows, {"what": "cli.column.what", "value": "cli.column.value"}, language, as_json=as_json)
    if all(one.code for one in probes):
        raise DirectoryUnavailable("directory_unreachable")
    if not as_json and not user:
        say(language, "cli.directory_more")


@directory.command()
def refresh(
    accept: Annotated[
        bool, typer.Option("--accept", help="Also if far fewer are left. 大幅に減っていても受け入れる")
    ] = False,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Read everybody anew, at once. 名簿を読み直す"""
    with open_desk(data) as desk:
        refresh_people(desk, accept=accept)
        desk.commit(SYSTEM, people.heard)
        known = desk.look(lambda look: people.roster(look.session, look.vault))
    show_one({"people": len(known.people), "posts": len(known.posts)}, "cli.directory_read", language, as_json=as_json)


def _probed(one: Probe) -> dict[str, Any]:
    return {"place": one.place, "state": one.code or "ok", "reason": one.reason, "ms": one.milliseconds}

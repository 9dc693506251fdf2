"""Commands about contact chains: what is weak, who would be called when, and rehearsals."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from csirt.bootstrap import Desk
from csirt.cli import chain_starts
from csirt.cli.opening import open_desk
from csirt.cli.speaking import AsJson, Data, Lang, Language, plain, say, show, to_json, words
from csirt.era import jst_date
from csirt.errors import Invalid
from csirt.model.chains import Severity, Weakness, check_holidays
from csirt.model.people import Roster
from csirt.model.rehearsal import Rehearsed, Weakest
from csirt.model.spells import Spell
from csirt.outlook import Assumed, Outlook, planned
from csirt.reports.labels import shown_at
from csirt.reports.rehearsal_svg import draw_rehearsal
from csirt.texts.naming import Naming

_MOST_RUNS = 1_000_000
_WITHOUT = {"silent": "rehearsal.silent", "down": "rehearsal.down"}

chains = typer.Typer(no_args_is_help=True, help="Contact chains. 連絡網")


@chains.callback()
def _chains() -> None:
    """Contact chains. 連絡網"""


@chains.command()
def check(
    hours: Annotated[
        bool, typer.Option("--hours", help="Who would be called in each hour of 14 days. 14日間、誰が呼ばれるか")
    ] = False,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Resolve every chain against today's directory and tell what is weak. 連絡網の点検"""
    with open_desk(data) as desk:
        outlook = _outlook(desk)
        found = _weaknesses(outlook)
        rows = list(_hours(outlook, language)) if hours else [_weak(one, language) for one in found]
    columns = {"severity": "cli.column.severity", "file": "cli.column.file", "route": "cli.column.route",
               "tier": "cli.column.tier", "key": "cli.column.key", "message": "cli.column.text"}  # fmt: skip
    by_hour = {"from_text": "cli.column.from", "until_text": "cli.column.until", "chain": "cli.column.chain",
               "route": "cli.column.route", "tier": "cli.column.tier", "after": "cli.column.after",
               "called": "cli.column.called", "by": "cli.column.by"}  # fmt: skip
    show(rows, by_hour if hours else columns, language, as_json=as_json)
    if any(one.severity is Severity.ERROR for one in found):
        raise typer.Exit(Invalid.exit_code)


def _outlook(desk: Desk) -> Outlook:
    return Outlook(desk, Roster(desk.directory.people(), desk.directory.posts()))


def _weaknesses(outlook: Outlook) -> list[Weakness]:
    of_chains = [one for chain in outlook.chains() for one in outlook.weaknesses(chain)]
    desk = outlook.desk
    return [*of_chains, *check_holidays(desk.door.city.holidays, jst_date(desk.clock.now()))]


def _weak(one: Weakness, language: str) -> dict[str, Any]:
    return {**plain(one), "message": words(language).error(one.code)}


def _hours(outlook: Outlook, language: str) -> Iterator[dict[str, Any]]:
    name = Naming(outlook.known, outlook.desk.door.city.offices, words(language))
    for chain in outlook.chains():
        for spell in outlook.spells(chain):
            yield from _spell(spell, name, language)


def _spell(spell: Spell, name: Naming, language: str) -> Iterator[dict[str, Any]]:
    """A row for each party of each tier; the spell itself stands in the first."""
    speech, shown = words(language), "ja" if language == "ja" else "en"
    for number, one in enumerate(planned(spell.calls)):
        who = [name(person) for person in one.people] or [name(one.party)]
        yield {
            "from": spell.begins, "until": spell.ends, "chain": spell.chain,
            "route": one.route, "tier": one.tier, "after": one.after, "party": one.party,
            "people": list(one.people), "channels": list(one.channels), "skipped": one.skipped,
            "called": speech.error(one.skipped) if one.skipped else speech.gettext("list.separator").join(who),
            "by": ", ".join(speech.gettext(f"channel.{channel}") for channel in one.channels),
            "from_text": "" if number else shown_at(spell.begins, shown),  # type: ignore[arg-type]
            "until_text": "" if number else shown_at(spell.ends, shown),  # type: ignore[arg-type]
        }  # fmt: skip


@chains.command()
def rehearse(  # noqa: PLR0913, PLR0917 - each is an option of the command
    chain: Annotated[str, typer.Argument(help="Its name. 連絡網の名前")],
    at: Annotated[str, typer.Option(help="When it starts, such as 2026-12-31T23:00+09:00. 開始時刻")] = "",
    silent: Annotated[
        list[str] | None, typer.Option(help="A post that never answers, again for each. 応答しない職")
    ] = None,
    down: Annotated[list[str] | None, typer.Option(help="A channel that fails, again for each. 使えない手段")] = None,
    runs: Annotated[int, typer.Option(min=1, max=_MOST_RUNS, help="How often. 回数")] = 10_000,
    seed: Annotated[int, typer.Option(help="The same seed, the same answer. 乱数の種")] = 1,
    goal: Annotated[str, typer.Option(help="Who is to know (default: the ministry). 伝わるべき相手")] = "",
    within: Annotated[int, typer.Option(min=1, max=4320, help="Minutes. 分")] = 60,
    svg: Annotated[Path | None, typer.Option(help="Also write a picture here. 図の出力先")] = None,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Play a chain thousands of times on a virtual clock: who is reached when, and what hurts most. 連絡網の予行"""
    from csirt.cli.tables import progress  # lazy: rich is needed for people only

    assumed = Assumed(
        at=_instant(at), silent=tuple(silent or ()), down=tuple(down or ()), goal=goal, within=within, runs=runs,
        seed=seed,
    )  # fmt: skip
    with open_desk(data) as desk:
        outlook = _outlook(desk)
        name = Naming(outlook.known, desk.door.city.offices, words(language))
        of = outlook.chain(chain)
        with progress(words(language).gettext("rehearsal.playing")) as told:
            found = outlook.rehearse(of, assumed, told)
    if svg:
        title = of.title.get(str(language)) or chain
        svg.write_text(draw_rehearsal(found, words(language), name, title, alone=True), encoding="utf-8")
    if as_json:
        typer.echo(to_json(found))
    else:
        _tell(found, found.weakest[:3], name, language)


def _instant(text: str) -> datetime | None:
    """An instant with its zone. Raises `Invalid`."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid("time_malformed", value=text[:40]) from None
    if at.utcoffset() is None:
        raise Invalid("time_without_zone")
    return at


def _tell(found: Rehearsed, worst: tuple[Weakest, ...], name: Naming, language: str) -> None:
    speech = words(language)
    who = name(found.goal) if found.goal else speech.gettext("rehearsal.anybody")
    shown = shown_at(found.at, "ja" if language == "ja" else "en")
    say(language, "rehearsal.head", {"chain": found.chain, "at": shown, "runs": found.runs, "seed": found.seed})
    say(
        language,
        "rehearsal.probability",
        {"who": who, "within": f"{found.within:g}", "share": f"{found.probability:.1%}"},
    )
    say(language, "rehearsal.silence", {"nobody": f"{found.nobody:.1%}", "last": f"{found.last_resort:.1%}"})
    rows = [
        {
            "party": name(one.party), "called": _minutes(one.first_call), "share": f"{one.share:.1%}",
            "median": _minutes(one.median), "late": _minutes(one.late), "worst": _minutes(one.worst),
        }
        for one in found.reached
    ]  # fmt: skip
    columns = {"party": "cli.column.called", "called": "cli.column.first_call", "share": "cli.column.share",
               "median": "cli.column.median", "late": "cli.column.late", "worst": "cli.column.worst"}  # fmt: skip
    show(rows, columns, language, as_json=False)
    for one in worst:
        what = speech.gettext(f"channel.{one.key}") if one.kind == "down" else name(one.key)
        say(language, _WITHOUT[one.kind], {"what": what, "share": f"{one.probability:.1%}"})


def _minutes(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


chains.command("called-for")(chain_starts.called_for)
chains.command("start")(chain_starts.start)
chains.command("confirm")(chain_starts.confirm)

"""Commands about contact chains: what is weak, who would be called when, and rehearsals."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from csirt.bootstrap import Desk
from csirt.cli import chain_starts
from csirt.cli.opening import open_desk
from csirt.cli.speaking import AsJson, Data, Lang, Language, plain, say, show, to_json, words
from csirt.clock import JST
from csirt.errors import Invalid, NotFound
from csirt.model.chains import Severity, Weakness, check_chain, check_holidays
from csirt.model.contact import ContactChain
from csirt.model.party import parse_party
from csirt.model.people import Roster
from csirt.model.rehearsal import Failure, Rehearsed, Scene, rehearse_often, weakest
from csirt.model.spells import Spell, spells
from csirt.reports.labels import shown_at
from csirt.reports.rehearsal_svg import draw_rehearsal
from csirt.store.queries.absences import away_at
from csirt.texts.naming import Naming

FORTNIGHT = 14 * 24
MINISTRY = "office:mic-cyber"
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
        known = Roster(desk.directory.people(), desk.directory.posts())
        found = _weaknesses(desk, known)
        rows = list(_hours(desk, known, language)) if hours else [_weak(one, language) for one in found]
    columns = {"severity": "cli.column.severity", "file": "cli.column.file", "route": "cli.column.route",
               "tier": "cli.column.tier", "key": "cli.column.key", "message": "cli.column.text"}  # fmt: skip
    by_hour = {"from_text": "cli.column.from", "until_text": "cli.column.until", "chain": "cli.column.chain",
               "route": "cli.column.route", "tier": "cli.column.tier", "after": "cli.column.after",
               "called": "cli.column.called", "by": "cli.column.by"}  # fmt: skip
    show(rows, by_hour if hours else columns, language, as_json=as_json)
    if any(one.severity is Severity.ERROR for one in found):
        raise typer.Exit(Invalid.exit_code)


def _weaknesses(desk: Desk, known: Roster) -> list[Weakness]:
    city = desk.door.city
    today = desk.clock.now().astimezone(JST).date()
    of_chains = [one for chain in city.chains.values() for one in check_chain(chain, known, city.offices, today)]
    return [*of_chains, *check_holidays(city.holidays, today)]


def _weak(one: Weakness, language: str) -> dict[str, Any]:
    return {**plain(one), "message": words(language).error(one.code)}


def _hours(desk: Desk, known: Roster, language: str) -> Iterator[dict[str, Any]]:
    city, name = desk.door.city, Naming(known, desk.door.city.offices, words(language))
    begins = desk.clock.now().replace(minute=0, second=0, microsecond=0)

    def there(at: datetime) -> Roster:
        return replace(known, away=desk.look(lambda look: away_at(look.session, at)))

    for chain in sorted(city.chains.values(), key=lambda one: (not one.code, one.code, one.name)):
        for spell in spells(chain, there, city.offices, city.calendar, begins, FORTNIGHT):
            yield from _spell(spell, name, language)


def _spell(spell: Spell, name: Naming, language: str) -> Iterator[dict[str, Any]]:
    """A row for each party of each tier; the spell itself stands in the first."""
    speech, shown = words(language), "ja" if language == "ja" else "en"
    rows: dict[tuple[str, int, str], dict[str, Any]] = {}
    for call in spell.calls:
        row = rows.setdefault(
            (call.route, call.tier, call.party),
            {
                "from": spell.begins, "until": spell.ends, "chain": spell.chain,
                "route": call.route, "tier": call.tier, "after": round(call.after / timedelta(minutes=1), 2),
                "party": call.party, "people": [], "channels": [], "skipped": call.skipped,
            },
        )  # fmt: skip
        row["people"] += [call.person] if call.person and call.person not in row["people"] else []
        row["channels"] += [call.channel] if call.channel and call.channel not in row["channels"] else []
    for number, row in enumerate(rows.values()):
        who = [name(person) for person in row["people"]] or [name(row["party"])]
        lacking = speech.error(row["skipped"]) if row["skipped"] and not row["channels"] else ""
        yield row | {
            "called": lacking or "、".join(who) if language == "ja" else lacking or ", ".join(who),
            "by": ", ".join(speech.gettext(f"channel.{channel}") for channel in row["channels"]),
            "from_text": "" if number else shown_at(spell.begins, shown),  # type: ignore[arg-type]
            "until_text": "" if number else shown_at(spell.ends, shown),  # type: ignore[arg-type]
        }


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

    with open_desk(data) as desk:
        scene = _scene(desk, chain, at)
        failure = Failure(frozenset(map(_party, silent or ())), _channels(scene.chain, down or []))
        aim = _goal(scene.chain, goal)
        name = Naming(scene.roster, scene.offices, words(language))
        span = timedelta(minutes=within)
        with progress(words(language).gettext("rehearsal.playing")) as told:
            found = rehearse_often(scene, runs=runs, seed=seed, failure=failure, goal=aim, within=span, told=told)
        with progress(words(language).gettext("rehearsal.failures")) as told:
            few = max(1, min(runs, 2_000))
            worst = weakest(scene, runs=few, seed=seed, failure=failure, goal=aim, within=span, told=told)
    if svg:
        title = scene.chain.title.get(str(language)) or chain
        svg.write_text(draw_rehearsal(found, words(language), name, title, alone=True), encoding="utf-8")
    if as_json:
        typer.echo(to_json({**plain(found), "weakest": plain(worst)}))
    else:
        _tell(found, worst[:3], name, language)


def _scene(desk: Desk, name: str, at: str) -> Scene:
    city = desk.door.city
    if name not in city.chains or city.rates is None:
        raise NotFound("chain_unknown", chain=name[:80])
    known = Roster(desk.directory.people(), desk.directory.posts())
    begins = _instant(at) or desk.clock.now()
    return Scene(city.chains[name], known, city.offices, city.calendar, begins, city.rates, random.Random)


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


def _party(text: str) -> str:
    """`ciso` means the post; a party as chain files write it means itself. Raises `Invalid`."""
    party = text if ":" in text else f"post:{text}"
    parse_party(party)
    return party


def _channels(chain: ContactChain, named: list[str]) -> frozenset[str]:
    last = (chain.exhausted,) if chain.exhausted else ()
    known = {by for tier in (*(tier for route in chain.routes for tier in route.tiers), *last) for by in tier.by}
    for one in named:
        if one not in known:
            raise NotFound("channel_not_in_chain", channel=one[:40], chain=chain.name)
    return frozenset(named)


def _goal(chain: ContactChain, asked: str) -> str:
    """Who is to know: as asked, else the ministry where the chain calls it, else anybody at all."""
    called = {party for route in chain.routes for tier in route.tiers for party in tier.call}
    if asked:
        if (party := _party(asked)) not in called:
            raise NotFound("party_not_in_chain", party=party[:80], chain=chain.name)
        return party
    return MINISTRY if MINISTRY in called else ""


def _tell(found: Rehearsed, worst: tuple[Any, ...], name: Naming, language: str) -> None:
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

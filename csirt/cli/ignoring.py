"""`csirt ignore`: rules that set detections aside for a time. `csirt detections`: detections of any state."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from csirt.cli.absences import instant
from csirt.cli.opening import open_desk, person
from csirt.cli.speaking import As, AsJson, Data, Lang, Language, show, show_one, words
from csirt.cli.wording import Words
from csirt.model.ignoring import PASSES_FROM, IgnoreKind
from csirt.model.incident import Level
from csirt.reports.labels import shown_at
from csirt.response import ignoring
from csirt.response.ignoring import Wanted
from csirt.store.queries import ignoring as questions
from csirt.store.queries.ignoring import Asked
from csirt.store.tx import Look
from csirt.texts.hosts import host_text
from csirt.texts.observables import observable_lines

_RULES = {
    "kind_text": "cli.column.kind",
    "what": "ignoring.what",
    "until_text": "cli.column.until",
    "reason": "cli.column.reason",
    "detections": "ignoring.detections",
    "seen": "ignoring.seen",
    "id": "cli.column.id",
}
_DETECTIONS = {
    "at": "cli.column.at",
    "title": "cli.column.title",
    "level": "cli.column.level",
    "attacked_text": "cli.column.host",
    "state_text": "cli.column.state",
    "count": "ignoring.seen",
    "observables_text": "observable.all",
    "id": "cli.column.id",
}

ignore = typer.Typer(no_args_is_help=True, help="Rules that set detections aside for a time. 検知の除外")
detections = typer.Typer(no_args_is_help=True, help="Detections of any state. 検知")


@ignore.callback()
def _ignore() -> None:
    """Rules that set detections aside for a time, with a reason. 期限と理由を付けた検知の除外"""


@detections.callback()
def _detections() -> None:
    """Detections of any state. 検知"""


@ignore.command("list")
def list_(
    *,
    ended: Annotated[bool, typer.Option("--ended", help="With those that have ended. 終わったものも")] = False,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Rules, newest first, and how much each has set aside. 除外の一覧"""

    def look_up(look: Look) -> list[dict[str, Any]]:
        tell, shown = Words.of(look, desk, language), "ja" if language == "ja" else "en"
        speech = words(language)
        return [
            asdict(one)
            | {"kind_text": speech.gettext(f"ignoring.kind.{one.kind}"), "made_by_name": tell.name(one.made_by),
               "until_text": shown_at(one.until_at, shown),  # type: ignore[arg-type]
               "what": ", ".join(part for part in (one.source, one.text, one.host, one.network) if part)}
            for one in questions.rules(look, with_ended=ended)
        ]  # fmt: skip

    with open_desk(data) as desk:
        show(desk.look(look_up), _RULES, language, as_json=as_json)


@ignore.command()
def add(  # noqa: PLR0913 - one option for each condition
    *,
    uid: As,
    until: Annotated[str, typer.Option(help="Such as 2026-12-29T00:00+09:00. いつまで")],
    reason: Annotated[str, typer.Option(help="Why. 理由")],
    kind: Annotated[IgnoreKind, typer.Option(help="ignore, snooze, maintenance. 種類")] = IgnoreKind.IGNORE,
    begins: Annotated[str, typer.Option("--from", help="Without it, now. いつから")] = "",
    source: Annotated[str, typer.Option(help="Of this source. 検知元")] = "",
    text: Annotated[str, typer.Option(help="Part of the title. 件名の一部")] = "",
    host: Annotated[str, typer.Option(help="On this host; * at the end. 端末")] = "",
    network: Annotated[str, typer.Option(help="From or to here (192.0.2.0/24). アドレス")] = "",
    passes_from: Annotated[int, typer.Option(min=1, max=4, help="This level and more pass. 除外しないレベル")] = int(
        PASSES_FROM
    ),
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Set detections aside for a time; they stay findable and counted. 検知を期限付きで除外する"""
    wanted = Wanted(
        kind=kind, until_at=instant(until), reason=reason, from_at=instant(begins) if begins else None, source=source,
        text=text, host=host, network=network, passes_from=Level(passes_from),
    )  # fmt: skip
    with open_desk(data) as desk:
        made = desk.commit(person(desk, uid), ignoring.make, wanted)
    show_one({"rule": made}, "cli.ignore_rule_made", language, as_json=as_json)


@ignore.command()
def end(
    rule: Annotated[str, typer.Argument(help="Its id. 識別子")],
    uid: As,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """End a rule before its time; what was snoozed comes back. 除外を終える"""
    with open_desk(data) as desk:
        back = desk.commit(person(desk, uid), ignoring.end, rule)
    show_one({"rule": rule, "back": back}, "cli.ignore_rule_ended", language, as_json=as_json)


@detections.command("list")
def list_detections(
    *,
    state: Annotated[str, typer.Option(help="new, waiting, sorted, ignored. 状態")] = "",
    rule: Annotated[str, typer.Option(help="Set aside by this rule. 除外の識別子")] = "",
    host: Annotated[str, typer.Option(help="On this host. 端末")] = "",
    source: Annotated[str, typer.Option(help="Of this source. 検知元")] = "",
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many. 件数")] = 100,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Detections, newest first. 検知の一覧"""
    with open_desk(data) as desk:
        found = desk.look(questions.found, Asked(state, rule, host, source), limit=limit)
    speech = words(language)
    rows = [
        asdict(one)
        | {
            "attacked_text": host_text(speech, one.attacked),
            "state_text": speech.gettext(f"detection.state.{one.state}"),
            "observables": [{**asdict(each), "text": each.text} for each in one.observables],
            "observables_text": " / ".join(observable_lines(speech, one.observables)),
        }
        for one in found
    ]
    show(rows, _DETECTIONS, language, as_json=as_json)

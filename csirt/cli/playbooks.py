"""Commands about playbooks: what there is, what it does, whether it is sound, what changed, and a dry run."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from csirt import gallery
from csirt.bootstrap import Desk
from csirt.cli.opening import LOCAL, open_desk, person, settings_of
from csirt.cli.speaking import AsJson, Data, Lang, Language, plain, say, show, show_one, to_json, words
from csirt.documents import naming
from csirt.errors import Conflict, CsirtError, Invalid
from csirt.founding import is_founded
from csirt.gallery import PlaybookWords, Shelf, StepTold
from csirt.model.people import Roster
from csirt.playbook.replaying import must_fit, replay
from csirt.playbook.walking import Fork, Passed, Walk, Way, walk
from csirt.response import moving
from csirt.store.queries.cases import resolve_incident
from csirt.store.queries.open_runs import open_runs
from csirt.texts.naming import Naming

playbooks = typer.Typer(no_args_is_help=True, help="Playbooks. 対応手順")

Name = Annotated[str, typer.Argument(help="The playbook's name. 対応手順の名前")]
Version = Annotated[int | None, typer.Option("--version", help="Which version; else the newest. 版（なければ最新）")]
Svg = Annotated[Path | None, typer.Option("--svg", help="Write the diagram here. 図を書き出すファイル")]
Mermaid = Annotated[bool, typer.Option("--mermaid", help="The diagram as Mermaid text. 図をMermaidで出力")]


@playbooks.callback()
def _playbooks() -> None:
    """Playbooks. 対応手順"""


@contextmanager
def _opened(data: Path | None, language: str) -> Iterator[tuple[Desk | None, Shelf, Naming]]:
    """The city's playbooks and the names of its people; without a city, those shipped."""
    if not is_founded(settings_of(data).data):
        yield None, Shelf.shipped(), Naming(Roster({}, {}), {}, words(language))
        return
    with open_desk(data) as desk:
        yield desk, Shelf.of(desk), desk.look(lambda look: naming(desk, look, language))


@playbooks.command("list")
def list_(data: Data = None, as_json: AsJson = False, language: Lang = Language.JA) -> None:
    """List playbooks with their versions, and how many open runs each version has. 対応手順の一覧"""
    with _opened(data, language) as (desk, shelf, name):
        running = desk.look(open_runs) if desk else []
        rows = [
            {
                "name": play.name, "version": play.version, "newest": play.version == shelf.versions(play.name)[0],
                "title": shelf.texts.playbook_title(play.name, language), "handles": play.handles,
                "handles_text": name.words.gettext(f"type.{play.handles.value}"),
                "open_runs": sum(1 for run in running if (run.playbook, run.version) == (play.name, play.version)),
            }
            for _, play in sorted(shelf.playbooks.items())
        ]  # fmt: skip
        left_out = shelf.left_out
    columns = {"name": "cli.column.name", "version": "cli.column.version", "title": "cli.column.title",
               "handles_text": "cli.column.type", "open_runs": "cli.column.open_runs"}  # fmt: skip
    show(rows, columns, language, as_json=as_json)
    if left_out and not as_json:
        say(language, "cli.playbooks.left_out")
        _show_faults(list(left_out), language, as_json=False)


@playbooks.command("show")
def show_playbook(
    name: Name,
    version: Version = None,
    svg: Svg = None,
    mermaid: Mermaid = False,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Show one version step by step: who, until when, and where each outcome leads. 手順を順に表示する"""
    with _opened(data, language) as (_, shelf, names):
        told = PlaybookWords(shelf, shelf.walk(name, version), names)
        _tell(told, svg, language, mermaid=mermaid, as_json=as_json)


@playbooks.command("dry-run")
def dry_run(  # noqa: PLR0917 - typer gives options by position
    name: Name,
    choose: Annotated[
        list[str] | None, typer.Option(help="step=choice; may be repeated. 手順=選択肢（繰り返し可）")
    ] = None,
    version: Version = None,
    svg: Svg = None,
    mermaid: Mermaid = False,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Walk every path without effects; `--choose` settles steps. 実際には何も行わず、すべての道筋をたどる"""
    with _opened(data, language) as (_, shelf, names):
        walked = walk(shelf.playbook(name, version), shelf.city, _chosen(choose or []))
        told = PlaybookWords(shelf, walked, names)
        if as_json and not svg and not mermaid:
            typer.echo(to_json(as_tree(walked)))
            return
        if svg or mermaid:
            _tell(told, svg, language, mermaid=mermaid, as_json=as_json)
            return
        for number, way in enumerate(walked.ways, 1):
            typer.echo(f"{number}. {told.end(way.end)}")
            for line in _lines(way, told, 1):
                typer.echo(line)
        say(language, "cli.playbooks.walked", {"ways": len(walked.ways), "paths": walked.paths,
                                               "steps": len(walked.steps)})  # fmt: skip


def _chosen(given: list[str]) -> dict[str, str]:
    """`step=choice` as a mapping. Raises `Invalid`."""
    pairs = [one.partition("=") for one in given]
    for step, sign, choice in pairs:
        if not (step and sign and choice):
            raise Invalid("choice_malformed", field="choose", given=f"{step}{sign}{choice}"[:80])
    return {step: choice for step, _, choice in pairs}


def _lines(way: Way, told: PlaybookWords, depth: int) -> Iterator[str]:
    """A path, a line a step; branches are indented."""
    indent = "  " * depth
    for item in way.items:
        if isinstance(item, Passed):
            outcomes = "" if item.any else ": " + " / ".join(told.outcome(item.step, code) for code in item.outcomes)
            yield f"{indent}{told.title(item.step)} [{item.step}]{outcomes}"
            continue
        for number, branch in enumerate(item.branches, 1):
            if len(item.branches) > 1:
                yield f"{indent}{told.aside()} {number}"
            for turn, one in enumerate(branch):
                if turn:
                    yield indent + "  " + told.name.words.gettext("playbook.or")
                yield from _lines(one, told, depth + 1)


def as_tree(walked: Walk) -> dict[str, Any]:
    """A walk as JSON can hold it."""
    return {
        "playbook": walked.playbook,
        "version": walked.version,
        "paths": walked.paths,
        "steps": [_step(one) for one in walked.steps.values()],
        "ways": [_way(way) for way in walked.ways],
    }


def _step(step: Any) -> dict[str, Any]:
    told = plain(step)
    return {**told, "within": step.within.total_seconds() if step.within else None, "file": Path(step.file).name}


def _way(way: Way) -> dict[str, Any]:
    items = [
        {"side_by_side": [[_way(one) for one in branch] for branch in item.branches]}
        if isinstance(item, Fork)
        else {"step": item.step, "outcomes": list(item.outcomes), "any": item.any}
        for item in way.items
    ]
    return {"end": way.end, "items": items}


def _tell(told: PlaybookWords, svg: Path | None, language: str, *, mermaid: bool, as_json: bool) -> None:
    """The steps as a table, or the diagram."""
    if svg:
        try:
            svg.write_text(told.svg(alone=True), encoding="utf-8")
        except OSError as error:
            raise Invalid("file_not_writable", file=svg.name) from error
        show_one({"file": str(svg)}, "cli.written", language, as_json=as_json)
    elif mermaid:
        typer.echo(told.mermaid(), nl=False)
    else:
        columns = {"number": "cli.column.number", "title": "cli.column.step", "verb": "cli.column.verb",
                   "who": "cli.column.who", "within": "cli.column.within", "leads": "cli.column.leads"}  # fmt: skip
        show([_row(one) for one in told.told()], columns, language, as_json=as_json)


def _row(one: StepTold) -> dict[str, Any]:
    row: dict[str, Any] = plain(one)
    return row


@playbooks.command()
def diff(
    name: Name,
    old: Annotated[int, typer.Argument(help="The older version. 古い版")],
    new: Annotated[int, typer.Argument(help="The newer version. 新しい版")],
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Tell what differs between two versions. 二つの版の違い"""
    with _opened(data, language) as (_, shelf, names):
        found = shelf.differences(name, old, new)
        told = {version: PlaybookWords(shelf, shelf.walk(name, version), names) for version in (old, new)}
        rows = [
            {**plain(one), "title": told[old if one.what == "removed" else new].title(one.step),
             "what_text": names.words.gettext(f"change.{one.what}")}
            for one in found
        ]  # fmt: skip
    columns = {"title": "cli.column.step", "step": "cli.column.key", "what_text": "cli.column.change",
               "before": "playbook.before", "after": "playbook.after"}  # fmt: skip
    show(rows, columns, language, as_json=as_json)


@playbooks.command()
def move(  # noqa: PLR0917 - typer gives options by position
    incident: Annotated[str, typer.Argument(help="Id or number (R8-12). 番号", metavar="INCIDENT")],
    version: Annotated[int, typer.Argument(help="The version to go on with. 移る先の版")],
    uid: Annotated[str | None, typer.Option("--as", help="In whose name (account). 誰の名で行うか")] = None,
    reason: Annotated[str, typer.Option(help="Why. 理由")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do it; else only look. 実行する（なければ確認だけ）")] = False,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:  # fmt: skip
    """Move an open run to another version; first a look at what would fit. 対応中の案件を別の版に移す"""
    with open_desk(data) as desk:
        id_ = desk.look(resolve_incident, incident)
        found = desk.look(moving.standing, id_)
        shelf = Shelf.of(desk)
        fit = replay(shelf.playbook(found.playbook, version), found.steps, shelf.city)
        if yes:
            actor = person(desk, uid) if uid else LOCAL
            desk.commit(actor, moving.move, id_, version, reason, must_fit(desk.playbooks, shelf.city))
        seen = {"incident": id_, "playbook": found.playbook, "version": found.version, "to": version, "fits": fit.fits,
                "moved": yes, "matched": fit.matched, "drifting": fit.drifting, "new": fit.new}  # fmt: skip
    sentence = "cli.playbooks.moved" if yes else "cli.playbooks.fits" if fit.fits else "cli.playbooks.drifts"
    show_one(seen, sentence, language, as_json=as_json)
    if not fit.fits:
        raise typer.Exit(Conflict.exit_code)


@playbooks.command()
def check(data: Data = None, as_json: AsJson = False, language: Lang = Language.JA) -> None:
    """Check every playbook: source, paths, texts, chains, publication. 対応手順の点検"""
    with _opened(data, language) as (desk, shelf, _):
        found = gallery.faults(shelf, desk, _known(desk))
    _show_faults(found, language, as_json=as_json)
    if found:
        raise typer.Exit(Invalid.exit_code)


@playbooks.command()
def publish(
    shipped: Annotated[bool, typer.Option("--shipped", help="Those of the product. 製品に付属のもの")] = False,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Publish the city's own new versions, if all is sound. 市独自の対応手順を公開する"""
    if shipped:
        new, found = gallery.publish(Shelf.shipped(), None, None)
    else:
        with open_desk(data) as desk:
            new, found = gallery.publish(Shelf.of(desk), desk, _known(desk))
    if found:
        _show_faults(found, language, as_json=as_json)
        raise typer.Exit(Invalid.exit_code)
    rows = [{"name": play.name, "version": play.version, "handles": play.handles} for play in new]
    show(rows, {"name": "cli.column.name", "version": "cli.column.version"}, language, as_json=as_json)


def _known(desk: Desk | None) -> Roster | None:
    return Roster(desk.directory.people(), desk.directory.posts()) if desk else None


def _show_faults(found: list[CsirtError], language: str, *, as_json: bool) -> None:
    speech = words(language)
    rows = [
        {"code": one.code, "file": "", "line": None, "step": "", **one.params, "message": speech.sentence(one)}
        for one in found
    ]
    columns = {"file": "cli.column.file", "line": "cli.column.line", "step": "cli.column.step",
               "message": "cli.column.text"}  # fmt: skip
    show(rows, columns, language, as_json=as_json)

"""`csirt record`: the record through filters, one entry with its proof, and extracts as files."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from csirt.bootstrap import Desk
from csirt.cli.opening import LOCAL, open_desk
from csirt.cli.speaking import AsJson, Data, Lang, Language, plain, show, show_one, words
from csirt.clock import JST
from csirt.documents import teller
from csirt.errors import Invalid, NotFound, Unavailable
from csirt.extracting import ExportForm, extract
from csirt.record.entry import EntryKind
from csirt.reports.labels import shown_at
from csirt.store.queries.cases import resolve_incident
from csirt.store.queries.timeline import EntryFilter, explore
from csirt.store.tx import Look
from csirt.telling_checkpoints import checkpoint_history
from csirt.telling_entries import told_entry

record = typer.Typer(help="The record: read, prove, save. 記録を読む・証明する・保存する")
Incident = Annotated[str, typer.Option(help="Of this case only. この一件だけ")]
Kind = Annotated[str, typer.Option(help="Of this kind only. この種類だけ")]
Person = Annotated[str, typer.Option(help="By this person's id only. この人だけ")]
Step = Annotated[str, typer.Option(help="Of this step only. この手順だけ")]
Since = Annotated[datetime | None, typer.Option(help="From this day on. この日から", formats=["%Y-%m-%d"])]
Until = Annotated[datetime | None, typer.Option(help="To this day. この日まで", formats=["%Y-%m-%d"])]


@record.command("list")
def list_(  # noqa: PLR0913, PLR0917 - the filters of a search
    incident: Incident = "", kind: Kind = "", person: Person = "", step: Step = "", since: Since = None,
    until: Until = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many. 最大件数")] = 100,
    data: Data = None, as_json: AsJson = False, language: Lang = Language.JA,
) -> None:  # fmt: skip
    """Show entries, the newest first. 記録を新しい順に示す"""
    with open_desk(data) as desk:
        wanted = _wanted(desk, incident, kind, person, step, since, until)

        def question(look: Look) -> list[dict[str, object]]:
            entries = explore(look, wanted, limit=limit)
            told = teller(desk, look, language.value, entries)
            return [
                {"seq": one.seq, "at": one.at, "at_text": shown_at(one.at, language.value), "kind": one.kind,
                 "kind_text": told.kind(one), "incident": one.incident, "step": one.step, "actor": one.actor,
                 "actor_name": told.actor(one), "text": told.tell(one), "out": one.out}
                for one in entries
            ]  # fmt: skip

        columns = {"seq": "cli.column.seq", "at_text": "cli.column.at", "kind_text": "cli.column.kind",
                   "actor_name": "cli.column.actor", "text": "cli.column.text"}  # fmt: skip
        show(desk.look(question), columns, language, as_json=as_json)


@record.command("entry")
def entry(
    seq: Annotated[int, typer.Argument(min=0, help="Its number. 記録の番号")],
    proof: Annotated[Path | None, typer.Option(help="Write entry and proof to this file. 証明を書く")] = None,
    data: Data = None, as_json: AsJson = False, language: Lang = Language.JA,
) -> None:  # fmt: skip
    """Show one entry: who, before, after, why, and its proof. 記録一件の前後・理由・証明を示す"""
    with open_desk(data) as desk:
        told = desk.look(told_entry, desk, seq, language.value)
    if proof is not None:
        if not told.proof.file:
            raise NotFound("proof_not_yet", seq=seq)
        _write(proof, told.proof.file)
    sealed = told.sealed
    changes = [{"of": one.of, "value": one.label, "before": one.before, "after": one.after} for one in told.changes]
    one = {
        "seq": seq, "at": sealed.ts, "kind": sealed.kind, "kind_text": told.kind_text, "actor": sealed.actor.id,
        "who": told.who, "way": told.way, "incident": sealed.inc, "number": told.number, "step": sealed.step,
        "text": told.text, "reasons": [list(pair) for pair in told.reasons], "changes": changes,
        "canonical": told.raw.decode(), "leaf": told.leaf, "proof": told.proof.state, "proof_text": told.proof.text,
        "checkpoint": told.proof.line,
    }  # fmt: skip
    if as_json:
        show_one(one, "", language, as_json=True)
        return
    facts = (("entry.at", shown_at(sealed.ts, language.value)), ("entry.who", told.who),
             ("entry.by_which_way", told.way), ("incident.number", told.number),
             ("entry.step", told.step_text), ("entry.what", told.text),
             *(("entry.reasons", f"{label}: {text}") for label, text in told.reasons),
             *(("entry.changes", f"{one.of} {one.label}: {one.before} → {one.after}") for one in told.changes),
             ("entry.proof", told.proof.text))  # fmt: skip
    rows = [{"name": words(language).gettext(code), "value": text} for code, text in facts if text]
    show(rows, {"name": "cli.column.item", "value": "cli.column.text"}, language, as_json=False)


@record.command("save")
def save(  # noqa: PLR0913, PLR0917 - the filters of a search
    file: Annotated[Path, typer.Argument(help="The file to write. 書き出すファイル")],
    form: Annotated[ExportForm, typer.Option("--as-form", help="Its form. 形式")] = ExportForm.CSV,
    incident: Incident = "", kind: Kind = "", person: Person = "", step: Step = "", since: Since = None,
    until: Until = None, data: Data = None, as_json: AsJson = False, language: Lang = Language.JA,
) -> None:  # fmt: skip
    """Save entries as a file, the oldest first. 記録を古い順にファイルに保存する"""
    with open_desk(data) as desk:
        wanted = _wanted(desk, incident, kind, person, step, since, until)
        content = extract(desk, LOCAL, wanted, form, language.value)
    _write(file, content)
    show_one({"file": str(file), "form": form}, "cli.written", language, as_json=as_json)


@record.command("checkpoints")
def checkpoints(data: Data = None, as_json: AsJson = False, language: Lang = Language.JA) -> None:
    """Show what was signed, and where it lies outside. 控えの履歴と、外の控えを示す"""
    with open_desk(data) as desk:
        found = desk.look(checkpoint_history, desk)
    if as_json:
        show_one(plain(found), "", language, as_json=True)
        return
    speech = words(language)
    ways = [
        {"name": speech.gettext(f"anchor.{one.way}") + one.to,
         "at": shown_at(one.at, language.value) if one.at else "–",
         "size": one.size, "state": speech.gettext(f"health.state.{one.state}" if one.is_on else "checkpoints.off")}
        for one in found.ways
    ]  # fmt: skip
    kept = [
        {"seq": one.size, "at": shown_at(one.at, language.value) if one.at else "–", "name": one.line}
        for one in found.kept
    ]
    show(ways, {"name": "checkpoints.way", "at": "checkpoints.last", "size": "checkpoints.size",
                "state": "checkpoints.state"}, language, as_json=False)  # fmt: skip
    show(kept, {"seq": "checkpoints.size", "at": "checkpoints.signed", "name": "checkpoints.newest"}, language,
         as_json=False)  # fmt: skip


def _wanted(
    desk: Desk, incident: str, kind: str, person: str, step: str, since: datetime | None, until: datetime | None
) -> EntryFilter:
    """Whole days in Japan, both included. Raises `NotFound` `incident_unknown`, `Invalid` `entry_kind_unknown`."""
    if kind and kind not in set(EntryKind):
        raise Invalid("entry_kind_unknown", kind=kind[:40])
    found = desk.look(resolve_incident, incident) if incident else ""
    first = since.replace(tzinfo=JST).astimezone(UTC) if since else None
    behind = until.replace(tzinfo=JST) + timedelta(days=1, microseconds=-1) if until else None
    return EntryFilter(found, kind, person, step, first, behind.astimezone(UTC) if behind else None)


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise Unavailable("folder_not_writable", permanent=True, file=path.name) from error

"""Commands of an auditor: is the record sound, and an export that proves it elsewhere."""

from pathlib import Path
from typing import Annotated

import typer

from csirt.bootstrap import Desk
from csirt.cli.export_folder import ExportFolder, keep_checkpoint, kept_checkpoints, signing_key
from csirt.cli.opening import LOCAL, open_desk
from csirt.cli.speaking import AsJson, Data, Lang, Language, say, show_one, tell_error, to_json, words
from csirt.cli.tables import progress
from csirt.errors import Conflict, LedgerBroken, Unavailable
from csirt.response import audit
from csirt.store.queries.cases import resolve_incident
from csirt.wellness import note_verified

DOCUMENTS = 50  # incidents whose documents go along: the newest


def verify(data: Data = None, as_json: AsJson = False, language: Lang = Language.JA) -> None:
    """Verify the record as it is stored. 記録を検証する"""
    with open_desk(data) as desk:
        found = _verified(desk, language)
        note_verified(desk, found)
    if found.ok:
        show_one({"ok": True, "size": found.size, "root": found.root}, "cli.sound", language, as_json=as_json)
        return
    if as_json:
        typer.echo(to_json({"ok": False, "first_bad": found.first_bad, "why": found.why}))
    else:
        say(language, "cli.unsound", {"seq": found.first_bad, "why": found.why})
        tell_error(found.why or "", {}, language, as_json=False)
    raise typer.Exit(LedgerBroken.exit_code)


def _verified(desk: Desk, language: str) -> audit.Verified:
    with progress(words(language).gettext("cli.progress.verify")) as tell:
        return desk.look(audit.verify, checkpoints=kept_checkpoints(desk), progress=tell)


def export(
    folder: Annotated[Path, typer.Argument(help="A folder that is empty or not there yet. 空のフォルダ")],
    incident: Annotated[str | None, typer.Option(help="Texts of this one only. この一件の内容だけ")] = None,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Write the record with its offline verifier. 記録を検証プログラムとともに書き出す"""
    _refuse_full(folder)
    with open_desk(data) as desk:
        only = desk.look(resolve_incident, incident) if incident else None
        found = _verified(desk, language)
        if not found.ok:  # to sign a broken record would make it look sound
            raise LedgerBroken("record_broken", seq=found.first_bad, why=found.why)
        key = signing_key(desk)
        desk.commit(LOCAL, audit.export, only)
        incidents = [only] if only else desk.look(audit.newest_incidents, DOCUMENTS)
        try:
            out = ExportFolder.make(folder)
            with progress(words(language).gettext("cli.progress.export")) as tell:
                note = desk.look(out.write_record, key, only, tell)
                out.write_documents(desk, incidents, language.value, tell)
            head = out.close()
            keep_checkpoint(desk, head.size, note)
        except OSError as error:
            raise Unavailable("folder_not_writable", permanent=True, folder=folder.name) from error
    made = {"folder": str(folder), "size": head.size, "root": out.root, "incident": only, "documents": len(incidents)}
    show_one(made, "cli.exported", language, as_json=as_json)


def _refuse_full(folder: Path) -> None:
    """An export never mixes with other files. Raises `Conflict` `folder_not_empty`."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Conflict("folder_not_empty", folder=folder.name)

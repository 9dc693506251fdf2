"""Commands of an auditor: is the record sound, and an export that proves it elsewhere."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from csirt.bootstrap import Desk
from csirt.checkpoints import checkpoints_of
from csirt.cli.export_folder import ExportFolder
from csirt.cli.opening import LOCAL, open_desk
from csirt.cli.signers import fresh_checkpoint
from csirt.cli.speaking import AsJson, Data, Lang, Language, say, show_one, tell_error, to_json, words
from csirt.cli.tables import progress
from csirt.clock import JST
from csirt.errors import Conflict, LedgerBroken, Unavailable
from csirt.model.people import SYSTEM
from csirt.record.export import WHOLE, Part
from csirt.record.verify_record import Checkpoint
from csirt.response import audit
from csirt.store.queries.cases import resolve_incident
from csirt.store.queries.timeline import head
from csirt.store.roles import owns_the_record
from csirt.wellness import note_verified

TRIES = 20  # somebody else may write between an export and its checkpoint
DOCUMENTS = 50  # incidents whose documents go along: the newest


def verify(data: Data = None, as_json: AsJson = False, language: Lang = Language.JA) -> None:
    """Verify the record as it is stored. 記録を検証する"""
    with open_desk(data) as desk:
        found = _verified(desk, language)
        note_verified(desk, found)
        unguarded = bool(desk.settings.database_url) and desk.look(
            lambda look: owns_the_record(look.session.connection())
        )
    if found.ok:
        told = {"ok": True, "size": found.size, "root": found.root, "as_owner": unguarded}
        show_one(told, "cli.sound", language, as_json=as_json)
        if unguarded and not as_json:
            say(language, "health.why.database_as_owner")
        return
    if as_json:
        typer.echo(to_json({"ok": False, "first_bad": found.first_bad, "why": found.why}))
    else:
        say(language, "cli.unsound", {"seq": found.first_bad, "why": found.why})
        tell_error(found.why or "", {}, language, as_json=False)
    raise typer.Exit(LedgerBroken.exit_code)


def _verified(desk: Desk, language: str) -> audit.Verified:
    with progress(words(language).gettext("cli.progress.verify")) as tell:
        return desk.seen_by(SYSTEM).look(audit.verify, checkpoints=checkpoints_of(desk.settings).kept(), progress=tell)


def export(
    folder: Annotated[Path, typer.Argument(help="A folder that is empty or not there yet. 空のフォルダ")],
    incident: Annotated[str | None, typer.Option(help="Entries and texts of this one only. この一件だけ")] = None,
    since: Annotated[datetime | None, typer.Option(help="From this day on. この日から", formats=["%Y-%m-%d"])] = None,
    until: Annotated[datetime | None, typer.Option(help="To this day. この日まで", formats=["%Y-%m-%d"])] = None,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Write the record with its offline verifier. 記録を検証プログラムとともに書き出す"""
    _refuse_full(folder)
    with open_desk(data) as desk:
        only = desk.look(resolve_incident, incident) if incident else ""
        part = Part(only) if only else _period(since, until)
        found = _verified(desk, language)
        if not found.ok:  # to sign a broken record would make it look sound
            raise LedgerBroken("record_broken", seq=found.first_bad, why=found.why)
        size, signed = _sealed_export(desk, part)
        incidents = [only] if only else desk.look(audit.newest_incidents, DOCUMENTS)
        try:
            out = ExportFolder.make(folder, part)
            with progress(words(language).gettext("cli.progress.export")) as tell:
                desk.look(out.write_record, checkpoints_of(desk.settings), signed, tell)
                out.write_documents(desk, incidents, language.value, tell)
            out.close()
        except OSError as error:
            raise Unavailable("folder_not_writable", permanent=True, folder=folder.name) from error
    left = max(size - signed.size, 0)
    made = {"folder": str(folder), "size": signed.size, "root": out.root, "incident": only or None, "part": str(part),
            "unsealed": left, "documents": len(incidents)}  # fmt: skip
    if left and not as_json:
        say(language, "cli.export_unsealed", {"number": left})
    show_one(made, "cli.exported", language, as_json=as_json)


def _sealed_export(desk: Desk, part: Part) -> tuple[int, Checkpoint]:
    """Record the export and have the record signed; the size of the record, and what was signed.

    Of one incident the end is shown by its export being the last thing signed. Where somebody else writes in between,
    it is recorded and signed again. Raises `Unavailable`: `checkpoint_missing`, `export_busy`.
    """
    for _ in range(TRIES if part.incident else 1):
        desk.commit(LOCAL, audit.export, part)
        size, _ = desk.look(head)
        signed = fresh_checkpoint(desk.settings, size)
        if signed is None or (part.incident and signed.size < size):
            raise Unavailable("checkpoint_missing")
        if not part.incident or desk.seen_by(SYSTEM).look(audit.ends_with_export, part.incident, signed.size):
            return size, signed
    raise Unavailable("export_busy")


def _period(since: datetime | None, until: datetime | None) -> Part:
    """Whole days in Japan, both included; everything where neither is given."""
    if since is None and until is None:
        return WHOLE
    first = (since or datetime(1970, 1, 2)).replace(tzinfo=JST)  # noqa: DTZ001 - a day of the calendar
    behind = (until or datetime(9998, 12, 31)).replace(tzinfo=JST) + timedelta(days=1)  # noqa: DTZ001 - the same
    said = (at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z") for at in (first, behind))
    return Part("", *said)


def _refuse_full(folder: Path) -> None:
    """An export never mixes with other files. Raises `Conflict` `folder_not_empty`."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Conflict("folder_not_empty", folder=folder.name)

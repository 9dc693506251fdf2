"""`csirt checkpoint`: carries the head of the record outside: a file, a sheet of paper, a mail, a time stamp."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from csirt.anchoring import mail_checkpoint, stamp
from csirt.bootstrap import Desk
from csirt.checkpoints import checkpoints_of
from csirt.cli.opening import open_desk
from csirt.cli.signers import fresh_checkpoint
from csirt.cli.speaking import AsJson, Data, Lang, Language, say, show_one
from csirt.errors import NotFound, Unavailable
from csirt.record.checkpoint import paper_line, verifier_line
from csirt.reports.checkpoint_sheet import CheckpointSheet, checkpoint_pdf
from csirt.store.queries.timeline import head


def checkpoint(
    out: Annotated[Path | None, typer.Option(help="Write the signed note to this file. ファイルに書く")] = None,
    pdf: Annotated[Path | None, typer.Option(help="One sheet A4 with a code. 紙一枚に")] = None,
    mail: Annotated[list[str] | None, typer.Option(help="Mail it to this address. メールで送る")] = None,
    tsa: Annotated[str, typer.Option(help="Have it stamped by this authority (RFC 3161). 時刻認証局")] = "",
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Show the newest checkpoint, and carry it outside. 最新の控えを示し、外に控える"""
    with open_desk(data) as desk:
        size, _ = desk.look(head)
        signed = fresh_checkpoint(desk.settings, size)
        published = checkpoints_of(desk.settings)
        note, key = published.latest(), published.key()
        if signed is None or note is None or key is None:
            raise NotFound("checkpoint_missing")
        line = paper_line(signed)
        if out:
            _write(out, note)
        if pdf:
            _write(pdf, checkpoint_pdf(_sheet(desk, line, verifier_line(key), language)))
        for address in mail or ():
            mail_checkpoint(desk, address, line)
        if tsa:
            _write((out or Path("checkpoint")).with_suffix(".tsr"), stamp(tsa, note))
    left = max(size - signed.size, 0)
    if left and not as_json:
        say(language, "cli.export_unsealed", {"number": left})
    shown = {"line": line, "key": verifier_line(key), "unsealed": left}
    show_one(shown, "cli.checkpoint", language, as_json=as_json)


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise Unavailable("folder_not_writable", permanent=True, file=path.name) from error


def _sheet(desk: Desk, line: str, key: str, language: Language) -> CheckpointSheet:
    now = desk.clock.now()
    status = checkpoints_of(desk.settings).status()
    at: datetime | None = status.when("signed_at") if status else None
    city = desk.door.city.name_ja if language is Language.JA else desk.door.city.name_en
    return CheckpointSheet(language.value, city, line, key, at or now, now)

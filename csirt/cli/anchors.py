"""`csirt checkpoint`: carries the head of the record outside: a file, a sheet of paper, a mail, a time stamp."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from csirt.anchoring import FILE, PAPER, STAMP, Head, mail_checkpoint, newest, sheet, stamp
from csirt.bootstrap import Desk
from csirt.cli.opening import LOCAL, open_desk
from csirt.cli.signers import fresh_checkpoint
from csirt.cli.speaking import AsJson, Data, Lang, Language, say, show_one
from csirt.errors import NotFound, Unavailable
from csirt.model.message import DeliveryState
from csirt.record.checkpoint import verifier_line
from csirt.response import sealing
from csirt.sending import Sender
from csirt.store.queries import work
from csirt.store.queries.timeline import head

MOST_BEFORE = 50  # other messages that may have to go before it


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
        head_now = newest(desk.settings)
        if signed is None or head_now is None:
            raise NotFound("checkpoint_missing")
        if out:
            _carried(desk, FILE, head_now, lambda: _write(out, head_now.note))
        if pdf:
            _carried(desk, PAPER, head_now, lambda: _write(pdf, sheet(desk, head_now, language.value)))
        for address in mail or ():
            _mailed(desk, address, head_now)
        if tsa:
            token = (out or Path("checkpoint")).with_suffix(".tsr")
            _carried(desk, STAMP, head_now, lambda: _write(token, stamp(tsa, head_now.note)))
    left = max(size - head_now.checkpoint.size, 0)
    if left and not as_json:
        say(language, "cli.export_unsealed", {"number": left})
    shown = {"line": head_now.line, "key": verifier_line(head_now.key), "unsealed": left}
    show_one(shown, "cli.checkpoint", language, as_json=as_json)


def _carried(desk: Desk, way: str, head_now: Head, act: Callable[[], object]) -> None:
    """Do it, then say in the record that it was done."""
    act()
    desk.commit(LOCAL, sealing.anchored, way, head_now.checkpoint.size)


def _mailed(desk: Desk, address: str, head_now: Head) -> None:
    """Put the mail into the outbox and send what is due there, until it is gone; else the worker tries it again."""
    sent, sender = mail_checkpoint(desk, LOCAL, address, head_now), Sender(desk)
    for _ in range(MOST_BEFORE):
        (mail,) = desk.look(work.deliveries, ids=[sent])
        if mail.state == DeliveryState.SENT.value:
            return
        if mail.state != DeliveryState.QUEUED.value or not sender.send_next(mail.channel):
            break
    raise Unavailable("checkpoint_mail_late")


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise Unavailable("folder_not_writable", permanent=True, file=path.name) from error

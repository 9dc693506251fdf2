"""`csirt signer`: the process that signs checkpoints, and what its administrator tells it."""

import signal
from contextlib import AbstractContextManager
from pathlib import Path

import typer

from csirt import founding
from csirt.checkpoints import CONSENT, checkpoints_of
from csirt.cli.opening import LOCAL, open_desk, settings_of
from csirt.cli.speaking import AsJson, Data, Lang, Language, show_one
from csirt.clock import SystemClock
from csirt.errors import CsirtError, LedgerBroken, NotFound, Unavailable
from csirt.logs import configure
from csirt.record.checkpoint import paper_line, verifier_line
from csirt.record.verify_record import Checkpoint
from csirt.response import sealing
from csirt.settings import Settings
from csirt.signer import NEXT_KEY, Signer, SignerLoop, make_keys, signing
from csirt.submitting import Submitter

signer = typer.Typer(help="Check and sign the record's head. 記録の先端を確かめて署名する")
PATIENCE = 15.0  # seconds that a fresh checkpoint is waited for


def signer_of(settings: Settings) -> AbstractContextManager[Signer]:
    """The signer of an installation. Raises `Conflict` where one works already."""
    code = str(founding.read_toml(settings.data / founding.CITY_FILE).get("code") or "unknown")
    url = settings.signer_database_url or settings.database
    return signing(settings.signer, checkpoints_of(settings), url, SystemClock(), f"city-{code}.csirt/record")


def fresh_checkpoint(settings: Settings, size: int) -> Checkpoint | None:
    """A checkpoint over so many entries: from the signer that runs, else from one for this moment.

    It may cover less, where the signer does not answer in time or refuses; None where there is none at all.
    """
    try:
        with signer_of(settings) as one:
            return one.round()
    except PermissionError:  # its folder is another account's
        return checkpoints_of(settings).wait_for(size, PATIENCE)
    except CsirtError as error:
        if error.code != "signer_running":
            raise
        return checkpoints_of(settings).wait_for(size, PATIENCE)


@signer.callback(invoke_without_command=True)
def run(ctx: typer.Context, data: Data = None) -> None:
    """Sign each minute until told to stop. 止められるまで毎分署名する"""
    if ctx.invoked_subcommand:
        return
    configure("signer")
    witnesses = [Submitter.of(line) for line in settings_of(data).witnesses]
    with _founded(data) as one:
        loop = SignerLoop(one, witnesses)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: loop.stop.set())
        loop.run()


@signer.command()
def once(data: Data = None, as_json: AsJson = False, language: Lang = Language.JA) -> None:
    """Check everything, sign, and end. 全件を確かめ、一度だけ署名する"""
    configure("signer")
    with _founded(data) as one:
        head, status = one.round(full=True), one.published.status()
    if head is None or status is None or status.differs:
        code = (status.code or "state_differs") if status else "checkpoint_missing"
        raise LedgerBroken("record_broken", seq=status.seq if status else None, why=code)
    show_one({"size": head.size, "line": paper_line(head)}, "cli.signed", language, as_json=as_json)


def _founded(data: Path | None) -> AbstractContextManager[Signer]:
    settings = settings_of(data)
    if not founding.is_founded(settings.data):
        raise NotFound("city_missing", folder=settings.data.name)
    return signer_of(settings)


@signer.command("renew-key")
def renew_key(data: Data = None, as_json: AsJson = False, language: Lang = Language.JA) -> None:
    """Make another signing key and announce it in the record. 署名の鍵を替える"""
    settings = settings_of(data)
    current = checkpoints_of(settings).key()
    if current is None:
        raise NotFound("checkpoint_missing")
    keys = make_keys(current.name)
    path = settings.signer / NEXT_KEY
    try:
        path.touch(mode=0o600)
        path.write_text("".join(f"{key.to_line()}\n" for key in keys), encoding="ascii")
    except OSError as error:
        raise Unavailable("folder_not_writable", permanent=True, folder=settings.signer.name) from error
    line = verifier_line(keys[0].verifier)
    with open_desk(data) as desk:
        desk.commit(LOCAL, sealing.announce_key, line, keys[0].verifier)
    checkpoints_of(settings).order()
    show_one({"key": line, "before": verifier_line(current)}, "cli.key_announced", language, as_json=as_json)


@signer.command("begin-epoch")
def begin_epoch(data: Data = None, as_json: AsJson = False, language: Lang = Language.JA) -> None:
    """After a restore: let the record go on under another name. 復元の後、別の名で記録を続ける"""
    settings = settings_of(data)
    status, key = checkpoints_of(settings).status(), checkpoints_of(settings).key()
    head = checkpoints_of(settings).head()
    if status is None or key is None or head is None:
        raise NotFound("checkpoint_missing")
    with open_desk(data) as desk:
        desk.commit(LOCAL, sealing.begin_epoch, head)
    try:
        settings.signer.mkdir(mode=0o700, parents=True, exist_ok=True)
        (settings.signer / CONSENT).touch(mode=0o600)
    except OSError as error:
        raise Unavailable("folder_not_writable", permanent=True, folder=settings.signer.name) from error
    checkpoints_of(settings).order()
    show_one({"line": paper_line(head), "epoch": status.epoch + 1}, "cli.epoch_begins", language, as_json=as_json)

"""Carries checkpoints outside: to a folder, on a sheet, by mail, to a time-stamp authority (RFC 3161); once a day.

What lies outside is what shows a record that was rewritten as a whole. Each way is tried until it holds, every ten
minutes, and what it carried is recorded. Mails go through the outbox, which tries them again by itself.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import httpx

from csirt.bootstrap import Desk
from csirt.checkpoints import checkpoints_of, write_durably
from csirt.era import jst_date
from csirt.errors import CsirtError, Invalid, Unavailable
from csirt.logs import log
from csirt.model.message import DeliveryState, Recipient
from csirt.model.people import SYSTEM, Actor
from csirt.record.checkpoint import open_note, paper_line, verifier_line
from csirt.record.verify_record import Checkpoint, VerifierKey
from csirt.reports.checkpoint_sheet import CheckpointSheet, checkpoint_pdf
from csirt.reports.labels import Language
from csirt.response import deliveries, sealing
from csirt.settings import Settings
from csirt.store.queries.anchors import CHECKPOINT, Anchored, Mailed, anchored, mailed

FILE, PAPER, MAIL, STAMP = "file", "paper", "mail", "stamp"
WAYS = (FILE, PAPER, MAIL, STAMP)
SECONDS = 15.0
MAILED_AGAIN = timedelta(hours=1)  # until another mail is tried where one was refused for good
MOST = 65_536  # bytes of an answer that a time-stamp authority may give


def mail_checkpoint(desk: Desk, actor: Actor, address: str, head: "Head", to: int = 0) -> str:
    """Put a mail with a checkpoint to whoever keeps it into the outbox; returns the delivery's id.

    That it went outside is recorded once a channel has taken it. `to`: which of the addresses that are set up.
    """
    facts = {
        "at": desk.clock.now().isoformat(),
        "line": head.line,
        "size": str(head.checkpoint.size),
        "to": str(to),
    }
    return desk.commit(actor, deliveries.queue_alone, MAIL, Recipient("auditor", "", address), CHECKPOINT, facts)


def stamp(url: str, note: bytes) -> bytes:
    """A time-stamp token over a note, as the authority gave it; `openssl ts -verify -data NOTE -in TOKEN` checks it.

    Raises:
        Unavailable: the authority does not answer, or refuses; or the extra `stamps` is not installed.
    """
    try:
        from rfc3161_client import TimestampRequestBuilder, decode_timestamp_response  # lazy: an extra
    except ImportError as error:
        raise Unavailable("stamps_not_installed", permanent=True) from error
    request = TimestampRequestBuilder().data(note).nonce(nonce=True).cert_request(cert_request=True).build()
    kind = {"Content-Type": "application/timestamp-query"}
    try:
        answer = httpx.post(url, content=request.as_bytes(), headers=kind, timeout=SECONDS, trust_env=False)
        answer.raise_for_status()
        token = decode_timestamp_response(answer.content[:MOST])
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Unavailable("stamp_unavailable") from error
    except ValueError as error:
        raise Invalid("stamp_malformed") from error
    if token.status != 0 or token.tst_info.nonce != request.nonce:
        raise Invalid("stamp_malformed")
    return token.as_bytes()


@dataclass(frozen=True, slots=True)
class Head:
    """The newest checkpoint that is signed, as it is carried outside."""

    checkpoint: Checkpoint
    note: bytes
    key: VerifierKey

    @property
    def line(self) -> str:
        """The checkpoint on one line."""
        return paper_line(self.checkpoint)


def newest(settings: Settings) -> Head | None:
    """What the signer published last. Raises `Untrusted` `signature_wrong`, `Invalid` where a file is damaged."""
    published = checkpoints_of(settings)
    note, key = published.latest(), published.key()
    return Head(open_note(note, key), note, key) if note is not None and key is not None else None


def sheet(desk: Desk, head: Head, language: Language) -> bytes:
    """The checkpoint on a sheet of A4, to be stamped and filed. Raises `Unavailable` `document_not_made`."""
    now, status = desk.clock.now(), checkpoints_of(desk.settings).status()
    at: datetime | None = status.when("signed_at") if status else None
    city = desk.door.city.name_ja if language == "ja" else desk.door.city.name_en
    return checkpoint_pdf(CheckpointSheet(language, city, head.line, verifier_line(head.key), at or now, now))


def tokens(settings: Settings) -> Path:
    """Where time-stamp tokens and the notes that they are of are kept."""
    return settings.anchor_folder or settings.data / "anchors"


Act = Callable[[Desk, Head], bool]  # whether it is outside by now


def ways(settings: Settings) -> Iterator[tuple[str, int, Act]]:
    """The ways that are set up: name, which of several addresses, and what to do."""
    if settings.anchor_folder:
        yield FILE, 0, _to_folder
        yield PAPER, 0, _on_paper
    for number, address in enumerate(settings.anchor_mails, 1):
        yield MAIL, number, partial(_by_mail, number, address)
    if settings.anchor_tsa:
        yield STAMP, 0, _stamped


def condition(way: str, to: int) -> str:
    """Under which name it is kept how a way was found."""
    return f"anchor:{way}{to or ''}"


def carry(desk: Desk, note: Callable[[str, str, str], None]) -> bool:
    """Carry the newest checkpoint outside by every way that has not had one today; True: all of them have.

    `note` keeps how each way was found. One that fails holds up no other.
    """
    today = jst_date(desk.clock.now())
    wanted = list(ways(desk.settings))
    last = {(one.way, one.to): one for one in reversed(desk.look(anchored))} if wanted else {}
    done = True
    for way, to, act in wanted:
        if _is_of(last.get((way, to)), today):
            note(condition(way, to), "ok", "")
            continue
        try:
            head = newest(desk.settings)
            if head is None:
                raise Unavailable("checkpoint_missing")
            if not act(desk, head):
                done = False
                continue
        except (CsirtError, OSError) as error:
            code = error.code if isinstance(error, CsirtError) else "folder_not_writable"
            log().warning("anchor.failed", way=way, to=to, code=code)
            note(condition(way, to), "late", code)
            done = False
        else:
            desk.commit(SYSTEM, sealing.anchored, way, head.checkpoint.size, to)
            note(condition(way, to), "ok", "")
    return done


def _is_of(one: Anchored | None, day: object) -> bool:
    return one is not None and jst_date(one.at) == day


def _put(folder: Path, head: Head, ending: str, content: bytes) -> None:
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    write_durably(folder / f"{head.checkpoint.size:012d}.{ending}", content, 0o644)


def _to_folder(desk: Desk, head: Head) -> bool:
    _put(tokens(desk.settings), head, "note", head.note)
    return True


def _on_paper(desk: Desk, head: Head) -> bool:
    _put(tokens(desk.settings), head, "pdf", sheet(desk, head, desk.settings.language))
    return True


def _by_mail(to: int, address: str, desk: Desk, head: Head) -> bool:
    """Queue the mail of the day, unless one is on its way. Raises `Unavailable` while one does not get through."""
    last = desk.look(mailed).get(to)
    if last is None or _is_over(last, desk.clock.now()):
        mail_checkpoint(desk, SYSTEM, address, head, to)
    elif last.state is not DeliveryState.QUEUED:
        raise Unavailable("checkpoint_mail_late")
    return False


def _is_over(last: Mailed, now: datetime) -> bool:
    """Is it time for another mail? One that was refused for good, or may have arrived, is not followed at once."""
    if last.finished_at is None:
        return False
    return last.state is DeliveryState.SENT or now - last.finished_at >= MAILED_AGAIN


def _stamped(desk: Desk, head: Head) -> bool:
    token = stamp(desk.settings.anchor_tsa, head.note)
    _put(tokens(desk.settings), head, "note", head.note)
    _put(tokens(desk.settings), head, "tsr", token)
    return True

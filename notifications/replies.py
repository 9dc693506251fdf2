"""Answers to our mails: what an answer acknowledges, and where answers come from (a folder of files, a mailbox).

Anybody can write to that address, so nothing of a mail is believed but the token in its subject, and nothing of it can
raise anything. Holiday answers and bounces acknowledge nothing: a machine has seen the mail, not a person.
"""

import imaplib
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesHeaderParser
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from csirt.errors import Unavailable
from csirt.outbound import DeadlinePassed, trust, within

T = TypeVar("T")
MOST_OF_A_HEADER = 64 * 1024
MOST_AT_ONCE = 50
_TOKEN = re.compile(r"\[ACK-([0-9a-z]{26})\]", re.IGNORECASE)
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")

# RFC 3834 5: automatic answers say so; the others are what servers did before it, or do beside it.
_MACHINES = {
    "auto-submitted": re.compile(r"(?!\s*no\b)", re.IGNORECASE),
    "precedence": re.compile(r"\s*(bulk|junk|list|auto[_-]?reply)", re.IGNORECASE),
    "x-autoreply": re.compile(r""),
    "x-autorespond": re.compile(r""),
    "x-auto-response-suppress": re.compile(r""),
    "x-failed-recipients": re.compile(r""),
    "list-id": re.compile(r""),
    "return-path": re.compile(r"\s*<\s*>"),
    "content-type": re.compile(r"\s*multipart/report", re.IGNORECASE),
    "from": re.compile(r".*\b(mailer-daemon|postmaster)@", re.IGNORECASE),
}
_MACHINE_SUBJECT = re.compile(
    r"\s*(自動応答|自動返信|不在通知|不在連絡|Automatic reply|Auto(matic)?[- ]?(reply|response)|Out of (the )?office|"
    r"Undelivered|Undeliverable|Delivery Status|Returned mail|配信不能|配信できません)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a mail says: the token it carries, or (`ignored`) the code of why it says nothing."""

    token: str = ""
    ignored: str = ""


def read_answer(raw: bytes) -> Answer:
    """What a mail acknowledges. Total: whatever the bytes are, an `Answer` comes out.

    `ignored` is `reply_unreadable`, `reply_automatic` or `reply_without_token`.
    """
    head = _BLANK_LINE.split(raw[:MOST_OF_A_HEADER], maxsplit=1)[0]
    try:
        mail = BytesHeaderParser().parsebytes(head)
        subject = _decoded(mail, "subject")
        if _MACHINE_SUBJECT.match(subject) or any(_speaks(mail, name, form) for name, form in _MACHINES.items()):
            return Answer(ignored="reply_automatic")
    except (MessageError, LookupError, ValueError, TypeError, AttributeError, RecursionError):  # what email.* raises
        return Answer(ignored="reply_unreadable")
    found = _TOKEN.search(re.sub(r"\s+", "", subject))
    return Answer(token=found[1].lower()) if found else Answer(ignored="reply_without_token")


def _decoded(mail: Message, name: str) -> str:
    return str(make_header(decode_header(str(mail.get(name, "")))))


def _speaks(mail: Message, name: str, form: re.Pattern[str]) -> bool:
    return any(form.match(str(value)) for value in mail.get_all(name, []))


class Postbox(Protocol):
    """Where answers come from."""

    def fetch(self) -> Iterator[bytes]:
        """The mails that are there, each once; when the next one is asked for, the last one has been dealt with.

        Raises:
            Unavailable: it cannot be read now.
        """
        ...


class FolderPostbox:
    """The port `Postbox` over a folder of `.eml` files; those dealt with go to `taken/` in it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def fetch(self) -> Iterator[bytes]:
        """Every file, oldest name first. A file that cannot be read keeps back none behind it.

        Raises:
            Unavailable: `postbox_unreadable`; of a single file once the others are read.
        """
        try:
            paths = sorted(path for path in self._folder.glob("*.eml") if path.is_file() and not path.is_symlink())
        except OSError as error:
            raise Unavailable("postbox_unreadable") from error
        read, broken = 0, None
        for path in paths:
            try:
                with path.open("rb") as file:
                    yield file.read(MOST_OF_A_HEADER)
                (self._folder / "taken").mkdir(mode=0o700, exist_ok=True)
                path.replace(self._folder / "taken" / path.name)
            except OSError as error:
                broken = error
            else:
                read += 1
            if read == MOST_AT_ONCE:
                break
        if broken is not None:
            raise Unavailable("postbox_unreadable") from broken


class _Line(imaplib.IMAP4_SSL):
    """A line that can be hung up while it is still being opened on another thread."""

    sock: socket.socket | None = None  # type: ignore[assignment] # none before it is begun

    def __init__(self) -> None:
        """Nothing is connected yet; the library's own constructor would connect."""

    def begin(self, host: str, port: int, context: ssl.SSLContext, timeout: float) -> None:
        """Connect."""
        super().__init__(host, port, ssl_context=context, timeout=timeout)

    def hang_up(self) -> None:
        """Close it, also from under a call that hangs on another thread."""
        with suppress(OSError, imaplib.IMAP4.error):
            if self.sock is not None:
                self.sock.shutdown(socket.SHUT_RDWR)
        with suppress(OSError, AttributeError):  # the file is made a moment after the socket
            self.file.close()
        if self.sock is not None:
            self.sock.close()


class ImapPostbox:
    """The port `Postbox` over a mailbox (IMAP over TLS, RFC 8314); mails dealt with are marked as seen."""

    def __init__(
        self, host: str, port: int, *, user: str, password: str, folder: str = "INBOX", ca_file: Path | None = None,
        deadline: float = 20.0, most_bytes: int = 0,
    ) -> None:  # fmt: skip
        """`most_bytes`: fetch mails whole, so many bytes of each and one more; 0: their heads only."""
        self._host = host
        self._port = port
        self._user = user
        self._password = password
        self._folder = folder
        self._context = trust(ca_file)
        self._deadline = deadline
        self._part = f"BODY.PEEK[]<0.{most_bytes + 1}>" if most_bytes else f"BODY.PEEK[HEADER]<0.{MOST_OF_A_HEADER}>"

    def fetch(self) -> Iterator[bytes]:
        """Every mail that nobody has seen yet. Raises `Unavailable` (`postbox_unreachable`)."""
        line = _Line()
        try:
            self._in_time(partial(self._open, line), line)
            for number in self._in_time(partial(_unseen, line), line):
                yield self._in_time(partial(_fetched, line, number, self._part), line)
                self._in_time(partial(line.uid, "STORE", number, "+FLAGS", "(\\Seen)"), line)
        finally:
            line.hang_up()

    def _open(self, line: "_Line") -> None:
        line.begin(self._host, self._port, self._context, self._deadline)
        line.login(self._user, self._password)
        kind, _ = line.select(_quoted(self._folder))
        if kind != "OK":
            raise imaplib.IMAP4.error

    def _in_time(self, work: Callable[[], T], line: "_Line") -> T:
        """Do a part of it within the deadline, however the server drips."""
        try:
            return within(self._deadline, work, line.hang_up)
        except (DeadlinePassed, OSError, ValueError, imaplib.IMAP4.error) as error:
            raise Unavailable("postbox_unreachable") from error


def _unseen(line: _Line) -> list[str]:
    _, found = line.uid("SEARCH", "UNSEEN")
    numbers = bytes(found[0] or b"").split() if found else []
    return [number.decode("ascii") for number in numbers[:MOST_AT_ONCE] if number.isdigit()]


def _fetched(line: imaplib.IMAP4_SSL, number: str, part: str) -> bytes:
    """A part of a mail, which stays unseen by that."""
    _, parts = line.uid("FETCH", number, f"({part})")
    return b"".join(part[1] for part in parts if isinstance(part, tuple) and isinstance(part[1], bytes))


def _quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'

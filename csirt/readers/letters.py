"""One mail as data: who, when, what about, its text, the labelled lines in it, and what a report inside it states.

`Letter.facts()` is what a mapping with `input = "mail"` finds its paths in; `docs/howto/write-a-mapping.md` lists them.
Codes: `record_too_large`, `too_deep`, `not_a_mail`. Nothing inside is run, fetched or unpacked.
"""

import re
import unicodedata
from binascii import Error as BinasciiError
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header
from email.message import Message

from csirt.model.detection import Unreadable
from csirt.readers.charsets import to_text

MAIL_BYTES = 20 * 1024 * 1024
MOST_PARTS = 64
MOST_LABELS = 200
TEXT_CHARACTERS = 200_000
LABEL_CHARACTERS = 24

_NESTING = re.compile(rb"(?i)boundary\*?[0-9]?\*?=|content-type:\s*message/")
_SURROGATES = re.compile("[\ud800-\udfff]")
# A label at the start of a line, perhaps marked, perhaps in brackets: `■検知日時：…`, `[Host] : …`, `【送信元IP】 …`.
_LABEL = re.compile(
    r"[ \t　]{0,8}[■□●○◆◇・▼▽*\-]{0,2}[ 　]?"
    r"(?:[【\[〔<](?P<boxed>[^】\]〕>\n:]{1,24})[】\]〕>][ 　]{0,4}[:=]?"
    r"|(?P<plain>[^\s:=【\[][^:=\n]{0,23}?)[ 　\t]{0,12}[:=])"
    r"(?P<value>[^\n]*)"
)
_HEADING = re.compile(r"[ \t]{0,4}[■□●○◆◇▼▽]\s?([^\n:=]{1,24})$")  # a label alone on its line, without a colon
_ARMED = (
    (re.compile(r"\[\.\]|\(\.\)|\[dot\]", re.IGNORECASE), "."),
    (re.compile(r"h(?:xx|\*\*|tt)p(s?)(?:\[:\]|:)//", re.IGNORECASE), r"http\1://"),
)


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail that could be read."""

    subject: str
    sender: str
    receiver: str
    date: str
    message_id: str
    content_type: str
    texts: tuple[str, ...] = ()
    report: dict[str, object] = field(default_factory=dict)  # of a feedback report (RFC 5965)
    original: dict[str, object] = field(default_factory=dict)  # headers of the mail that is enclosed
    automatic: str = ""

    def facts(self) -> dict[str, object]:
        """All of it under names, for the paths of a mapping."""
        text = "\n".join(self.texts)[:TEXT_CHARACTERS]
        return {
            "subject": self.subject,
            "from": self.sender,
            "to": self.receiver,
            "date": self.date,
            "message_id": self.message_id,
            "content_type": self.content_type,
            "automatic": self.automatic,
            "text": text,
            "labels": dict(labels(text)),
            "feedback": self.report,
            "original": self.original,
        }


def read_letter(raw: bytes) -> Letter | Unreadable:
    """A mail (RFC 5322, MIME) from its bytes."""
    if len(raw) > MAIL_BYTES:
        return Unreadable("record_too_large", f"{len(raw)} bytes")
    if sum(1 for _ in _NESTING.finditer(raw)) > MOST_PARTS:
        return Unreadable("too_deep", f"more than {MOST_PARTS} parts")
    try:
        mail = message_from_bytes(raw)
        return _letter(mail) if mail.keys() else Unreadable("not_a_mail", "header")
    except (MessageError, ValueError, LookupError, RecursionError, TypeError, AttributeError, AssertionError):
        return Unreadable("not_a_mail", "structure")  # what the library of the language stumbles over


def _letter(mail: Message) -> Letter:
    own: list[str] = []
    report: dict[str, object] = {}
    original: dict[str, object] = {}
    for part in _parts(mail):
        kind = part.get_content_type()
        if kind in {"message/feedback-report", "text/rfc822-headers", "message/rfc822"}:
            found = _enclosed(part)
            report = report or (found if kind == "message/feedback-report" else {})
            original = original or (found if kind != "message/feedback-report" else {})
        elif kind == "text/plain" and part.get_content_disposition() != "attachment":
            own.append(text_of(part))
    if not own:  # the words are in a file that goes with the mail, or in HTML
        own = [text_of(part) for part in _parts(mail) if part.get_content_type() == "text/plain"]
    if not own:
        own = [_without_tags(text_of(part)) for part in _parts(mail) if part.get_content_type() == "text/html"][:1]
    return Letter(
        subject=header(mail, "Subject"),
        sender=header(mail, "From"),
        receiver=header(mail, "To"),
        date=header(mail, "Date"),
        message_id=header(mail, "Message-ID"),
        content_type=f"{mail.get_content_type()}; {mail.get_param('report-type') or ''}".rstrip("; "),
        texts=tuple(own),
        report=report,
        original=original,
        automatic=header(mail, "Auto-Submitted") or ("null" if header(mail, "Return-Path") == "<>" else ""),
    )


def _parts(mail: Message) -> Iterator[Message]:
    """The parts of a mail in order, those of enclosed mails left out."""
    todo = [mail]
    count = 0
    while todo and count < MOST_PARTS:
        part = todo.pop()
        count += 1
        yield part
        if part.is_multipart() and part.get_content_maintype() == "multipart":
            todo.extend(reversed([one for one in part.get_payload() if isinstance(one, Message)]))


def _enclosed(part: Message) -> dict[str, object]:
    """The headers of an enclosed report or mail, by name in small letters."""
    inner = part.get_payload()
    if isinstance(inner, list) and inner and isinstance(inner[0], Message):
        return {name.lower(): header(inner[0], name) for name in list(inner[0].keys())[:MOST_PARTS]}
    found: dict[str, object] = {}
    for line in text_of(part).splitlines()[:MOST_LABELS]:
        name, colon, value = line.partition(":")
        if colon and re.fullmatch(r"[A-Za-z-]{1,40}", name):
            found.setdefault(name.lower(), value.strip())
    return found


def text_of(part: Message) -> str:
    """The text of one part, decoded from whatever it is in."""
    payload = part.get_payload(decode=True)
    declared = part.get_content_charset()
    return to_text(payload, declared) if isinstance(payload, bytes) else ""


def header(mail: Message, name: str) -> str:
    """One header as one line: encoded words and raw bytes decoded, folds undone."""
    value = mail.get(name)
    if value is None:
        return ""
    try:
        parts = decode_header(_SURROGATES.sub("", value) if _is_encoded(value) else value)
    except (MessageError, BinasciiError, ValueError):
        parts = [(str(value), None)]
    text = "".join(_decoded(one, charset) for one, charset in parts)
    return re.sub(r"[\s]+", " ", text).strip()


def _is_encoded(value: object) -> bool:
    return isinstance(value, str) and "=?" in value


def _decoded(part: bytes | str, charset: str | None) -> str:
    raw = part if isinstance(part, bytes) else part.encode("ascii", "surrogateescape") if _plain(part) else None
    if raw is None:
        return str(part)
    return to_text(raw, None if charset in {None, "unknown-8bit"} else charset)


def _plain(text: str) -> bool:
    """Whether a text is ASCII with the raw bytes that the parser kept as surrogates."""
    return all(sign < "\x80" or "\udc80" <= sign <= "\udcff" for sign in text)


def _without_tags(text: str) -> str:
    """The words of HTML. Only to look labels up; nothing of it is shown as HTML."""
    text = re.sub(r"<(?:br|/p|/tr|/div|/li)\b[^<>]{0,500}>", "\n", text[:TEXT_CHARACTERS], flags=re.IGNORECASE)
    return re.sub(r"<[^<>]{0,2000}>", "", text)


def labels(text: str) -> Iterator[tuple[str, list[str]]]:
    """The labelled lines of a text: each label with its values. A label alone on its line has what stands below it."""
    found: dict[str, list[str]] = {}
    waiting: str | None = None
    for line in unicodedata.normalize("NFKC", text).split("\n"):
        match = _LABEL.match(line[:1000])
        if match is None:
            if heading := _HEADING.match(line):
                waiting = re.sub(r"\s+", "", heading[1])
                continue
            if waiting and line.strip():
                found.setdefault(waiting, []).append(rearmed(line.strip()))
                waiting = None
            continue
        name = re.sub(r"[\s]+", "", match["boxed"] or match["plain"])
        value = rearmed(match["value"].strip())
        waiting = None if value else name
        if value and len(found) < MOST_LABELS:
            found.setdefault(name, []).append(value)
    yield from found.items()


def rearmed(text: str) -> str:
    """A defanged address or URL as it is compared: `hxxp://evil[.]example` names the same page. It is never fetched."""
    for pattern, plain in _ARMED:
        text = pattern.sub(plain, text)
    return text

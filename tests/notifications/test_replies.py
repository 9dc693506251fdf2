"""Answers to our mails: only a person's answer counts, and nothing that somebody sends us raises anything."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from email.header import Header
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csirt.errors import Unavailable
from notifications.replies import Answer, FolderPostbox, ImapPostbox, read_answer
from tests.notifications.certificates import Certificates
from tests.notifications.worlds import line_server

TOKEN = "0123456789abcdefghjkmnpqrs"
SUBJECT = f"Re: 【至急・要確認】令和8年度 第12号 レベル3 [ACK-{TOKEN}]"


def answer(subject: str = SUBJECT, **headers: str) -> bytes:
    mail = EmailMessage()
    mail["From"] = "officer@city.example"
    mail["Subject"] = subject
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content("了解\n")
    return mail.as_bytes()


@pytest.mark.parametrize(
    "subject",
    [
        SUBJECT,
        f"RE: FW: something [ack-{TOKEN.upper()}]",
        f"回答：[ACK-{TOKEN}]",
        "Re: 長い件名が途中で折り返される" * 3 + f"[ACK-{TOKEN[:10]} {TOKEN[10:]}]",
    ],
)
def test_the_token_in_the_subject_counts(subject: str) -> None:
    assert read_answer(answer(subject)) == Answer(TOKEN)


@pytest.mark.parametrize("charset", ["iso-2022-jp", "utf-8", "shift_jis"])
def test_in_whatever_way_the_subject_was_written(charset: str) -> None:
    subject = Header(f"Re: 至急 [ACK-{TOKEN}]", charset, maxlinelen=40).encode(linesep="\r\n")
    assert read_answer(f"Subject: {subject}\r\n\r\n本文".encode()) == Answer(TOKEN)


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Auto_Submitted": "auto-generated (vacation)"},
        {"Precedence": "auto_reply"},
        {"Precedence": "bulk"},
        {"X_Autoreply": "yes"},
        {"X_Auto_Response_Suppress": "All"},
        {"Return_Path": "<>"},
        {"X_Failed_Recipients": "a@b.example"},
        {"List_Id": "<all.city.example>"},
    ],
)
def test_a_machine_acknowledges_nothing(headers: dict[str, str]) -> None:
    assert read_answer(answer(**headers)).ignored == "reply_automatic"


@pytest.mark.parametrize(
    "subject",
    [f"自動応答: [ACK-{TOKEN}]", f"Automatic reply: [ACK-{TOKEN}]", f"Out of office Re: [ACK-{TOKEN}]",
     f"Undeliverable: [ACK-{TOKEN}]", f"不在通知：[ACK-{TOKEN}]"],
)  # fmt: skip
def test_nor_does_one_that_says_so_in_its_subject_only(subject: str) -> None:
    assert read_answer(answer(subject)).ignored == "reply_automatic"


def test_a_person_may_say_that_they_are_none() -> None:
    assert read_answer(answer(Auto_Submitted="no")).token == TOKEN


def test_a_bounce_acknowledges_nothing() -> None:
    raw = f"From: MAILER-DAEMON@mx.example\r\nSubject: [ACK-{TOKEN}]\r\n\r\n".encode()
    assert read_answer(raw).ignored == "reply_automatic"
    raw = f"Content-Type: multipart/report; report-type=delivery-status\r\nSubject: [ACK-{TOKEN}]\r\n\r\n".encode()
    assert read_answer(raw).ignored == "reply_automatic"


def test_a_token_in_the_text_does_not_count() -> None:
    raw = f"Subject: hello\r\n\r\n[ACK-{TOKEN}]\r\nSubject: [ACK-{TOKEN}]\r\n".encode()
    assert read_answer(raw).ignored == "reply_without_token"


@given(st.binary(max_size=2000))
def test_whatever_comes_is_read_without_a_fault(raw: bytes) -> None:
    assert read_answer(raw).token == ""


HEADS = st.sampled_from(
    [b"Subject:", b"Subject: =?utf-8?b?", b"=?x-unknown?q?", b"?=", b"\r\n ", b"\r\n", b"\n", b"\xff\xfe", b"<>",
     b"=?iso-2022-jp?B?GyRC?=", b"Content-Type: multipart/report", b"From: a@b", b"[ACK-", b"\x00", b"(((((", b'"\\',
     b"Subject: =?utf-8?q?=ZZ?="]
)  # fmt: skip


@given(st.lists(HEADS | st.binary(max_size=20), max_size=40))
def test_nor_do_broken_headers(parts: list[bytes]) -> None:
    assert isinstance(read_answer(b"".join(parts)), Answer)


# --------------------------------------------------------------------------------------------------------- the folder


def test_the_folder_gives_each_file_once(tmp_path: Path) -> None:
    for name in ("b", "a"):
        (tmp_path / f"{name}.eml").write_bytes(name.encode())
    (tmp_path / "other.txt").write_bytes(b"no mail")
    (tmp_path / "link.eml").symlink_to(tmp_path / "other.txt")
    assert list(FolderPostbox(tmp_path).fetch()) == [b"a", b"b"]
    assert list(FolderPostbox(tmp_path).fetch()) == []
    assert sorted(path.name for path in (tmp_path / "taken").iterdir()) == ["a.eml", "b.eml"]


def test_a_file_that_cannot_be_moved_away_keeps_back_none_behind_it(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.eml").write_bytes(name.encode())
    (tmp_path / "taken" / "a.eml").mkdir(parents=True)
    with pytest.raises(Unavailable, match="postbox_unreadable"):
        list(FolderPostbox(tmp_path).fetch())
    assert sorted(path.name for path in tmp_path.glob("*.eml")) == ["a.eml"]


def test_a_file_stays_until_it_was_dealt_with(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(b"a")
    with closing(FolderPostbox(tmp_path).fetch()) as mails:  # type: ignore[type-var]
        next(mails)
    assert list(FolderPostbox(tmp_path).fetch()) == [b"a"]


# --------------------------------------------------------------------------------------------------------- the mailbox


@dataclass
class Mailbox:
    """A small IMAP server (RFC 9051) that knows what the reader asks for."""

    mails: dict[int, bytes]
    seen: set[int] = field(default_factory=set)
    password: str = "right"
    drips: bool = False

    def talk(self, line: socket.socket, over: threading.Event) -> None:
        with line, line.makefile("rb") as heard:
            line.sendall(b"* OK ready\r\n")
            for raw in heard:
                tag, command, *rest = raw.decode().split()
                if self.drips and command == "LOGIN":
                    while not over.wait(0.1):
                        line.sendall(b"*")
                    return
                said, end = self.answer(command.upper(), rest)
                line.sendall(said + f"{tag} {end} done\r\n".encode())

    def answer(self, command: str, rest: list[str]) -> tuple[bytes, str]:
        if command == "CAPABILITY":
            return b"* CAPABILITY IMAP4rev1\r\n", "OK"
        if command == "LOGIN":
            return b"", "OK" if rest[1].strip('"') == self.password else "NO"
        if command == "SELECT":
            return b"* 2 EXISTS\r\n", "OK"
        if rest[:1] == ["SEARCH"]:
            return f"* SEARCH {' '.join(str(one) for one in self.mails if one not in self.seen)}\r\n".encode(), "OK"
        if rest[:1] == ["FETCH"]:
            content = self.mails[int(rest[1])]
            return f"* 1 FETCH (BODY[HEADER] {{{len(content)}}}\r\n".encode() + content + b")\r\n", "OK"
        if rest[:1] == ["STORE"]:
            self.seen.add(int(rest[1]))
        return b"", "OK"


@pytest.fixture
def mailbox(certificates: Certificates) -> Iterator[tuple[Mailbox, ImapPostbox]]:
    box, context = Mailbox({3: answer(), 5: answer(Auto_Submitted="auto-replied")}), certificates.server()

    def talk(line: socket.socket, over: threading.Event) -> None:
        box.talk(context.wrap_socket(line, server_side=True), over)

    with line_server(talk) as port:
        yield (
            box,
            ImapPostbox("127.0.0.1", port, user="csirt", password="right", ca_file=certificates.ca_file, deadline=2),
        )


def test_the_mailbox_gives_each_mail_once(mailbox: tuple[Mailbox, ImapPostbox]) -> None:
    box, postbox = mailbox
    assert [read_answer(raw).token for raw in postbox.fetch()] == [TOKEN, ""]
    assert box.seen == {3, 5}
    assert list(postbox.fetch()) == []


def test_a_wrong_password_is_told_as_unreachable(mailbox: tuple[Mailbox, ImapPostbox]) -> None:
    box, postbox = mailbox
    box.password = "another"
    with pytest.raises(Unavailable, match="postbox_unreachable") as failed:
        list(postbox.fetch())
    assert "right" not in str(failed.value)


def test_a_mailbox_that_drips_holds_nobody_up(mailbox: tuple[Mailbox, ImapPostbox]) -> None:
    box, postbox = mailbox
    box.drips = True
    with pytest.raises(Unavailable, match="postbox_unreachable"):
        list(postbox.fetch())

"""Mail against real servers, well-behaved and not."""

import email
import socket
import threading
import time
from email.policy import default
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP

from csirt.errors import DeliveryFailed, Invalid
from notifications.mail import MailChannel, Tls
from tests.notifications.certificates import Certificates
from tests.notifications.worlds import drip, line_server, mail_server, message

SENDER = "csirt@city.example"


def channel(port: int, *, deadline: float = 5.0, tls: Tls = "none", ca_file: Path | None = None) -> MailChannel:
    return MailChannel("mail", "127.0.0.1", port, sender=SENDER, deadline=deadline, tls=tls, ca_file=ca_file)


def test_a_japanese_mail_arrives_as_it_was_written() -> None:
    with mail_server() as server:
        receipt = channel(server.port).send(message(drill=True))
        (envelope,) = server.mails
    assert receipt.reply == "250"
    assert envelope.mail_from == SENDER
    content = envelope.original_content or b""
    assert content.isascii()
    mail = email.message_from_bytes(content, policy=default)
    assert mail["Subject"] == message().subject
    assert mail["Message-ID"] == receipt.outside_id == "<e1.response.0.0@city.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Csirt-Drill"] == "yes"
    assert mail["Date"].datetime == message().at
    body = mail.get_body()
    assert body is not None
    assert body.get_content().splitlines() == message().body.splitlines()


@pytest.mark.parametrize(
    ("answer", "permanent", "reply"),
    [("450 later", False, "450"), ("451 later", False, "451"), ("550 no", True, "550"), ("554 no", True, "554")],
)
def test_the_servers_code_decides_whether_another_try_can_help(answer: str, permanent: bool, reply: str) -> None:
    with mail_server() as server:
        server.refuses["officer@city.example"] = answer
        with pytest.raises(DeliveryFailed, match="mail_refused") as at_recipient:
            channel(server.port).send(message())
        server.refuses.clear()
        server.answer = answer
        with pytest.raises(DeliveryFailed, match="mail_refused") as at_text:
            channel(server.port).send(message())
    for failed in (at_recipient, at_text):
        assert (failed.value.permanent, failed.value.reply) == (permanent, reply)


@pytest.mark.parametrize(
    ("refuses", "code", "permanent", "reply", "arrived"),
    [
        ({"a@x.example": "550 no"}, "mail_partly_refused", True, "550", 1),
        ({"a@x.example": "450 later"}, "mail_partly_refused", False, "450", 1),
        ({"a@x.example": "550 no", "b@x.example": "450 later"}, "mail_refused", False, "450", 0),
        ({"a@x.example": "550 no", "b@x.example": "550 no"}, "mail_refused", True, "550", 0),
    ],
)
def test_a_desk_with_two_addresses_is_not_reached_while_one_is_refused(
    refuses: dict[str, str], code: str, permanent: bool, reply: str, arrived: int
) -> None:
    with mail_server() as server:
        server.refuses.update(refuses)
        with pytest.raises(DeliveryFailed) as failed:
            channel(server.port).send(message(address="a@x.example, b@x.example"))
        assert len(server.mails) == arrived
    assert (failed.value.code, failed.value.permanent, failed.value.reply) == (code, permanent, reply)


def test_a_line_that_breaks_after_the_text_leaves_the_outcome_unknown() -> None:
    def hang_up(server: SMTP) -> None:
        assert server.transport is not None
        server.transport.close()

    with mail_server() as server:
        server.on_text = hang_up
        with pytest.raises(DeliveryFailed) as failed:
            channel(server.port).send(message())
        assert len(server.mails) == 1  # it did arrive
    assert (failed.value.code, failed.value.reply, failed.value.permanent) == ("mail_outcome_unknown", "unknown", False)


def test_a_server_that_drips_its_greeting_holds_nobody() -> None:
    with line_server(drip) as port:
        begun = time.monotonic()
        with pytest.raises(DeliveryFailed) as failed:
            channel(port, deadline=0.5).send(message())
        assert time.monotonic() - begun < 1.5
        assert (failed.value.code, failed.value.reply) == ("mail_deadline_passed", "timeout")
        deadline = time.monotonic() + 3
        while any(thread.name.startswith("delivery") for thread in threading.enumerate()):
            assert time.monotonic() < deadline, "the abandoned thread ends soon"
            time.sleep(0.02)


def test_a_server_that_drips_after_the_text_leaves_the_outcome_unknown() -> None:
    def talk(line: socket.socket, over: threading.Event) -> None:
        lines = line.makefile("rb")
        line.sendall(b"220 hello\r\n")
        for reply in (b"250 hello\r\n", b"250 OK\r\n", b"250 OK\r\n", b"354 go on\r\n"):
            lines.readline()
            line.sendall(reply)
        while lines.readline() != b".\r\n":
            pass
        drip(line, over)

    with line_server(talk) as port, pytest.raises(DeliveryFailed) as failed:
        channel(port, deadline=0.6).send(message())
    assert (failed.value.code, failed.value.reply) == ("mail_outcome_unknown", "unknown")


def test_nothing_is_sent_after_time_is_up() -> None:
    texts: list[bytes] = []

    def talk(line: socket.socket, over: threading.Event) -> None:
        lines = line.makefile("rb")
        line.sendall(b"220 hello\r\n")
        for reply in (b"250 hello\r\n", b"250 OK\r\n"):
            lines.readline()
            line.sendall(reply)
        lines.readline()
        over.wait(0.6)
        line.sendall(b"250 OK\r\n")
        texts.extend(lines.readlines())

    with line_server(talk) as port, pytest.raises(DeliveryFailed, match="mail_deadline_passed"):
        channel(port, deadline=0.3).send(message())
    assert not [text for text in texts if text.strip().upper() != b"QUIT"]


def test_a_line_that_opens_after_time_is_up_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = socket.create_connection

    def slowly(address: tuple[str, int], timeout: float) -> socket.socket:
        time.sleep(0.3)  # as a name server or a far network can take
        return connect(address, timeout)

    with mail_server() as server:
        monkeypatch.setattr(socket, "create_connection", slowly)
        with pytest.raises(DeliveryFailed, match="mail_deadline_passed"):
            channel(server.port, deadline=0.1).send(message())
        time.sleep(0.4)
        assert server.mails == []


@pytest.mark.parametrize("greeting", [b"421 too busy\r\n", b"554 go away\r\n"])
def test_a_server_that_refuses_the_connection_is_believed(greeting: bytes) -> None:
    def talk(line: socket.socket, over: threading.Event) -> None:
        line.sendall(greeting)
        line.recv(100)

    with line_server(talk) as port, pytest.raises(DeliveryFailed, match="mail_refused") as failed:
        channel(port).send(message())
    assert failed.value.reply == greeting[:3].decode()
    assert failed.value.permanent is greeting.startswith(b"5")


@pytest.mark.parametrize("talk", [b"", b"\x00\xff" * 100 + b"\r\n", b"no smtp at all\r\n"])
def test_a_server_that_speaks_no_smtp_is_a_failure_that_may_pass(talk: bytes) -> None:
    def say(line: socket.socket, over: threading.Event) -> None:
        line.sendall(talk)

    with line_server(say) as port, pytest.raises(DeliveryFailed) as failed:
        channel(port).send(message())
    assert not failed.value.permanent


@pytest.mark.parametrize(
    "address", ["", "no address", "a@b@c", "a@x.example\r\nRCPT TO:<b@x.example>", "田中@x.example", "a@x.example,"]
)
def test_a_malformed_address_is_refused_before_anything_is_sent(address: str) -> None:
    with mail_server() as server:
        with pytest.raises(DeliveryFailed, match="address_malformed") as failed:
            channel(server.port).send(message(address=address))
        assert server.mails == []
    assert failed.value.permanent


# --------------------------------------------------------------------------------------------------------------- TLS


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_mail_goes_over_tls_that_is_checked(tls: Tls, certificates: Certificates) -> None:
    with mail_server(tls=certificates.server(), implicit=tls == "implicit") as server:
        assert channel(server.port, tls=tls, ca_file=certificates.ca_file).send(message()).reply == "250"
        assert len(server.mails) == 1
        with pytest.raises(DeliveryFailed, match="mail_server_unreachable"):
            channel(server.port, tls=tls).send(message())  # the machine does not know the city's authority
        assert len(server.mails) == 1


def test_a_certificate_for_another_host_is_not_accepted(certificates: Certificates) -> None:
    with mail_server(tls=certificates.server("wrong")) as server:
        with pytest.raises(DeliveryFailed, match="mail_server_unreachable"):
            channel(server.port, tls="starttls", ca_file=certificates.ca_file).send(message())
        assert server.mails == []


def test_starttls_never_falls_back_to_clear_text(certificates: Certificates) -> None:
    with mail_server() as server:
        with pytest.raises(DeliveryFailed, match="mail_not_possible") as failed:
            channel(server.port, tls="starttls", ca_file=certificates.ca_file).send(message())
        assert server.mails == []
    assert failed.value.permanent


@pytest.mark.parametrize(("password", "code"), [("right", ""), ("wrong", "535")])
def test_the_server_may_ask_who_we_are(password: str, code: str, certificates: Certificates) -> None:
    with mail_server(tls=certificates.server(), account=("csirt", "right")) as server:
        port, ca_file = server.port, certificates.ca_file
        sender = MailChannel(
            "mail", "127.0.0.1", port, sender=SENDER, tls="starttls", user="csirt", password=password, ca_file=ca_file
        )
        if not code:
            assert sender.send(message()).reply == "250"
            return
        with pytest.raises(DeliveryFailed, match="mail_refused") as failed:
            sender.send(message())
    assert (failed.value.reply, failed.value.permanent) == (code, True)
    assert password not in str(failed.value)


def test_an_unreadable_authority_is_found_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    for path in (tmp_path / "ca.pem", tmp_path / "missing.pem"):
        with pytest.raises(Invalid, match="ca_file_unreadable"):
            channel(25, tls="starttls", ca_file=path)

"""Webhooks against real servers: signed, bounded, and only where they may go."""

import json
import socket
import threading
import time
from pathlib import Path

import pytest

from csirt.clock import FixedClock
from csirt.errors import DeliveryFailed, Invalid
from csirt.model.step import Json
from notifications.webhook import CHAT_BODY, WebhookChannel, signature
from tests.notifications.certificates import Certificates
from tests.notifications.worlds import AT, drip, line_server, message, web_server


def channel(
    url: str, *, allowed: list[str] | None = None, body: Json = None, deadline: float = 5, ca_file: Path | None = None
) -> WebhookChannel:
    host = url.removeprefix("http://").removeprefix("https://").split("/")[0]
    listed = host if ":" in host else f"{host}:80"
    return WebhookChannel(
        "webhook",
        url,
        secret="key",
        allowed=[listed] if allowed is None else allowed,
        clock=FixedClock(AT),
        body=body,
        deadline=deadline,
        ca_file=ca_file,
    )


def test_a_receiver_can_check_who_sent_it_and_when() -> None:
    with web_server() as server:
        receipt = channel(f"http://127.0.0.1:{server.port}/in?room=1").send(message(facts={"number": "12"}))
        ((path, headers, content),) = server.posts
    assert receipt.reply == "200"
    assert path == "/in?room=1"
    assert headers["host"] == f"127.0.0.1:{server.port}"
    assert headers["x-csirt-timestamp"] == str(int(AT.timestamp()))
    assert headers["x-csirt-signature"] == signature(b"key", headers["x-csirt-timestamp"], content)
    assert headers["x-csirt-signature"] != signature(b"other", headers["x-csirt-timestamp"], content)
    got = json.loads(content)
    assert (got["id"], got["subject"], got["body"]) == (message().id, message().subject, message().body)
    assert got["facts"] == {"number": "12"}
    assert message().recipient.name not in json.dumps(got, ensure_ascii=False)


def test_a_known_signature() -> None:
    # printf '1795323900.{}' | openssl dgst -sha256 -hmac key
    assert (
        signature(b"key", "1795323900", b"{}") == "v1=3d3f8f0de7c7d9b83d78dffc6e16098872719e3a5a5ec96e35f4dc94a8ea0d70"
    )


def test_a_chat_gets_the_call_and_the_link_and_no_content() -> None:
    body = json.loads(CHAT_BODY.read_text("utf-8"))
    facts = {"link": 'https://desk.example/i/12?"}{$body', "subject": "not this one"}
    with web_server() as server:
        channel(f"http://127.0.0.1:{server.port}/", body=body).send(message(facts=facts))
        ((_, _, content),) = server.posts
    assert json.loads(content) == {"text": f"{message().subject}\n{facts['link']}"}


def test_a_template_keeps_its_shape_whatever_the_words_hold() -> None:
    body: Json = {"a": ["$subject", 3, None, {"b": "$nothing $$ $"}], "n": 1.5}
    with web_server() as server:
        channel(f"http://127.0.0.1:{server.port}/", body=body).send(message(subject='"], "x": ["'))
        ((_, _, content),) = server.posts
    assert json.loads(content) == {"a": ['"], "x": ["', 3, None, {"b": "$nothing $ $"}], "n": 1.5}


@pytest.mark.parametrize(
    ("status", "code", "permanent"),
    [
        (500, "webhook_refused", False),
        (503, "webhook_refused", False),
        (429, "webhook_refused", False),
        (400, "webhook_refused", True),
        (404, "webhook_refused", True),
        (302, "webhook_redirected", True),
        (307, "webhook_redirected", True),
    ],
)
def test_the_status_decides_whether_another_try_can_help(status: int, code: str, permanent: bool) -> None:
    with web_server() as server, web_server() as elsewhere:
        server.status = status
        server.location = f"http://127.0.0.1:{elsewhere.port}/" if status < 400 else ""
        with pytest.raises(DeliveryFailed) as failed:
            channel(f"http://127.0.0.1:{server.port}/").send(message())
        assert elsewhere.posts == []
    assert (failed.value.code, failed.value.permanent, failed.value.reply) == (code, permanent, str(status))


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/",
        "http://127.0.0.1/",
        "http://2130706433:8080/",
        "http://0x7f000001:8080/",
        "http://[::ffff:127.0.0.1]:8080/",
        "http://chat.example.evil.example:8080/",
        "https://chat.example:8443/",
        "http://localhost:8080/",
    ],
)
def test_an_address_that_is_not_on_the_list_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(Invalid, match="webhook_not_allowed"):
        channel(url, allowed=["127.0.0.1:8080", "chat.example:443"])


@pytest.mark.parametrize(
    "url",
    [
        "",
        "chat.example",
        "file:///etc/passwd",
        "ftp://chat.example/",
        "http://user:pw@chat.example/",
        "http://chat.example@evil.example/",
        "http:///x",
        "http://a b/",
        "http://chat.example:99999/",
        "http://\udcff/",
    ],
)
def test_what_is_no_web_address_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(Invalid, match=r"webhook_(url_malformed|not_allowed)"):
        channel(url, allowed=["chat.example:80", "evil.example:80"])


def test_the_list_knows_default_ports_and_does_not_mind_case() -> None:
    assert channel("https://Chat.Example/in", allowed=[" chat.example:443 "]).name == "webhook"
    assert channel("http://[::1]:8080/in", allowed=["[::1]:8080"]).name == "webhook"


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "169.254.169.254", "::", "::ffff:127.0.0.1", "224.0.0.1"])
def test_a_name_that_leads_to_this_machine_or_a_link_is_not_followed(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def resolve(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (address, 80))]

    # A name server that lies: there is none here to make lie, so the resolver itself is replaced.
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(DeliveryFailed, match="webhook_not_allowed") as failed:
        channel("http://chat.example/").send(message())
    assert failed.value.permanent


def test_a_name_that_nobody_knows_is_a_failure_that_may_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(*_: object, **__: object) -> list[tuple[object, ...]]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(DeliveryFailed, match="webhook_unreachable") as failed:
        channel("http://no-such-host.invalid/").send(message())
    assert not failed.value.permanent


@pytest.mark.parametrize("first", [b"", b"HTTP/1.1 200 OK\r\nX: "])
def test_a_server_that_drips_holds_nobody_and_leaves_the_outcome_unknown(first: bytes) -> None:
    def talk(line: socket.socket, over: threading.Event) -> None:
        line.recv(10)
        drip(line, over, first=first, each=b"H")

    with line_server(talk) as port:
        begun = time.monotonic()
        with pytest.raises(DeliveryFailed) as failed:
            channel(f"http://127.0.0.1:{port}/", deadline=0.4).send(message())
        assert time.monotonic() - begun < 1.5
    assert (failed.value.code, failed.value.reply) == ("webhook_outcome_unknown", "unknown")


def test_an_endless_answer_is_not_read() -> None:
    def talk(line: socket.socket, over: threading.Event) -> None:
        line.recv(65536)
        drip(line, over, first=b"HTTP/1.1 204 No Content\r\n\r\n")

    with line_server(talk) as port:
        assert channel(f"http://127.0.0.1:{port}/").send(message()).reply == "204"


def test_a_line_that_breaks_after_the_request_leaves_the_outcome_unknown() -> None:
    def talk(line: socket.socket, over: threading.Event) -> None:
        line.recv(65536)

    with line_server(talk) as port, pytest.raises(DeliveryFailed, match="webhook_outcome_unknown"):
        channel(f"http://127.0.0.1:{port}/").send(message())


def test_the_certificate_is_checked_against_the_name(certificates: Certificates) -> None:
    with web_server(tls=certificates.server("name")) as server:
        url = f"https://localhost:{server.port}/"
        assert channel(url, ca_file=certificates.ca_file).send(message()).reply == "200"
        assert server.posts[0][1]["host"] == f"localhost:{server.port}"
        with pytest.raises(DeliveryFailed, match="webhook_unreachable"):
            channel(url).send(message())  # the machine does not know the city's authority
    with web_server(tls=certificates.server("wrong")) as server:
        with pytest.raises(DeliveryFailed, match="webhook_unreachable"):
            channel(f"https://localhost:{server.port}/", ca_file=certificates.ca_file).send(message())
        assert server.posts == []

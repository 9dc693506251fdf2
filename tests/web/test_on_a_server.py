"""A city as the how-to builds it: people from slapd over TLS, pages behind nginx over TLS, mail by an SMTP server.

All three are real and run here; the worker's chores are done by its own code in this process.
"""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from email import message_from_bytes, policy
from pathlib import Path

import httpx
import pytest

from csirt import founding
from csirt.bootstrap import Desk, wire
from csirt.chores import Chores
from csirt.model.people import SYSTEM
from csirt.playbook.performance import perform
from csirt.response import runs
from csirt.settings import Settings
from tests.directory import slapd
from tests.notifications.certificates import make_certificates
from tests.notifications.worlds import MailServer, mail_server
from tests.web.test_behind_nginx import NAME, certificate, client, nginx, web

__all__ = ["certificate"]

pytestmark = pytest.mark.slapd

SNI = {"sni_hostname": NAME}
SMTP_ACCOUNT = ("csirt", "sends-the-mail")


@pytest.fixture
def post(tmp_path: Path) -> Iterator[tuple[MailServer, dict[str, str]]]:
    """An SMTP server that wants STARTTLS and an account, and the settings that lead there."""
    (tmp_path / "smtp").mkdir()
    made = make_certificates(tmp_path / "smtp")
    with mail_server(tls=made.server(), account=SMTP_ACCOUNT) as server:
        yield server, {
            "smtp_host": "127.0.0.1", "smtp_port": str(server.port), "smtp_tls": "starttls",
            "smtp_ca_file": str(made.ca_file), "smtp_user": SMTP_ACCOUNT[0], "smtp_password": SMTP_ACCOUNT[1],
        }  # fmt: skip


def work(desk: Desk) -> None:
    """What the worker does until nothing is due."""
    chores = Chores(desk)
    for _ in range(20):
        busy = False
        while held := desk.commit(SYSTEM, runs.claim):
            perform(desk.playbooks[held.playbook, held.version], desk.door, held, desk.hands)
            busy = True
        if not (busy | chores.decide() | chores.send()):
            return


def mailed(server: MailServer) -> Iterator[tuple[list[str], str]]:
    """To whom mails went, and what they say."""
    for mail in server.mails:
        content = mail.content if isinstance(mail.content, bytes) else (mail.content or "").encode()
        body = message_from_bytes(content, policy=policy.default).get_body(("plain",))
        assert body is not None
        yield mail.rcpt_tos, body.get_content()


def sign_in(browser: httpx.Client, uid: str) -> httpx.Response:
    typed = {"uid": uid, "password": f"{uid}-naruto"}
    return browser.post("/api/v1/session", json=typed, extensions=SNI)


def test_from_sign_in_to_the_link_in_a_mail(
    tmp_path: Path, certificate: Path, post: tuple[MailServer, dict[str, str]]
) -> None:
    server, mail = post
    data, sock = tmp_path / "data", tmp_path / "web.sock"
    founding.found(data, founding.SAMPLE_CITY)
    (tmp_path / "slapd").mkdir()
    (tmp_path / "nginx").mkdir()
    authority = slapd.Authority(tmp_path)
    with ExitStack() as stack:
        city = stack.enter_context(
            slapd.running(founding.SAMPLE_CITY.parent / "people.ldif", tmp_path / "slapd", authority, slapd.RIGHT_HOST)
        )
        settings = mail | {
            "directory": "ldap", "ldap_url": city.tls_url, "ldap_base": slapd.BASE, "ldap_bind_dn": slapd.READER,
            "ldap_bind_password": slapd.READER_PASSWORD, "ldap_ca_file": str(city.ca_file),
            "base_url": f"https://{NAME}",
        }  # fmt: skip
        stack.enter_context(web(data, **settings, unix_socket=str(sock)))
        port = stack.enter_context(nginx(tmp_path / "nginx", sock, certificate))
        browser = stack.enter_context(client(certificate, port))
        wrong = browser.post("/api/v1/session", json={"uid": "k.sato", "password": "wrong"}, extensions=SNI)
        assert (wrong.status_code, wrong.json()["error"]) == (401, "sign_in_failed")
        answer = sign_in(browser, "k.sato")
        assert answer.status_code == 200
        assert answer.headers["set-cookie"].startswith("__Host-csirt=")
        report = {"title": "拡張子が変わった", "type": "ransomware"}
        opened = browser.post(
            "/api/v1/incidents", json=report, headers={"X-CSRF-Token": answer.json()["csrf"]}, extensions=SNI
        )
        assert opened.status_code == 201
        desk = wire(Settings(data=data, **settings), "worker")  # type: ignore[arg-type]
        stack.callback(desk.close)
        work(desk)
        links = [(to, found[1]) for to, text in mailed(server) if (found := re.search(rf"https://{NAME}(/a\S+)", text))]
        assert links
        stranger = stack.enter_context(client(certificate, port))
        shown = stranger.get(links[0][1], extensions=SNI)
        assert shown.status_code == 200
        assert "拡張子が変わった" not in shown.text

"""What only a server can do wrong: silence, strangers' certificates, names without passwords."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread

import ldap
import pytest

from csirt.directory.ldap import LdapDirectory, LdapServer, _encrypt
from csirt.directory.schema import Schema
from csirt.errors import DirectoryUnavailable, Invalid
from tests.directory import slapd
from tests.directory.conftest import ROLES, directory_of, opaque

pytestmark = pytest.mark.slapd

ROOT = Path(__file__).parents[2]


@contextmanager
def within(seconds: float) -> Iterator[None]:
    start = time.monotonic()
    yield
    assert time.monotonic() - start < seconds


@pytest.fixture
def black_hole() -> Iterator[int]:
    """Accepts, and never answers."""
    with socket.socket() as listener:
        listener.bind((slapd.LOOPBACK, 0))
        listener.listen(16)
        yield listener.getsockname()[1]


def test_without_paging_this_server_would_hide_people(server: slapd.Slapd) -> None:
    connection = ldap.initialize(server.url)
    connection.simple_bind_s(slapd.READER, slapd.READER_PASSWORD)
    with pytest.raises(ldap.SIZELIMIT_EXCEEDED):
        connection.search_s(slapd.BASE, ldap.SCOPE_SUBTREE, "(objectClass=inetOrgPerson)")
    connection.unbind_s()


def test_this_server_takes_an_empty_password_for_success(server: slapd.Slapd) -> None:
    """So that the contract's empty passwords show our refusal, not the server's."""
    connection = ldap.initialize(server.url)
    connection.simple_bind_s("uid=k.sato,ou=people," + slapd.BASE, "")
    assert connection.whoami_s() == ""
    connection.unbind_s()


@pytest.mark.parametrize("changes", [{"start_tls": True}, {}])
def test_start_tls_and_plain_loopback(server: slapd.Slapd, changes: dict[str, object]) -> None:
    directory = directory_of(server, urls=(server.url,), **changes)
    assert directory.authenticate("k.sato", "k.sato-naruto") is not None
    assert len(directory.people()) == 15


def test_only_the_configured_subtree_is_searched(server: slapd.Slapd) -> None:
    directory = directory_of(server, base=f"ou=posts,{slapd.BASE}")
    assert directory.people() == {}
    assert directory.authenticate("k.sato", "k.sato-naruto") is None


def test_other_attributes_can_be_named(server: slapd.Slapd) -> None:
    directory = directory_of(server, schema=Schema(uid="mail"))
    person = directory.authenticate("k.sato@naruto.example", "k.sato-naruto")
    assert person is not None
    assert person.uid == "k.sato@naruto.example"


def test_a_server_that_is_down(server: slapd.Slapd) -> None:
    down = f"ldap://{slapd.LOOPBACK}:{slapd.free_port()}"
    directory = directory_of(server, urls=(down,))
    for ask in (directory.people, directory.posts, lambda: directory.authenticate("k.sato", "k.sato-naruto")):
        with within(3), pytest.raises(DirectoryUnavailable, match="directory_unreachable") as caught:
            ask()
        assert not caught.value.permanent
        assert caught.value.__context__ is None  # nothing comes along that a log could show
        assert "sato" not in str(caught.value)


@pytest.mark.parametrize("kind", ["plain", "ldaps", "start_tls"])
def test_a_server_that_accepts_and_never_answers(server: slapd.Slapd, black_hole: int, kind: str) -> None:
    scheme = "ldaps" if kind == "ldaps" else "ldap"
    directory = directory_of(server, urls=(f"{scheme}://{slapd.LOOPBACK}:{black_hole}",), start_tls=kind == "start_tls")
    spent = time.process_time()
    with within(3), pytest.raises(DirectoryUnavailable, match="directory_unreachable"):
        directory.authenticate("k.sato", "k.sato-naruto")
    assert time.process_time() - spent < 1  # it waits, it does not spin


@contextmanager
def falling_silent(port: int, after: int) -> Iterator[int]:
    """Relays one line to a real server, and no more than `after` bytes of what it answers."""
    ended = Event()

    def relay(source: socket.socket, target: socket.socket, left: int) -> None:
        with suppress(OSError):
            while left > 0 and (data := source.recv(min(left, 65536))):
                target.sendall(data)
                left -= len(data)

    def accept(listener: socket.socket, server: socket.socket) -> None:
        client, _ = listener.accept()
        with client:
            there = Thread(target=relay, args=(client, server, 1_000_000))
            back = Thread(target=relay, args=(server, client, after))
            there.start()
            back.start()
            ended.wait()
            for line in (client, server):
                with suppress(OSError):
                    line.shutdown(socket.SHUT_RDWR)
            there.join()
            back.join()

    with (
        socket.create_server((slapd.LOOPBACK, 0)) as listener,
        socket.create_connection((slapd.LOOPBACK, port)) as server,
    ):
        acceptor = Thread(target=accept, args=(listener, server))
        acceptor.start()
        try:
            yield listener.getsockname()[1]
        finally:
            ended.set()
            acceptor.join()


@pytest.mark.parametrize("after", [3, 400, 1000])
@pytest.mark.parametrize("start_tls", [False, True])
def test_a_server_that_falls_silent_half_way(server: slapd.Slapd, after: int, start_tls: bool) -> None:
    real = (server.url if start_tls else server.tls_url).rpartition(":")[2]
    with falling_silent(int(real), after) as port:
        directory = directory_of(
            server,
            urls=(f"{'ldap' if start_tls else 'ldaps'}://{slapd.LOOPBACK}:{port}",),
            start_tls=start_tls,
            timeout=0.5,
        )
        spent = time.process_time()
        with within(1.5), pytest.raises(DirectoryUnavailable, match="directory_unreachable"):
            directory.authenticate("k.sato", "k.sato-naruto")
        assert time.process_time() - spent < 0.4  # it waits, it does not spin
        assert directory_of(server).authenticate("k.sato", "k.sato-naruto") is not None  # nobody else is held up


def test_the_next_server_is_asked(server: slapd.Slapd, impostor: slapd.Slapd) -> None:
    down = f"ldap://{slapd.LOOPBACK}:{slapd.free_port()}"
    directory = directory_of(server, urls=(down, impostor.tls_url, server.tls_url))
    assert directory.authenticate("k.sato", "k.sato-naruto") is not None
    assert directory.authenticate("k.sato", "wrong") is None


def test_our_own_account_refused_is_nobodys_wrong_password(server: slapd.Slapd) -> None:
    directory = directory_of(server, bind_password="changed")
    with pytest.raises(DirectoryUnavailable, match="directory_refused") as caught:
        directory.authenticate("k.sato", "k.sato-naruto")
    assert caught.value.permanent
    assert caught.value.params == {"reason": "INVALID_CREDENTIALS"}
    assert caught.value.__context__ is None


@pytest.mark.parametrize("start_tls", [False, True])
def test_a_certificate_of_another_host_is_refused(impostor: slapd.Slapd, start_tls: bool) -> None:
    directory = directory_of(impostor, urls=(impostor.url if start_tls else impostor.tls_url,), start_tls=start_tls)
    with within(3), pytest.raises(DirectoryUnavailable, match="directory_unreachable"):
        directory.authenticate("k.sato", "k.sato-naruto")


def test_a_certificate_of_an_unknown_authority_is_refused(server: slapd.Slapd, tmp_path: Path) -> None:
    stranger = slapd.Authority(tmp_path).file
    with pytest.raises(DirectoryUnavailable, match="directory_unreachable"):
        directory_of(server, ca_file=stranger).people()


def test_no_password_goes_over_a_line_that_is_not_encrypted(server: slapd.Slapd) -> None:
    connection = ldap.initialize(server.url)
    with pytest.raises(ldap.CONNECT_ERROR):
        _encrypt(connection, start_tls=False)
    connection.unbind_s()


def test_an_authority_that_is_not_there(server: slapd.Slapd, tmp_path: Path) -> None:
    with pytest.raises(DirectoryUnavailable):
        directory_of(server, ca_file=tmp_path / "absent.pem").people()


_ATTACKED = """
import sys
import ldap
from csirt.directory.ldap import LdapDirectory, LdapServer
from csirt.directory.roles import Grants
from csirt.errors import DirectoryUnavailable

url, ca_file, base, reader, password = sys.argv[1:]
careless = ldap.initialize(url)
careless.simple_bind_s(reader, password)
print("careless client: in")
try:
    LdapDirectory(LdapServer((url,), base, reader, password, ca_file), Grants(), str).people()
except DirectoryUnavailable as error:
    print("ours:", error.code)
"""


def test_the_environment_does_not_switch_the_check_off(impostor: slapd.Slapd) -> None:
    environment = os.environ | {"LDAPTLS_REQCERT": "never", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", _ATTACKED, impostor.tls_url, impostor.ca_file, slapd.BASE, slapd.READER,
         slapd.READER_PASSWORD],
        env=environment, capture_output=True, text=True, check=True, timeout=30,
    )  # fmt: skip
    assert done.stdout.splitlines() == ["careless client: in", "ours: directory_unreachable"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"urls": ()}, "ldap_url_missing"),
        ({"urls": ("http://directory.example",)}, "ldap_url_malformed"),
        ({"urls": ("ldap://127.0.0.1 ldap://directory.example",)}, "ldap_url_malformed"),
        ({"urls": ("ldap://127.0.0.1@directory.example",)}, "ldap_url_malformed"),
        ({"urls": ("ldaps://directory.example/dc=else??sub",)}, "ldap_url_malformed"),
        ({"urls": ("ldap://directory.example",)}, "ldap_not_encrypted"),
        ({"urls": ("ldaps://directory.example", "ldap://192.0.2.1:389")}, "ldap_not_encrypted"),
        ({"urls": ("ldap://127.example",)}, "ldap_not_encrypted"),
        ({"urls": ("ldap://[2001:db8::1]",)}, "ldap_not_encrypted"),
        ({"base": ""}, "ldap_base_malformed"),
        ({"base": "everything"}, "ldap_base_malformed"),
        ({"bind_password": ""}, "ldap_bind_password_missing"),
    ],
)
def test_settings_that_are_unsafe_or_senseless(server: slapd.Slapd, changes: dict[str, object], code: str) -> None:
    with pytest.raises(Invalid, match=code):
        directory_of(server, **changes)


@pytest.mark.parametrize(
    "url", ["ldap://localhost", "ldap://[::1]:389", "ldap://127.8.9.1/", "ldaps://directory.example"]
)
def test_settings_that_are_safe(url: str) -> None:
    LdapDirectory(LdapServer((url,), slapd.BASE), ROLES, opaque)


def test_the_password_of_the_reading_account_is_not_shown() -> None:
    assert "secret" not in repr(LdapServer(("ldaps://d.example",), slapd.BASE, slapd.READER, "secret"))

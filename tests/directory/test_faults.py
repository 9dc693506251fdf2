"""Every way in which a directory can fail, with every kind of password: nobody gets in, and answers come in time."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from csirt.directory.ldap import LdapDirectory
from csirt.directory.servers import FAILURES, Servers
from csirt.errors import DirectoryUnavailable
from tests.directory import slapd
from tests.directory.conftest import directory_of

pytestmark = pytest.mark.slapd

ALL_IN_ALL = 3.0  # seconds, however many servers there are
PASSWORDS = {"right": "k.sato-naruto", "wrong": "x", "empty": "", "star": "*"}


@contextmanager
def speaking(say: Callable[[socket.socket], None]) -> Iterator[int]:
    """A port of loopback where each who comes is answered like this."""
    ended = threading.Event()
    with socket.create_server((slapd.LOOPBACK, 0)) as listener:
        listener.settimeout(0.05)

        def accept() -> None:
            with ExitStack() as lines:
                while not ended.is_set():
                    with suppress(OSError):
                        line = lines.enter_context(listener.accept()[0])
                        say(line)

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            ended.set()
            thread.join()


def silence(line: socket.socket) -> None:
    """Accepts, and says nothing."""


def rubbish(line: socket.socket) -> None:
    line.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + bytes(range(256)))


def hang_up(line: socket.socket) -> None:
    line.close()


def success_for_everything(line: socket.socket) -> None:
    """What a clumsy attacker would send: `bindResponse(success)` to message 1, 2 and 3, whatever they were."""
    for number in (1, 2, 3):
        line.sendall(bytes([0x30, 0x0C, 0x02, 0x01, number, 0x61, 0x07, 0x0A, 0x01, 0x00, 0x04, 0x00, 0x04, 0x00]))


FAULTS = (
    "down", "silent", "silent_tls", "silent_start_tls", "rubbish", "rubbish_tls", "hangs_up", "says_success",
    "wrong_certificate", "wrong_certificate_start_tls", "unknown_authority", "no_authority", "reader_refused",
    "no_such_base", "all_silent", "three_silent",
)  # fmt: skip


@pytest.fixture
def faulty(server: slapd.Slapd, impostor: slapd.Slapd, tmp_path: Path) -> Iterator[Callable[[str], LdapDirectory]]:
    with ExitStack() as stack:

        def port(say: Callable[[socket.socket], None]) -> int:
            return stack.enter_context(speaking(say))

        def url(say: Callable[[socket.socket], None], scheme: str = "ldap") -> str:
            return f"{scheme}://{slapd.LOOPBACK}:{port(say)}"

        def make(fault: str) -> LdapDirectory:
            made: dict[str, Callable[[], LdapDirectory]] = {
                "down": lambda: directory_of(server, urls=(f"ldap://{slapd.LOOPBACK}:{slapd.free_port()}",)),
                "silent": lambda: directory_of(server, urls=(url(silence),)),
                "silent_tls": lambda: directory_of(server, urls=(url(silence, "ldaps"),)),
                "silent_start_tls": lambda: directory_of(server, urls=(url(silence),), start_tls=True),
                "rubbish": lambda: directory_of(server, urls=(url(rubbish),)),
                "rubbish_tls": lambda: directory_of(server, urls=(url(rubbish, "ldaps"),)),
                "hangs_up": lambda: directory_of(server, urls=(url(hang_up),)),
                "says_success": lambda: directory_of(server, urls=(url(success_for_everything),)),
                "wrong_certificate": lambda: directory_of(impostor),
                "wrong_certificate_start_tls": lambda: directory_of(impostor, urls=(impostor.url,), start_tls=True),
                "unknown_authority": lambda: directory_of(server, ca_file=slapd.Authority(tmp_path).file),
                "no_authority": lambda: directory_of(server, ca_file=tmp_path / "absent.pem"),
                "reader_refused": lambda: directory_of(server, bind_password="changed"),
                "no_such_base": lambda: directory_of(server, base=f"ou=nowhere,{slapd.BASE}"),
                "all_silent": lambda: directory_of(server, urls=(url(silence), url(silence, "ldaps"))),
                "three_silent": lambda: directory_of(server, urls=(url(silence), url(silence), url(silence))),
            }
            return made[fault]()

        yield make


def outcome(directory: LdapDirectory, password: str) -> DirectoryUnavailable | None:
    """What a sign-in came to that must not succeed."""
    try:
        person = directory.authenticate("k.sato", password)
    except DirectoryUnavailable as error:
        return error
    assert person is None
    return None


@pytest.mark.parametrize("password", PASSWORDS)
@pytest.mark.parametrize("fault", FAULTS)
def test_no_fault_lets_anybody_in_and_each_ends_in_time(
    faulty: Callable[[str], LdapDirectory], fault: str, password: str
) -> None:
    directory = faulty(fault)
    begin, spent = time.monotonic(), time.process_time()
    told = outcome(directory, PASSWORDS[password])
    if password == "empty":
        assert told is None  # it never reaches a server
    if told is not None:
        assert "sato" not in f"{told} {told.params}"
        assert told.__context__ is None
    assert time.monotonic() - begin < ALL_IN_ALL
    assert time.process_time() - spent < 1  # it waits, it does not spin


def test_there_are_forty_of_them() -> None:
    assert len(FAULTS) * len(PASSWORDS) >= 40


@pytest.mark.parametrize("first", ["down", "silent", "rubbish", "hangs_up", "wrong_certificate"])
def test_a_good_server_behind_a_bad_one_answers(server: slapd.Slapd, impostor: slapd.Slapd, first: str) -> None:
    says = {"silent": silence, "rubbish": rubbish, "hangs_up": hang_up}
    with ExitStack() as stack:
        bad = f"ldap://{slapd.LOOPBACK}:{slapd.free_port()}"
        if first in says:
            bad = f"ldap://{slapd.LOOPBACK}:{stack.enter_context(speaking(says[first]))}"
        if first == "wrong_certificate":
            bad = impostor.tls_url
        directory = directory_of(server, urls=(bad, server.tls_url))
        begin = time.monotonic()
        person = directory.authenticate("k.sato", "k.sato-naruto")
        assert person is not None
        assert directory.authenticate("k.sato", "wrong") is None
        assert time.monotonic() - begin < 2 * ALL_IN_ALL


def test_a_server_that_failed_three_times_is_left_alone(server: slapd.Slapd) -> None:
    came: list[int] = []
    with speaking(lambda _line: came.append(1)) as port:
        directory = directory_of(server, urls=(f"ldap://{slapd.LOOPBACK}:{port}", server.tls_url), timeout=0.6)
        for _ in range(FAILURES + 3):
            assert directory.authenticate("k.sato", "k.sato-naruto") is not None
    assert len(came) == FAILURES


def test_when_all_rest_nobody_waits(server: slapd.Slapd) -> None:
    down = f"ldap://{slapd.LOOPBACK}:{slapd.free_port()}"
    directory = directory_of(server, urls=(down,))
    for _ in range(FAILURES):
        with pytest.raises(DirectoryUnavailable):
            directory.authenticate("k.sato", "x")
    with pytest.raises(DirectoryUnavailable) as caught:
        directory.authenticate("k.sato", "x")
    assert caught.value.params["reason"] == "at_rest"


def test_an_answer_wakes_a_server_up() -> None:
    servers = Servers(["a", "b"])
    for _ in range(FAILURES - 1):
        servers.failed("a")
    servers.answered("a")
    servers.failed("a")
    assert [url for url, _ in servers.in_turn(1)] == ["a", "b"]
    for _ in range(FAILURES):
        servers.failed("a")
    assert [url for url, _ in servers.in_turn(1)] == ["b"]


def test_threads_that_hang_are_no_more_than_eight() -> None:
    servers, go = Servers(["a"]), threading.Event()
    before = threading.active_count()
    for _ in range(12):
        with pytest.raises(TimeoutError):
            servers.run("a", go.wait, 0.02)
    assert threading.active_count() - before <= 8
    go.set()


def test_the_event_loop_goes_on_while_every_server_is_silent(server: slapd.Slapd) -> None:
    """Questions wait in threads: what else is to be done gets done before the first of them ends."""
    with speaking(silence) as one, speaking(silence) as two:
        urls = tuple(f"ldap://{slapd.LOOPBACK}:{port}" for port in (one, two))
        directory = directory_of(server, urls=urls)
        ended: list[str] = []

        def sign_in() -> None:
            with suppress(DirectoryUnavailable):
                directory.authenticate("k.sato", "x")
            ended.append("sign-in")

        async def both() -> None:
            waiting = [asyncio.create_task(asyncio.to_thread(sign_in)) for _ in range(4)]
            for _ in range(100):
                await asyncio.sleep(0)
            ended.append("loop")
            await asyncio.gather(*waiting)

        asyncio.run(both())
        assert ended[0] == "loop"

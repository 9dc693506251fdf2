"""Lines that are kept: used again, never as somebody else, and given up when the other end is gone."""

import os
import socket
from dataclasses import dataclass, field

import pytest

from csirt.directory import lines
from csirt.directory.ldap import LdapDirectory
from csirt.directory.lines import IDLE, MOST, OLDEST, KeptLines
from tests.directory import slapd
from tests.directory.conftest import directory_of

pytestmark = pytest.mark.slapd


@dataclass
class Line:
    """Stands for a connection where only keeping it counts."""

    closed: list[str] = field(default_factory=list)

    def unbind_s(self) -> None:
        self.closed.append("closed")


def kept_of(directory: LdapDirectory, url: str) -> list[lines.Kept]:
    return directory._lines._kept.get(url, [])  # noqa: SLF001 - what is kept is nobody else's business


def hang_up(directory: LdapDirectory, url: str) -> None:
    """As a server does with a line that was silent for too long."""
    for one in kept_of(directory, url):
        with socket.socket(fileno=os.dup(one.connection.fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)


def test_a_line_is_used_again(server: slapd.Slapd) -> None:
    directory = directory_of(server)
    assert directory.authenticate("k.sato", "k.sato-naruto")
    (first,) = kept_of(directory, server.tls_url)
    assert directory.authenticate("y.tanaka", "y.tanaka-naruto")
    (second,) = kept_of(directory, server.tls_url)
    assert first.connection is second.connection


def test_whoever_signed_in_on_it_nothing_is_read_as_them(server: slapd.Slapd) -> None:
    """This server shows nobody but the reading account anything."""
    directory = directory_of(server)
    everybody = directory.people()
    assert directory.authenticate("k.sato", "k.sato-naruto")
    (line,) = kept_of(directory, server.tls_url)
    assert "k.sato" in line.connection.whoami_s()
    assert directory.people() == everybody
    assert directory.authenticate("k.sato", "wrong") is None
    assert directory.people() == everybody


def test_one_persons_password_does_not_count_for_the_next(server: slapd.Slapd) -> None:
    directory = directory_of(server)
    assert directory.authenticate("k.sato", "k.sato-naruto")
    assert directory.authenticate("y.tanaka", "k.sato-naruto") is None
    assert directory.authenticate("y.tanaka", "") is None
    found = directory.authenticate("y.tanaka", "y.tanaka-naruto")
    assert found is not None
    assert found.uid == "y.tanaka"


def test_a_line_that_the_server_hung_up_is_opened_anew(server: slapd.Slapd) -> None:
    directory = directory_of(server)
    assert directory.authenticate("k.sato", "k.sato-naruto")
    hang_up(directory, server.tls_url)
    assert directory.authenticate("k.sato", "k.sato-naruto")
    assert directory.authenticate("k.sato", "wrong") is None


def test_a_probe_opens_a_line_of_its_own(server: slapd.Slapd) -> None:
    directory = directory_of(server)
    assert directory.authenticate("k.sato", "k.sato-naruto")
    (kept,) = kept_of(directory, server.tls_url)
    assert [one.code for one in directory.probe()] == [""]
    assert kept in kept_of(directory, server.tls_url)
    assert len(kept_of(directory, server.tls_url)) == 2


def test_a_line_is_not_kept_for_long() -> None:
    now = [0.0]
    kept = KeptLines(lambda: now[0])
    idle, old, last = Line(), Line(), Line()
    kept.give("url", idle, opened=0.0)
    now[0] = IDLE + 1
    assert kept.take("url") is None
    assert idle.closed == ["closed"]
    kept.give("url", old, opened=now[0] - OLDEST - 1)
    assert kept.take("url") is None
    kept.give("url", last, opened=now[0])
    taken = kept.take("url")
    assert taken is not None
    assert taken.connection is last
    assert kept.take("url") is None  # it belongs to who took it


def test_of_too_many_the_one_used_longest_ago_is_closed() -> None:
    kept, given = KeptLines(), [Line() for _ in range(MOST + 1)]
    for line in given:
        kept.give("url", line, opened=kept.now())
    assert [bool(line.closed) for line in given] == [True, *[False] * MOST]

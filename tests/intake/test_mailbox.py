"""A mailbox that a SOC writes to: a mail is marked as seen only once it is stored, and counts once."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from csirt.bootstrap import Desk
from csirt.clock import FixedClock
from csirt.collecting import MAILBOX, Collector, collectors
from csirt.errors import Unavailable
from tests.intake.declared import a_desk, counted
from tests.notifications.certificates import make_certificates
from tests.notifications.test_replies import Mailbox
from tests.notifications.worlds import line_server
from tests.world import TUESDAY_MORNING

DECLARED = """
[[source]]
name = "drop"
owner = "csirt-head"
way = "mail"
[source.mailbox]
host = "127.0.0.1"
port = {port}
user = "csirt"
ca_file = "ca.pem"
"""


def a_mail(number: int) -> bytes:
    head = f"Message-ID: <{number}@soc.example>\r\nFrom: soc@example.jp\r\nSubject: 検知 {number}\r\n\r\n"
    return f"{head}host: PC-{number}\r\n".encode()


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(TUESDAY_MORNING)


@pytest.fixture
def box() -> Mailbox:
    return Mailbox({3: a_mail(1), 5: a_mail(2), 8: a_mail(1)})


@pytest.fixture
def desk(tmp_path: Path, clock: FixedClock, box: Mailbox) -> Iterator[Desk]:
    certificates = make_certificates(tmp_path)
    context = certificates.server()
    with line_server(lambda line, over: box.talk(context.wrap_socket(line, server_side=True), over)) as port:
        made = a_desk(tmp_path, DECLARED.format(port=port), clock)
        (made.settings.data / "ca.pem").write_bytes(certificates.ca_file.read_bytes())
        (made.settings.keys / "mailbox-drop").write_text("right\n")
        yield made
        made.close()


def collector(desk: Desk) -> Collector:
    (one,) = collectors(desk)
    return one


def test_each_mail_counts_once_and_is_seen_afterwards(desk: Desk, box: Mailbox, clock: FixedClock) -> None:
    one = collector(desk)
    one.collect()
    assert box.seen == {3, 5, 8}
    assert (counted(desk).records, counted(desk).detections) == (2, 2)
    box.seen.clear()  # somebody marked them as unread
    one.collect()
    assert box.seen == set()  # not asked again so soon
    clock.forward(MAILBOX + timedelta(seconds=1))
    one.collect()
    assert (box.seen, counted(desk).records) == ({3, 5, 8}, 2)


def test_what_could_not_be_stored_stays_unseen(
    desk: Desk, box: Mailbox, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, asked = collector(desk), threading.Event()

    def away(*_: object, **__: object) -> None:
        asked.set()
        raise Unavailable("database_unavailable")

    with monkeypatch.context() as patch:
        patch.setattr("csirt.collecting.take_in", away)
        with pytest.raises(Unavailable, match="database_unavailable"):
            one.collect()
    assert (asked.is_set(), box.seen) == (True, set())
    clock.forward(MAILBOX)
    one.collect()
    assert (box.seen, counted(desk).records) == ({3, 5, 8}, 2)


def test_a_missing_password_is_said(desk: Desk) -> None:
    (desk.settings.keys / "mailbox-drop").unlink()
    with pytest.raises(Unavailable, match="mailbox_password_missing"):
        collector(desk).collect()

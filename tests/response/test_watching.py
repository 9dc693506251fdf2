"""Dead-man's switch: somebody outside is told while all is well, and not when it is not."""

import email
import json
from datetime import timedelta
from email.policy import default
from pathlib import Path

import pytest

from csirt import founding
from csirt.bootstrap import wire
from csirt.clock import FixedClock
from csirt.settings import Settings
from csirt.watching import Watcher
from tests.notifications.worlds import mail_server, web_server
from tests.world import TUESDAY_MORNING, World


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_watcher_is_told_while_a_worker_lives(tmp_path: Path, language: str) -> None:
    data, clock = tmp_path / "data", FixedClock(TUESDAY_MORNING)
    founding.found(data, founding.SAMPLE_CITY)
    with mail_server() as mails, web_server() as posts:
        address = f"127.0.0.1:{posts.port}"
        settings = Settings(
            data=data, smtp_host="127.0.0.1", smtp_port=mails.port, watch_mail="watch@city.example",
            watch_url=f"http://{address}/beat", webhook_hosts=(address,), language=language,
        )  # fmt: skip
        world = World(wire(settings, "worker", clock), clock)
        try:
            watcher = Watcher(world.desk)
            assert watcher.tell() == 0
            world.chores.keep_house()
            assert watcher.tell() == 2
            clock.forward(timedelta(minutes=2))
            assert watcher.tell() == 0
        finally:
            world.desk.close()
        (envelope,), ((path, _, content),) = mails.mails, posts.posts
    mail = email.message_from_bytes(envelope.original_content or b"", policy=default)
    assert envelope.rcpt_tos == ["watch@city.example"]
    assert {"ja": "稼働中", "en": "ALL IS WELL"}[language] in str(mail["Subject"])
    assert path == "/beat"
    assert json.loads(content)["template"] == "watch"


def test_nobody_is_told_unless_somebody_was_named(world: World) -> None:
    assert not Watcher(world.desk).is_on

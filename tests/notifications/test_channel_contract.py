"""What every channel promises, shown for each of them against a real receiver."""

import email
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from email.policy import default
from pathlib import Path

import pytest

from csirt.clock import FixedClock
from csirt.errors import DeliveryFailed
from csirt.model.message import Message
from csirt.model.ports import Channel
from notifications.apprise import AppriseChannel
from notifications.call_sheet import CallSheetChannel
from notifications.folder import FolderChannel
from notifications.mail import MailChannel
from notifications.webhook import WebhookChannel
from tests.notifications.worlds import AT, free_port, mail_server, message, web_server

SENDER = "csirt@city.example"


@dataclass
class World:
    """A channel, what its receiver has by now (identity and subject), and a twin whose receiver is gone."""

    channel: Channel
    received: Callable[[], list[tuple[str, str]]]
    broken: Channel | None


def _of_mail(content: bytes) -> tuple[str, str]:
    mail = email.message_from_bytes(content, policy=default)
    return str(mail["Message-ID"]), str(mail["Subject"])


def _mail(name: str, stack: ExitStack) -> World:
    server = stack.enter_context(mail_server())
    return World(
        MailChannel(name, "127.0.0.1", server.port, sender=SENDER, deadline=5),
        lambda: [_of_mail(envelope.original_content or b"") for envelope in server.mails],
        MailChannel(name, "127.0.0.1", free_port(), sender=SENDER, deadline=5),
    )


def _webhook(name: str, stack: ExitStack) -> World:
    server = stack.enter_context(web_server())
    gone = free_port()

    def channel(port: int) -> WebhookChannel:
        address = f"127.0.0.1:{port}"
        return WebhookChannel(
            name, f"http://{address}/in", secret="s", allowed=[address], clock=FixedClock(AT), deadline=5
        )

    def received() -> list[tuple[str, str]]:
        return [(headers["idempotency-key"], json.loads(content)["subject"]) for _, headers, content in server.posts]

    return World(channel(server.port), received, channel(gone))


def _apprise(name: str, stack: ExitStack) -> World:
    server = stack.enter_context(web_server())

    def channel(port: int) -> AppriseChannel:
        return AppriseChannel(
            name, {"officer@city.example": f"json://127.0.0.1:{port}/in"}, ["json:127.0.0.1"], deadline=5
        )

    def received() -> list[tuple[str, str]]:
        posts = [json.loads(content) for _, _, content in server.posts]
        return [(post["message"].rpartition("[")[2], post["title"]) for post in posts]

    return World(channel(server.port), received, channel(free_port()))


def _folder(name: str, folder: Path) -> World:
    blocked = folder / "file"
    blocked.write_text("in the way")
    return World(
        FolderChannel(name, folder / "out", sender=SENDER),
        lambda: [_of_mail(path.read_bytes()) for path in sorted((folder / "out").iterdir())],
        FolderChannel(name, blocked, sender=SENDER),
    )


CHANNELS = ["mail", "lgwan-mail", "folder", "webhook", "apprise", "phone", "fax"]


@pytest.fixture(params=CHANNELS)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    name = str(request.param)
    with ExitStack() as stack:
        if name.endswith("mail"):
            yield _mail(name, stack)
        elif name == "webhook":
            yield _webhook(name, stack)
        elif name == "apprise":
            yield _apprise(name, stack)
        elif name == "folder":
            yield _folder(name, tmp_path)
        else:
            yield World(CallSheetChannel(name), list, None)


def leaves_the_house(world: World) -> bool:
    return world.broken is not None


def test_a_channel_has_the_name_that_chains_use(world: World) -> None:
    assert world.channel.name in CHANNELS


def test_a_message_arrives_and_is_receipted(world: World) -> None:
    receipt = world.channel.send(message())
    assert receipt.reply
    assert receipt.outside_id
    assert [subject for _, subject in world.received()] == [message().subject] * leaves_the_house(world)


def test_a_repeat_is_recognisable_and_another_message_is_not_taken_for_one(world: World) -> None:
    for sent in (message(), replace(message(), repeat=True), message(id_="e1.response.0.1")):
        world.channel.send(sent)
    assert len({identity for identity, _ in world.received()}) == 2 * leaves_the_house(world)


HOSTILE = "a\r\nBcc: x@y.example\n\v\f\x1c\x1d\x1e\x85\u2028\u2029\udcff\x00\u202e<script>{{7*7}}{%raw%}${x}"


@pytest.mark.parametrize(
    "hostile",
    [
        message(subject=HOSTILE),
        message(body=HOSTILE * 50),
        message(subject="", body=""),
        message(subject="あ" * 3000, body="い" * 20_000),
        message(id_="../../../etc/passwd"),
        message(id_="<a@b>\r\nX: y"),
        message(id_="\udcff\x00"),
        message(id_=""),
        message(facts={"number": HOSTILE, HOSTILE: "x"}),
    ],
    ids=["subject", "body", "empty", "long", "path", "header", "bytes", "no id", "facts"],
)
def test_nothing_in_a_message_keeps_it_from_arriving(world: World, hostile: Message) -> None:
    world.channel.send(hostile)
    arrived = world.received()
    assert len(arrived) == leaves_the_house(world)
    for identity, _ in arrived:
        assert "\n" not in identity
        assert ".." not in identity


def test_a_receiver_that_is_gone_is_a_failure_that_may_pass(world: World) -> None:
    if world.broken is None:
        pytest.skip("nothing leaves the house here")
    with pytest.raises(DeliveryFailed) as failed:
        world.broken.send(message())
    assert not failed.value.permanent
    assert failed.value.reply


def test_errors_hold_no_address(world: World) -> None:
    if world.broken is None:
        pytest.skip("nothing leaves the house here")
    with pytest.raises(DeliveryFailed) as failed:
        world.broken.send(message(address="secret-person@city.example"))
    assert "secret-person" not in f"{failed.value} {failed.value.params}"

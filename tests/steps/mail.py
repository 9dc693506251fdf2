"""A real mail server that refuses, falls silent, breaks off and drips."""

import email
import time
from asyncio import WriteTransport
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from email.message import EmailMessage
from email.policy import default

import pytest
from aiosmtpd.smtp import SMTP
from pytest_bdd import given, parsers, then, when

from csirt.model.contact import ContactChain, Route, Tier
from csirt.model.message import Recipient
from csirt.model.people import SYSTEM
from csirt.response import deliveries, escalations, people
from csirt.store.queries import work
from csirt.store.queries.work import DeliveryView
from csirt.store.tables.outbox import CircuitRow
from notifications.mail import MailChannel
from tests.notifications.worlds import MailServer, drip, line_server, mail_server
from tests.plays import entries
from tests.steps.story import Story

PATIENT = 20.0  # seconds, a city's: a busy machine must not turn an accepted mail into an unknown one
SHORT = 1.0  # seconds, where the server would keep us waiting for ever
SENDER = "csirt@city.example"


@dataclass
class Post:
    """The mail server of one story."""

    server: MailServer
    stack: ExitStack
    took: float = 0.0

    def mails(self) -> list[EmailMessage]:
        return [
            email.message_from_bytes(envelope.original_content or b"", policy=default) for envelope in self.server.mails
        ]


@pytest.fixture
def post() -> Iterator[Post]:
    with ExitStack() as stack:
        yield Post(stack.enter_context(mail_server()), stack)


def use(story: Story, port: int, deadline: float = PATIENT) -> None:
    channel = MailChannel("mail", "127.0.0.1", port, sender=SENDER, deadline=deadline)
    object.__setattr__(story.world.desk, "channels", {"mail": channel})


def calls(story: Story, channel: str) -> list[DeliveryView]:
    found = story.world.desk.look(work.deliveries, incident=story.incident)
    return [call for call in found if call.channel == channel]


@given("市のメールサーバーが動いている")
def server_runs(story: Story, post: Post) -> None:
    use(story, post.server.port)


@given("窓口の佐藤をメールで呼ぶ連絡網がある")
def chain(story: Story) -> None:
    tier = Tier(timedelta(), ("post:poc",), ("mail",))
    made = ContactChain("mail-only", (Route("a", (tier,), wait=timedelta(hours=9)),))
    city = story.world.desk.door.city
    object.__setattr__(city, "chains", {**city.chains, made.name: made})
    story.incident = story.world.open()


@when("窓口の佐藤をメールで呼ぶ")
def call_by_mail(story: Story, post: Post) -> None:
    began = time.monotonic()
    story.world.desk.commit(SYSTEM, escalations.start, story.incident, None, "is_it_an_incident", "mail-only", "page")
    story.world.chores.send()
    post.took = time.monotonic() - began


# ----------------------------------------------------------------------------------------------------- what it answers


@given(parsers.parse("メールサーバーは本文に {code} と答える"))
def server_answers(post: Post, code: str) -> None:
    post.server.answer = f"{code} no"


@given("窓口の佐藤のあて先は二つあり、その一つが 550 で断られる")
def two_addresses(story: Story, post: Post) -> None:
    known, posts = dict(story.world.desk.directory.people()), story.world.desk.directory.posts()
    for uid, person in known.items():
        if person.uid == "k.sato":
            points = tuple(
                replace(point, address=f"{point.address},gone@city.example") if point.channel == "mail" else point
                for point in person.points
            )
            known[uid] = replace(person, points=points)
    story.world.desk.commit(SYSTEM, people.refresh, known, posts)
    post.server.refuses = {"gone@city.example": "550 no such user"}


@given("メールサーバーは、本文を受け取ってから答えずに切る")
def drops_after_text(post: Post) -> None:
    def cut(server: SMTP) -> None:
        assert isinstance(server.transport, WriteTransport)
        server.transport.abort()

    post.server.on_text = cut


@given("メールサーバーは、あいさつを一文字ずつ答える")
def drips(story: Story, post: Post) -> None:
    use(story, post.stack.enter_context(line_server(drip)), deadline=SHORT)


@when("メールサーバーが直り、20分たつ")
def mended(story: Story, post: Post) -> None:
    was_cut = post.server.on_text is not None
    post.server.answer, post.server.on_text = "250 OK", None
    if not was_cut:  # the server had the text in its hands, and refused it
        post.server.mails.clear()
    story.world.clock.forward(timedelta(minutes=20))
    story.world.chores.send()


@when("続けて4件の通知も送れず、6秒たつ")
def four_more(story: Story) -> None:
    facts = story.world.desk.commit(SYSTEM, escalations.facts_of, story.incident, "x")
    for n in range(4):
        to = Recipient("post:ciso", "名", f"{n}@city.example")
        story.world.desk.commit(SYSTEM, deliveries.queue, story.incident, "mail", to, "notice", facts)
    story.world.chores.send()
    story.world.clock.forward(timedelta(seconds=6))
    story.world.chores.send()


# ------------------------------------------------------------------------------------------------------ what must hold


@then(parsers.re(r"メールの連絡は (?P<state>\w+) である"))
def state_of_the_mail(story: Story, state: str) -> None:
    (call,) = calls(story, "mail")
    assert call.state == state


@then(parsers.parse("記録には、{channel} の失敗が {reply} として書かれている"))
def failure_recorded(story: Story, channel: str, reply: str) -> None:
    (failure,) = entries(story.world, story.incident, "DELIVERY_FAILED")
    assert (failure.out["channel"], failure.out["reply"], failure.out["attempt"]) == (channel, reply, 1)


@then("電話の依頼はまだない")
def no_sheet(story: Story) -> None:
    assert calls(story, "phone") == []


@then("電話の依頼が出ている")
def sheet(story: Story) -> None:
    assert len(calls(story, "phone")) == 1
    assert len(entries(story.world, story.incident, "CALL_SHEET_OPENED")) == 1


@then("同じ時刻に、電話の依頼が出ている")
def sheet_at_once(story: Story) -> None:
    (failure,) = entries(story.world, story.incident, "DELIVERY_FAILED")
    sheets = entries(story.world, story.incident, "CALL_SHEET_OPENED")
    assert [entry.at for entry in sheets] == [failure.at]


@then("届いたメールは1通で、重複の印はない")
def one_mail(post: Post) -> None:
    (mail,) = post.mails()
    assert mail["X-Csirt-Repeat"] is None


@then("届いたメールは2通で、同じ識別子を持ち、後のものにだけ重複の印がある")
def two_mails(post: Post) -> None:
    first, second = post.mails()
    assert first["Message-ID"] == second["Message-ID"]
    assert (first["X-Csirt-Repeat"], second["X-Csirt-Repeat"]) == (None, "possible")


@then("5秒以内に見限っている")
def gave_up_in_time(post: Post) -> None:
    assert post.took < 5


@then("mail の経路は休止している")
def paused(story: Story) -> None:
    with story.world.desk.read() as session:
        row = session.get(CircuitRow, "mail")
    assert row is not None
    assert row.state == "open"
    assert "CHANNEL_PAUSED" in story.world.kinds()

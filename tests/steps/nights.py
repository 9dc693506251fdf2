"""Nights, holidays and faults: what time it is in Japan, who starts again, whose clock is set."""

from datetime import datetime, timedelta
from pathlib import Path

from aiosmtpd.smtp import SMTP
from pytest_bdd import given, parsers, then, when

from csirt import founding
from csirt.bootstrap import wire
from csirt.chores import Chores
from csirt.clock import JST
from csirt.model.chains import chain_from
from csirt.response import escalations
from csirt.store.queries import work
from notifications.mail import MailChannel
from tests.plays import entries
from tests.steps.mail import PATIENT, SENDER, Post, calls
from tests.steps.story import Story

SHIPPED = Path(__file__).parents[2] / "notifications" / "chains"
PREFECTURE = "security@pref-mihon.lgwan.example"
STATE_AND_SOC = ["cyber@mic.lgwan.example", "soc@cloud-mihon.lgwan.example"]


# ----------------------------------------------------------------------------------------------------- what time it is


@given("市は実際の間隔の連絡網を使っている")
def real_chain(story: Story) -> None:
    chain = chain_from(founding.read_toml(SHIPPED / "municipal.toml"), "municipal.toml")
    city = story.world.desk.door.city
    object.__setattr__(city, "chains", {**city.chains, chain.name: chain})


@given(parsers.parse("日本時間で {at} である"))
def time_in_japan(story: Story, at: str) -> None:
    story.world.clock.at = datetime.fromisoformat(at).replace(tzinfo=JST)  # before the first worker looked
    story.began = story.world.clock.now()


@then(parsers.parse("連絡は {n:d}分後に初めて {party} に及ぶ"))
def first_called_after(story: Story, n: int, party: str) -> None:
    first = min(after for after, called, _ in story.calls() if called == party)
    assert first == n * 60


# ----------------------------------------------------------------------------------------------------------- the mails


@given("LGWANのメールサーバーが動いていて、県あてを 550 と断る")
def prefecture_refuses(story: Story, post: Post) -> None:
    post.server.refuses = {PREFECTURE: "550 no such user"}
    channel = MailChannel("lgwan-mail", "127.0.0.1", post.server.port, sender=SENDER, deadline=PATIENT)
    object.__setattr__(story.world.desk, "channels", {**story.world.desk.channels, "lgwan-mail": channel})


@then("国とSOCにはメールが1通ずつ届き、県には届いていない")
def state_and_soc_have_it(post: Post) -> None:
    assert sorted(to for envelope in post.server.mails for to in envelope.rcpt_tos) == STATE_AND_SOC


@given(parsers.parse("本文が届いた瞬間に、{who}が受け取ったと告げる"))
def acknowledged_in_flight(story: Story, post: Post, who: str) -> None:
    actor = story.who(who)

    def acknowledge(_server: SMTP) -> None:
        (call,) = calls(story, "mail")
        assert call.state == "sending"
        story.world.desk.commit(actor, escalations.acknowledge, story.escalation().id)

    post.server.on_text = acknowledge


@then(parsers.parse("受け取りは一度だけ記録され、連絡は {state} として終わっている"))
def acknowledged_once(story: Story, state: str) -> None:
    assert len(entries(story.world, story.incident, "CALL_ACKNOWLEDGED")) == 1
    (climbed,) = story.world.desk.look(work.escalations, incident=story.incident)
    assert [route["state"] for route in climbed.routes] == [state]
    assert climbed.ended_at is not None


@when(parsers.parse("作業者が{n:d}分後にも送るものを探す"))
def looks_again(story: Story, n: int) -> None:
    story.world.clock.forward(timedelta(minutes=n))
    story.world.chores.decide()
    story.world.chores.send()


@then("メールは1通のままで、電話の依頼は出ていない")
def one_mail_no_sheet(story: Story, post: Post) -> None:
    assert len(post.server.mails) == 1
    assert calls(story, "phone") == []


# ---------------------------------------------------------------------------------------------- workers, and the clock


@when(parsers.parse("作業者が終わり、{n:d}秒後に別の作業者が始まる"))
def another_worker(story: Story, n: int) -> None:
    world = story.world
    settings = world.desk.settings
    world.desk.close()
    world.clock.forward(timedelta(seconds=n))
    world.desk = wire(settings, "cli", world.clock)
    world.chores = Chores(world.desk)
    world.work()


@when(parsers.parse("機械の時計が {n:d}秒動く"))
def clock_is_set(story: Story, n: int) -> None:
    step = timedelta(seconds=n)
    story.world.clock.at += step  # the clock that nobody sets stays as it is
    story.began += step
    story.calls_before = len(story.calls())


@then("時計が動いた後の連絡は、次のとおりである")
def calls_after_the_step(story: Story, datatable: list[list[str]]) -> None:
    later = sorted({(after, party) for after, party, _ in story.calls()[story.calls_before :]})
    assert later == [(int(after), party) for after, party in datatable[1:]]


@then("同じ段で二度呼ばれた人はいない")
def nobody_twice(story: Story) -> None:
    found = [(call.tier, call.party, call.channel) for call in story.escalation().calls]
    assert len(found) == len(set(found))

"""訓練: a drill reaches nobody, whatever is tried, and says on everything that it is one."""

import email
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from email.policy import default
from pathlib import Path

import pytest

from csirt import founding, notifying
from csirt.bootstrap import wire
from csirt.clock import FixedClock
from csirt.model.contact import ContactChain, Need, Route, Tier
from csirt.model.incident import IncidentType
from csirt.model.message import CALL_SHEET_CHANNELS
from csirt.model.people import SYSTEM
from csirt.playbook import Act, Disposition, Responder, action, seconds
from csirt.response import deliveries, escalations, incidents
from csirt.response.drills import DOMAIN
from csirt.response.incidents import Report
from csirt.settings import Settings
from csirt.store.queries import cases, work
from tests.notifications.worlds import MailServer, WebServer, mail_server, message, web_server
from tests.plays import assert_sound, entries, play_of
from tests.response.test_climbing_on import use_chains
from tests.response.test_outbox import Line, busy, unknown
from tests.world import TUESDAY_MORNING, World

HOUR = timedelta(hours=1)


@dataclass
class Outside:
    """What really arrived anywhere outside the house."""

    mails: MailServer
    posts: WebServer

    def is_untouched(self) -> bool:
        return not self.mails.mails and not self.posts.posts


@contextmanager
def city_with_every_channel(folder: Path) -> Iterator[tuple[World, Outside]]:
    with mail_server() as mails, web_server() as posts:
        data = folder / "data"
        founding.found(data, founding.SAMPLE_CITY)
        address = f"127.0.0.1:{posts.port}"
        settings = Settings(
            data=data, smtp_host="127.0.0.1", smtp_port=mails.port, webhook_url=f"http://{address}/in",
            webhook_hosts=(address,),
        )  # fmt: skip
        clock = FixedClock(TUESDAY_MORNING)
        made = World(wire(settings, "cli", clock), clock)
        try:
            yield made, Outside(mails, posts)
        finally:
            made.desk.close()


@pytest.fixture
def city(tmp_path: Path) -> Iterator[tuple[World, Outside]]:
    with city_with_every_channel(tmp_path) as made:
        yield made


def open_case(world: World, *, drill: bool) -> str:
    report = Report(title="年次訓練（連絡網）", type=IncidentType.UNDECIDED, drill=drill)
    return world.desk.commit(world.person("k.sato"), incidents.open_by_report, report)


def call_everybody(world: World, incident: str) -> str:
    """Everybody whom the city knows, on every channel that there is."""
    by = (*world.desk.channels, *sorted(CALL_SHEET_CHANNELS))
    known = world.desk.directory.posts()
    parties = (*(f"post:{post}" for post in known), *(f"office:{office}" for office in world.desk.door.city.offices))
    use_chains(
        world, ContactChain("c", (Route("a", (Tier(timedelta(), parties, by, Need.ALL),), repeat=2, wait=HOUR),))
    )
    return world.desk.commit(SYSTEM, escalations.start, incident, None, "is_it_an_incident", "c", "page")


def kept(world: World) -> list[tuple[str, str, str]]:
    """To whom, subject and body of what lies in the drill folder."""
    found = []
    for path in sorted((world.desk.settings.data / "drill").rglob("*.eml")):
        mail = email.message_from_bytes(path.read_bytes(), policy=default)
        part = mail.get_body()
        assert part is not None
        found.append((str(mail["To"]), str(mail["Subject"]), part.get_content()))
    return found


def test_a_drill_reaches_nobody_on_any_channel(city: tuple[World, Outside]) -> None:
    world, outside = city
    incident = open_case(world, drill=True)
    call_everybody(world, incident)
    for _ in range(3):
        world.chores.send()
        world.forward(timedelta(seconds=2))
        world.clock.forward(HOUR)
        world.chores.decide()
    assert outside.is_untouched()
    calls = world.desk.look(work.deliveries, incident=incident)
    assert len(calls) > 20
    assert {call.address.rpartition("@")[2] for call in calls} <= {DOMAIN, ""}
    assert {call.state for call in calls if call.channel in CALL_SHEET_CHANNELS} == {"queued"}
    letters = kept(world)
    assert len(letters) >= 10
    for to, subject, body in letters:
        assert to.endswith(f"@{DOMAIN}")
        assert subject.startswith("【訓練】")
        assert "これは訓練です" in body
    assert_sound(world)


def test_the_same_case_in_earnest_does_reach_them(city: tuple[World, Outside]) -> None:
    world, outside = city
    call_everybody(world, open_case(world, drill=False))
    world.chores.send()
    assert outside.mails.mails
    assert kept(world) == []


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("name", ["mail", "lgwan-mail", "webhook"])
def test_the_gate_stands_before_every_channel(city: tuple[World, Outside], name: str, language: str) -> None:
    world, outside = city
    channels = notifying.channels(world.desk.settings, world.clock)
    assert name in channels
    sent = message(drill=True, subject="件名", body="本文", address="real@city.example")
    channels[name].send(replace(sent, language=language))
    channels[name].send(replace(sent, language=language, repeat=True))
    assert outside.is_untouched()
    ((to, subject, body),) = kept(world)
    assert to == f"post.poc.p-1@{DOMAIN}"
    assert subject == {"ja": "【訓練】件名", "en": "[DRILL] 件名"}[language]
    assert {"ja": "これは訓練です", "en": "this is a drill"}[language] in body


def test_every_channel_that_settings_can_name_has_the_gate(city: tuple[World, Outside]) -> None:
    world, _ = city
    assert {type(channel).__name__ for channel in world.desk.channels.values()} == {"DrillGate"}


def test_a_drill_and_a_real_case_never_share_a_bundle(world: World) -> None:
    line = Line([], takes_bundles=True)
    object.__setattr__(world.desk, "channels", {"mail": line})
    for drill in (True, False):
        incident = open_case(world, drill=drill)
        for _ in range(3):
            call = escalations.facts_of
            facts = world.desk.commit(SYSTEM, call, incident, "x")
            to = world.desk.directory.people()
            person = next(one for one in to.values() if one.uid == "k.sato")
            address = next(point.address for point in person.points if point.channel == "mail")
            recipient = message(address=address).recipient
            world.desk.commit(SYSTEM, deliveries.queue, incident, "mail", recipient, "notice", facts)
    world.chores.send()
    assert [(sent.template, sent.drill) for sent in line.seen] in (
        [("bundle", True), ("bundle", False)],
        [("bundle", False), ("bundle", True)],
    )
    assert ["訓練-2026-001" in sent.body for sent in line.seen] == [sent.drill for sent in line.seen]


def test_retries_and_the_next_channel_of_a_drill_stay_in_the_house(world: World) -> None:
    line = Line([busy, unknown, busy])
    object.__setattr__(world.desk, "channels", {"mail": line})
    incident = open_case(world, drill=True)
    use_chains(world, ContactChain("c", (Route("a", (Tier(timedelta(), ("post:ciso",), ("mail",)),), wait=HOUR),)))
    world.desk.commit(SYSTEM, escalations.start, incident, None, "is_it_an_incident", "c", "page")
    for _ in range(5):
        world.chores.send()
        world.clock.forward(timedelta(minutes=16))
    assert len(line.seen) == 4
    assert all(sent.drill and sent.recipient.address.endswith(DOMAIN) for sent in line.seen)
    phoned = [call for call in world.desk.look(work.deliveries, incident=incident) if call.channel == "phone"]
    assert [call.address for call in phoned] == [""]


# ------------------------------------------------------------------------------------------------- numbers and figures


def test_drills_have_numbers_of_their_own_and_stay_out_of_figures(world: World) -> None:
    first, drill, second = (open_case(world, drill=drill) for drill in (False, True, False))
    views = {one: world.desk.look(cases.incident, one) for one in (first, drill, second)}
    assert [(views[one].ordinal, views[one].drill) for one in (first, drill, second)] == [
        (1, False),
        (1, True),
        (2, False),
    ]
    assert world.desk.look(cases.resolve_incident, "訓練-2026-001") == drill
    assert world.desk.look(cases.resolve_incident, "DRILL-2026-1") == drill
    assert world.desk.look(cases.resolve_incident, "R8-1") == first
    counts = world.desk.look(cases.counts)
    assert (counts["open"], counts["incidents"], counts["listed"]) == (2, 2, 3)
    assert entries(world, drill, "INCIDENT_OPENED")[0].out["drill"] is True
    assert "drill" not in entries(world, first, "INCIDENT_OPENED")[0].out


# ------------------------------------------------------------------------------------------------------------- actions


@action(within=seconds(5))
def block(act: Act) -> bool:
    act.ticket("block", {"host": "pc-1"})
    return act.drill


def test_an_action_knows_and_its_orders_are_kept_apart(world: World) -> None:
    def body(respond: Responder) -> Disposition:
        return respond.close(Disposition.BENIGN, because=str(respond.do(block)))

    play = play_of(body)
    world.add_playbook(play)
    object.__setattr__(world.desk, "actions", {**world.desk.actions, "block": block})
    report = Report(title="訓練", type=play.handles, drill=True)
    incident = world.desk.commit(world.person("k.sato"), incidents.open_by_report, report)
    world.work()
    assert entries(world, incident, "INCIDENT_CLOSED")[0].texts["because"] == "True"
    tickets = world.desk.settings.data / "tickets"
    assert not list(tickets.glob("*.json"))
    assert len(list((tickets / "drill").glob("*.json"))) == 1

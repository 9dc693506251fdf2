"""Delivery under strain: lanes, bundles, the next channel, a server that is gone, what is called off."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlmodel import select

from csirt.errors import DeliveryFailed
from csirt.model.contact import ContactChain, Need, Route, Tier
from csirt.model.incident import Level
from csirt.model.message import Message, Receipt, Recipient
from csirt.model.people import SYSTEM
from csirt.response import deliveries, escalations, incidents
from csirt.response.incidents import Report
from csirt.sending import SIDE_BY_SIDE, Senders
from csirt.store.queries import work
from csirt.store.queries.work import DeliveryView
from csirt.store.tables.outbox import CircuitRow
from tests.plays import assert_sound, entries
from tests.response.test_climbing_on import climb
from tests.response.test_outbox import Line, busy, queue, refused, row, unknown, use
from tests.world import WITHOUT_PLAYBOOK, World


def down() -> Exception:
    return DeliveryFailed("mail_server_unreachable", reply="unreachable", is_down=True)


def case(world: World, level: Level) -> str:
    report = Report(title="件名", type=WITHOUT_PLAYBOOK, level=level)
    return world.desk.commit(world.person("k.sato"), incidents.open_by_report, report)


def post(world: World, incident: str, address: str = "a@city.example", *, channel: str = "mail") -> str:
    facts = {"incident": incident, "year": "2026", "ordinal": "1", "type": "undecided", "level": "1", "step": "x"}
    to = Recipient("post:ciso", "名", address)
    return world.desk.commit(SYSTEM, deliveries.queue, incident, channel, to, "notice", facts)


def calls(world: World, incident: str) -> list[DeliveryView]:
    return world.desk.look(work.deliveries, incident=incident)


def mail_chain(*call: str, by: tuple[str, ...] = ("mail",), need: Need = Need.ANY) -> ContactChain:
    return ContactChain("c", (Route("a", (Tier(timedelta(), call, by, need),), wait=timedelta(minutes=60)),))


# --------------------------------------------------------------------------------------------------------------- lanes


def test_the_gravest_goes_first_and_nothing_waits_for_ever(world: World) -> None:
    line = use(world)
    light = post(world, case(world, Level.EVENT), "light@city.example")
    grave = case(world, Level.CRISIS)
    heavy = [post(world, grave, f"{n}@city.example") for n in range(9)]
    world.chores.send()
    sent = [message.id for message in line.seen]
    assert sent[0] in heavy
    assert sent.index(light) <= 5
    assert set(sent) == {light, *heavy}


# ------------------------------------------------------------------------------------------------------------- bundles


def test_what_piles_up_for_one_addressee_goes_as_one(world: World) -> None:
    line = use(world)
    line.takes_bundles = True
    ids = [queue(world) for _ in range(4)]
    other = post(world, world.notes["incident"], "b@city.example")
    world.chores.send()
    bundle = next(message for message in line.seen if message.template == "bundle")
    assert len(line.seen) == 2
    assert [row(world, one).state for one in (*ids, other)] == ["sent"] * 5
    assert bundle.subject.startswith("【サンプル】【至急・要確認】4件の連絡")
    assert bundle.body.count("【情報提供】") == 8  # in the list, and above each text
    told = entries(world, world.notes["incident"], "MESSAGE_DELIVERED")
    assert [entry.out.get("together") for entry in told].count(4) == 4
    assert_sound(world)


def test_a_bundle_that_may_have_arrived_is_repeated_under_its_own_identity(world: World) -> None:
    line = use(world, unknown)
    line.takes_bundles = True
    for _ in range(3):
        queue(world)
    world.chores.send()
    late = queue(world)
    world.clock.forward(timedelta(minutes=16))
    world.chores.send()
    first, *rest = line.seen
    again = next(message for message in rest if message.id == first.id)
    assert (first.repeat, again.repeat) == (False, True)
    assert again.body.count("【情報提供】") == first.body.count("【情報提供】")
    assert late in {message.id for message in rest}


# -------------------------------------------------------------------------------------------------------- next channel


def test_a_refusal_calls_the_addressee_on_the_next_channel_at_once(world: World) -> None:
    use(world, refused)
    climb(world, mail_chain("post:ciso"))
    incident = world.desk.look(work.escalations)[0].incident
    world.chores.send()
    first, second = sorted(calls(world, incident), key=lambda call: call.channel)
    assert (first.channel, first.state, second.channel) == ("mail", "refused", "phone")
    assert "call:post:ciso" in world.waiting()
    told = entries(world, incident, "PERSON_CALLED")
    assert [entry.out.get("instead_of") for entry in told] == [None, first.id]
    assert told[0].at == told[1].at
    assert_sound(world)


def test_an_unknown_outcome_does_so_once_and_goes_on_trying(world: World) -> None:
    line = use(world, unknown, unknown)
    climb(world, mail_chain("post:ciso"))
    incident = world.desk.look(work.escalations)[0].incident
    for _ in range(3):
        world.chores.send()
        world.clock.forward(timedelta(minutes=1))
    assert [message.repeat for message in line.seen] == [False, True, True]
    assert sorted(call.channel for call in calls(world, incident)) == ["mail", "phone"]


def test_a_delay_calls_nobody_else(world: World) -> None:
    use(world, busy)
    climb(world, mail_chain("post:ciso"))
    world.chores.send()
    incident = world.desk.look(work.escalations)[0].incident
    assert [call.state for call in calls(world, incident)] == ["deferred"]


def test_a_channel_called_already_is_not_called_twice(world: World) -> None:
    use(world, refused)
    climb(world, mail_chain("post:ciso", by=("mail", "phone", "mobile")))
    incident = world.desk.look(work.escalations)[0].incident
    world.chores.send()
    assert sorted(call.channel for call in calls(world, incident)) == ["mail", "mobile", "phone"]
    assert len(entries(world, incident, "NO_CHANNEL_LEFT")) == 1


def test_a_notice_never_becomes_a_phone_call(world: World) -> None:
    use(world, refused)
    delivery = queue(world)
    world.chores.send()
    assert row(world, delivery).state == "refused"
    assert not [name for name in world.waiting() if name.startswith("call:")]
    assert len(entries(world, world.notes["incident"], "NO_CHANNEL_LEFT")) == 1


# ------------------------------------------------------------------------------------------------------------- circuit


def state_of(world: World, channel: str) -> str | None:
    with world.desk.read() as session:
        found = session.exec(select(CircuitRow).where(CircuitRow.channel == channel)).first()
    return found.state if found else None


def test_a_server_that_is_gone_is_left_alone_and_its_addressees_are_called_otherwise(world: World) -> None:
    line = use(world, *[down] * 5)
    escalation = climb(world, mail_chain("post:ciso", "post:mayor", "post:director", "post:poc", "post:csirt-head"))
    incident = world.desk.look(work.escalations)[0].incident
    world.chores.send()
    assert (len(line.seen), state_of(world, "mail")) == (5, "open")
    world.chores.send()
    assert len(line.seen) == 5
    phoned = [call for call in calls(world, incident) if call.channel == "phone"]
    assert not phoned  # all of them have been tried once and wait: the breaker passes over what falls due
    world.clock.forward(timedelta(seconds=5))
    world.chores.send()
    assert len(line.seen) == 5
    assert len([call for call in calls(world, incident) if call.channel == "phone"]) == 5
    world.clock.forward(timedelta(seconds=30))
    world.chores.send()
    assert (len(line.seen), state_of(world, "mail")) == (10, "closed")
    kinds = world.kinds()
    assert (kinds.count("CHANNEL_PAUSED"), kinds.count("CHANNEL_RESUMED")) == (1, 1)
    assert escalation
    assert_sound(world)


def test_one_refused_addressee_says_nothing_of_the_server(world: World) -> None:
    use(world, *[busy] * 9)
    for n in range(9):
        post(world, case(world, Level.MINOR), f"{n}@city.example")
    world.chores.send()
    assert state_of(world, "mail") is None


# ---------------------------------------------------------------------------------------------------------- called off


def test_a_call_that_is_taken_back_says_so(world: World) -> None:
    chain = mail_chain("post:ciso", "post:poc", by=("mail", "phone"))
    escalation = climb(world, chain)
    incident = world.desk.look(work.escalations)[0].incident
    world.desk.commit(world.person("k.sato"), escalations.acknowledge, escalation)
    states = {(call.party, call.channel): call.state for call in calls(world, incident)}
    assert set(states.values()) == {"cancelled"}
    assert len(entries(world, incident, "DELIVERY_CALLED_OFF")) == len(states)
    assert len(entries(world, incident, "CALL_SHEET_CALLED_OFF")) == sum(call == "phone" for _, call in states)
    assert_sound(world)


def test_calling_stops_for_whom_it_has_and_goes_on_for_the_others(world: World) -> None:
    escalation = climb(world, mail_chain("post:ciso", "post:poc", need=Need.ALL))
    incident = world.desk.look(work.escalations)[0].incident
    world.desk.commit(world.person("k.sato"), escalations.acknowledge, escalation)
    states = {call.party: call.state for call in calls(world, incident)}
    assert states == {"post:ciso": "queued", "post:poc": "cancelled"}


def test_acknowledged_while_a_mail_is_in_flight(world: World) -> None:
    escalation = climb(world, mail_chain("post:poc", by=("mail",)))
    incident = world.desk.look(work.escalations)[0].incident

    class Meanwhile(Line):
        def send(self, message: Message) -> Receipt:
            self.seen.append(message)
            assert calls(world, incident)[0].state == "sending"
            world.desk.commit(world.person("k.sato"), escalations.acknowledge, escalation)
            raise busy()

    line = Meanwhile([])
    object.__setattr__(world.desk, "channels", {"mail": line})
    world.chores.send()
    world.clock.forward(timedelta(hours=1))
    world.chores.send()
    assert len(line.seen) == 1
    assert [call.channel for call in calls(world, incident)] == ["mail"]
    assert_sound(world)


# -------------------------------------------------------------------------------------------------------- side by side


@contextmanager
def senders(world: World) -> Iterator[Senders]:
    made = Senders(world.desk)
    try:
        yield made
    finally:
        made.stop()


def test_a_slow_server_holds_up_no_other_channel(world: World) -> None:
    over = threading.Event()

    class Slow(Line):
        def send(self, message: Message) -> Receipt:
            self.seen.append(message)
            over.wait(20)
            return Receipt("250")

    slow, quick = Slow([], "lgwan-mail"), Line([], "mail")
    object.__setattr__(world.desk, "channels", {"mail": quick, "lgwan-mail": slow})
    incident = case(world, Level.GRAVE)
    for n in range(5):
        post(world, incident, f"{n}@city.example", channel="lgwan-mail")
        post(world, incident, f"{n}@city.example")
    with senders(world) as made:
        until = time.monotonic() + 15
        while (len(quick.seen), len(slow.seen)) != (5, SIDE_BY_SIDE) and time.monotonic() < until:
            assert made.start_due() is False
            time.sleep(0.02)
        assert (len(quick.seen), len(slow.seen)) == (5, SIDE_BY_SIDE)
        over.set()
        while [call.state for call in calls(world, incident)].count("sent") < 10 and time.monotonic() < until:
            made.start_due()
            time.sleep(0.02)
    assert {call.state for call in calls(world, incident)} == {"sent"}

"""The outbox: one bad message holds up no other, and what may have arrived is labelled when it is sent again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from csirt.errors import DeliveryFailed
from csirt.model.message import DeliveryState, Message, Receipt, Recipient
from csirt.model.people import SYSTEM
from csirt.model.ports import Renderer
from csirt.response import deliveries, outbox
from csirt.store.queries import work
from csirt.store.queries.work import DeliveryView
from tests.plays import assert_sound
from tests.world import World

A_MINUTE = timedelta(seconds=61)


@dataclass
class Line:
    """A channel whose replies the test gives, one an attempt; then it takes everything."""

    replies: list[Callable[[], Exception]]
    name: str = "mail"
    takes_bundles: bool = False
    seen: list[Message] = field(default_factory=list)

    def send(self, message: Message) -> Receipt:
        self.seen.append(message)
        if self.replies:
            error = self.replies.pop(0)()
            raise error
        return Receipt("250")


def unknown() -> Exception:
    return DeliveryFailed("mail_outcome_unknown", reply="unknown")


def busy() -> Exception:
    return DeliveryFailed("mail_refused", reply="451")


def refused() -> Exception:
    return DeliveryFailed("mail_refused", reply="550", permanent=True)


def use(world: World, *replies: Callable[[], Exception]) -> Line:
    """Let mail go over such a line."""
    line = Line(list(replies))
    object.__setattr__(world.desk, "channels", {"mail": line})
    return line


def queue(world: World, step: str = "x") -> str:
    """Put a mail into the outbox."""
    incident = world.notes.get("incident") or world.notes.setdefault("incident", world.open())
    facts = {"incident": incident, "year": "2026", "ordinal": "1", "type": "ransomware", "level": "1", "step": step,
             "assignment": "", "due": "", "received": world.clock.now().isoformat()}  # fmt: skip
    to = Recipient("post:ciso", "名", "a@city.example")
    return world.desk.commit(SYSTEM, deliveries.queue, incident, "mail", to, "notice", facts)


def row(world: World, delivery: str) -> DeliveryView:
    return world.desk.look(work.deliveries, ids=[delivery])[0]


def send_all(world: World, rounds: int = 12) -> None:
    """Try for as long as any back-off may last."""
    for _ in range(rounds):
        world.chores.send()
        world.clock.forward(timedelta(minutes=16))


def test_an_unknown_outcome_is_kept_as_such_and_every_repeat_labelled(world: World) -> None:
    line = use(world, unknown, busy)
    delivery = queue(world)
    world.chores.send()
    assert row(world, delivery).state == DeliveryState.UNKNOWN.value
    send_all(world)
    assert [message.repeat for message in line.seen] == [False, True, True]
    assert row(world, delivery).state == DeliveryState.SENT.value


def test_a_refusal_after_an_unknown_outcome_does_not_undo_it(world: World) -> None:
    use(world, unknown, refused)
    delivery = queue(world)
    send_all(world)
    assert row(world, delivery).state == DeliveryState.UNKNOWN.value
    assert row(world, delivery).finished_at is not None


def test_a_delay_is_no_repeat(world: World) -> None:
    line = use(world, busy)
    delivery = queue(world)
    send_all(world, 2)
    assert [message.repeat for message in line.seen] == [False, False]
    assert row(world, delivery).state == DeliveryState.SENT.value


def test_a_sender_that_died_leaves_an_unknown_outcome_also_through_later_delays(world: World) -> None:
    delivery = queue(world)
    world.desk.commit(SYSTEM, outbox.claim, "mail")  # and never heard of again
    line = use(world, busy)
    world.clock.forward(A_MINUTE)
    world.chores.send()
    assert row(world, delivery).state == DeliveryState.UNKNOWN.value
    send_all(world)
    assert [message.repeat for message in line.seen] == [True, True]
    assert world.kinds().count("DELIVERY_FAILED") == 2
    assert_sound(world)


@dataclass
class Words:
    """The real renderer, but for the text of one message."""

    real: Renderer
    broken: str

    def render(self, template: str, language: str, facts: Mapping[str, str]) -> tuple[str, str]:
        if facts.get("step") == self.broken:
            raise ValueError(self.broken)
        return self.real.render(template, language, facts)


def test_a_message_that_cannot_be_written_goes_as_a_standing_text(world: World) -> None:
    line = use(world)
    object.__setattr__(world.desk, "renderer", Words(world.desk.renderer, "broken"))
    bad = queue(world, step="broken")
    good = [queue(world) for _ in range(3)]
    world.chores.send()
    assert [row(world, delivery).state for delivery in good] == [DeliveryState.SENT.value] * 3
    assert row(world, bad).state == DeliveryState.SENT.value
    standing = next(message for message in line.seen if message.id == bad)
    assert standing.subject == f"【至急・要確認】情報セキュリティインシデント {world.notes['incident']}"


def test_a_channel_that_breaks_in_an_unforeseen_way_may_have_sent(world: World) -> None:
    line = use(world, lambda: ZeroDivisionError("本文"))
    delivery = queue(world)
    send_all(world, 2)
    assert [message.repeat for message in line.seen] == [False, True]
    assert row(world, delivery).state == DeliveryState.SENT.value


def test_a_lost_lease_holds_up_none_behind_it(world: World) -> None:
    first, second = queue(world), queue(world)
    line = use(world)

    class Slow(Line):
        def send(self, message: Message) -> Receipt:
            if message.id == first and not self.seen:
                self.seen.append(message)
                world.clock.forward(A_MINUTE)  # so long that somebody else takes it over
                world.desk.commit(SYSTEM, outbox.claim, "mail")
            return line.send(message)

    object.__setattr__(world.desk, "channels", {"mail": Slow([])})
    world.chores.send()
    assert row(world, second).state == DeliveryState.SENT.value

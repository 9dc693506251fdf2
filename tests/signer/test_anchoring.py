"""Checkpoints go outside once a day, by each way; what failed is tried again, and who falls silent is an alarm."""

from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path

from csirt import anchoring
from csirt.bootstrap import Desk
from csirt.errors import DeliveryFailed
from csirt.model.health import PartState
from csirt.model.message import Message, Receipt
from csirt.record.checkpoint import open_note
from csirt.store.queries.anchors import anchored
from csirt.telling_checkpoints import checkpoint_history
from csirt.wellness import check
from tests.signer.conftest import seal
from tests.signer.signing import Seal
from tests.world import World, world

__all__ = ["seal", "world"]
ADDRESSES = ("audit@pref.example", "kansa@city.example")


@dataclass
class Notes:
    """How each way was found."""

    said: dict[str, str] = field(default_factory=dict)

    def __call__(self, part: str, state: str, code: str) -> None:
        self.said[part] = code or state


def configured(world: World, **values: object) -> Desk:
    """The same desk with these settings."""
    for name, value in values.items():
        world.desk.settings.__dict__[name] = value
    return world.desk


def ways(world: World) -> list[tuple[str, int]]:
    return [(one.way, one.to) for one in world.desk.look(anchored)]


def test_the_day_is_carried_outside_once_by_every_way(seal: Seal, tmp_path: Path) -> None:
    world, out, notes = seal.world, tmp_path / "outside", Notes()
    desk = configured(world, anchor_folder=out, anchor_mails=ADDRESSES)
    head = seal.sign()
    assert head is not None
    assert anchoring.carry(desk, notes) is False  # the mails lie in the outbox
    assert sorted(ways(world)) == [("file", 0), ("paper", 0)]
    world.chores.send()
    assert sorted(ways(world)) == [("file", 0), ("mail", 1), ("mail", 2), ("paper", 0)]
    note = (out / f"{head.size:012d}.note").read_bytes()
    key = seal.published.key()
    assert key is not None
    assert open_note(note, key) == head
    assert (out / f"{head.size:012d}.pdf").read_bytes().startswith(b"%PDF")
    mails = [message_from_bytes(path.read_bytes(), policy=policy.default)
             for path in (desk.settings.data / "mail").rglob("*.eml")]  # fmt: skip
    assert {str(mail["To"]) for mail in mails} >= set(ADDRESSES)
    assert anchoring.carry(desk, notes) is True
    assert len(ways(world)) == 4
    world.clock.forward(timedelta(days=1))
    seal.sign()
    assert anchoring.carry(desk, notes) is False
    world.chores.send()
    assert anchoring.carry(desk, notes) is True
    assert len(ways(world)) == 8


def test_a_way_that_fails_holds_up_no_other_and_is_tried_again(seal: Seal, tmp_path: Path) -> None:
    world, notes = seal.world, Notes()
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    desk = configured(world, anchor_folder=blocked / "in", anchor_mails=ADDRESSES[:1])
    assert anchoring.carry(desk, notes) is False
    assert set(notes.said.values()) == {"checkpoint_missing"}
    seal.sign()
    assert anchoring.carry(desk, notes) is False
    assert notes.said == {
        "anchor:file": "folder_not_writable",
        "anchor:paper": "folder_not_writable",
        "anchor:mail1": "checkpoint_missing",  # nobody knows yet whether it gets through
    }
    configured(world, anchor_folder=tmp_path / "mended")
    world.chores.send()
    assert anchoring.carry(desk, notes) is True
    assert set(notes.said.values()) == {"ok"}
    assert sorted(ways(world)) == [("file", 0), ("mail", 1), ("paper", 0)]


def test_the_worker_does_it_and_health_knows_how_old_it_is(seal: Seal, tmp_path: Path) -> None:
    world = seal.world
    desk = configured(world, anchor_mails=ADDRESSES[:1])

    def state() -> tuple[PartState, str]:
        (found,) = [one for one in check(desk) if one.part == "anchor"]
        return found.state, found.code

    assert state() == (PartState.LATE, "anchor_old")
    seal.sign()
    world.chores.keep_house()
    world.chores.do_daily()
    world.chores.send()
    assert state() == (PartState.OK, "")
    world.clock.forward(timedelta(hours=31))
    assert state() == (PartState.LATE, "anchor_old")
    world.clock.forward(timedelta(hours=24))
    assert state()[0] is PartState.DOWN
    world.chores.keep_house()
    world.chores.do_daily()
    world.chores.send()
    assert state() == (PartState.OK, "")


def test_the_history_says_what_exists_how_old_it_is_and_what_is_not_used(seal: Seal, tmp_path: Path) -> None:
    world = seal.world
    desk = configured(world, anchor_folder=tmp_path / "outside")
    nothing = desk.look(checkpoint_history, desk)
    assert (nothing.newest, nothing.kept, nothing.alarm and nothing.alarm.code) == (None, (), "checkpoint_missing")
    first = seal.sign()
    anchoring.carry(desk, Notes())
    world.clock.forward(timedelta(days=1))
    second = seal.sign()
    found = desk.look(checkpoint_history, desk)
    assert first is not None
    assert second is not None
    assert [one.size for one in found.kept] == [second.size, first.size]
    assert found.kept[1].outside == ("paper", "file")
    assert {"log", "quantum"} >= set(found.kept[0].signers) >= {"log"}
    told = {one.way: (one.is_on, one.size) for one in found.ways}
    assert told == {"file": (True, first.size), "paper": (True, first.size), "mail": (False, None),
                    "stamp": (False, None), "witness": (False, None)}  # fmt: skip
    world.clock.forward(timedelta(minutes=6))
    stale = desk.look(checkpoint_history, desk).alarm
    assert stale is not None
    assert (stale.state, stale.code) == (PartState.DOWN, "checkpoint_old")


class Refusing:
    """A mail server that answers so, to every mail."""

    takes_bundles = True

    def __init__(self, *, permanent: bool) -> None:
        self.permanent, self.asked = permanent, 0

    def send(self, _message: Message) -> Receipt:
        self.asked += 1
        raise DeliveryFailed("mail_refused", reply="550", permanent=self.permanent)


def test_a_mail_that_does_not_get_through_is_tried_again_by_the_outbox_and_told(seal: Seal) -> None:
    world, notes, away = seal.world, Notes(), Refusing(permanent=False)
    desk = configured(world, anchor_mails=ADDRESSES[:1])
    seal.sign()
    working = desk.channels["mail"]
    desk.channels["mail"] = away  # type: ignore[index]
    assert anchoring.carry(desk, notes) is False
    world.chores.send()
    assert anchoring.carry(desk, notes) is False
    assert notes.said == {"anchor:mail1": "checkpoint_mail_late"}
    world.clock.forward(timedelta(minutes=20))
    world.chores.send()
    assert away.asked == 2
    assert anchoring.carry(desk, notes) is False
    desk.channels["mail"] = working  # type: ignore[index]
    world.clock.forward(timedelta(minutes=20))
    world.chores.send()
    assert anchoring.carry(desk, notes) is True
    assert notes.said == {"anchor:mail1": "ok"}
    about_none = [kind for kind in world.kinds() if kind in {"MESSAGE_QUEUED", "DELIVERY_FAILED", "MESSAGE_DELIVERED"}]
    assert about_none.count("DELIVERY_FAILED") == 2
    assert ways(world) == [("mail", 1)]


def test_a_mail_that_is_refused_for_good_is_queued_anew_after_an_hour(seal: Seal) -> None:
    world, notes, refusing = seal.world, Notes(), Refusing(permanent=True)
    desk = configured(world, anchor_mails=ADDRESSES[:1])
    seal.sign()
    desk.channels["mail"] = refusing  # type: ignore[index]
    for _ in range(3):
        assert anchoring.carry(desk, notes) is False
        world.chores.send()
        world.clock.forward(timedelta(minutes=10))
    assert refusing.asked == 1
    assert notes.said == {"anchor:mail1": "checkpoint_mail_late"}
    world.clock.forward(timedelta(hours=1))
    anchoring.carry(desk, notes)
    world.chores.send()
    assert refusing.asked == 2
    assert ways(world) == []

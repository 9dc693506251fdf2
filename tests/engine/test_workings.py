"""What the desk knows of itself: who works, how the directory and the channels were found, since when."""

from datetime import timedelta

from csirt.chores import Chores
from csirt.errors import DeliveryFailed, DirectoryUnavailable
from csirt.model.message import Message
from csirt.model.people import SYSTEM
from csirt.response import health
from csirt.store.queries import workings
from tests.world import World


def test_every_worker_has_a_heartbeat_of_its_own(world: World) -> None:
    other = Chores(world.desk, "city")
    world.chores.keep_house()
    world.clock.forward(timedelta(seconds=20))
    other.keep_house()
    found = world.desk.look(workings.beats)
    assert [beat.pool for beat in found] == ["", "city"]
    assert world.desk.look(workings.last_beat) == world.clock.now()
    other.rest()
    assert [beat.pool for beat in world.desk.look(workings.beats)] == [""]


def test_a_worker_that_begins_anew_takes_the_place_of_one_that_died(world: World) -> None:
    world.chores.keep_house()
    world.clock.forward(timedelta(minutes=1))
    Chores(world.desk).keep_house()
    assert len(world.desk.look(workings.beats)) == 1


def test_a_silent_process_is_forgotten_after_a_day(world: World) -> None:
    world.desk.commit(SYSTEM, health.beat, "w-gone", "worker", "another-host")
    world.clock.forward(timedelta(days=2))
    world.chores.keep_house()
    assert "w-gone" not in {beat.process for beat in world.desk.look(workings.beats)}


def test_a_directory_that_does_not_answer_is_noted_with_the_time_it_began(world: World) -> None:
    class Away:
        def listing(self) -> None:
            raise DirectoryUnavailable("directory_unavailable")

    began = world.clock.now()
    directory = world.desk.directory
    object.__setattr__(world.desk, "directory", Away())
    for _ in range(3):
        world.chores.keep_house()
        world.clock.forward(timedelta(minutes=11))
    noted = world.desk.look(workings.conditions)["directory"]
    assert (noted.state, noted.code, noted.since) == ("down", "directory_unavailable", began)
    object.__setattr__(world.desk, "directory", directory)
    world.chores.keep_house()
    noted = world.desk.look(workings.conditions)["directory"]
    assert (noted.state, noted.since) == ("ok", world.clock.now())


def test_a_channel_that_takes_nothing_is_noted_until_it_does(world: World) -> None:
    class Away:
        takes_bundles = False

        def send(self, _message: Message) -> str:
            raise DeliveryFailed("smtp_unreachable", is_down=True)

    channels = world.desk.channels
    object.__setattr__(world.desk, "channels", {**channels, "mail": Away()})
    world.open()
    world.forward(timedelta(minutes=1))
    assert world.desk.look(workings.conditions)["channel:mail"].state == "down"
    object.__setattr__(world.desk, "channels", channels)
    world.forward(timedelta(minutes=10))
    assert world.desk.look(workings.conditions)["channel:mail"].state == "ok"

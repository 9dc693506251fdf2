"""The sealed copy of the directory: what it keeps while that is down, or names too few, and that it says so."""

from datetime import timedelta

import pytest

from csirt.errors import DirectoryUnavailable
from csirt.model.people import SYSTEM
from csirt.response import people
from csirt.store.queries import workings
from csirt.store.tables.access import RosterPersonRow
from csirt.web.known import Rosters
from csirt.wellness import check
from tests.world import World


def test_the_copy_serves_and_says_so_while_the_directory_is_down(world: World) -> None:
    file = world.desk.settings.data / "people.ldif"
    kept = file.read_bytes()
    world.chores.keep_house()
    file.unlink()
    world.clock.forward(timedelta(minutes=11))
    since = world.clock.now()
    for _ in range(3):
        world.chores.keep_house()
        world.clock.forward(timedelta(minutes=2))
    known = world.desk.look(lambda look: people.roster(look.session, look.vault))
    assert len(known.people) == 15
    assert known.posts["ciso"].holder
    assert all(person.address_on("mail") for person in known.people.values())
    assert world.kinds().count("DIRECTORY_LOST") == 1
    assert world.desk.look(lambda look: Rosters().of(look).copy_since) == since
    assert [part.state for part in check(world.desk) if part.part == "directory"] == ["down"]
    file.write_bytes(kept)
    world.chores.keep_house()
    assert world.kinds()[-1] == "DIRECTORY_HEARD"
    assert world.desk.look(lambda look: Rosters().of(look).copy_since) is None
    assert world.desk.look(workings.conditions)["directory"].state == "ok"


@pytest.mark.parametrize("share", [0, 0.4])
def test_a_directory_that_names_far_fewer_is_not_believed(world: World, share: float) -> None:
    listing = world.desk.directory.listing()
    few = dict(list(listing.people.items())[: int(share * len(listing.people))])
    with pytest.raises(DirectoryUnavailable, match="directory_shrunk"):
        world.desk.commit(SYSTEM, people.refresh, few, listing.posts)
    known = world.desk.look(lambda look: people.roster(look.session, look.vault))
    assert len(known.people) == 15
    world.desk.commit(SYSTEM, people.refresh, few, listing.posts, accept=True)
    known = world.desk.look(lambda look: people.roster(look.session, look.vault))
    assert len(known.people) == len(few)


def test_the_copy_lies_sealed(world: World) -> None:
    with world.desk.read() as session:
        row = session.get_one(RosterPersonRow, world.person("k.sato").id)
    assert "佐藤".encode() not in row.sealed
    assert b"k.sato" not in row.sealed

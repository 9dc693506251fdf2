"""Batch after batch comes to what the whole set comes to: 1,000 permutations of one day give the same incidents."""

import itertools
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from csirt.model.incident import IncidentType, Level, Sortable
from csirt.model.linking import (
    Because,
    Known,
    apart,
    common_by,
    learn,
    link,
    places_in,
    places_of_group,
    torn_by,
)
from csirt.model.sharing import MOST_HOSTS
from csirt.model.sorting import groups_of

MORNING = datetime(2026, 6, 10, 0, 0, tzinfo=UTC)


def one(
    key: int, attacked: str, attacker: str | None = None, minutes: int = 0, seen_as: str = "",
    shares: Sequence[tuple[str, str]] = (),
) -> Sortable:  # fmt: skip
    sighting = (seen_as, attacked) if seen_as else None
    at = MORNING + timedelta(minutes=minutes)
    texts = tuple(f"the {value}" for _, value in shares)
    return Sortable(
        key, at, attacked, attacker, IncidentType.UNDECIDED, Level.SERIOUS, f"t{key}", sighting, tuple(shares), texts
    )


def a_day(chance: random.Random, size: int = 40, sharing: float = 0.0) -> list[Sortable]:
    """Hosts known by name, by address and by both, some of them in turn under one address, and few attackers.

    So many of them share values: an account that few hosts show, one that is just about common, one of everybody.
    """
    day = []
    for key in range(size):
        name, address = f"pc{chance.randrange(25 if sharing else 9)}", f"10.0.0.{chance.randrange(4)}"
        known_by = chance.choice(["name", "address", "both"])
        attacked = address if known_by == "address" else name
        attacker = chance.choice([None, None, None, *([None] * 20 if sharing else []), "x", "y", "z"])
        seen_as = address if known_by == "both" else ""
        shares = set()
        if sharing and chance.random() < sharing:
            shares.add(("account", chance.choice(["few", "some", "some", "some", *["all"] * 6])))
        if sharing and chance.random() < sharing / 4:
            shares.add((chance.choice(["hash", "url"]), chance.choice(["h1", "h2", "h3"])))
        day.append(one(key, attacked, attacker, chance.randrange(2400), seen_as, sorted(shares)))
    return day


class Shelf:
    """What the store keeps, kept in memory."""

    def __init__(self) -> None:
        self.known = Known()
        self.cluster: dict[int, str] = {}
        self.items: dict[int, Sortable] = {}
        self._ids = (f"c{n:06}" for n in itertools.count())

    def take(self, batch: Sequence[Sortable]) -> dict[int, Because]:
        self.items |= {item.key: item for item in batch}
        places = {(day, "host", address) for day, address in torn_by(batch, self.known)}
        for place in sorted(places | common_by(batch, self.known)):
            if torn := self.known.clusters.get(place):
                self._tear(torn)
        learn(batch, self.known)
        touched = places_in(batch, self.known)
        result = link(batch, self.known, lambda cluster: (cluster,), lambda: next(self._ids))
        assert result.touched <= touched
        self.cluster |= result.of
        for key, cluster in self.cluster.items():
            self.cluster[key] = result.absorbed.get(cluster, cluster)
        return {key: reason.because for key, reason in result.reasons.items()}

    def _tear(self, torn: str) -> None:
        members = [self.items[key] for key, cluster in self.cluster.items() if cluster == torn]
        for place in [place for place, cluster in self.known.clusters.items() if cluster == torn]:
            del self.known.clusters[place]
        for number, group in enumerate(apart(members, self.known)):
            cluster = torn if number == 0 else next(self._ids)
            self.cluster |= dict.fromkeys(group.keys, cluster)
            places = places_of_group([self.items[key] for key in group.keys], self.known)
            self.known.clusters |= dict.fromkeys(places, cluster)

    def partition(self) -> set[frozenset[int]]:
        together: defaultdict[str, set[int]] = defaultdict(set)
        for key, cluster in self.cluster.items():
            together[cluster].add(key)
        return {frozenset(keys) for keys in together.values()}


def batches(items: Sequence[Sortable], chance: random.Random) -> Iterator[Sequence[Sortable]]:
    rest = list(items)
    while rest:
        size = chance.randint(1, 8)
        yield rest[:size]
        rest = rest[size:]


def sorted_in(order: Sequence[Sortable], chance: random.Random) -> set[frozenset[int]]:
    shelf = Shelf()
    for batch in batches(order, chance):
        shelf.take(batch)
    return shelf.partition()


@pytest.mark.parametrize("seed", range(10))
def test_a_hundred_permutations_of_each_of_ten_days_give_the_same_incidents(seed: int) -> None:
    chance = random.Random(seed)
    day = a_day(chance)
    wanted = {frozenset(group.keys) for group in groups_of(day)}
    assert 1 < len(wanted) < len(day)
    for _ in range(100):
        chance.shuffle(day)
        assert sorted_in(day, chance) == wanted


def test_a_thousand_permutations_of_one_day_give_the_same_incidents() -> None:
    chance = random.Random(20261122)
    day = a_day(chance, 30)
    wanted = {frozenset(group.keys) for group in groups_of(day)}
    for _ in range(1000):
        chance.shuffle(day)
        assert sorted_in(day, chance) == wanted


@pytest.mark.parametrize("seed", range(5))
def test_two_hundred_permutations_of_each_of_five_days_with_shared_values_give_the_same_incidents(seed: int) -> None:
    chance = random.Random(seed)
    day = a_day(chance, 50, sharing=0.7)
    wanted = {frozenset(group.keys) for group in groups_of(day)}
    without = {frozenset(group.keys) for group in groups_of([replace(item, shares=()) for item in day])}
    assert 1 < len(wanted) < len(without)
    hosts = {item.attacked for item in day if ("account", "all") in item.shares}
    assert len(hosts) > MOST_HOSTS["account"]
    for _ in range(200):
        chance.shuffle(day)
        assert sorted_in(day, chance) == wanted


def test_a_value_of_few_hosts_links_them_and_one_of_many_lets_them_go() -> None:
    shelf, most = Shelf(), MOST_HOSTS["account"]
    told = [one(key, f"pc{key}", shares=[("account", "a")]) for key in range(1, most + 1)]
    because = shelf.take(told[:1]) | shelf.take(told[1:])
    assert set(because.values()) == {Because.NEW, Because.SHARED_ACCOUNT}
    assert len(shelf.partition()) == 1
    shelf.take([one(90, "pc1", shares=[("account", "a")])])  # the same host again makes nothing common
    assert len(shelf.partition()) == 1
    assert shelf.take([one(99, "pc99", shares=[("account", "a")])]) == {99: Because.NEW}
    assert len(shelf.partition()) == most + 1


def test_a_shared_value_does_not_hold_longer_than_its_day() -> None:
    shelf = Shelf()
    shelf.take([one(1, "a", shares=[("hash", "h")]), one(2, "b", minutes=24 * 60, shares=[("hash", "h")])])
    assert len(shelf.partition()) == 2


def test_why_a_detection_belongs_to_its_incident() -> None:
    shelf = Shelf()
    assert shelf.take([one(1, "a", "x", seen_as="10.0.0.1")]) == {1: Because.NEW}
    assert shelf.take([one(2, "a"), one(3, "b", "x"), one(4, "10.0.0.1"), one(5, "c", "y")]) == {
        2: Because.SAME_HOST,
        3: Because.SHARED_ATTACKER,
        4: Because.SAME_ADDRESS,
        5: Because.NEW,
    }


def test_two_incidents_turn_out_to_be_one() -> None:
    shelf = Shelf()
    shelf.take([one(1, "a", "x"), one(2, "b", "y")])
    assert shelf.partition() == {frozenset({1}), frozenset({2})}
    shelf.take([one(3, "b", "x")])
    assert shelf.partition() == {frozenset({1, 2, 3})}


def test_an_address_that_had_two_names_belongs_to_neither() -> None:
    shelf = Shelf()
    shelf.take([one(1, "a", seen_as="10.0.0.1"), one(2, "10.0.0.1")])
    assert shelf.partition() == {frozenset({1, 2})}
    shelf.take([one(3, "b", seen_as="10.0.0.1")])
    assert shelf.partition() == {frozenset({1}), frozenset({2}), frozenset({3})}

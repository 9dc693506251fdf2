"""Sorting: who hit whom, what belongs together, which case it joins; the same for every order of arrival."""

from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csirt.model.detection import Detection
from csirt.model.incident import Group, IncidentType, Level, Sortable
from csirt.model.sorting import attacked_and_attacker, day_of, groups_of, names_of, plain_address, sighting, told_host

START = datetime(2026, 6, 9, 15, 0, tzinfo=UTC)  # midnight in Japan: 10 June begins
SORTABLES = st.lists(
    st.builds(
        Sortable,
        key=st.integers(0, 10**6),
        at=st.integers(0, 3 * 48).map(lambda half_hours: START + timedelta(minutes=30 * half_hours)),
        attacked=st.sampled_from(["a", "b", "c", "d", "10.0.0.1"]),
        attacker=st.none() | st.sampled_from(["x", "y", "z"]),
        type=st.sampled_from([IncidentType.UNDECIDED, IncidentType.DDOS, IncidentType.RANSOMWARE]),
        level=st.sampled_from(list(Level)),
        title=st.sampled_from(["one", "two"]),
    ),
    max_size=14,
    unique_by=lambda one: one.key,
)


def seen(**fields: object) -> Detection:
    return Detection(**({"format": "cef", "title": "t", "severity_native": "", "level": 0} | fields))  # type: ignore[arg-type]


def one(key: int, attacked: str, attacker: str | None = None, hours: float = 1, **more: object) -> Sortable:
    fields = {"type": IncidentType.UNDECIDED, "level": Level.MINOR, "title": f"t{key}"} | more
    return Sortable(key, START + timedelta(hours=hours), attacked, attacker, **fields)  # type: ignore[arg-type]


def keys(groups: list[Group]) -> list[tuple[int, ...]]:
    return [group.keys for group in groups]


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({"src_ip": "203.0.113.5", "dst_ip": "10.0.0.1"}, ("10.0.0.1", "203.0.113.5")),
        ({"src_ip": "10.0.0.1", "dst_ip": "203.0.113.5"}, ("10.0.0.1", "203.0.113.5")),
        ({"src_ip": "172.16.0.1", "dst_ip": "172.32.0.1"}, ("172.16.0.1", "172.32.0.1")),
        ({"src_ip": "192.168.1.1", "dst_ip": "10.0.0.1"}, ("10.0.0.1", "192.168.1.1")),
        ({"src_ip": "203.0.113.5", "dst_ip": "198.51.100.1"}, ("198.51.100.1", "203.0.113.5")),
        ({"src_ip": "fd00::1", "dst_ip": "2001:db8::1"}, ("fd00::1", "2001:db8::1")),
        ({"src_ip": "fe80::1%eth0", "dst_ip": "2001:DB8:0::1"}, ("fe80::1", "2001:db8::1")),
        ({"src_ip": "1.2.3.4", "dst_ip": "127.0.0.1"}, ("127.0.0.1", "1.2.3.4")),
        ({"src_ip": "169.254.1.1", "dst_ip": "8.8.8.8"}, ("169.254.1.1", "8.8.8.8")),
        ({"src_ip": "::ffff:10.0.0.1", "dst_ip": "8.8.8.8"}, ("10.0.0.1", "8.8.8.8")),
        ({"src_ip": "0.0.0.0", "dst_ip": "10.0.0.1"}, ("10.0.0.1", None)),  # noqa: S104 - an address in a log
        ({"src_ip": "10.0.0.1", "dst_ip": "10.0.0.1"}, ("10.0.0.1", None)),
        ({"src_ip": "10.0.0.1"}, ("10.0.0.1", None)),
        ({"src_ip": "203.0.113.5"}, ("unknown:cef:dec8e865d9d6", "203.0.113.5")),
        ({"dst_ip": "203.0.113.5"}, ("203.0.113.5", None)),
        ({}, ("unknown:cef:dec8e865d9d6", None)),
        ({"src_ip": "$src_ip", "dst_ip": "None", "host": "n/a"}, ("unknown:cef:dec8e865d9d6", None)),
        ({"host": "NRT-ZEI-0142.", "src_ip": "203.0.113.5", "dst_ip": "10.0.0.1"}, ("nrt-zei-0142", "203.0.113.5")),
        ({"host": "NRT-ZEI-0142", "src_ip": "10.0.0.1", "dst_ip": "203.0.113.5"}, ("nrt-zei-0142", "203.0.113.5")),
        ({"host": "$host", "dst_ip": "10.0.0.1"}, ("10.0.0.1", None)),
        ({"host": "10.0.0.1"}, ("10.0.0.1", None)),
        ({"host": "sensor", "dst_ip": "10.0.0.1", "observables": {"attacked": ("PC-1",)}}, ("pc-1", None)),
        ({"host": "pc", "observables": {"attacker": ("203.0.113.5",)}}, ("pc", "203.0.113.5")),
        ({"host": "pc", "src_ip": "10.0.0.9", "observables": {"attacker": ("nonsense",)}}, ("pc", None)),
    ],
)
def test_who_hit_whom(fields: dict[str, object], wanted: tuple[str, str | None]) -> None:
    assert attacked_and_attacker(seen(**fields)) == wanted


def test_reports_without_a_host_are_alike_only_if_they_are_about_the_same() -> None:
    said = [
        seen(format="mail", title="偽サイトの通報"),
        seen(format="mail", title="サーバー停止の通知"),
        seen(format="mail", title="偽サイトの通報", id="2", src_ip="203.0.113.5"),
        seen(format="okta", title="Sign-in", user="CITY\\taro"),
        seen(format="okta", title="New device", user="Taro"),
        seen(format="okta", title="Sign-in", user="root"),  # everybody's: the kind of report counts
        seen(format="okta", title="Sign-in"),
    ]
    about = [attacked_and_attacker(one)[0] for one in said]
    assert about[0] == about[2] != about[1]
    assert about[3] == about[4] != about[5] == about[6]
    assert all(one.startswith("unknown:") and "taro" not in one.casefold() for one in about)
    assert told_host(about[0]) == ""
    assert told_host("pc") == "pc"


@given(*[st.none() | st.text(max_size=20) | st.ip_addresses().map(str)] * 3)
def test_nothing_that_is_written_breaks_it(src: str | None, dst: str | None, host: str | None) -> None:
    attacked, attacker = attacked_and_attacker(seen(src_ip=src, dst_ip=dst, host=host))
    assert attacked
    assert attacker != attacked
    assert attacker is None or plain_address(attacker) == attacker


def test_names_are_learnt_beyond_doubt_only() -> None:
    out = "203.0.113.5"
    assert sighting("pc", out, "10.0.0.1") == sighting("pc", "10.0.0.1", out) == ("10.0.0.1", "pc")
    for attacked, source, destination in (
        ("pc", None, "10.0.0.2"),
        ("pc", "10.0.0.9", "10.0.0.1"),
        ("10.0.0.1", out, "10.0.0.1"),
        ("unknown:cef:dec8e865d9d6", out, "10.0.0.1"),
        ("pc", out, "198.51.100.1"),
    ):
        assert sighting(attacked, source, destination) is None


def test_an_address_with_two_names_on_a_day_has_none() -> None:
    first, again = one(1, "pc", sighting=("10.0.0.1", "pc")), one(2, "pc", hours=2, sighting=("10.0.0.1", "pc"))
    other, tomorrow = (
        one(3, "other", sighting=("10.0.0.1", "other")),
        one(4, "other", hours=25, sighting=("10.0.0.1", "other")),
    )
    day = day_of(first.at)
    assert names_of([first, again]) == {(day, "10.0.0.1"): "pc"}
    assert names_of([first, other]) == {}
    assert names_of([first, tomorrow]) == {(day, "10.0.0.1"): "pc", (day + timedelta(days=1), "10.0.0.1"): "other"}


def test_same_host_same_day() -> None:
    assert keys(groups_of([one(1, "a"), one(2, "b"), one(3, "a", hours=23.9)])) == [(1, 3), (2,)]


def test_the_day_is_that_of_japan() -> None:
    assert keys(groups_of([one(1, "a", hours=-0.5), one(2, "a", hours=0), one(3, "a", hours=24)])) == [
        (1,),
        (2,),
        (3,),
    ]


def test_different_hosts_need_a_shared_attacker_on_that_day() -> None:
    chain = [one(1, "a", "x"), one(2, "b", "x"), one(3, "b", "y"), one(4, "c", "y"), one(5, "d")]
    assert keys(groups_of(chain)) == [(1, 2, 3, 4), (5,)]
    assert keys(groups_of([one(1, "a", "x"), one(2, "b", "x", hours=25)])) == [(1,), (2,)]


def test_an_attacker_is_not_a_host_of_that_name() -> None:
    assert keys(groups_of([one(1, "10.0.0.5", "x"), one(2, "b", "10.0.0.5")])) == [(1,), (2,)]


def test_type_level_and_title_of_a_group() -> None:
    (group,) = groups_of(
        [
            one(1, "a", type=IncidentType.DDOS, level=Level.SERIOUS, title="flood"),
            one(2, "a", hours=3, level=Level.GRAVE, title="later"),
            one(3, "a", hours=2, level=Level.GRAVE, title="earlier"),
            one(4, "a", hours=4, type=IncidentType.OUTAGE, level=Level.SERIOUS),
        ]
    )
    assert (group.type, group.level, group.title) == (IncidentType.DDOS, Level.GRAVE, "earlier")
    assert (group.first, group.last) == (START + timedelta(hours=1), START + timedelta(hours=4))
    assert groups_of([one(1, "a")])[0].type is IncidentType.UNDECIDED


def test_a_known_name_makes_address_and_name_one_host() -> None:
    both = [one(1, "a", sighting=("10.0.0.1", "a")), one(2, "10.0.0.1")]
    (group,) = groups_of(both)
    assert (group.keys, group.attacked) == ((1, 2), frozenset({"a"}))


@given(SORTABLES, st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_nothing(detections: list[Sortable], chance: st.DataObject) -> None:
    shuffled = list(detections)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert groups_of(shuffled) == groups_of(detections)


@given(SORTABLES)
def test_each_detection_is_in_one_group_and_each_host_in_one_incident_a_day(detections: list[Sortable]) -> None:
    groups = groups_of(detections)
    assert sorted(key for group in groups for key in group.keys) == sorted(one.key for one in detections)
    for first, second in combinations(groups, 2):
        if day_of(first.first) == day_of(second.first):
            assert not first.attacked & second.attacked
            assert not first.attackers & second.attackers


@given(SORTABLES)
def test_several_hosts_are_linked_by_shared_attackers(detections: list[Sortable]) -> None:
    by_key = {one.key: one for one in detections}
    for group in groups_of(detections):
        assert day_of(group.first) == day_of(group.last)
        pairs = {(by_key[key].attacked, by_key[key].attacker) for key in group.keys}
        reached = {min(group.attacked)}
        for _ in group.attacked:
            attackers = {attacker for host, attacker in pairs if host in reached and attacker}
            reached |= {host for host, attacker in pairs if attacker in attackers}
        assert reached == group.attacked


def test_a_storm_is_sorted_in_time() -> None:
    storm = [one(n, f"h{n % 20_000}", f"x{n % 30_000}", hours=n / 2000) for n in range(40_000)]
    assert sum(len(group.keys) for group in groups_of(storm)) == 40_000

"""Related incidents: what a city has seen before, closed or open, bounded, and never what is hidden from the reader."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from sqlalchemy import event, text

from csirt.model.incident import Disposition
from csirt.response import by_hand, secrecy
from csirt.store.queries.related import MOST_CASES, Relations, related
from tests.response.seals import who
from tests.response.test_triage import carrying, detect, seen, stored
from tests.world import World

DAY = 24 * 60
FALSE_POSITIVE = Disposition.FALSE_POSITIVE
_NEXT = "SELECT incident FROM detection WHERE attacked = 'pc1' AND incident > 'i-' ORDER BY incident LIMIT 1"
EXPLAIN = {"sqlite": f"EXPLAIN QUERY PLAN {_NEXT}", "postgresql": f"EXPLAIN {_NEXT}"}


def incident_of(world: World, title: str) -> str:
    """The incident that a detection lies in."""
    return stored(world)[title].incident or ""


def found(world: World, title: str) -> dict[str, set[tuple[str, str]]]:
    """What is related to the incident of a detection, by the title of a detection in it."""
    titles = {row.incident: title for title, row in stored(world).items()}
    told = relations(world, title)
    return {titles[one.incident]: set(one.over) for one in told.related}


def relations(world: World, title: str) -> Relations:
    """The same as it is told."""
    return world.desk.look(related, incident_of(world, title))


@contextmanager
def questions(world: World) -> Iterator[list[str]]:
    """What the database is asked meanwhile."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, what: str, *_rest: object) -> None:
        asked.append(what)

    event.listen(world.desk.door.database.reader, "before_cursor_execute", note)
    yield asked
    event.remove(world.desk.door.database.reader, "before_cursor_execute", note)


def test_what_was_seen_before_is_related_open_or_closed_and_each_says_over_what(world: World) -> None:
    detect(world, seen("old host", "pc1", minutes=-40 * DAY))
    detect(world, seen("old attacker", "pc2", "203.0.113.9", "10.0.0.2", minutes=-30 * DAY))
    detect(world, carrying("old account", "pc3", minutes=-20 * DAY, user="NARUTO\\suzuki"))
    detect(world, carrying("old file", "pc4", minutes=-10 * DAY, sha256="AB" * 32))
    detect(world, carrying("old link", "pc5", minutes=-9 * DAY, url="https://bad.example/a"))
    detect(world, carrying("old domain", "pc6", minutes=-8 * DAY, domain="cdn.example"))
    detect(world, seen("nothing shared", "pc7", minutes=-8 * DAY))
    world.work()
    now = carrying("now", "pc1", user="NARUTO\\suzuki")
    carried = {"sha256": ("ab" * 32,), "url": ("https://bad.example/a#x",), "domain": ("cdn.example",)}
    detect(world, replace(now, src_ip="203.0.113.9", dst_ip="10.0.0.1", observables=carried))
    assert found(world, "now") == {
        "old host": {("host", "pc1")},
        "old attacker": {("attacker", "203.0.113.9")},
        "old account": {("account", "suzuki")},
        "old file": {("hash", "ab" * 32)},
        "old link": {("url", "https://bad.example/a")},
        "old domain": {("domain", "cdn.example")},
    }
    assert found(world, "old host") == {"now": {("host", "pc1")}}
    assert found(world, "nothing shared") == {}
    world.desk.commit(world.person("k.sato"), by_hand.close, incident_of(world, "old domain"), FALSE_POSITIVE, "誤検知")
    order = [one.incident for one in relations(world, "now").related]
    assert order[-1] == incident_of(world, "old domain")  # those that are open come first
    assert len(order) == 6


def test_one_account_is_found_within_a_week_however_it_is_spelled(world: World) -> None:
    detect(world, carrying("bare", "pc1", user="suzuki"))
    detect(world, carrying("whole", "pc2", minutes=2 * DAY, user="NARUTO\\Suzuki"))
    detect(world, carrying("of everybody", "pc3", minutes=3 * DAY, user="Administrator"))
    detect(world, carrying("of everybody, too", "pc4", minutes=4 * DAY, user="Administrator"))
    assert found(world, "bare") == {"whole": {("account", "suzuki")}}
    assert found(world, "whole") == {"bare": {("account", "suzuki")}}
    assert found(world, "of everybody") == {}


def test_what_too_many_incidents_show_is_named_as_common_and_relates_nothing(world: World) -> None:
    most = MOST_CASES["host"]
    for day in range(most + 1):
        detect(
            world, carrying(f"d{day}", "proxy", minutes=-day * DAY, domain="cdn.example" if day < 3 else "x.example")
        )
    told = relations(world, "d0")
    assert len(told.related) == most
    assert {over for one in told.related for over in one.over} == {("host", "proxy"), ("domain", "cdn.example")}
    detect(world, carrying("one more", "proxy", minutes=DAY, domain="cdn.example"))
    told = relations(world, "d0")
    assert told.common == (("host", "proxy"),)
    assert {over for one in told.related for over in one.over} == {("domain", "cdn.example")}
    assert len(told.related) == 3


def test_hosts_without_a_name_and_drills_are_not_related(world: World) -> None:
    detect(world, seen("unknown"), seen("unknown next day", minutes=DAY))
    detect(world, seen("first", "pc1"), seen("second", "pc1", minutes=DAY))
    assert found(world, "unknown") == {}
    with world.desk.door.database.writer.begin() as connection:
        connection.execute(
            text("UPDATE incident SET drill = :yes, ordinal = 90 WHERE id = :id"),
            {"yes": True, "id": incident_of(world, "second")},
        )
    world.notes["intruded"] = True
    assert found(world, "first") == {}


def test_a_sealed_incident_is_related_for_its_readers_alone(world: World) -> None:
    detect(world, seen("sealed", "pc1", "203.0.113.9"), seen("open", "pc1", "203.0.113.9", minutes=DAY))
    ciso, officer = who(world.desk, "a.kobayashi"), who(world.desk, "k.sato")
    world.desk.commit(officer, secrecy.seal, incident_of(world, "sealed"), (ciso.id,), "内部不正の疑い")
    case, other = incident_of(world, "open"), who(world.desk, "y.tanaka")
    assert len(world.desk.seen_by(ciso).look(related, case).related) == 1
    assert world.desk.seen_by(other).look(related, case) == Relations()


def test_it_costs_the_same_however_many_detections_a_host_has(world: World) -> None:
    detect(world, seen("first", "pc1"), seen("second", "pc1", minutes=DAY))
    with questions(world) as few:
        assert found(world, "first")
    detect(world, *(seen(f"more {n}", "pc1", minutes=DAY + n // 60) for n in range(300)))
    with questions(world) as many:
        assert found(world, "first")
    assert len(many) == len(few) < 12
    with world.desk.read() as session:
        way = session.execute(text(EXPLAIN[session.get_bind().dialect.name])).all()
    assert "ix_detection_attacked (attacked=? AND incident>?)" in str(
        way
    ) or "Index Only Scan using ix_detection_attacked" in str(way)

"""How the desk is: the page, the one word for outsiders, the line on the board."""

from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from csirt import wellness
from csirt.bootstrap import Desk, wire
from csirt.checkpoints import SignerStatus, checkpoints_of
from csirt.chores import Chores
from csirt.clock import FixedClock
from csirt.errors import Unavailable
from csirt.model.health import PartHealth, PartState, by_age, worst
from csirt.model.people import SYSTEM
from csirt.response import health, runs
from csirt.texts.catalogs import LANGUAGES, catalog
from csirt.texts.health import tell
from tests.web.conftest import Someone
from tests.world import World

PARTS = (
    "database", "worker", "work", "lease", "prefect", "channel", "directory", "record", "quarantine", "playbooks",
    "checkpoint", "state", "disk",
)  # fmt: skip


def parts(world: World) -> dict[str, PartHealth]:
    return {one.part: one for one in wellness.check(world.desk)}


def test_nobody_working_is_down_and_a_worker_is_fine(world: World) -> None:
    assert parts(world)["worker"].state is PartState.DOWN
    world.chores.keep_house()
    assert parts(world)["worker"].state is PartState.OK
    world.clock.forward(timedelta(seconds=30))
    assert parts(world)["worker"].state is PartState.LATE
    world.clock.forward(timedelta(minutes=2))
    found = parts(world)["worker"]
    assert (found.state, found.since) == (PartState.DOWN, world.clock.now() - timedelta(seconds=150))


def test_a_playbook_of_the_city_that_is_not_used_is_named_with_the_reason(world: World) -> None:
    assert parts(world)["playbooks"].state is PartState.OK
    own = world.desk.settings.own_playbooks
    own.mkdir(parents=True, exist_ok=True)
    (own / "loss.py").write_text("import os\n", encoding="utf-8")
    with closing(wire(world.desk.settings, "cli", world.clock)) as desk:
        found = [one for one in wellness.check(desk) if one.part == "playbooks"]
    assert [(one.state, one.name) for one in found] == [(PartState.LATE, "loss.py")]
    for language in LANGUAGES:
        told = tell(catalog(language), found[0])
        assert told.why == catalog(language).sentence(desk.left_out[0])
        assert told.todo
        assert "–" not in told.why


def test_a_dead_worker_beside_a_living_one_wants_a_look_only(world: World) -> None:
    world.desk.commit(SYSTEM, health.beat, "w-other", "worker", "other-host", "city")
    world.clock.forward(timedelta(minutes=5))
    world.chores.keep_house()
    found = {one.name: one.state for one in wellness.check(world.desk) if one.part == "worker"}
    assert found.pop("other-host (city)") is PartState.LATE
    assert list(found.values()) == [PartState.OK]


def test_work_that_nobody_does_is_late_then_down(world: World) -> None:
    began = world.clock.now()
    world.open()
    assert parts(world)["work"].state is PartState.OK
    world.clock.forward(timedelta(minutes=5))
    assert (parts(world)["work"].state, parts(world)["work"].since) == (PartState.DOWN, began)
    world.work()
    assert parts(world)["work"].state is PartState.OK


def test_a_lease_that_ran_out_is_told(world: World) -> None:
    world.open()
    world.desk.commit(SYSTEM, runs.claim)
    assert parts(world)["lease"].state is PartState.OK
    world.clock.forward(timedelta(minutes=1))
    assert parts(world)["lease"].state is PartState.LATE


def test_prefect_is_never_worse_than_late(world: World) -> None:
    world.desk.commit(SYSTEM, health.found, "prefect", "down", "prefect_unavailable")
    assert (parts(world)["prefect"].state, parts(world)["prefect"].code) == (PartState.LATE, "prefect_unavailable")
    world.desk.commit(SYSTEM, health.found, "prefect", "ok")
    assert parts(world)["prefect"].state is PartState.OK
    world.clock.forward(timedelta(minutes=10))
    assert parts(world)["prefect"].code == "prefect_not_asked"


def test_a_record_that_does_not_verify_is_down(world: World) -> None:
    assert parts(world)["record"].code == "record_never_verified"
    wellness.note_verified(world.desk, SimpleNamespace(ok=False, why="leaf_changed"))  # type: ignore[arg-type]
    assert (parts(world)["record"].state, parts(world)["record"].code) == (PartState.DOWN, "leaf_changed")
    wellness.note_verified(world.desk, SimpleNamespace(ok=True, why=None))  # type: ignore[arg-type]
    assert parts(world)["record"].state is PartState.OK


def test_a_full_disk_and_an_old_checkpoint_are_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    published = checkpoints_of(world.desk.settings)
    assert parts(world)["checkpoint"].code == "checkpoint_missing"
    published.prepare()
    now = world.clock.now().isoformat()
    for status, state, code in (
        (SignerStatus(now, signed_at=now), PartState.OK, ""),
        (SignerStatus(now, signed_at=now, code="rolled_back", seq=3), PartState.DOWN, "rolled_back"),
    ):
        published.tell(status)
        assert (parts(world)["checkpoint"].state, parts(world)["checkpoint"].code) == (state, code)
    published.tell(SignerStatus(now, signed_at=now, differs=("incident:i-1:status",)))
    assert (parts(world)["state"].state, parts(world)["state"].name) == (PartState.DOWN, "incident:i-1:status")
    world.clock.at += timedelta(minutes=6)
    assert (parts(world)["checkpoint"].state, parts(world)["checkpoint"].code) == (PartState.DOWN, "checkpoint_old")
    (published.folder / "status.json").write_text("{")
    assert parts(world)["checkpoint"].code == "checkpoint_malformed"
    monkeypatch.setattr("csirt.wellness.shutil.disk_usage", lambda _path: SimpleNamespace(free=1024))
    assert parts(world)["disk"].state is PartState.DOWN


def test_a_database_that_does_not_answer_is_one_line(tmp_path: Path, world: World) -> None:
    object.__setattr__(world.desk, "door", _Away(world.desk.door))
    found = parts(world)
    assert found["database"].state is PartState.DOWN
    assert set(found) == {"database", "playbooks", "disk", "checkpoint"}


class _Away:
    """A door that opens nothing."""

    def __init__(self, door: object) -> None:
        self.clock = door.clock  # type: ignore[attr-defined]
        self.database = door.database  # type: ignore[attr-defined]

    def seen_by(self, _actor: object, **_how: object) -> "_Away":
        return self

    def look(self, *_any: object) -> None:
        raise Unavailable("database_unavailable")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_part_has_its_words_in_both_languages(language: str) -> None:
    speech = catalog(language)
    for part in PARTS:
        told = tell(speech, PartHealth(part, PartState.DOWN, params={"number": 1, "free_mib": 2}))
        assert not told.called.startswith("health.")
        assert told.todo
        assert not told.todo.startswith("health.")
    for state in PartState:
        assert speech.has(f"health.state.{state}")
        assert speech.has(f"health.all.{state}")


def test_ages_and_the_worst() -> None:
    day = timedelta(days=1)
    assert [by_age(age, day, 2 * day) for age in (None, day / 2, day, 2 * day)] == [
        PartState.OK, PartState.OK, PartState.LATE, PartState.DOWN,
    ]  # fmt: skip
    assert worst([]) is PartState.OK
    assert worst([PartHealth("disk", PartState.DOWN), PartHealth("work", PartState.LATE)]) is PartState.DOWN


def test_outsiders_learn_one_word(someone: Callable[[], Someone], desk: Desk, clock: FixedClock) -> None:
    client = someone().client
    answer = client.get("/healthz")
    assert (answer.status_code, answer.text) == (503, "not ok\n")
    Chores(desk).keep_house()
    clock.forward(timedelta(seconds=3))
    answer = client.get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok\n")
    assert client.get("/health", follow_redirects=False).status_code == 303


def test_the_page_and_the_board_say_what_is_down(officer: Someone, desk: Desk, clock: FixedClock) -> None:
    page = officer.client.get("/health").text
    assert "この仕組みの状態" in page
    assert "ワーカーが一度も動いていません。" in page
    assert "この仕組みの一部が止まっています（ワーカー）。" in officer.client.get("/").text
    Chores(desk).keep_house()
    assert "止まっています（ワーカー）" in officer.client.get("/").text  # for two seconds, whoever looks
    clock.forward(wellness.GLANCED)
    assert "止まっています" not in officer.client.get("/").text
    told = {one["part"]: one for one in officer.get("/health").json()["parts"]}
    assert told["worker"]["state"] == "ok"
    assert told["checkpoint"]["code"] == "checkpoint_missing"

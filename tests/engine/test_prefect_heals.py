"""Whatever happens to Prefect, its database or its page: it is shown right again, and nothing is repeated."""

import asyncio
import shutil
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from csirt.store.queries import cases
from tests.plays import assert_sound, entries
from tests.prefect_server import Server, shown_as, until, working
from tests.world import World

pytestmark = pytest.mark.prefect
FIRST, SECOND = "is_it_an_incident", "propose_level"


@pytest.fixture(autouse=True)
def compares_often(prefect_server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    from csirt import showing  # lazy: imports Prefect, which must see its settings first

    monkeypatch.setattr(showing, "COMPARE", timedelta(seconds=1))


def assert_nothing_repeated(city: World, incident: str) -> None:
    started = [entry.step for entry in entries(city, incident, "STEP_STARTED")]
    assert len(started) == len(set(started))
    opened = [entry.step for entry in entries(city, incident, "STEP_OPENED")]
    assert len(opened) == len(set(opened))
    assert_sound(city)


@pytest.mark.parametrize("state", ["CANCELLED", "CANCELLING", "RUNNING", "CRASHED", "COMPLETED"])
def test_a_button_pressed_on_its_page_does_no_harm(city: World, prefect_server: Server, state: str) -> None:
    async def story() -> str:
        async with working(city):
            incident = city.open()
            await shown_as(prefect_server, incident, f"Waiting: {FIRST}")
            run = prefect_server.run(incident)["id"]
            pressed = {"state": {"type": state}, "force": True}
            prefect_server.tell("POST", f"/flow_runs/{run}/set_state", pressed)
            await shown_as(prefect_server, incident, f"Waiting: {FIRST}", 10)
            prefect_server.tell("POST", f"/flow_runs/{run}/set_state", pressed)
            city.answer(FIRST, "k.sato", "yes")  # a pass begins from that state just as well
            await shown_as(prefect_server, incident, f"Waiting: {SECOND}")
        return incident

    assert_nothing_repeated(city, asyncio.run(story()))


def test_a_run_that_was_deleted_is_shown_again_without_a_pass(city: World, prefect_server: Server) -> None:
    async def story() -> str:
        async with working(city):
            incident = city.open()
            await shown_as(prefect_server, incident, f"Waiting: {FIRST}")
            await asyncio.to_thread(prefect_server.delete, incident)
            await shown_as(prefect_server, incident, f"Waiting: {FIRST}", 10)
        return incident

    assert_nothing_repeated(city, asyncio.run(story()))


def lose(database: Path) -> None:
    for path in database.parent.glob("prefect.sqlite*"):
        path.unlink()


def empty(database: Path) -> None:
    with sqlite3.connect(database) as connection:
        connection.execute("DELETE FROM flow_run")


@pytest.mark.parametrize("harm", [lose, empty])
def test_a_lost_database_is_rebuilt_from_ours(
    city: World, prefect_server: Server, harm: Callable[[Path], None]
) -> None:
    async def story() -> tuple[str, str]:
        async with working(city):
            waits, closed = city.open(), city.open(title="閉じるもの")
            await shown_as(prefect_server, waits, f"Waiting: {FIRST}")
            await shown_as(prefect_server, closed, f"Waiting: {FIRST}")
            await asyncio.to_thread(prefect_server.restart, harm)
            await shown_as(prefect_server, waits, f"Waiting: {FIRST}", 60)
            city.answer(FIRST, "k.sato", "no")
            await asyncio.to_thread(until, lambda: _ended(city, waits) or _ended(city, closed))
        return waits, closed

    for incident in asyncio.run(story()):
        assert_nothing_repeated(city, incident)


def test_an_older_copy_is_brought_up_to_date(city: World, prefect_server: Server, tmp_path: Path) -> None:
    copy = tmp_path / "copy"

    def keep(database: Path) -> None:
        shutil.copytree(database.parent, copy)

    def restore(database: Path) -> None:
        lose(database)
        for path in copy.glob("prefect.sqlite*"):
            shutil.copy(path, database.parent)

    async def story() -> tuple[str, str]:
        async with working(city):
            old = city.open()
            await shown_as(prefect_server, old, f"Waiting: {FIRST}")
            await asyncio.to_thread(prefect_server.restart, keep)
            city.answer(FIRST, "k.sato", "no")
            await asyncio.to_thread(until, lambda: _ended(city, old))
            await asyncio.to_thread(until, lambda: prefect_server.run(old)["state_type"] == "COMPLETED", 30)
            new = city.open(title="写しのあと")
            await shown_as(prefect_server, new, f"Waiting: {FIRST}")
            await asyncio.to_thread(prefect_server.restart, restore)
            await shown_as(prefect_server, new, f"Waiting: {FIRST}", 60)
            await asyncio.to_thread(until, lambda: prefect_server.run(old)["state_type"] == "COMPLETED", 60)
        return old, new

    for incident in asyncio.run(story()):
        assert_nothing_repeated(city, incident)


def _ended(city: World, incident: str) -> bool:
    return city.desk.look(cases.incident, incident).disposition is not None

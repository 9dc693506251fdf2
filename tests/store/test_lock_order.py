"""Whoever changes a case holds its row first: writers queue up there, and no two of them can lock each other out."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event

from csirt.errors import Conflict
from csirt.model.people import SYSTEM
from csirt.playbook import Disposition, Responder, Role, choose, seconds
from csirt.response import assignments, escalations, incidents, setting_aside, timers
from csirt.response.assignments import Reply
from csirt.store.queries import work
from csirt.store.tx import Tx
from tests.plays import play_of, start
from tests.world import World

# Every row that belongs to a case; the case's own is taken before any of these.
OF_A_CASE = ("assignment", "step", "timer", "escalation", "delivery", "run_due", "action_due")


@contextmanager
def locks_taken(world: World) -> Iterator[list[str]]:
    """Which tables the statements of a commit lock or change, in order."""
    taken: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        words = statement.replace('"', "").split()
        if "FOR UPDATE" in statement:
            taken.append(words[words.index("FROM") + 1].rstrip(","))
        elif words[0] in {"UPDATE", "INSERT", "DELETE"}:
            taken.append(words[1] if words[0] == "UPDATE" else words[2])

    event.listen(world.desk.door.database.writer, "before_cursor_execute", note)
    try:
        yield taken
    finally:
        event.remove(world.desk.door.database.writer, "before_cursor_execute", note)


def ask_five(respond: Responder) -> Disposition:
    respond.side_by_side(
        *(
            lambda r, n=n: r.ask(
                f"q{n}", who=Role.OFFICER, within=seconds(5), chain="municipal", at_deadline=choose("yes")
            )
            for n in range(5)
        )
    )
    return respond.close(Disposition.BENIGN)


def deeds(world: World, incident: str) -> dict[str, Callable[[Tx], object]]:
    """What people and the worker do to one case at once."""
    asked = {step: view.id for step, view in world.waiting(incident).items()}
    climb = next(one for one in world.desk.look(work.escalations, incident=incident) if one.step == "q1")
    return {
        "answer": lambda tx: assignments.answer(tx, asked["q0"], Reply("yes")),
        "acknowledge": lambda tx: escalations.acknowledge(tx, climb.id),
        "skip": lambda tx: setting_aside.skip(tx, incident, "q2", "理由"),
        "timers": timers.fire,
        "climb": escalations.advance,
        "note": lambda tx: incidents.add_note(tx, incident, "メモ"),
    }


def test_the_case_is_locked_before_anything_of_it(world: World) -> None:
    if world.desk.settings.database.startswith("sqlite"):
        pytest.skip("SQLite has one writer at a time")
    incident = start(world, play_of(ask_five))
    world.work()
    person = world.person("k.sato")
    made = deeds(world, incident)
    world.clock.forward(seconds(6))
    for name in ("answer", "acknowledge", "skip", "climb", "timers"):
        with locks_taken(world) as taken:
            world.desk.commit(SYSTEM if name in {"climb", "timers"} else person, made[name])
        of_the_case = [table for table in taken if table in {"incident", *OF_A_CASE}]
        assert of_the_case[0] == "incident", (name, taken)
    with locks_taken(world) as taken:
        world.passes()
    first = next(table for table in taken if table in {"incident", "step", "assignment", "escalation", "timer"})
    assert first == "incident"


def test_six_at_once_on_one_case_never_lock_each_other_out(world: World) -> None:
    if world.desk.settings.database.startswith("sqlite"):
        pytest.skip("SQLite has one writer at a time")
    clashes: list[str] = []

    def note(context: object) -> None:
        state = getattr(getattr(context, "original_exception", None), "sqlstate", "")
        if state in {"40001", "40P01"}:
            clashes.append(state)

    event.listen(world.desk.door.database.writer, "handle_error", note)
    person = world.person("k.sato")
    for _ in range(8):
        incident = start(world, play_of(ask_five))
        world.work()
        made = deeds(world, incident)
        world.clock.forward(seconds(6))
        ready = threading.Barrier(len(made))

        def run(name: str, use_case: Callable[[Tx], object], ready: threading.Barrier = ready) -> None:
            ready.wait()
            world.desk.commit(SYSTEM if name in {"climb", "timers"} else person, _forgiving(use_case))

        threads = [threading.Thread(target=run, args=one) for one in made.items()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert clashes == []


def _forgiving(use_case: Callable[[Tx], object]) -> Callable[[Tx], object]:
    """Somebody was faster: that is no lock-out, and here nobody reads what they did."""

    def tried(tx: Tx) -> object:
        with tx.session.begin_nested():
            try:
                return use_case(tx)
            except Conflict:
                return None

    return tried

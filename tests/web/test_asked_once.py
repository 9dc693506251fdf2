"""What pages ask the database: few questions, each once, and found by an index where a city is full."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

from csirt.bootstrap import Desk
from csirt.record.entry import EntryKind
from csirt.store.queries import board, timeline
from csirt.store.sight import UNSEEN
from csirt.store.tx import Look
from tests.web.visitor import Visit, lead, visit

__all__ = ["visit"]

REPORT: dict[str, str | list[str]] = {
    "channel": "phone", "title": "画面がおかしい", "account": "赤い画面。", "host": "TAX-PC-017",
    "noticed": "2026-11-22T13:45", "personal_data": "unknown", "type": "outage",
}  # fmt: skip
MOST = {"board": 16, "incident": 25}


@contextmanager
def asked() -> Iterator[list[str]]:
    """The statements that databases are asked meanwhile."""
    said: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        said.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def test_a_board_and_an_incident_ask_few_questions(visit: Visit, desk: Desk) -> None:
    """A statement costs more than its answer, and over a network a way there and back."""
    me = visit("k.sato")
    form = me.form("/incidents/report", "/incidents")
    at = lead(me.post("/incidents", form | REPORT))
    for name, path in (("board", "/"), ("incident", at)):
        me.text(path)
        with asked() as said:
            me.text(path)
        assert len([one for one in said if one != "BEGIN"]) <= MOST[name], said


def test_questions_of_several_parts_leave_out_in_each_what_is_hidden(desk: Desk) -> None:
    """What a board asks by one statement of several tables: of each table the hidden cases are missing."""
    with desk.read() as session:
        session.info[UNSEEN] = (frozenset({"i-hidden"}), False)
        look, now = Look(session, desk.door.vault), desk.clock.now()
        with asked() as said:
            board.due_until(look, now)
            board.open_cases(look)
            board.waits_for(look, ["role:officer"], now, listing=True)
            timeline.newest_of(look, "i-1", {EntryKind.LEVEL_SET: 1, EntryKind.LEVEL_PROPOSED: 1})
            timeline.pane(look, "i-1")
    told = [one for one in said if one != "BEGIN"]
    assert [one.count("NOT IN") for one in told] == [5, 1, 4, 2, 1]


def test_entries_of_one_kind_are_found_by_their_index(desk: Desk) -> None:
    """In another order SQLite reads through all entries of a long case to find that there is none."""
    with desk.read() as session:
        plan = session.connection().exec_driver_sql(
            "EXPLAIN QUERY PLAN " + str(timeline._of_kinds(2)),  # noqa: SLF001
            {"inc": "i-1", "kind0": "LEVEL_SET", "most0": 5, "kind1": "LEVEL_PROPOSED", "most1": 5, "param_1": 5},
        ).fetchall()  # fmt: skip
    assert "ix_ledger_entry_inc_kind" in str(plan)
    assert "TEMP B-TREE" not in str(plan)

"""What pages ask the database: few questions, each once, and found by an index where a city is full."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

from csirt.bootstrap import Desk
from csirt.store.queries import timeline
from tests.web.visitor import Visit, lead, visit

__all__ = ["visit"]

REPORT: dict[str, str | list[str]] = {
    "channel": "phone", "title": "画面がおかしい", "account": "赤い画面。", "host": "TAX-PC-017",
    "noticed": "2026-11-22T13:45", "personal_data": "unknown", "type": "outage",
}  # fmt: skip
MOST = {"board": 20, "incident": 45}


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


def test_entries_of_one_kind_are_found_by_their_index(desk: Desk) -> None:
    """In another order SQLite reads through all entries of a long case to find that there is none."""
    with desk.read() as session:
        plan = session.connection().exec_driver_sql(
            "EXPLAIN QUERY PLAN " + str(timeline._OF_KIND.compile(compile_kwargs={"literal_binds": False})),  # noqa: SLF001
            {"inc": "i-1", "kind": "LEVEL_SET", "most": 5, "param_1": 5},
        ).fetchall()  # fmt: skip
    assert "ix_ledger_entry_inc_kind" in str(plan)
    assert "TEMP B-TREE" not in str(plan)

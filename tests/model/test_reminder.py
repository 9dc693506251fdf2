"""When somebody is reminded of a duty: the shipped plans, what arises late, and what a mistyped file says."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from csirt import founding
from csirt.errors import Invalid
from csirt.model.reminder import ReminderBook, reminders_from

BOOK = reminders_from(founding.read_toml(founding.REMINDERS), "reminders.toml")
CLOCK = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)  # 10:00 in Japan
H = timedelta(hours=1)


def instants(due: datetime | None, now: datetime = CLOCK, book: ReminderBook = BOOK) -> list[datetime]:
    found, done = [], 0
    while (step := book.next_rung(CLOCK, due, done, now)) is not None:
        done, now = step[0] + 1, step[1]
        found.append(now)
    return found


def test_a_report_of_the_same_day_is_reminded_of_in_its_last_hours() -> None:
    midnight = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
    assert [midnight - at for at in instants(midnight)] == [6 * H, 3 * H, H, 0 * H]


def test_longer_times_have_longer_leads_and_end_in_a_chain() -> None:
    preliminary, final = CLOCK + timedelta(days=4, hours=14), CLOCK + timedelta(days=29, hours=14)
    assert [preliminary - at for at in instants(preliminary)] == [48 * H, 24 * H, 9 * H, 0 * H]
    assert [(final - at).days for at in instants(final)] == [14, 7, 2, 0, 0]
    for due in (preliminary, final, None):
        plan = BOOK.plan_for(CLOCK, due)
        assert plan is not None
        assert plan.rungs[0].parties("poc") == ("post:poc",)
        assert any(rung.chain for rung in plan.rungs)


def test_without_a_day_it_counts_on_from_the_clock() -> None:
    assert [(at - CLOCK).days for at in instants(None)] == [2, 5, 10]


def test_what_arises_late_is_reminded_of_once_after_the_grace_and_not_for_every_rung() -> None:
    due = CLOCK + timedelta(days=4)
    late = due - 2 * H
    assert instants(due, late) == [late + timedelta(minutes=30), due]
    assert instants(due, due + H) == [due + H + timedelta(minutes=30)]


PLAN: dict[str, Any] = {"up_to": "24 h", "rung": [{"before": "6 h", "call": ["in_charge"], "by": ["mail"]}]}


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ({"plan": [PLAN]}, "source"),
        ({"source": "x", "plan": []}, "plan"),
        ({"source": "x", "odd": 1, "plan": [PLAN]}, "odd"),
        ({"source": "x", "grace": "soon", "plan": [PLAN]}, "grace"),
        ({"source": "x", "plan": [{**PLAN, "up_to": "24"}]}, "plan[0].up_to"),
        ({"source": "x", "plan": [{**PLAN, "odd": 1}]}, "plan[0]"),
        ({"source": "x", "plan": [{**PLAN, "rung": []}]}, "plan[0].rung"),
        ({"source": "x", "plan": [{"rung": PLAN["rung"]}]}, "plan[0].rung[0].after"),
        (
            {"source": "x", "plan": [{**PLAN, "rung": [{"before": "1 h", "call": "poc", "by": []}]}]},
            "plan[0].rung[0].call",
        ),
        ({"source": "x", "plan": [{**PLAN, "rung": [{"before": "1 h"}]}]}, "plan[0].rung[0].chain"),
        ({"source": "x", "plan": [PLAN, {**PLAN, "up_to": "1 h"}]}, "plan"),
    ],
)
def test_a_mistyped_plan_names_its_place(table: dict[str, Any], key: str) -> None:
    with pytest.raises(Invalid, match="reminders_malformed") as caught:
        reminders_from(table, "reminders.toml")
    assert caught.value.params == {"file": "reminders.toml", "key": key}

"""`csirt handover` and `csirt chains confirm`."""

from datetime import timedelta
from pathlib import Path

from csirt.clock import SystemClock
from csirt.era import jst_date
from tests.cli.calling import call, city


def test_a_hand_over_is_entered_listed_and_cancelled(tmp_path: Path) -> None:
    data = city(tmp_path)
    on = (jst_date(SystemClock().now()) + timedelta(days=5)).isoformat()
    given = ("handover", "enter", "poc", "--as", "k.sato", "--holder", "m.takahashi", "--json", "--data", data)
    refused = call(*given, "--on", "2020-04-01")
    assert (refused.code, refused.error["error"]) == (2, "handover_day")
    made = call(*given, "--on", on, "--deputy", "h.suzuki").row
    (row,) = call("handover", "list", "--json", "--data", data).rows
    assert (row["id"], row["post"], row["on"]) == (made["handover"], "poc", on)
    assert "高橋" in call("handover", "list", "--data", data).out
    hours = call("chains", "check", "--hours", "--json", "--data", data).rows
    people = {tuple(one["people"]) for one in hours if one["party"] == "post:poc" and one["chain"] == "municipal"}
    assert (row["holder"],) in people
    assert call("handover", "cancel", row["id"], "--as", "k.sato", "--data", data).code == 0
    assert call("handover", "list", "--json", "--data", data).rows == []


def test_an_office_is_confirmed(tmp_path: Path) -> None:
    data = city(tmp_path)
    today = jst_date(SystemClock().now()).isoformat()
    done = call("chains", "confirm", "mic-cyber", "--as", "k.sato", "--json", "--data", data).row
    assert done == {"office": "mic-cyber", "confirmed": today}
    unknown = call("chains", "confirm", "nobody", "--as", "k.sato", "--json", "--data", data)
    assert (unknown.code, unknown.error["error"]) == (4, "office_unknown")

"""`csirt absence`: enter, list and end."""

import json
from pathlib import Path

from tests.cli.calling import call, city


def test_an_absence_is_entered_listed_and_ended(tmp_path: Path) -> None:
    data = city(tmp_path)
    span = ("--from", "2026-12-29T00:00+09:00", "--until", "2099-01-04T08:30+09:00")
    refused = call("absence", "add", "--as", "k.sato", *span, "--json", "--data", data)
    assert (refused.code, refused.error["error"]) == (2, "absence_span")
    span = ("--from", "2099-12-29T00:00+09:00", "--until", "2100-01-04T08:30+09:00")
    made = call("absence", "add", "--as", "k.sato", "--person", "a.kobayashi", *span, "--json", "--data", data).row
    (row,) = call("absence", "list", "--json", "--data", data).rows
    assert (row["id"], row["name"]) == (made["absence"], "小林 明（副市長）")
    assert "小林 明" in call("absence", "list", "--data", data).out
    assert call("absence", "end", row["id"], "--as", "a.kobayashi", "--data", data).code == 0
    assert call("absence", "list", "--json", "--data", data).rows == []
    wrong = call("absence", "add", "--as", "k.sato", "--from", "soon", "--until", "later", "--json", "--data", data)
    assert json.loads(wrong.err)["error"] == "time_malformed"

"""`csirt chains`: who would be called when, and rehearsals."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.cli.calling import call, city


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return city(tmp_path_factory.mktemp("chains"))


def test_a_fortnight_is_told_in_spells(data: Path) -> None:
    rows = call("chains", "check", "--hours", "--json", "--data", data).rows
    municipal = [row for row in rows if row["chain"] == "municipal"]
    assert {row["from"] for row in municipal} == {municipal[0]["from"]}  # its times are the same by day and by night
    assert {row["chain"] for row in rows} >= {"national", "police", "partners"}
    police = [row for row in rows if row["chain"] == "police" and row["route"] == "station" and row["tier"] == 2]
    assert {row["after"] for row in police} == {60, 90}
    assert all(row["until"] > row["from"] for row in rows)
    text = call("chains", "check", "--hours", "--data", data).out
    assert "佐藤 和也（情報担当係長）" in text


def test_a_rehearsal_says_who_is_reached_when(data: Path, tmp_path: Path) -> None:
    picture = tmp_path / "national.svg"
    asked = (
        "chains", "rehearse", "national", "--at", "2026-12-31T23:00+09:00", "--silent", "ciso", "--down", "lgwan-mail",
        "--runs", 300, "--data", data,
    )  # fmt: skip
    found = call(*asked, "--json", "--svg", picture).row
    assert (found["chain"], found["runs"], found["goal"]) == ("national", 300, "office:mic-cyber")
    assert 0 < found["probability"] < 1
    reached = {one["party"]: one for one in found["reached"]}
    assert reached["post:ciso"]["share"] == 0
    assert reached["office:soc"]["median"] <= reached["office:soc"]["late"] <= reached["office:soc"]["worst"]
    assert found["weakest"][0]["key"] == "phone"
    assert found == call(*asked, "--json").row
    svg = ET.fromstring(picture.read_text(encoding="utf-8"))  # noqa: S314 - our own file
    assert svg.tag == "{http://www.w3.org/2000/svg}svg"
    assert "総務省 サイバーセキュリティ対策室" in "".join(svg.itertext())
    told = call(*asked).out
    assert "総務省 サイバーセキュリティ対策室に60分以内に伝わる確率" in told
    assert "電話 が使えない場合：0.0%" in told


@pytest.mark.parametrize(
    ("options", "code", "error"),
    [
        (("nobody",), 4, "chain_unknown"),
        (("national", "--at", "tomorrow"), 2, "time_malformed"),
        (("national", "--at", "2026-12-31T23:00"), 2, "time_without_zone"),
        (("national", "--silent", "!"), 2, "party_malformed"),
        (("national", "--down", "pigeon"), 4, "channel_not_in_chain"),
        (("national", "--goal", "mayor"), 4, "party_not_in_chain"),
    ],
)
def test_what_cannot_be_rehearsed_is_said(data: Path, options: tuple[str, ...], code: int, error: str) -> None:
    called = call("chains", "rehearse", *options, "--json", "--data", data)
    assert (called.code, json.loads(called.err)["error"]) == (code, error)

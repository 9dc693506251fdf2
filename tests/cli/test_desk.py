"""The desk by command line: incidents, timelines, assignments, answers; what is printed and which code ends it."""

from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from csirt.cli.main import COMMANDS
from tests.cli.calling import Called, call, city


def desk(data: Path, *arguments: object) -> Called:
    return call(*arguments, "--data", data, "--json")


def ransomware(data: Path) -> dict[str, Any]:
    return next(row for row in desk(data, "incidents").rows if row["type"] == "ransomware" and row["ordinal"] == 1)


def test_incidents_are_listed_newest_first(data: Path) -> None:
    rows = desk(data, "incidents").rows
    assert len(rows) == 2
    wanted = {"id", "number", "title", "type", "level", "proposed_level", "status", "received"}
    assert all(wanted <= set(row) for row in rows)
    assert rows[0]["received"] >= rows[1]["received"]
    assert all(row["received"].endswith("Z") for row in rows)
    assert {row["number"] for row in rows} == {"令和8年度 第1号", "令和8年度 第2号"}
    english = call("incidents", "--data", data, "--lang", "en", "--json").rows
    assert {row["number"] for row in english} == {"FY2026 No. 1", "FY2026 No. 2"}
    assert desk(data, "incidents", "--status", "closed").rows == []


@pytest.mark.parametrize("name", ["令和8年度 第1号", "R8-1", "2026-1", "ID"])
def test_an_incident_goes_by_its_id_or_any_form_of_its_number(data: Path, name: str) -> None:
    known = ransomware(data)
    found = desk(data, "incident", known["id"] if name == "ID" else name).row
    assert found["id"] == known["id"]
    assert {"steps", "assignments", "escalations"} <= set(found)
    assert {step["key"] for step in found["steps"]} >= {"is_it_an_incident", "propose_level"}
    assert [one["step"] for one in found["assignments"] if not one["open"]] == ["is_it_an_incident"]
    assert found["escalations"][0]["calls"]
    assert "address" not in found["escalations"][0]["calls"][0]


def test_the_timeline_is_in_order_and_told(data: Path) -> None:
    rows = desk(data, "timeline", "R8-1").rows
    assert all({"seq", "at", "kind", "step", "actor", "text"} <= set(row) for row in rows)
    assert [row["seq"] for row in rows] == sorted(row["seq"] for row in rows)
    assert rows[0]["kind"] == "INCIDENT_OPENED"
    assert all(row["text"] for row in rows)
    answered = next(row for row in rows if row["kind"] == "STEP_ANSWERED")
    assert (answered["step"], answered["auth"]) == ("is_it_an_incident", "local")
    assert answered["actor"].startswith("p-")
    assert "佐藤" in answered["actor_name"]


def test_the_timeline_goes_into_documents(data: Path, tmp_path: Path) -> None:
    files = {"pdf": b"%PDF", "xlsx": b"PK\x03\x04", "csv": b"\xef\xbb\xbf"}
    options = [part for form in files for part in (f"--{form}", tmp_path / f"out.{form}")]
    called = call("timeline", "R8-1", *options, "--data", data)
    assert called.code == 0
    for form, start in files.items():
        assert (tmp_path / f"out.{form}").read_bytes().startswith(start)
        assert f"out.{form}" in called.out
    called = call("timeline", "R8-1", "--csv", tmp_path / "no" / "such" / "x.csv", "--data", data, "--json")
    assert (called.code, called.error["error"]) == (6, "folder_not_writable")


def test_an_incident_is_opened_in_somebodys_name_on_a_fresh_folder(tmp_path: Path) -> None:
    data = city(tmp_path)
    made = desk(data, "open", "--title", "画面に身代金の要求", "--as", "k.sato", "--type", "ransomware",
                "--host", "pc-zei-07", "--account", "税務課から電話")  # fmt: skip
    assert (made.code, made.row["type"], made.row["title"]) == (0, "ransomware", "画面に身代金の要求")
    told = desk(data, "timeline", made.row["id"]).rows
    assert told[0]["auth"] == "local"
    assert "pc-zei-07" in told[0]["text"]
    assert desk(data, "incident", "R8-1").row["id"] == made.row["id"]


def test_somebody_is_found_though_the_roster_is_still_empty(tmp_path: Path) -> None:
    assert call("ingest", "-", "--data", tmp_path, given=b"x").code == 2  # makes the folder, reads no directory
    assert desk(tmp_path, "open", "--title", "報告", "--as", "k.sato").code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (("open", "--title", " ", "--as", "k.sato"), 2, "title_missing"),
        (("open", "--title", "1234-5678-9018", "--as", "k.sato"), 2, "my_number_refused"),
        (("open", "--title", "x", "--as", "nobody"), 4, "person_unknown"),
        (("incident", "R8-99"), 4, "incident_unknown"),
        (("timeline", "no-such"), 4, "incident_unknown"),
        (("assignments", "--incident", "R9-1"), 4, "incident_unknown"),
        (("note", "R8-99", "--as", "k.sato", "--text", "x"), 4, "incident_unknown"),
        (("note", "R8-1", "--as", "k.sato", "--text", " "), 2, "text_missing"),
        (("answer", "a-none", "--as", "k.sato", "--choice", "yes"), 4, "assignment_unknown"),
        (("answer", "a-none", "--as", "k.sato", "--choice", "yes", "--field", "novalue"), 2, "field_invalid"),
        (("acknowledge", "e-none", "--as", "k.sato"), 4, "escalation_unknown"),
        (("token", "ids"), 5, "token_exists"),
        (("init", "--city", "nowhere.toml"), 5, "city_exists"),
    ],
)
def test_errors_have_a_code_a_sentence_and_the_exit_code_of_their_family(
    data: Path, arguments: tuple[str, ...], code: int, error: str
) -> None:
    called = desk(data, *arguments)
    assert (called.code, called.out) == (code, "")
    assert set(called.error) == {"error", "params", "message"}
    assert called.error["error"] == error
    plain = call(*arguments, "--data", data)
    assert (plain.code, plain.out) == (code, "")
    assert called.error["message"] in plain.err
    english = call(*arguments, "--data", data, "--lang", "en")
    assert english.err.isascii()


def test_a_folder_without_a_city(tmp_path: Path) -> None:
    assert desk(tmp_path / "none", "incidents").error["error"] == "city_missing"
    assert not (tmp_path / "none").exists()


def test_a_setting_that_is_malformed_is_named(data: Path) -> None:
    (data / "csirt.toml").write_text('port = "many"\n')
    called = desk(data, "incidents")
    assert (called.code, called.error["params"]) == (2, {"key": "port"})


def test_usage_errors_end_with_2(data: Path) -> None:
    for arguments in (["bogus"], ["open"], ["incidents", "--lang", "fr"], ["incident"], ["incidents", "--status", "x"]):
        assert call(*arguments).code == 2


def test_what_waits_is_answered_in_somebodys_name(data: Path) -> None:
    waiting = desk(data, "assignments", "--incident", "R8-1").rows
    asked = next(row for row in waiting if row["step"] == "propose_level")
    assert all(row["open"] for row in waiting)
    level = asked["choices"][1]["code"]
    answer = ("answer", asked["id"], "--as", "k.sato", "--choice", level, "--reason", "税務課の端末のみ")
    answered = desk(data, *answer)
    assert (answered.code, answered.row["choice"], answered.row["open"]) == (0, level, False)
    again = desk(data, *answer)
    assert (again.code, again.error["error"]) == (5, "already_answered")
    told = desk(data, "timeline", "R8-1").rows[-1]
    assert "税務課の端末のみ" in " ".join(row["text"] for row in desk(data, "timeline", "R8-1").rows)
    assert told["auth"] == "local"
    assert asked["id"] not in {row["id"] for row in desk(data, "assignments").rows}
    assert asked["id"] in {row["id"] for row in desk(data, "assignments", "--all").rows}


@pytest.mark.parametrize(("choice", "error"), [("perhaps", "choice_unknown"), ("no", "reason_missing")])
def test_a_wrong_answer_is_refused(data: Path, choice: str, error: str) -> None:
    waiting = desk(data, "assignments", "--incident", "R8-2").rows
    asked = next(row["id"] for row in waiting if row["step"] == "is_it_an_incident")
    called = desk(data, "answer", asked, "--as", "k.sato", "--choice", choice)
    assert (called.code, called.error["error"]) == (2, error)


def test_mine_are_those_of_my_roles_and_posts(data: Path) -> None:
    everybodys = {row["id"] for row in desk(data, "assignments").rows}
    officer = {row["id"] for row in desk(data, "assignments", "--mine", "k.sato").rows}
    assert officer
    assert officer <= everybodys
    assert {row["who"] for row in desk(data, "assignments", "--mine", "k.sato").rows} <= {
        "role:officer", "role:responder", "post:security-officer"
    }  # fmt: skip
    assert desk(data, "assignments", "--mine", "nobody").code == 4


def test_a_call_is_acknowledged_by_who_was_called_only(data: Path) -> None:
    climbs = [
        one for row in desk(data, "incidents").rows for one in desk(data, "incident", row["id"]).row["escalations"]
    ]
    climb = next(one for one in climbs if one["ended_at"] is None and any(call["person"] for call in one["calls"]))
    called_person = next(call["person"] for call in climb["calls"] if call["person"])
    outsider = desk(data, "acknowledge", climb["id"], "--as", "f.yamada")
    assert (outsider.code, outsider.error["error"]) == (3, "not_called")
    for uid in ("k.sato", "y.tanaka", "m.takahashi", "s.watanabe", "a.kobayashi"):
        if desk(data, "acknowledge", climb["id"], "--as", uid).code == 0:
            break
    else:
        pytest.fail(f"nobody could acknowledge, though {called_person} was called")
    assert "CALL_ACKNOWLEDGED" in {row["kind"] for row in desk(data, "timeline", climb["incident"]).rows}


def test_a_remark_is_added(data: Path) -> None:
    made = desk(data, "note", "R8-1", "--as", "k.sato", "--text", "県に連絡済み")
    assert made.code == 0
    assert "県に連絡済み" in {one["text"] for one in desk(data, "incident", "R8-1").row["notes"]}


def test_measures_are_listed(data: Path) -> None:
    assert (desk(data, "measures").code, desk(data, "measures").rows) == (0, [])


def test_chains_of_the_sample_city_are_sound_and_a_weak_one_is_named(data: Path) -> None:
    assert (desk(data, "chains", "check").code, desk(data, "chains", "check").rows) == (0, [])
    file = data / "chains" / "municipal.toml"
    text = file.read_text()
    file.write_text(text.replace('call = ["post:', 'call = ["post:no-such-', 1).replace(
        'call  = ["post:', 'call  = ["post:no-such-', 1))  # fmt: skip
    weak = desk(data, "chains", "check")
    assert weak.code == 2
    assert {"code", "file", "route", "tier", "key", "severity", "message"} == set(weak.rows[0])
    assert weak.rows[0]["code"] == "post_unknown"
    assert weak.rows[0]["file"] == "municipal.toml"
    file.write_text(text.replace("[exhausted]", "[exhaustd]"))
    broken = desk(data, "chains", "check")
    assert (broken.code, broken.error["params"]["file"]) == (2, "municipal.toml")


def test_playbooks_are_listed() -> None:
    rows = call("playbooks", "list", "--json").rows
    assert {"name", "version", "handles"} <= set(rows[0])
    assert "ransomware" in {row["handles"] for row in rows}


def test_a_token_is_shown_once_and_kept_hashed(data: Path) -> None:
    made = desk(data, "token", "fw").row
    assert made["token"].startswith("csd_fw_")
    assert made["token"].encode() not in (data / "csirt.sqlite").read_bytes()


def test_help_of_every_command_speaks_both_languages() -> None:
    whole = call("--help")
    assert whole.code == 0
    assert all(name in whole.out for name in COMMANDS)
    for name in COMMANDS:
        called = call(name, "--help")
        assert called.code == 0
        assert any("\u3040" <= sign <= "\u9fff" for sign in called.out)


def test_tables_line_up_with_full_width_signs(data: Path) -> None:
    lines = [line for line in call("incidents", "--data", data).out.splitlines() if "令和" in line]
    places = {cell_len(line[: line.index("対応中")]) for line in lines}
    assert len(lines) == 2
    assert len(places) == 1


def test_hostile_texts_stay_texts(data: Path) -> None:
    title = "[bold red]x[/] \x1b[31m\u202e=1+1"
    made = desk(data, "open", "--title", title, "--as", "k.sato").row
    assert "\x1b" not in made["title"]
    shown = call("incidents", "--data", data).out
    assert "\x1b" not in shown
    assert "[bold red]x[/]" in shown


def test_a_drill_is_opened_as_such(data: Path) -> None:
    found = desk(data, "open", "--title", "年次訓練", "--as", "k.sato", "--drill").row
    assert (found["number"], found["drill"]) == ("訓練-2026-001", True)
    assert desk(data, "incident", "訓練-2026-001").row["id"] == found["id"]

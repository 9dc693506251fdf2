"""`csirt read`: no store, no data folder; a line for every detection and every record that could not be read."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.calling import SAMPLES, call, run
from tests.house.tree import ROOT

OURS = ROOT / "csirt/city_data/sample/detections"
KEYS = {"i", "format", "id", "title", "severity_native", "level", "time_raw", "time_utc", "src_ip", "dst_ip", "host",
        "user"}  # fmt: skip


@pytest.mark.parametrize(("name", "form"), [("suricata.ndjson", "suricata-eve"), ("edr.cef", "cef")])
def test_each_detection_is_one_object_a_line(name: str, form: str) -> None:
    called = call("read", OURS / name, "--json")
    assert (called.code, called.err) == (0, "")
    detections = [row for row in called.rows if "error" not in row]
    assert detections
    assert all({"i", "format", "title", "severity_native", "level"} <= set(row) <= KEYS for row in detections)
    assert {row["format"] for row in detections} == {form}
    assert all(set(row) == {"i", "error", "reason"} for row in called.rows if "error" in row)
    assert [row["i"] for row in called.rows] == sorted(row["i"] for row in called.rows)


def test_standard_input_is_read_for_a_dash_and_the_format_may_be_given() -> None:
    content = (OURS / "edr.cef").read_bytes()
    piped = call("read", "-", "--format", "cef", "--json", given=content)
    assert piped.rows == call("read", OURS / "edr.cef", "--json").rows


def test_a_broken_record_is_one_line_and_the_rest_is_read(tmp_path: Path) -> None:
    lines = (OURS / "suricata.ndjson").read_bytes().splitlines()
    file = tmp_path / "broken.ndjson"
    file.write_bytes(b"\n".join([lines[0], b'{"event_type": "alert", "alert": ', lines[0]]) + b"\n")
    called = call("read", file, "--json")
    assert called.code == 0
    assert called.rows[1] == {"i": 1, "error": "not_json", "reason": called.rows[1]["reason"]}
    assert [row["i"] for row in called.rows] == [0, 1, 2]


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "empty"), (b"\x00\xff\x00", "format_unknown"), (b"\n\n", "empty"), (b"{\n", "format_unknown")],
)
def test_nothing_readable_ends_with_2_and_names_file_and_reason(tmp_path: Path, content: bytes, code: str) -> None:
    file = tmp_path / "odd.bin"
    file.write_bytes(content)
    called = call("read", file, "--json")
    assert (called.code, called.out) == (2, "")
    assert called.error["error"] == "nothing_readable"
    assert called.error["params"]["file"] == "odd.bin"
    assert called.error["params"]["code"] == code
    assert "odd.bin" in called.error["message"]


def test_records_that_are_all_broken_end_with_2(tmp_path: Path) -> None:
    file = tmp_path / "all.log"
    file.write_bytes(b"CEF:0|only|three\n")
    called = call("read", file, "--format", "cef", "--json")
    assert called.code == 2
    assert called.row["error"] == called.error["params"]["code"]


def test_not_a_detection_is_read_and_gives_no_line(tmp_path: Path) -> None:
    file = tmp_path / "flow.ndjson"
    file.write_bytes(b'{"timestamp":"2026-11-22T00:00:00.000000+0900","event_type":"flow","flow_id":1}\n')
    assert (call("read", file, "--json").code, call("read", file, "--json").out) == (0, "")


def test_a_file_that_is_not_there_and_a_format_that_we_do_not_have() -> None:
    assert call("read", "no-such-file", "--json").code == 4
    called = call("read", OURS / "edr.cef", "--format", "morse", "--json")
    assert (called.code, called.error["error"]) == (2, "format_unknown")


def test_people_get_a_table_that_lines_up() -> None:
    lines = call("read", OURS / "edr.cef").out.splitlines()
    assert any("件名" in line for line in lines)
    assert "Title" in call("read", OURS / "edr.cef", "--lang", "en").out


def test_no_folder_is_made(tmp_path: Path) -> None:
    called = run("read", OURS / "edr.cef", "--json", XDG_DATA_HOME=str(tmp_path), HOME=str(tmp_path))
    assert (called.code, called.err) == (0, "")
    assert list(tmp_path.iterdir()) == []


def test_no_store_is_loaded() -> None:
    code = "import sys, csirt.cli.main, csirt.cli.reading; sys.exit('sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_samples_of_real_sensors_are_read() -> None:
    if not SAMPLES.is_dir():
        pytest.skip("the samples are not on this machine")
    called = call("read", SAMPLES / "suricata-eve" / "eve-mixed.ndjson", "--json")
    assert called.code == 0
    assert all(row["level"] in range(5) for row in called.rows)

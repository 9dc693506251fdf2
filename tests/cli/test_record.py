"""`csirt record`: entries through filters, one with its proof, extracts as files."""

from pathlib import Path

from csirt.checkpoints import checkpoints_of
from csirt.record.verify_record import open_proof
from csirt.settings import Settings
from tests.cli.calling import call


def test_entries_are_listed_through_filters(data: Path) -> None:
    rows = call("record", "list", "--data", data, "--kind", "NOTE_ADDED", "--json").rows
    assert [row["kind"] for row in rows] == ["NOTE_ADDED"]
    assert call("record", "list", "--data", data, "--kind", "NONE", "--json").error["error"] == "entry_kind_unknown"
    assert call("record", "list", "--data", data, "--since", "2030-01-01", "--json").rows == []
    assert "端末を隔離した" in call("record", "list", "--data", data, "--kind", "NOTE_ADDED").out


def test_one_entry_is_shown_and_proven(data: Path, tmp_path: Path) -> None:
    seq = call("record", "list", "--data", data, "--kind", "NOTE_ADDED", "--json").row["seq"]
    file = tmp_path / "e.tlog-proof"
    assert call("record", "entry", seq, "--data", data, "--proof", file, "--json").error["error"] == "proof_not_yet"
    assert call("signer", "once", "--data", data).code == 0
    assert call("record", "entry", seq, "--data", data, "--proof", file, "--json").row["proof"] == "holds"
    key = checkpoints_of(Settings(data=data)).key()
    assert key is not None
    assert b'"kind":"NOTE_ADDED"' in open_proof(file.read_bytes(), key)[1]
    said = call("record", "entry", seq, "--data", data).out
    assert "端末を隔離した" in said
    assert "いま計算して" in said


def test_an_extract_is_saved_and_recorded(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    assert call("record", "save", file, "--data", data, "--kind", "NOTE_ADDED", "--json").code == 0
    assert file.read_bytes().startswith(b"\xef\xbb\xbf")
    row = call("record", "list", "--data", data, "--kind", "RECORD_EXPORTED", "--json").row
    assert row["out"] == {"form": "csv", "kind": "NOTE_ADDED", "number": 1, "scope": "extract"}
    nowhere = tmp_path / "none" / "x.csv"
    assert call("record", "save", nowhere, "--data", data, "--json").error["error"] == "folder_not_writable"


def test_no_name_of_a_sensor_brings_a_number_into_the_record(data: Path) -> None:
    refused = call("token", "9832-0567-3214", "--data", data, "--json")
    assert refused.error["error"] == "my_number_refused"
    assert "9832-0567-3214" not in call("9832-0567-3214").err

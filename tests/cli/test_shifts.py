"""`csirt shift`: the sheet for the next shift and its notes, as the page has them."""

from pathlib import Path

from tests.cli.calling import call, city


def test_the_sheet_and_its_notes_go_from_one_shift_to_the_next(tmp_path: Path) -> None:
    data = city(tmp_path)
    place, json = ("--data", data), ("--json", "--data", data)
    opened = call("open", "--title", "不審な添付を開いた", "--as", "k.sato", *json).row
    said = ("--text", "業者の折返しを待つ", "--incident", opened["number"])
    left = call("shift", "leave", "--as", "k.sato", *said, *json)
    (note,) = call("shift", "notes", *json).rows
    assert (note["id"], note["text"], note["number"]) == (left.row["id"], "業者の折返しを待つ", opened["number"])
    (row,) = call("shift", "sheet", *json).rows
    assert (row["id"], row["duties"]) == (opened["id"], [])
    assert "不審な添付を開いた" in call("shift", "sheet", *place).out
    own = call("shift", "seen", note["id"], "--as", "k.sato", *json)
    assert (own.code, own.error["error"]) == (5, "note_own")
    assert call("shift", "seen", note["id"], "--as", "m.takahashi", *place).code == 0
    assert call("shift", "notes", *json).rows == []
    assert call("shift", "sheet", "--incident", "R8-999", *place).code == 4

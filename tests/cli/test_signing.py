"""`csirt signer`: the process as it is run, and what its administrator tells it."""

import json
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

from csirt.checkpoints import checkpoints_of
from csirt.settings import Settings
from tests.cli.calling import call, start


def test_once_signs_and_says_the_line_for_paper(data: Path) -> None:
    made = call("signer", "once", "--data", data, "--json")
    size = call("verify", "--data", data, "--json").row["size"]
    assert (made.code, made.row["size"]) == (0, size)
    assert made.row["line"].startswith(f"city-362026.csirt/record {size} ")


def test_once_ends_with_70_where_a_table_was_changed_behind_the_records_back(data: Path) -> None:
    with closing(sqlite3.connect(data / "csirt.sqlite", isolation_level=None)) as database:
        database.execute("UPDATE incident SET status = 'closed'")
    called = call("signer", "once", "--data", data, "--json")
    last = json.loads(called.err.splitlines()[-1])  # log lines stand before it
    assert (called.code, last["params"]["why"]) == (70, "state_differs")
    assert any(row["part"] == "state" for row in call("health", "--data", data, "--json").rows)


def test_the_process_signs_at_its_start_when_asked_and_at_its_end(data: Path, tmp_path: Path) -> None:
    published = checkpoints_of(Settings(data=data))
    process = start("signer", "--data", data)
    try:
        first = published.wait_for(1, 60)
        assert first is not None
        assert call("export", tmp_path / "out", "--data", data, "--json").row["unsealed"] == 0
        assert "signer_running" in call("signer", "once", "--data", data, "--json").err
        assert call("token", "later", "--data", data).code == 0
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert process.returncode == 0
    last = published.head()
    assert last is not None
    assert last.size == call("verify", "--data", data, "--json").row["size"]


def test_a_key_is_renewed_by_command(data: Path) -> None:
    call("signer", "once", "--data", data)
    told = call("signer", "renew-key", "--data", data, "--json").row
    assert told["key"] != told["before"]
    assert call("signer", "once", "--data", data).code == 0
    assert (data / "checkpoints" / "key.pub").read_text().splitlines()[0] == told["key"]
    assert call("verify", "--data", data).code == 0

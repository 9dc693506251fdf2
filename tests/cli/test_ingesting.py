"""`csirt ingest`: every record in exactly one bucket, nothing twice, incidents by attacked host and day."""

import json
import sqlite3
from collections import defaultdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from csirt.model.detection import NotADetection, SourceRecord
from csirt.model.sorting import day_of
from csirt.response import intake
from csirt.taking import BATCH_BYTES, batches
from tests.cli.calling import SAMPLES, Called, call, city
from tests.house.tree import ROOT

OURS = ROOT / "csirt/city_data/sample/detections"
BUCKETS = ("detections", "duplicates", "not_detections", "quarantined")


def ingest(data: Path, *files: Path) -> Called:
    return call("ingest", *files, "--data", data, "--json")


def adds_up(row: dict[str, Any]) -> bool:
    return bool(sum(row[name] for name in BUCKETS) == row["records"])


def test_a_folder_is_made_and_counts_add_up(tmp_path: Path) -> None:
    called = ingest(tmp_path / "data", OURS / "suricata.ndjson", OURS / "edr.cef")
    assert (called.code, called.err) == (0, "")
    assert set(called.row) == {"records", *BUCKETS, "incidents_opened"}
    assert adds_up(called.row)
    assert called.row["incidents_opened"] == 1
    (incident,) = call("incidents", "--data", tmp_path / "data", "--json").rows
    assert incident["type"] == "ransomware"
    assert not (tmp_path / "data" / "sample-city").exists()


def test_the_same_again_is_nothing_new(tmp_path: Path) -> None:
    files = (OURS / "suricata.ndjson", OURS / "edr.cef")
    first, second = ingest(tmp_path, *files).row, ingest(tmp_path, *files).row
    assert (second["detections"], second["incidents_opened"]) == (0, 0)
    assert second["records"] == first["records"]
    assert adds_up(second)


def test_a_file_of_no_known_format_is_kept_whole(tmp_path: Path) -> None:
    file = tmp_path / "core.bin"
    file.write_bytes(b"\x7fELF\x00\x01")
    mixed = ingest(tmp_path / "data", file, OURS / "edr.cef")
    assert mixed.code == 0  # something could be read
    assert mixed.error["params"] == {"file": "core.bin", "code": "format_unknown", "reason": "file"}
    assert mixed.row["quarantined"] == 1
    assert adds_up(mixed.row)
    alone = ingest(tmp_path / "data", file)
    assert alone.code == 2
    assert (alone.row["records"], alone.row["quarantined"]) == (1, 1)
    with sqlite3.connect(tmp_path / "data" / "csirt.sqlite") as connection:
        assert connection.execute("SELECT count(*) FROM quarantine").fetchone() == (2,)
    connection.close()


def test_an_unknown_format_name_and_a_missing_file_keep_nothing(tmp_path: Path) -> None:
    assert call("ingest", OURS / "edr.cef", "--format", "morse", "--data", tmp_path / "a").code == 2
    assert call("ingest", OURS / "edr.cef", tmp_path / "missing", "--data", tmp_path / "a").code == 4
    assert not (tmp_path / "a").exists()


def test_standard_input_goes_in(tmp_path: Path) -> None:
    content = (OURS / "edr.cef").read_bytes()
    assert call("ingest", "-", "--data", tmp_path, "--json", given=content).row["detections"] > 0


def test_batches_are_bounded_in_number_and_bytes() -> None:
    small = [SourceRecord(number, b"x", NotADetection("f", "w")) for number in range(2500)]
    assert [len(batch) for batch in batches(small)] == [1000, 1000, 500]
    large = [SourceRecord(number, b"x" * (BATCH_BYTES // 2), NotADetection("f", "w")) for number in range(5)]
    assert [len(batch) for batch in batches(large)] == [2, 2, 1]
    assert list(batches([])) == []


def test_more_than_a_batch_goes_in_whole(tmp_path: Path) -> None:
    alert = {"event_type": "alert", "src_ip": "198.51.100.7", "dest_ip": "10.1.2.3",
             "alert": {"signature": "ET SCAN", "severity": 3}}  # fmt: skip
    number = intake.BATCH_LIMIT + 200
    file = tmp_path / "many.ndjson"
    lines = (
        json.dumps({**alert, "flow_id": n, "timestamp": f"2026-11-22T00:00:00.{n:06d}+0900"}) for n in range(number)
    )
    file.write_text("\n".join(lines) + "\n")
    row = ingest(tmp_path / "data", file).row
    assert (row["records"], row["detections"]) == (number, number)
    assert call("verify", "--data", tmp_path / "data", "--json").row["ok"]


Member = tuple[date, str, str | None]


def groups(data: Path) -> dict[str, list[Member]]:
    """The detections of each incident: day in Japan, attacked host, attacker."""
    connection = sqlite3.connect(data / "csirt.sqlite")
    query = "SELECT incident, at, attacked, attacker FROM detection WHERE incident IS NOT NULL"
    rows = connection.execute(query).fetchall()
    connection.close()
    found = defaultdict(list)
    for incident, at, attacked, attacker in rows:
        found[incident].append((day_of(datetime.fromisoformat(at).replace(tzinfo=UTC)), attacked, attacker))
    return found


def share_attackers(members: list[Member]) -> bool:
    """Does every host have an attacker that another one has, too?"""
    attackers = defaultdict(set)
    for _, host, attacker in members:
        attackers[host].add(attacker)
    return all(
        any(attackers[host] & attackers[other] - {None} for other in attackers if other != host) for host in attackers
    )


def test_real_samples_sort_into_one_incident_for_each_host_and_day(tmp_path: Path) -> None:
    if not SAMPLES.is_dir():
        pytest.skip("the samples are not on this machine")
    files = [*sorted((SAMPLES / "suricata-eve").glob("*json")), *sorted((SAMPLES / "syslog").glob("*cef*.log"))]
    data = city(tmp_path)
    first = ingest(data, *files).row
    assert first["detections"] > 0
    assert adds_up(first)
    second = ingest(data, *files).row
    assert (second["detections"], second["incidents_opened"], second["records"]) == (0, 0, first["records"])
    of_host: dict[tuple[str, date], set[str]] = defaultdict(set)
    for incident, members in groups(data).items():
        for day, attacked, _ in members:
            of_host[attacked, day].add(incident)
        hosts = {attacked for _, attacked, _ in members}
        assert len(hosts) == 1 or share_attackers(members)
    assert {key for key, incidents in of_host.items() if len(incidents) > 1} == set()
    assert len(call("incidents", "--data", data, "--json").rows) == first["incidents_opened"]
    assert call("verify", "--data", data, "--json").row["ok"]

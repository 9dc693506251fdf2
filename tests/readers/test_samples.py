"""Real files of public projects, against the facts written down for them."""

import contextlib
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from csirt.errors import Invalid
from csirt.model.detection import Detection, SourceRecord
from csirt.readers.cef import extension
from csirt.readers.formats import as_row, buckets, names, read

SAMPLES = Path(__file__).parents[3] / "shared" / "samples"
EVE = ("suricata-eve/wrccdc-2018-alerts-only.json", "suricata-eve/eve-mixed.ndjson")
CEF = (
    "syslog/trend-micro-deep-security.cef.log",
    "syslog/vectra.cef.log",
    "syslog/imperva.cef.log",
    "syslog/crowdsec-cef.log",
)
OURS = ("id", "time_raw", "time_utc", "title", "src_ip", "dst_ip", "host", "user")
# Inputs for other parts of the product: playbooks, directories, taxonomies, calendars, statistics.
NOT_FOR_READERS = ("cacao/", "playbooks/", "taxonomies/", "japan/", "ldap/", "vcdb/", "iodef/iodef-")
# Logs of services in which a rule engine finds attacks: evidence for us, and what the engine says has its own reader.
RAW_LOGS = "crowdsec/"
NOT_YET = ()

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the folder of samples is not here")


@cache
def expected_rows() -> dict[str, dict[int, dict[str, Any]]]:
    rows: dict[str, dict[int, dict[str, Any]]] = {}
    with (SAMPLES / "expected-rows.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            rows.setdefault(row["file"], {})[row["i"]] = row
    return rows


@cache
def expected_files() -> dict[str, dict[str, Any]]:
    files: dict[str, dict[str, Any]] = json.loads((SAMPLES / "expected.json").read_text("utf-8"))["files"]
    return files


def files() -> list[str]:
    """The names of the files that readers are for; none where the folder is not here."""
    if not SAMPLES.is_dir():
        return []
    return [name for name in expected_files() if not name.startswith((*NOT_FOR_READERS, RAW_LOGS, *NOT_YET))]


@pytest.mark.parametrize("name", files())
def test_every_file_gives_as_many_detections_as_it_holds(name: str) -> None:
    wanted = expected_files()[name]
    counted = buckets(read((SAMPLES / name).read_bytes()))
    assert counted.total() == wanted["records"]
    assert wanted.get("detections") in {None, counted["detection"]}


@pytest.mark.parametrize("name", [name for name in files() if name in expected_rows()])
def test_every_record_gives_the_expected_row(name: str) -> None:
    for record in read((SAMPLES / name).read_bytes()):
        wanted = expected_rows()[name][record.index]
        row = as_row(record)
        assert (row is not None and "error" not in row) == wanted["detection"], record.index
        if row is None or not wanted["detection"]:
            continue
        assert "severity" not in wanted or row.get("severity_native", "") == str(wanted["severity"])
        for key in OURS:
            if key in wanted:
                check_fact(record, key, row.get(key), wanted[key])


def check_fact(record: SourceRecord, key: str, found: object, wanted: object) -> None:
    """One fact: the very text, one of several, or a time as the source writes it."""
    if key == "time_raw" and str(wanted).encode() not in record.raw:
        assert found  # the list of facts has this time in a form of its own
    elif isinstance(wanted, list):
        assert found in wanted, (record.index, key)
    else:
        assert str(found or "") == str(wanted), (record.index, key)


@pytest.mark.parametrize("name", [name for name in expected_files() if name.startswith(RAW_LOGS)] if files() else [])
def test_raw_logs_raise_nothing(name: str) -> None:
    assert not any(isinstance(one.result, Detection) for one in read((SAMPLES / name).read_bytes(), "syslog"))


@pytest.mark.parametrize("name", EVE)
def test_eve_rows_hold_no_more_than_the_source_says(name: str) -> None:
    for record in read((SAMPLES / name).read_bytes(), "suricata-eve"):
        wanted = expected_rows()[name][record.index]
        row = as_row(record)
        assert row is None or {key for key in OURS if key in row} == {key for key in OURS if key in wanted}


def cef_lines() -> Iterator[tuple[str, int, str]]:
    for name in CEF:
        for place, line in enumerate((SAMPLES / name).read_text("utf-8").splitlines()):
            yield name, place, line


def test_every_key_of_every_cef_extension_is_found() -> None:
    for name, place, line in cef_lines():
        wanted = expected_rows()[name][place]
        if wanted["detection"]:
            assert len(extension(line.split("|", 7)[7])) == wanted["ext_keys"], (name, place)


@pytest.mark.parametrize("name", NOT_FOR_READERS)
def test_files_that_hold_no_detections_raise_none(name: str) -> None:
    for file in (one for one in expected_files() if one.startswith(name)):
        data = (SAMPLES / file).read_bytes()
        with contextlib.suppress(Invalid):
            assert not buckets(read(data))["detection"], file


@pytest.mark.parametrize("format_", names())
def test_no_file_of_any_format_breaks_a_reader(format_: str) -> None:
    for name in files():
        records = list(read((SAMPLES / name).read_bytes(), format_))
        assert [record.index for record in records] == list(range(len(records)))

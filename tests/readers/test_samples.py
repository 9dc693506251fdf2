"""Real files of public projects, against the facts written down for them."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from csirt.errors import Invalid
from csirt.readers.cef import extension
from csirt.readers.formats import HEAD_BYTES, as_row, choose, read

SAMPLES = Path(__file__).parents[3] / "shared" / "samples"
EVE = ("suricata-eve/wrccdc-2018-alerts-only.json", "suricata-eve/eve-mixed.ndjson")
CEF = (
    "syslog/trend-micro-deep-security.cef.log",
    "syslog/vectra.cef.log",
    "syslog/imperva.cef.log",
    "syslog/crowdsec-cef.log",
)
OURS = ("id", "time_raw", "time_utc", "title", "src_ip", "dst_ip", "host", "user")

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


@pytest.mark.parametrize("name", [*EVE, *CEF])
def test_every_record_gives_the_expected_row(name: str) -> None:
    records = list(read((SAMPLES / name).read_bytes(), "auto"))
    assert len(records) == expected_files()[name]["records"]
    for record in records:
        wanted = expected_rows()[name][record.index]
        row = as_row(record)
        assert (row is not None and "error" not in row) == wanted["detection"], record.index
        if row is None or not wanted["detection"]:
            continue
        assert row["severity_native"] == str(wanted["severity"])
        for key in OURS:
            if key in wanted:
                assert row.get(key) == wanted[key], (record.index, key)


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


def test_files_of_other_formats_are_not_taken_for_ours() -> None:
    for name in EVE:
        assert choose((SAMPLES / name).read_bytes()[:HEAD_BYTES]).format == "suricata-eve"
    for name in CEF:
        assert choose((SAMPLES / name).read_bytes()[:HEAD_BYTES]).format == "cef"
    for name in expected_files().keys() - {*EVE, *CEF}:
        with pytest.raises(Invalid, match="format_unknown"):
            choose((SAMPLES / name).read_bytes()[:HEAD_BYTES])


@pytest.mark.parametrize("format_", ["cef", "suricata-eve", "csirt.detection.v1"])
def test_no_file_of_any_format_breaks_a_reader(format_: str) -> None:
    for name in expected_files():
        records = list(read((SAMPLES / name).read_bytes(), format_))
        assert [record.index for record in records] == list(range(len(records)))

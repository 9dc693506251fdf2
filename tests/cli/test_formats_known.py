"""`csirt formats`, `csirt mappings check` and `csirt read --mapping`."""

import json
from pathlib import Path

from tests.cli.calling import call

RULE = """format = "acme"
name = "Acme"
[[recognise]]
has = ["acme"]
[[not_a_detection]]
why = "heartbeat"
all = [{ path = "kind", is = ["beat"] }]
[fields]
title = ["acme"]
[time]
of = ["at"]
"""


def test_formats_are_listed_in_both_languages() -> None:
    told = [json.loads(line) for line in call("formats", "--json").out.splitlines()]
    assert {"wazuh", "cef", "mail-arf", "stix"} <= {one["format"] for one in told}
    assert all(one["name"] and one["documents"] and one["by"] in {"reader", "mapping"} for one in told)
    assert "Falco" in call("formats").out
    assert "Read by" in call("formats", "--lang", "en").out


def test_a_mapping_is_checked_and_read_by(tmp_path: Path) -> None:
    rule, data = tmp_path / "acme.toml", tmp_path / "acme.json"
    rule.write_text(RULE, "utf-8")
    data.write_text('{"acme": "見知らぬ端末", "at": "2026-06-10 10:12"}\n{"acme": "x", "kind": "beat"}\n', "utf-8")
    assert "Acme" in call("mappings", "check", str(rule)).out
    told = call("read", "--mapping", str(rule), str(data))
    assert (told.code, "見知らぬ端末" in told.out, "時差の記載なし" in told.out, "heartbeat 1" in told.out) == (
        0,
        True,
        True,
        True,
    )
    (row,) = [json.loads(line) for line in call("read", "--json", "--mapping", str(rule), str(data)).out.splitlines()]
    assert row == {"i": 0, "format": "acme", "title": "見知らぬ端末", "level": 1, "time_raw": "2026-06-10 10:12"}


def test_a_slip_in_a_mapping_is_named(tmp_path: Path) -> None:
    rule = tmp_path / "acme.toml"
    rule.write_text(RULE.replace("why", "wy"), "utf-8")
    for words in (("mappings", "check", str(rule)), ("read", "--mapping", str(rule), str(rule))):
        told = call(*words, "--json")
        assert told.code == 2
        assert json.loads(told.err)["params"] == {"file": "acme.toml", "line": 6, "key": "not_a_detection[0].wy"}

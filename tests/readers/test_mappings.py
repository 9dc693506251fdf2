"""Mapping files: what they may say, how a slip is named, and what they make of a record."""

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csirt.errors import Invalid
from csirt.model.detection import Detection, NotADetection, Unreadable, fingerprint
from csirt.readers.envelopes import records_in
from csirt.readers.formats import as_row, buckets, mappings, names, reader_of, told
from csirt.readers.mapped import Mapped, judge
from csirt.readers.mapping import as_number
from csirt.readers.mapping_files import line_of, read_mapping
from csirt.readers.paths import MOST, PathError, parse_path

RSIT = Path(__file__).parents[3] / "shared" / "samples" / "taxonomies" / "rsit" / "machinev1.json"
GOOD = """format = "acme"
name = "Acme"
lists = ["answer.alerts"]

[[recognise]]
has = ["acme_id", "rank"]

[[not_a_detection]]
why = "heartbeat"
all = [{ path = "kind", is = ["beat"] }]

[[no_alarm]]
why = "drill"
all = [{ path = "drill", is = ["true"] }]

[[at_least]]
level = 3
any = [{ path = "kind", holds = ["ransom"] }]

[fields]
id = ["acme_id"]
title = ["{kind}: {what}", "kind"]
host = ["pc.name"]
src_ip = ["from"]
state = ["rank"]

[time]
of = ["at"]
format = "epoch_ms"

[severity]
of = ["rank"]
bands = [[0, 0], [50, 1], [80, 2]]

[observables]
technique = ["note"]
hash = ["hashes"]

[rsit]
of = ["kind"]
[rsit.table]
"scan*" = "information-gathering/scanner"
"""


def acme(**more: object) -> Detection | NotADetection | Unreadable:
    return judge(
        {"acme_id": 9_007_199_254_740_993, "rank": 60, "kind": "scan.tcp", **more}, read_mapping(GOOD.encode(), "f")
    )


def test_a_record_by_its_mapping() -> None:
    found = acme(
        what="ports", pc=[{"name": "A"}, {"name": "B"}], at=1781053961208, note="T1046 (T1595.001)", hashes=["a" * 64]
    )
    assert isinstance(found, Detection)
    assert (found.id, found.title, found.level) == ("9007199254740993", "scan.tcp: ports", 1)
    assert (found.host, found.severity_native) == ("A", "60")
    assert str(found.time_utc) == "2026-06-10 01:12:41.208000+00:00"
    assert found.observables == {
        "host": ("A", "B"),
        "technique": ("T1046", "T1595.001"),
        "sha256": ("a" * 64,),
        "rsit": ("information-gathering/scanner",),
    }


def test_what_it_says_is_none_raises_none() -> None:
    assert acme(kind="beat") == NotADetection("acme", "heartbeat")
    drill = acme(drill=True, rank=90)
    assert isinstance(drill, Detection)
    assert (drill.level, drill.observables["no_alarm"]) == (0, ("drill",))
    assert judge({"other": 1}, read_mapping(GOOD.encode(), "f")) == NotADetection("acme", "not_recognised")


def test_a_rule_can_only_raise_the_level() -> None:
    found = acme(kind="ransomware", rank=1)
    assert isinstance(found, Detection)
    assert found.level == 3


def test_a_new_state_of_one_id_is_told_again() -> None:
    low, high, again = acme(rank=10), acme(rank=90), acme(rank=90, what="more")
    assert isinstance(low, Detection)
    assert isinstance(high, Detection)
    assert isinstance(again, Detection)
    assert fingerprint(low) != fingerprint(high)
    assert again.id == high.id


@pytest.mark.parametrize(
    ("old", "new", "code", "key", "line"),
    [
        ("format", "fromat", "mapping_key_unknown", "fromat", 1),
        ('why = "heartbeat"\n', "", "mapping_key_missing", "not_a_detection[0].why", 8),
        ("level = 3", "level = 5", "mapping_value_invalid", "at_least[0].level", 17),
        ('"epoch_ms"', '"minutes"', "mapping_value_invalid", "time.format", 29),
        ("[50, 1]", "[50, 9]", "mapping_value_invalid", "severity.bands", 33),
        ('["pc.name"]', '["pc..name"]', "mapping_value_invalid", "fields.host", 23),
        ('["pc.name"]', '["{pc.name"]', "mapping_value_invalid", "fields.host", 23),
        ("host =", "hots =", "mapping_key_unknown", "fields.hots", 23),
        ('is = ["beat"]', 'iss = ["beat"]', "mapping_key_unknown", "not_a_detection[0].all[0].iss", 10),
        ('"information-gathering/scanner"', '"Scanner!"', "mapping_value_invalid", "rsit.table.scan*", 42),
        ('has = ["acme_id", "rank"]', "", "mapping_key_missing", "recognise[0].has", 5),
        ("technique =", '"Te chnique" =', "mapping_value_invalid", "observables.Te chnique", 36),
    ],
)
def test_a_slip_is_named_with_file_line_and_key(old: str, new: str, code: str, key: str, line: int) -> None:
    assert old in GOOD
    with pytest.raises(Invalid) as caught:
        read_mapping(GOOD.replace(old, new, 1).encode(), "acme.toml")
    assert caught.value.code == code
    assert (caught.value.params["file"], caught.value.params["key"]) == ("acme.toml", key)
    assert caught.value.params["line"] == line


def test_what_is_no_toml_is_named_with_its_line() -> None:
    with pytest.raises(Invalid) as caught:
        read_mapping(b'format = "x"\nname = \n', "acme.toml")
    assert (caught.value.code, caught.value.params["line"]) == ("mapping_not_toml", 2)
    for content in (b"\xff", b"a = " + b"[" * 100_000, b"#" * 300_000):
        with pytest.raises(Invalid, match="mapping_not_toml"):
            read_mapping(content, "acme.toml")


@given(st.text(max_size=200))
def test_no_text_breaks_the_reading_of_a_mapping(text: str) -> None:
    for content in (text, GOOD + text, GOOD.replace("acme_id", text)):
        with contextlib.suppress(Invalid):
            read_mapping(content.encode("utf-8", "replace"), "f")
        found = line_of(content, text)
        assert 1 <= found <= content.count("\n") + 1


def test_records_are_found_in_an_envelope_with_their_own_bytes() -> None:
    data = b'{"x":{"alerts":[{"no":1}]},"answer":{"n":"a]}\\"",'
    data += b'"alerts":[ {"acme_id":1,"rank":2}, {"acme_id":2,"rank":3}]}}\n'
    pieces = list(records_in(data * 2, [("answer", "alerts")]))
    assert [one.raw for one in pieces] == [b'{"acme_id":1,"rank":2}', b'{"acme_id":2,"rank":3}'] * 2
    assert [one.index for one in pieces] == [0, 1, 2, 3]
    large = (
        b'{"answer":{"alerts":[' + b",".join([b'{"acme_id":1,"rank":2,"fill":"' + b"x" * 900 + b'"}'] * 5_000) + b"]}}"
    )
    assert (
        sum(1 for one in Mapped(read_mapping(GOOD.encode(), "f")).read(large) if isinstance(one.result, Detection))
        == 5_000
    )


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("a.b", [1, 2]),
        ("a[0].b", [1]),
        ("a[k=Yes].b", [2]),
        ("a[k~e].b", [2]),
        ('"x.y"', [3]),
        ("text.inner", [4]),
        ("list", [5, 6]),
        ("a.nothing", []),
        ("list.b", []),
    ],
)
def test_paths(path: str, wanted: list[object]) -> None:
    record = {"a": [{"b": 1, "k": "no"}, {"b": 2, "k": "yes"}], "x.y": 3, "text": '{"inner": 4}', "list": [[5], 6]}
    assert parse_path(path).find(record) == wanted


@pytest.mark.parametrize("path", ["", ".", "a.", "a..b", "a[", "a[x]", "a]b", "a[=x]", "{a}"])
def test_paths_that_cannot_be_read(path: str) -> None:
    with pytest.raises(PathError):
        parse_path(path)


def test_what_a_path_finds_is_bounded() -> None:
    assert len(parse_path("a.b").find({"a": [{"b": at} for at in range(10_000)]})) == MOST


def test_every_shipped_mapping_names_where_its_format_is_described() -> None:
    assert all(one.documents and one.name for one in mappings())
    assert {one["format"] for one in told()} >= set(names())


@pytest.mark.skipif(not RSIT.is_file(), reason="the folder of samples is not here")
def test_the_classes_are_those_of_rsit() -> None:
    known = {
        f"{one['predicate']}/{entry['value']}"
        for one in json.loads(RSIT.read_text())["values"]
        for entry in one["entry"]
    }
    used = {value for one in mappings() for value in one.rsit.table.values()}
    assert used - known == set()


# ------------------------------------------------------------------------- written from a vendor's documentation alone

PAIRS = """format = "acme-fw"
name = "Acme firewall"
input = "pairs"
[[recognise]]
has = ["sig", "dev"]
[[not_a_detection]]
why = "telemetry"
all = [{ path = "note", lacks = ["attack", "virus"] }]
[fields]
title = ["sig"]
host = ["target"]
src_ip = ["from"]
[cut]
host = ":"
[time]
of = ["at"]
format = "epoch_s"
[severity]
of = ["rank"]
level = { high = 2 }
"""


def test_lines_of_pairs_by_a_mapping_of_the_citys_own() -> None:
    data = (
        b'<13>Jun 10 10:12:41 fw dev=1 sig="SQL injection" note="An ATTACK" target=pc-1:443 from=203.0.113.5 '
        b"at=1781053961 rank=high\ndev=1 sig=x note=fine rank=high\ndev=1 other=x note=attack\n"
    )
    reader = reader_of(PAIRS.encode(), "fw.toml")
    rows = [as_row(one) for one in reader.read(data)]
    assert rows[0] is not None
    assert (rows[0]["title"], rows[0]["host"], rows[0]["level"]) == ("SQL injection", "pc-1", 2)
    assert rows[0]["time_utc"] == "2026-06-10T01:12:41.000Z"
    assert list(buckets(reader.read(data))) == [
        "detection", "not_a_detection:telemetry", "not_a_detection:not_recognised",
    ]  # fmt: skip
    with pytest.raises(Invalid) as caught:
        read_mapping(PAIRS.replace('host = ":"', 'hots = ":"').encode(), "fw.toml")
    assert caught.value.params == {"file": "fw.toml", "line": 14, "key": "cut.hots"}


def test_a_mapping_reads_records_within_records_and_behind_a_header() -> None:
    text = GOOD.replace('lists = ["answer.alerts"]', 'lists = ["cases.alerts", "cases"]')
    reader = reader_of(text.encode(), "acme.toml")
    inner = b'{"acme_id": 1, "rank": 60, "kind": "a", "pc.name": "PC-1"}'
    given = b'{"cases": [{"acme_id": 9, "rank": 1, "kind": "c", "alerts": []}, {"no": 1, "alerts": [%s]}]}' % inner
    rows = [as_row(one) for one in reader.read(given)]
    assert [(row["id"], row.get("host")) for row in rows if row] == [("9", None), ("1", "PC-1")]
    (record,) = reader.read(b"<14>Jun 10 10:12:41 gw acme: " + inner)
    assert isinstance(record.result, Detection)
    assert record.result.host == "PC-1"


def test_a_condition_may_ask_in_which_list_a_record_stood() -> None:
    text = GOOD.replace('lists = ["answer.alerts"]', 'lists = ["open", "done"]')
    text = text.replace('{ path = "drill", is = ["true"] }', '{ path = "@list", is = ["done"] }')
    reader = reader_of(text.encode(), "acme.toml")
    given = b'{"open": [{"acme_id": 1, "rank": 90}], "done": [{"acme_id": 2, "rank": 90}]}'
    assert [row["level"] for one in reader.read(given) if (row := as_row(one))] == [2, 0]


def test_a_record_knows_what_stands_around_its_list() -> None:
    text = GOOD.replace('lists = ["answer.alerts"]', 'lists = ["cases.pc.alerts", "cases"]')
    text = text.replace('host = ["pc.name"]', 'host = ["@outer.name"]\nuser = ["@outer.@outer.owner"]')
    text = text.replace('id = ["acme_id"]', 'id = ["{@outer.@outer.@outer.site}/{acme_id}", "acme_id"]')
    inner = b'{"acme_id": 1, "rank": 60}, {"acme_id": 2, "rank": 60}'
    case = b'{"owner": "mori", "pc": {"alerts": [%s], "name": "PC-1"}, "acme_id": 8}' % inner
    given = b'{"site": "city", "cases": [%s, {"acme_id": 9, "rank": 1, "pc": {"name": "PC-9"}}]}' % case
    for data in (given, b"[%s, %s]" % (given, given)):
        rows = [as_row(one) for one in reader_of(text.encode(), "acme.toml").read(data)]
        assert [(row["id"], row.get("host"), row.get("user")) for row in rows if row][:3] == [
            ("city/1", "PC-1", "mori"),
            ("city/2", "PC-1", "mori"),
            ("9", None, None),
        ]


def test_a_value_that_holds_several_is_split_before_it_is_cut() -> None:
    text = GOOD + '\n[cut]\nhost = ":"\n\n[split]\nhost = "、"\nhash = " "\n'
    found = judge(
        {"acme_id": 1, "rank": 1, "pc.name": "a:1、、b:2", "hashes": f"{'a' * 32} {'b' * 40}"},
        read_mapping(text.encode(), "f"),
    )
    assert isinstance(found, Detection)
    assert (found.host, found.observables["host"]) == ("a", ("a", "b"))
    assert (found.observables["md5"], found.observables["sha1"]) == (("a" * 32,), ("b" * 40,))


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("12", 12.0), (" -0.5 ", -0.5), ("+3.", 3.0), (".5", 0.5), (7, 7.0),
        ("--1", None), ("+-1", None), ("1e9", None), ("1.2.3", None), ("１２", None), ("9" * 21, None), (True, None),
        ("", None),
    ],
)  # fmt: skip
def test_a_number_is_what_is_written_as_one(said: object, wanted: float | None) -> None:
    assert as_number(said) == wanted

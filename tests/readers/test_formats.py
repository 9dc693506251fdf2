"""The choice of a reader, the row of the command, and what holds for every reader whatever it is given."""

import json
from collections.abc import Iterator
from typing import get_args

import hypothesis
import pytest
from hypothesis import settings
from hypothesis import strategies as st

from csirt.errors import Invalid
from csirt.model.detection import Detection, NotADetection, SourceRecord, Unreadable, fingerprint
from csirt.model.ports import Reader
from csirt.model.sorting import attacked_and_attacker
from csirt.readers.formats import as_row, buckets, choose, names, read, readers
from csirt.readers.limits import FIELD_CHARACTERS, TITLE_CHARACTERS
from csirt.readers.tables import Tables
from tests.readers.examples import given

ROW_KEYS = ["i", "format", "id", "title", "severity_native", "level", "time_raw", "time_utc"]
ROW_KEYS += ["src_ip", "dst_ip", "host", "user"]
EVE = (
    b'{"timestamp":"2026-06-10T10:12:41.208113+0900","flow_id":1,"event_type":"alert","src_ip":"203.0.113.45",'
    b'"dest_ip":"10.20.3.142","alert":{"signature_id":1000001,"signature":"LOCAL Test","severity":1}}'
)
CEF = (
    b"<132>1 2026-06-10T10:12:41.208113+09:00 h a - - - CEF:0|V|P|1|7|Name|5|externalId=1 src=203.0.113.45 "
    b"dst=10.20.3.142 dhost=NRT-ZEI-0142 duser=zei0142"
)
NATIVE = b'{"schema":"csirt.detection.v1","title":"x","level":3,"src_ip":"203.0.113.45","host":"NRT-ZEI-0142"}'
FORMATS, READERS = names(), readers()
MADE_OF = (b"{", b"}", b"[", b"]", b'"', b"\\", b"|", b"=", b"\n", b"CEF:0|", b"\xff", b"\x00", b"\\u0000", b"9" * 30)


@pytest.mark.parametrize("name", FORMATS)
def test_each_input_finds_its_reader(name: str) -> None:
    data = given(name)
    assert choose(data).format == name
    assert choose(data, "auto").format == name
    assert choose(b"\xef\xbb\xbf\n" + data).format == name
    assert choose(data + b"\n" + b" " * 100_000).format == name
    assert choose(b"", name.upper()).format == name


@pytest.mark.parametrize(
    ("name", "wanted"), [("eve", "suricata-eve"), ("suricata_eve", "suricata-eve"), ("native", FORMATS[0])]
)
def test_other_names_of_a_format(name: str, wanted: str) -> None:
    assert choose(b"", name).format == wanted


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"", None),
        (b"hello", "auto"),
        (b'{"a":1}', ""),
        (EVE, "nobody"),
        (b'{"message":"CEF:0|a|b|c|d|e|5|"}', None),
        (b"\n" * 65536, None),
    ],
)
def test_what_nobody_knows_is_said_at_once(head: bytes, name: str | None) -> None:
    with pytest.raises(Invalid) as caught:
        read(head, name)
    assert caught.value.code == "format_unknown"
    assert caught.value.params["known"] == ", ".join(FORMATS)


def test_a_broken_first_line_does_not_hide_the_format() -> None:
    assert choose(b'{"timestamp":"2026\n' + EVE).format == "suricata-eve"
    assert choose(b"garbage\n" + CEF).format == "cef"


def test_rows() -> None:
    rows = [as_row(record) for record in read(CEF + b"\n<1>Sep  8 08:32:20 h app: started\nwhat?\n")]
    assert rows == [
        {
            "i": 0,
            "format": "cef",
            "id": "1",
            "title": "Name",
            "severity_native": "5",
            "level": 1,
            "time_raw": "2026-06-10T10:12:41.208113+09:00",
            "time_utc": "2026-06-10T01:12:41.208Z",
            "src_ip": "203.0.113.45",
            "dst_ip": "10.20.3.142",
            "host": "NRT-ZEI-0142",
            "user": "zei0142",
        },
        None,
        {"i": 2, "error": "not_cef", "reason": "line"},
    ]
    assert list(rows[0] or {}) == ROW_KEYS


def test_rows_leave_out_what_is_not_there() -> None:
    row = as_row(SourceRecord(4, b"", Detection("cef", "t", "", 0)), "other")
    assert row == {"i": 4, "format": "other", "title": "t", "level": 0}


@pytest.mark.parametrize("reader", READERS, ids=FORMATS)
def test_a_reader_reads_as_it_goes(reader: Reader) -> None:
    data = given(reader.format)
    records = reader.read(b"\n".join([data] * (10_000_000 // len(data))))
    assert isinstance(records, Iterator)
    assert next(records).index == 0


def check(reader: Reader, data: bytes) -> None:
    """The contract of every reader: it never raises, counts from 0, gives one of three, bounded and without NUL."""
    reader.recognises(data)
    for place, record in enumerate(reader.read(data)):
        assert record.index == place
        assert record.raw in data or isinstance(reader, Tables)  # a row carries the names of its columns
        assert isinstance(record.result, (Detection, NotADetection, Unreadable))
        json.dumps(as_row(record), ensure_ascii=False).encode()
        if isinstance(record.result, Detection):
            check_detection(record.result)


def check_detection(found: Detection) -> None:
    fingerprint(found)
    attacked_and_attacker(found)
    assert 0 < len(found.title) <= TITLE_CHARACTERS
    assert 0 <= found.level <= 4
    texts = (found.id, found.severity_native, found.time_raw, found.src_ip, found.dst_ip, found.host, found.user)
    more = (found.category, found.signature, *(text for kind in found.observables.values() for text in kind))
    for text in (found.title, *texts, *more):
        assert text is None or ("\0" not in text and len(text) <= TITLE_CHARACTERS)
    assert all(len(text or "") <= FIELD_CHARACTERS for text in (*texts, *more))


@pytest.mark.parametrize("reader", READERS, ids=FORMATS)
@settings(max_examples=60)
@hypothesis.given(data=st.data())
def test_no_bytes_break_a_reader(reader: Reader, data: st.DataObject) -> None:
    check(reader, data.draw(st.binary(max_size=200) | st.lists(st.sampled_from(MADE_OF), max_size=40).map(b"".join)))


@pytest.mark.parametrize("reader", READERS, ids=FORMATS)
@settings(max_examples=60)
@hypothesis.given(data=st.data())
def test_no_change_to_a_good_input_breaks_a_reader(reader: Reader, data: st.DataObject) -> None:
    good = given(data.draw(st.sampled_from(FORMATS))) + b"\n" + given(reader.format)
    changes = data.draw(
        st.lists(st.tuples(st.integers(0, len(good)), st.integers(0, 9), st.sampled_from(MADE_OF)), max_size=5)
    )
    for at, cut, put in changes:
        good = good[:at] + put + good[at + cut :]
    check(reader, good)


SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=300)
)
VALUES = st.recursive(
    SCALARS, lambda v: st.lists(v, max_size=3) | st.dictionaries(st.text(max_size=3), v, max_size=3), max_leaves=6
)


@pytest.mark.parametrize("reader", READERS, ids=FORMATS)
@settings(max_examples=60)
@hypothesis.given(data=st.data())
def test_no_value_in_any_field_breaks_a_reader(reader: Reader, data: st.DataObject) -> None:
    good = given(reader.format)
    if good[:1] not in b"{[":
        key = data.draw(
            st.sampled_from(["src", "dst", "dhost", "dvchost", "rt", "devTime", "duser", "c6a2Label", "sev"])
        )
        check(reader, good + f" {key}={data.draw(st.text(max_size=300))} c6a2=".encode("utf-8", "replace"))
        return
    record = json.loads(good)
    holders = list(inner_objects(record))
    for value in data.draw(st.lists(VALUES, max_size=4)):
        holder = data.draw(st.sampled_from(holders))
        holder[data.draw(st.sampled_from([*holder, "id", "time"]))] = value
    check(reader, json.dumps(record).encode())


def inner_objects(value: object) -> Iterator[dict[str, object]]:
    """Every object inside a value of JSON."""
    if isinstance(value, dict):
        yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from inner_objects(one)


def test_every_result_has_its_bucket() -> None:
    kinds = {"Detection", "NotADetection", "Unreadable"}
    assert {kind.__name__ for kind in get_args(SourceRecord.__annotations__["result"])} == kinds


def test_buckets_count_every_record_once_with_its_reason() -> None:
    flow = b'{"event_type":"flow","timestamp":"2026-06-10T10:12:41Z"}'
    counted = buckets(read(b"\n".join([EVE, flow, flow, b"{"])))
    assert counted == {"detection": 1, "not_a_detection:event_type:flow": 2, "unreadable:not_json": 1}


def test_a_zeek_table_whose_header_names_no_separator_is_read() -> None:
    table = b"#separator \n#set_separator\t\n#path\tnotice\n#fields\tts\tnote\tactions\n"
    table += b"#types\ttime\tenum\tset[enum]\n1\tScan::A\tx"
    for data in (table, table.replace(b"#set_separator\t", b"#set_separator")):
        assert list(buckets(read(data, "zeek-tsv"))) == ["detection"]

"""CEF by its specification, in and out of syslog, and as products bend it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csirt.model.detection import Detection, NotADetection, Unreadable
from csirt.model.sorting import attacked_and_attacker
from csirt.readers.cef import extension
from csirt.readers.logs import Logs
from csirt.readers.times import to_milliseconds

HEAD = "CEF:0|Vendor|Sensor|1.0|100|Worm stopped|7|"


def judge(line: str) -> object:
    (found,) = Logs("cef").read(line.encode())
    return found.result


def detection(line: str) -> Detection:
    found = judge(line)
    assert isinstance(found, Detection), found
    return found


@pytest.mark.parametrize(
    "before",
    [
        "",
        "<134>",
        "Sep 19 08:26:10 host ",
        "<134>Sep 19 08:26:10 host ",
        "<134> Sep  9 08:26:10 host app[1]: ",
        '<134>1 2026-06-10T10:12:41.123456+09:00 host app 1 ID [x@1 a="b"] ',
        "<134>1 - - - - - - \ufeff",
        "121 <134>1 2026-06-10T10:12:41Z host app - - - ",
        "2026-06-10T10:12:41Z host ",
    ],
)
@pytest.mark.parametrize("marker", ["CEF:0|", "CEF: 0|", "CEF:1.0|"])
def test_any_header_may_stand_before(before: str, marker: str) -> None:
    found = detection(f"{before}{marker}Vendor|Sensor|1.0|100|Worm stopped|7|src=10.0.0.1 dst=2.1.2.2")
    assert (found.title, found.severity_native, found.level) == ("Worm stopped", "7", 2)
    assert (found.src_ip, found.dst_ip) == ("10.0.0.1", "2.1.2.2")


def test_escapes_in_header_and_extension() -> None:
    found = detection(
        r"CEF:0|se\|cu\\|pro\\\|duct|1|100|a \| b \\ c|10|src=10.0.0.1 request=http://x/?a\=b\\c|d duser=a b"
    )
    assert found.title == r"a | b \ c"
    assert found.signature == r"se|cu\|pro\|duct|100|a | b \ c"
    assert found.observables["url"] == (r"http://x/?a=b\c|d",)
    assert found.user == "a b"


def test_values_hold_blanks_and_end_at_the_next_key() -> None:
    wanted = {"msg": "it is a = b", "cs1": "x y", "cs1Label": "Policy  name", "ad.list[0]": "1", "empty": "", "e": "z"}
    assert extension(r" msg=it is a \= b cs1=x y cs1Label=Policy  name ad.list[0]=1 empty= e=z ") == wanted


def test_of_a_key_given_twice_the_first_with_a_value_stays() -> None:
    assert extension("src= src=10.0.0.1 msg=told by src=6.6.6.6") == {"src": "10.0.0.1", "msg": "told by"}


def test_no_key_no_values() -> None:
    assert extension("just words") == {}
    assert detection(HEAD + "just words").src_ip is None
    assert detection(HEAD.rstrip("|")).severity_native == "7"


PAIRS = st.dictionaries(
    st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,8}", fullmatch=True),
    st.text(st.characters(codec="utf-8", exclude_categories=("Z", "C")), min_size=1, max_size=8),
    max_size=6,
)


@given(PAIRS)
def test_what_is_escaped_by_the_book_is_read_back(pairs: dict[str, str]) -> None:
    escaped = {key: value.replace("\\", "\\\\").replace("=", "\\=") for key, value in pairs.items()}
    assert extension(" ".join(f"{key}={value}" for key, value in escaped.items())) == pairs


@pytest.mark.parametrize(
    ("severity", "level"),
    [
        *(("0", 0), ("3", 0), ("4", 1), ("6", 1), ("7", 2), ("8", 2), ("9", 3), ("10", 3)),
        *(("Low", 0), ("Medium", 1), ("High", 2), ("Very-High", 3), ("very high", 3), ("Unknown", 1)),
        *(("$severity", 1), ("", 1), ("11", 1), ("-1", 1), ("8.5", 2), ("高", 1)),
    ],
)
def test_severity_to_level(severity: str, level: int) -> None:
    found = detection(f"CEF:0|v|p|1|100|name|{severity}|")
    assert (found.severity_native, found.level) == (severity, level)


@pytest.mark.parametrize(
    ("line", "raw", "at"),
    [
        (HEAD + "rt=1453290121336", "1453290121336", "2016-01-20T11:42:01.336Z"),
        (HEAD + "rt=Jun 10 2026 10:12:41.000 UTC start=1453290121336", None, "2026-06-10T10:12:41.000Z"),
        ("Sep  8 08:32:20 h " + HEAD + "rt=Sep 08 08:32:21 end=1453290121336", None, "2016-01-20T11:42:01.336Z"),
        ("Sep  8 08:32:20 h " + HEAD + "rt=Sep 08 08:32:21", "Sep 08 08:32:21", None),
        ("<1>Sep  8 08:32:20 h " + HEAD + "rt=$time", "Sep  8 08:32:20", None),
        ("<1>1 2026-06-10T10:12:41.5+09:00 h a - - - " + HEAD, None, "2026-06-10T01:12:41.500Z"),
        (HEAD + "rt=$time", None, None),
    ],
)
def test_the_first_time_that_fixes_an_instant(line: str, raw: str | None, at: str | None) -> None:
    found = detection(line)
    assert raw is None or found.time_raw == raw
    assert (to_milliseconds(found.time_utc) if found.time_utc else None) == at


@pytest.mark.parametrize(
    ("fields", "host", "sides"),
    [
        # an agent reports about its own machine
        ("|Endpoint Guard|dvchost=PC-1 src=10.0.0.1 dst=8.8.8.8", "PC-1", ("pc-1", "8.8.8.8")),
        # a sensor in the network about others: by name, by address, and the side that is ours
        ("|Sensor|dvchost=ids dhost=PC-1 dst=10.0.0.1 src=203.0.113.5", "ids", ("pc-1", "203.0.113.5")),
        ("|Sensor|dvchost=ids dst=10.0.0.1 src=203.0.113.5", "ids", ("10.0.0.1", "203.0.113.5")),
        ("|Proxy|dhost=evil.example dst=203.0.113.5 src=10.0.0.1 shost=PC-1", "evil.example", ("pc-1", "203.0.113.5")),
        ("|Proxy|dhost=evil.example dst=203.0.113.5 src=10.0.0.1", "evil.example", ("10.0.0.1", "203.0.113.5")),
        ("|Sensor|dhost=PC-1 src=10.0.0.9", "PC-1", ("pc-1", "10.0.0.9")),
        ("|Sensor|shost=PC-1 src=10.0.0.1", "PC-1", ("pc-1", None)),
        ("|Sensor|dvchost=ids", "ids", ("ids", None)),
        ("|Sensor|dvchost=$host dhost=$d dst=$ip src=None", "$host", ("unknown:cef:a34a37eb0b7c", None)),
        ("|Sensor|", None, ("unknown:cef:a34a37eb0b7c", None)),
    ],
)
def test_host_attacked_and_attacker(fields: str, host: str | None, sides: tuple[str, str | None]) -> None:
    _, product, rest = fields.split("|")
    found = detection(f"CEF:0|Vendor|{product}|1|100|name|5|{rest}")
    assert found.host == host
    assert attacked_and_attacker(found) == sides


def test_ids_that_were_not_filled_in_are_none() -> None:
    assert detection(HEAD + "externalId=4711").id == "4711"
    assert detection(HEAD + "externalId=$detection_id").id is None


def test_ipv6_in_a_custom_field_counts_if_its_label_says_so() -> None:
    found = detection(HEAD + "c6a2=2001:db8::1 c6a2Label=Source IPv6 Address c6a3=2001:db8::2 c6a3Label=note")
    assert (found.src_ip, found.dst_ip) == ("2001:db8::1", None)


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("<134>Sep 19 08:26:10 host app: started", NotADetection("syslog", "syslog")),
        ("Sep 19 08:26:10 host app: started", NotADetection("syslog", "syslog")),
        ("<134>1 2026-06-10T10:12:41Z h a - - - started", NotADetection("syslog", "syslog")),
        ("just words", Unreadable("not_cef", "line")),
        ("0|Vendor|Sensor|1.0|100|no marker|7|src=10.0.0.1", Unreadable("not_cef", "line")),
        ('{"a":1}', Unreadable("not_cef", "line")),
        ("<134>Sep 19 08:26:10 host CEF:|a|b|c|d|e|5|", Unreadable("cef_header", "field 1 of 7")),
        ("CEF:0|a|b", Unreadable("cef_header", "field 3 of 7")),
        ("CEF:0|a|b|1|100|name", Unreadable("cef_header", "field 6 of 7")),
        ("<134>Sep 19 08:26:10 h LEEF:1.0|V|P", Unreadable("leef_header", "field 3 of 5")),
        (HEAD + " ".join(f"k{n}=1" for n in range(501)), Unreadable("too_many_keys", "501 keys")),
    ],
)
def test_lines_that_are_no_detection(line: str, wanted: object) -> None:
    assert judge(line) == wanted


def test_japanese_in_either_encoding_and_nul() -> None:
    line = "CEF:0|v|p|1|100|不審な通信|7|duser=zei\0mu"
    for raw in (line.encode(), line.encode("cp932")):
        (found,) = Logs("cef").read(raw)
        assert isinstance(found.result, Detection)
        assert (found.result.title, found.result.user) == ("不審な通信", "zeimu")
        assert found.raw == raw


def test_alerts_of_one_class_with_different_names_stay_two() -> None:
    one, two = detection("CEF:0|v|p|1|Custom|first|5|"), detection("CEF:0|v|p|1|Custom|second|5|")
    assert one.signature != two.signature

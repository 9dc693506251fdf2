"""Entries: exact bytes, what gets in, and that no free text does."""

import hashlib
import hmac
import json
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csirt.errors import Invalid
from csirt.record.entry import (
    MAX_INT,
    Commitment,
    EntryActor,
    EntryKind,
    LedgerEntry,
    canonical,
    commitment,
    parse,
)

ENTRY = LedgerEntry(
    seq=7,
    ts=datetime(2026, 11, 22, 9, 12, 33, 123456, UTC),
    kind=EntryKind.STEP_ANSWERED,
    actor=EntryActor("u-0193", "ldap", "9f"),
    inc="inc-1",
    inc_seq=1,
    inc_prev=b64encode(bytes(32)).decode(),
    run="run-1",
    step="isolate[host-1]",
    cid="web:7",
    src="web",
    out={"choice": "yes", "late": False, "count": -3, "by": ("mail", "phone")},
    pay=(Commitment(b64encode(b"c" * 32).decode(), "personal", "reason"),),
    boot="6c1e",
    mono=81,
)
BARE = LedgerEntry(seq=0, ts=ENTRY.ts, kind=EntryKind.CITY_INITIALISED, actor=EntryActor("system", "system"))

CODES = st.text("abcXYZ019._:/+=[]-", max_size=128)
NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_.-]{0,63}", fullmatch=True)
VALUES = st.one_of(CODES, st.booleans(), st.integers(-MAX_INT, MAX_INT), st.lists(CODES, max_size=4).map(tuple))


def test_the_exact_bytes() -> None:
    assert canonical(ENTRY) == (
        b'{"actor":{"auth":"ldap","id":"u-0193","sid":"9f"},"boot":"6c1e","cid":"web:7","inc":"inc-1",'
        b'"inc_prev":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","inc_seq":1,"kind":"STEP_ANSWERED","mono":81,'
        b'"out":{"by":["mail","phone"],"choice":"yes","count":-3,"late":false},'
        b'"pay":[{"alg":"hmac-sha256-v1","c":"Y2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2M=","cls":"personal",'
        b'"name":"reason"}],"run":"run-1","seq":7,"src":"web","step":"isolate[host-1]",'
        b'"ts":"2026-11-22T09:12:33.123456Z","v":1}'
    )


def test_fields_that_are_none_are_left_out() -> None:
    assert canonical(BARE) == (
        b'{"actor":{"auth":"system","id":"system"},"kind":"CITY_INITIALISED","seq":0,'
        b'"ts":"2026-11-22T09:12:33.123456Z","v":1}'
    )


def test_time_is_stored_in_utc() -> None:
    there = replace(ENTRY, ts=ENTRY.ts.astimezone(timezone(timedelta(hours=9))))
    assert canonical(there) == canonical(ENTRY)


@pytest.mark.parametrize("kind", EntryKind)
def test_every_kind_is_its_own_name_and_comes_back(kind: EntryKind) -> None:
    assert kind.value == kind.name
    assert parse(canonical(replace(BARE, kind=kind))).kind is kind


@settings(deadline=None)
@given(st.dictionaries(NAMES, VALUES, max_size=6), st.integers(0, 10**15 - 1), st.datetimes())
def test_what_goes_in_comes_out_and_is_what_json_sorted_and_compact_would_be(
    out: dict[str, Any], seq: int, when: datetime
) -> None:
    entry = replace(ENTRY, out=out, seq=seq, ts=when.replace(tzinfo=UTC))
    line = canonical(entry)
    assert parse(line) == entry
    assert canonical(parse(line)) == line
    assert json.dumps(json.loads(line), sort_keys=True, separators=(",", ":")).encode() == line


def field_of(change: dict[str, Any]) -> Any:
    with pytest.raises(Invalid) as caught:
        canonical(replace(ENTRY, **change))
    return caught.value.params.get("field", caught.value.code)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"out": {"why": "two words"}}, "out.why"),
        ({"out": {"ok": "yes", "why": "端末"}}, "out.why"),
        ({"out": {"mail": "taro@example.jp"}}, "out.mail"),
        ({"out": {"why": "x" * 129}}, "out.why"),
        ({"out": {"why": 'a"b'}}, "out.why"),
        ({"out": {"why": "a\\b"}}, "out.why"),
        ({"out": {"why": "a\n"}}, "out.why"),
        ({"out": {"why": "\ud800"}}, "out.why"),
        ({"out": {"n": 1.5}}, "out.n"),
        ({"out": {"n": float("nan")}}, "out.n"),
        ({"out": {"n": MAX_INT + 1}}, "out.n"),
        ({"out": {"n": -MAX_INT - 1}}, "out.n"),
        ({"out": {"n": 2**70}}, "out.n"),
        ({"out": {"n": None}}, "out.n"),
        ({"out": {"n": {"a": 1}}}, "out.n"),
        ({"out": {"n": (1, 2)}}, "out.n"),
        ({"out": {"two words": 1}}, "out.two words"),
        ({"out": {"": 1}}, "out."),
        ({"actor": EntryActor("Yamada Taro", "ldap")}, "actor"),
        ({"actor": EntryActor("", "ldap")}, "actor"),
        ({"step": "free text"}, "step"),
        ({"run": ""}, "run"),
        ({"cid": "x" * 201}, "cid"),
        ({"seq": -1}, "seq"),
        ({"seq": 10**15}, "seq"),
        ({"mono": -1}, "mono"),
        ({"v": 2}, "v"),
        ({"ts": datetime(2026, 1, 1)}, "ts"),  # noqa: DTZ001 - that is the point
        ({"inc_prev": "short"}, "inc"),
        ({"inc_prev": None}, "inc"),
        ({"inc": None}, "inc"),
        ({"inc_seq": 0}, "inc"),
        ({"inc_seq": None}, "inc"),
        ({"pay": (Commitment("no", "personal", "x"),)}, "pay"),
        ({"pay": (Commitment(ENTRY.pay[0].c, "personal", "x", "sha1"),)}, "pay"),
    ],
)
def test_what_does_not_belong_in_an_entry_is_refused_and_named(change: dict[str, Any], field: str) -> None:
    assert field_of(change) == field


def test_an_entry_has_at_most_8_kib() -> None:
    full = {f"k{number:03d}": "x" * 128 for number in range(55)}
    canonical(replace(ENTRY, out=full))
    assert field_of({"out": {f"k{number:03d}": "x" * 128 for number in range(60)}}) == "entry_too_long"


LINE = canonical(ENTRY)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{}",
        b"null",
        b"[" * 8000,
        b"\xff" * 100,
        LINE + b"\n",
        b" " + LINE,
        LINE.replace(b",", b", ", 1),
        LINE.replace(b'"v":1', b'"v":1.0'),
        LINE.replace(b'"v":1', b'"v":true'),
        LINE.replace(b'"mono":81', b'"mono":081'),
        LINE.replace(b'"mono":81', b'"mono":8e1'),
        LINE.replace(b'"count":-3', b'"count":-0'),
        LINE.replace(b'"count":-3', b'"count":9007199254740992'),
        LINE.replace(b'"count":-3', b'"count":' + b"9" * 5000),
        LINE.replace(b'"late":false', b'"late":NaN'),
        LINE.replace(b'"choice":"yes"', b'"choice":"\\u0079es"'),
        LINE.replace(b'"choice":"yes"', '"choice":"é"'.encode()),
        LINE.replace(b'"choice":"yes","count":-3', b'"count":-3,"choice":"yes"'),
        LINE.replace(b'"choice":"yes","count":-3', b'"choice":"yes","choice":"yes"'),
        LINE.replace(b'"kind":"STEP_ANSWERED",', b""),
        LINE.replace(b'"seq":7,', b'"seq":7,"seq":7,'),
        LINE.replace(b'"v":1}', b'"v":1,"x":1}'),
        LINE.replace(b"-11-22T", b"-02-30T"),
        LINE.replace(b"-11-22T", b"-13-22T"),
        LINE.replace(b"STEP_ANSWERED", b"STEP_INVENTED"),
    ],
)
def test_other_bytes_are_refused(line: bytes) -> None:
    with pytest.raises(Invalid):
        parse(line)


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_chance_bytes_are_refused(line: bytes) -> None:
    with pytest.raises(Invalid):
        parse(line)


@settings(deadline=None)
@given(st.binary(min_size=16, max_size=64), st.text())
def test_commitments(salt: bytes, text: str) -> None:
    try:
        expected = b64encode(hmac.new(salt, text.encode(), hashlib.sha256).digest()).decode()
    except UnicodeEncodeError:
        with pytest.raises(Invalid):
            commitment(salt, text)
        return
    assert commitment(salt, text) == expected
    canonical(replace(ENTRY, pay=(Commitment(expected, "personal", "reason"),)))


def test_a_commitment_needs_a_real_salt_and_real_text() -> None:
    for salt, text in ((b"short", "text"), (b"s" * 16, "\ud800")):
        with pytest.raises(Invalid):
            commitment(salt, text)


def test_whoever_is_refused_hears_the_kind_of_entry() -> None:
    with pytest.raises(Invalid) as refused:
        canonical(replace(ENTRY, inc_seq=0))
    assert refused.value.params == {"kind": "STEP_ANSWERED", "field": "inc"}

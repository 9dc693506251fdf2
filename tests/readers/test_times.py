"""Times as written, and the instants they name, or do not."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csirt.readers.times import instant, looks_like_time, to_milliseconds


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        ("2018-03-24T14:37:19.037299-0600", "2018-03-24T20:37:19.037Z"),
        ("2018-03-24T14:37:19.964828-06:00", "2018-03-24T20:37:19.964Z"),
        ("2026-06-10T10:12:41+09:00", "2026-06-10T01:12:41.000Z"),
        ("2026-06-10T10:12:41+09", "2026-06-10T01:12:41.000Z"),
        ("2026-06-10 10:12:41,5 +0900", "2026-06-10T01:12:41.500Z"),
        ("2026-06-10T10:12:41.123456789Z", "2026-06-10T10:12:41.123Z"),
        ("2026-06-10T10:12:41.1z", "2026-06-10T10:12:41.100Z"),
        ("2026-06-10T10:12Z", "2026-06-10T10:12:00.000Z"),
        ("2026-06-10 10:12:41 (UTC)", "2026-06-10T10:12:41.000Z"),
        ("2026-06-10 10:12:41 JST", "2026-06-10T01:12:41.000Z"),
        ("2022-07-12T06:09:52.602489-0000", "2022-07-12T06:09:52.602Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"),
        ("1453290121", "2016-01-20T11:42:01.000Z"),
        ("1453290121.5", "2016-01-20T11:42:01.500Z"),
        ("1453290121336", "2016-01-20T11:42:01.336Z"),
        ("1453290121336999", "2016-01-20T11:42:01.336Z"),
        ("1453290121336999888", "2016-01-20T11:42:01.336Z"),
        ("Jun 10 2026 10:12:41 JST", "2026-06-10T01:12:41.000Z"),
        ("Jun 10 2026 10:12:41.250 +09:00", "2026-06-10T01:12:41.250Z"),
        ("Jun 10 2026 10:12:41.250 GMT", "2026-06-10T10:12:41.250Z"),
        ("0001-01-01T00:30:00Z", "0001-01-01T00:30:00.000Z"),
        ("2026-06-10T10:12:41.123456", None),
        ("2026-06-10 10:12:41", None),
        ("Jun 10 2026 10:12:41", None),
        ("Jun 10 10:12:41 UTC", None),
        ("Sep  8 08:32:20", None),
        ("2026-06-10 10:12:41 CST", None),
        ("2026-02-30T10:12:41Z", None),
        ("2026-06-10T25:12:41Z", None),
        ("2026-06-10T10:12:61Z", None),
        ("2026-06-10T10:12:41+99:00", None),
        ("0001-01-01T00:30:00+09:00", None),
        ("9999-12-31T23:30:00-09:00", None),
        ("9999-12-31T23:59:60Z", None),
        ("２０２６-06-10T10:12:41Z", None),
        ("0", None),
        ("0000000000000", None),
        ("12345678", None),
        ("Foo 10 2026 10:12:41 UTC", None),
        ("$timestamp", None),
        ("", None),
        (None, None),
        ("2026-06-10T10:12:41Z" + " " * 100, "2026-06-10T10:12:41.000Z"),
        ("9" * 100_000, None),
    ],
)
def test_instants(raw: str | None, wanted: str | None) -> None:
    found = instant(raw)
    assert (to_milliseconds(found) if found else None) == wanted


@given(
    st.datetimes(min_value=datetime(1000, 1, 1), max_value=datetime(9998, 1, 1)),  # noqa: DTZ001 - asked for naive
    st.integers(-1439, 1439),
)
def test_what_python_writes_is_read_back(naive: datetime, minutes: int) -> None:
    at = naive.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert instant(at.isoformat()) == at


@given(st.datetimes(min_value=datetime(1974, 1, 1), max_value=datetime(2261, 1, 1)))  # noqa: DTZ001 - as above
def test_every_unit_of_the_epoch_names_the_same_instant(naive: datetime) -> None:
    at = naive.replace(tzinfo=UTC, microsecond=0)
    seconds = int(at.timestamp())
    assert {instant(f"{seconds * factor}") for factor in (1, 1000, 1_000_000, 1_000_000_000)} == {at}


@given(
    st.text(max_size=70)
    | st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{5,12}(Z|[+-][0-9]{2}:?[0-9]{2})", fullmatch=True)
)
def test_no_text_breaks_it(raw: str) -> None:
    found = instant(raw)
    looks_like_time(raw)
    assert found is None or found.tzinfo is UTC


def test_the_form_of_a_time_is_known_without_an_offset() -> None:
    assert looks_like_time("Sep  8 08:32:20")
    assert looks_like_time("2026-06-10 10:12:41")
    assert not looks_like_time("$timestamp")

"""Checking rows as they come from the database."""

import pytest

from csirt.record.verify_record import MAX_ENTRY, Result, check_entries, root_from
from tests.record.building import honest, rechained


def test_an_honest_record_passes_with_its_size_and_roots() -> None:
    log = honest(1, 120)
    result = check_entries(log.rows, at={0, 50, 120, 500})
    assert result.size == 120
    assert result.root == log.checkpoint().root
    assert (result.first_bad, result.why) == (None, None)
    assert result.roots == {size: log.checkpoint(size).root for size in (0, 50, 120)}


def test_an_empty_record_passes() -> None:
    assert check_entries([]) == Result(0, root_from([]), None, None, {0: root_from([])})


def test_a_changed_entry_is_named_by_the_link_that_a_later_one_keeps() -> None:
    log = honest(2, 60, incidents=1)
    linked = [seq for seq, line in log.rows if b'"inc":' in line][:-1]
    for seq in linked:
        rows = log.rows
        rows[seq] = (seq, rows[seq][1].replace(b'"cid":"outbox', b'"cid":"inboxx'))
        result = check_entries(rows)
        assert (result.first_bad, result.why) == (seq, "incident_link_broken")


def test_known_leaves_name_every_change() -> None:
    log = honest(3, 60)
    for seq in range(60):
        rows = log.rows
        rows[seq] = (seq, rows[seq][1].replace(b'"cid":"outbox', b'"cid":"inboxx'))
        result = check_entries(rows, leaves=log.leaves)
        assert (result.first_bad, result.why, result.size) == (seq, "entry_changed", seq)
        assert result.root == log.checkpoint(seq).root


def test_rewritten_history_shows_in_the_root_only() -> None:
    log = honest(4, 60)
    lines = list(log.lines)
    lines[20] = lines[20].replace(b'"cid":"outbox', b'"cid":"inboxx')
    result = check_entries(enumerate(rechained(lines)), at={20})
    assert result.first_bad is None
    assert result.root != log.checkpoint().root
    assert result.roots[20] == log.checkpoint(20).root


def test_a_row_under_another_number_is_found() -> None:
    rows = honest(5, 10).rows
    rows[4] = (5, rows[4][1])
    assert check_entries(rows)[2:4] == (4, "seq_not_dense")


def test_an_entry_that_says_another_number_than_its_row_is_found() -> None:
    lines = list(honest(5, 10, incidents=0).lines)
    lines[4] = lines[4].replace(b'"seq":4', b'"seq":5')
    assert check_entries(enumerate(lines))[2:4] == (4, "seq_not_dense")


def test_a_gap_in_an_incident_is_found_even_where_numbers_run_on() -> None:
    log = honest(6, 30, incidents=1)
    lines = [line.replace(b'"inc_seq":3', b'"inc_seq":4') for line in log.lines]
    seq = next(seq for seq, line in log.rows if b'"inc_seq":3,' in line)
    assert check_entries(enumerate(lines))[2:4] == (seq, "incident_not_dense")


def test_a_first_entry_with_a_link_and_a_later_one_without_are_found() -> None:
    log = honest(7, 30, incidents=1)
    first, second = (seq for seq, line in log.rows if b'"inc_seq":0,' in line or b'"inc_seq":1,' in line)
    link = b'"inc_prev":"' + b"A" * 43 + b'=",'
    with_link = [line.replace(b'"inc_seq":0', link + b'"inc_seq":0') for line in log.lines]
    assert check_entries(enumerate(with_link))[2:4] == (first, "incident_not_dense")
    parts = log.lines[second].split(b'"inc_prev":"')
    without = list(log.lines)
    without[second] = parts[0] + parts[1][46:]
    assert check_entries(enumerate(without))[2:4] == (second, "incident_not_dense")


@pytest.mark.parametrize("line", [b"", b"{}", b"x" * (MAX_ENTRY + 1), b"[" * MAX_ENTRY, b"\xff\xfe", b'{"a":1e999}'])
def test_hostile_rows_are_findings(line: bytes) -> None:
    result = check_entries([(0, line)])
    assert (result.size, result.first_bad) == (0, 0)


def test_the_grammar_is_linear_on_hostile_lines() -> None:
    pair = b'"k":["' + b"a" * 100 + b'"],'
    line = b'{"actor":{"auth":"a","id":"b"},"kind":"ABC","out":{' + pair * 70 + b'"k":}'
    assert check_entries([(0, line)]).why == "entry_not_canonical"
    for _ in range(300):
        check_entries([(0, line)])

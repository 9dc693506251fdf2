"""Every format by an input of our own making: it is recognised, and each record ends where it must."""

import json

import pytest

from csirt.readers.formats import as_row, buckets, choose, mappings, read
from tests.readers.examples import examples, formats


@pytest.mark.parametrize("name", formats())
def test_every_record_ends_where_it_must(name: str) -> None:
    data, expected = examples()[name]
    assert choose(data).format == name
    records = list(read(data))
    assert len(records) == len(expected)
    for record, wanted in zip(records, expected, strict=True):
        row = as_row(record)
        if isinstance(wanted, str):
            assert list(buckets([record])) == [wanted]
        else:
            assert row is not None
            assert row == {**row, **wanted}


@pytest.mark.parametrize("name", [one.format for one in mappings() if one.input == "json" and one.format in formats()])
def test_an_answer_that_is_cut_off_is_still_known(name: str) -> None:
    data, _ = examples()[name]
    given = json.loads(data)
    if isinstance(given, dict):
        assert choose(data.rstrip()[:-1]).format == name
    else:
        assert choose(b"\n".join(json.dumps(one).encode() for one in given)).format == name

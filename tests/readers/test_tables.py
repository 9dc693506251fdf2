"""Tables by a mapping: names of columns in Japanese, charsets, rows that break, and rows that are read again."""

import pytest

from csirt.errors import Invalid
from csirt.model.detection import Detection, Unreadable
from csirt.model.ports import Reader
from csirt.readers.formats import as_row, buckets, reader_of
from tests.readers.growth import in_proportion

MAPPING = """input = "csv"
format = "alerts"
name = "Alerts of a console"

[[recognise]]
has = ["検知日時", "端末名", "重大度"]

[[not_a_detection]]
why = "audit"
all = [{ path = "種別", is = ["操作"] }]

[fields]
title = ["検知名"]
host = ["端末名"]
user = ["利用者"]

[split]
host = ";"

[time]
of = ["検知日時"]
without_offset = "+09:00"

[severity]
of = ["重大度"]
level = { "高" = 2, "低" = 0 }
"""
NAMES = "検知日時,端末名,重大度,検知名,種別,利用者"
ROW = "2026/11/30 11:10:00,PC-1; PC-2,高,表示ソ能,通知,mori"
BY_NUMBER = MAPPING.replace(
    'has = ["検知日時", "端末名", "重大度"]', 'has = ["検知日時"]\nall = [{ path = "重大度", is = ["高", "低"] }]'
).replace('name = "A', 'columns = ["検知日時", "端末名", "重大度", "検知名", "種別", "利用者"]\nname = "A')


def reader(mapping: str = MAPPING) -> Reader:
    return reader_of(mapping.encode(), "alerts.toml")


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
@pytest.mark.parametrize("sign", [",", "\t", ";"])
def test_the_same_table_in_every_charset_and_with_every_sign(charset: str, sign: str) -> None:
    text = f"アラート一覧\r\n\r\n{NAMES}\r\n{ROW}\r\n".replace("; ", "、")
    data = text.replace(",", sign).encode(charset)
    table = reader(MAPPING.replace('host = ";"', 'host = "、"'))
    assert table.recognises(data)
    (row,) = [as_row(one) for one in table.read(data)]
    assert row is not None
    assert row["title"] == "表示ソ能"  # the second byte of 表, ソ and 能 is a backslash in Shift_JIS
    assert (row["host"], row["user"], row["level"]) == ("PC-1", "mori", 2)
    assert row["time_utc"] == "2026-11-30T02:10:00.000Z"


def test_several_hosts_in_one_cell() -> None:
    (record,) = reader().read(f"{NAMES}\n{ROW}\n".encode())
    assert isinstance(record.result, Detection)
    assert record.result.observables["host"] == ("PC-1", "PC-2")


def test_a_broken_row_costs_itself_only() -> None:
    rows = [
        ROW,
        '2026/11/30 11:11,"PC-3,低',
        ROW.replace("高", '"高"'),
        "合計 3",
        ROW + ",余分",
        ROW.replace("通知", "操作"),
    ]
    found = list(reader().read("\n".join([NAMES, *rows, NAMES, ROW]).encode()))
    assert [next(iter(buckets([one]))) for one in found] == [
        *("detection", "unreadable:not_csv", "detection", "unreadable:not_csv", "unreadable:not_csv"),
        *("not_a_detection:audit", "detection"),
    ]


def test_a_cell_may_hold_lines_and_marks_and_be_empty() -> None:
    (record,) = reader().read(f'{NAMES}\n2026/11/30 11:10,,高,"「a, ""b""\n=1+1」",,\n'.encode())
    assert isinstance(record.result, Detection)
    assert (record.result.title, record.result.host) == ('「a, "b"\n=1+1」', None)


def test_a_row_that_is_kept_can_be_read_again_by_itself() -> None:
    table = reader()
    for record in table.read(f"{NAMES}\n{ROW}\n合計\n{ROW}".encode("cp932")):
        (again,) = table.read(record.raw)
        assert again.result == record.result


def test_a_name_that_comes_twice_gives_a_list() -> None:
    mapping = MAPPING.replace('user = ["利用者"]', 'user = ["利用者[1]"]')
    (record,) = reader(mapping).read(f"{NAMES},利用者\n{ROW},hara\n".encode())
    assert isinstance(record.result, Detection)
    assert record.result.user == "hara"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "<134>Nov 30 11:10:00 gw console: ",
        "<134>1 2026-11-30T02:10:00Z gw console - - - ",
        '<14>1 - - - - - [a@1 b="c"] ',
    ],
)
def test_columns_that_the_mapping_names_also_behind_a_header_of_syslog(header: str) -> None:
    data = (header + ROW).encode()
    assert reader(BY_NUMBER).recognises(data)
    (row,) = [as_row(one) for one in reader(BY_NUMBER).read(data)]
    assert row is not None
    assert (row["title"], row["host"]) == ("表示ソ能", "PC-1")


def test_a_file_of_something_else_is_not_recognised_and_each_row_says_why() -> None:
    data = b"a,b,c\n1,2,3\n"
    assert not reader().recognises(data)
    assert not reader().recognises(b'{"a": 1}')
    assert [one.result for one in reader().read(data)] == [Unreadable("not_csv", "columns")] * 2


def test_blanks_between_cells_where_the_mapping_says_so() -> None:
    mapping = MAPPING.replace("重大度", "重大").replace('name = "A', 'separator = "blank"\nname = "A')
    (row,) = [
        as_row(one)
        for one in reader(mapping).read('検知日時 端末名 重大 検知名\n"2026/11/30 11:10" PC-1 高 x'.encode())
    ]
    assert row is not None
    assert (row["time_utc"], row["title"], row["level"]) == ("2026-11-30T02:10:00.000Z", "x", 2)


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('name = "A', 'separator = "x"\nname = "A', "separator"),
        ('name = "A', 'columns = "x"\nname = "A', "columns"),
        ('host = ";"', "host = 1", "split.host"),
        ('host = ";"', 'pc = ";"', "split.pc"),
        ('input = "csv"', 'input = "json"\ncolumns = ["a"]', "columns"),
    ],
)
def test_slips_are_named(old: str, new: str, key: str) -> None:
    with pytest.raises(Invalid) as caught:
        reader(MAPPING.replace(old, new, 1))
    assert caught.value.params["key"] == key


@pytest.mark.parametrize("piece", ['a,"b\n', '"', '"a"",', "a,b,c\n", ',"', "\n", "a;b\tc,d\n"])
def test_time_grows_in_proportion(piece: str) -> None:
    def read(pieces: int) -> None:
        list(reader().read((NAMES + "\n").encode() + piece.encode() * pieces))

    assert in_proportion(read, 2_000, 40_000)

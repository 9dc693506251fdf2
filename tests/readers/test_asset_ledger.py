"""The asset ledger as cities keep it: Excel or CSV, any charset, headings somewhere near the top."""

import io
import random
import zipfile

import pytest

from csirt import founding
from csirt.errors import Invalid
from csirt.model.asset import Layer, headings_from
from csirt.readers.asset_ledger import MOST_BYTES, LedgerRead, read_ledger
from tests.readers.ledgers import HEAD, ROWS, table, workbook

HEADINGS = headings_from(founding.read_toml(founding.HEADINGS), "asset_headings.toml")


def read(data: bytes) -> LedgerRead:
    return read_ledger(data, HEADINGS)


@pytest.mark.parametrize("data", [workbook(), table(), table(charset="utf-8-sig")])
def test_every_form_of_a_ledger_gives_the_same_assets(data: bytes) -> None:
    found = read(data)
    assert found.remarks == ()
    assert found.columns["owner"] == "所管課"
    first, second, third, fourth = found.assets
    assert (first.number, first.name, first.owner, first.vendor) == (
        "S-001",
        "住民記録システム",
        "市民課",
        "四国システム",
    )
    assert (first.layer, first.confidentiality, first.integrity, first.availability) == (Layer.MY_NUMBER, 3, 2, 2)
    assert (first.hosts, first.addresses) == (("juki-sv01", "juki-sv02"), ("10.20.1.11",))
    assert (second.layer, second.vendor, second.hosts) == (Layer.LGWAN, "", ("doc-sv01.city.naruto.example",))
    assert (third.layer, third.confidentiality) == (Layer.INTERNET, 1)
    assert (fourth.hosts, fourth.networks, fourth.confidentiality) == ((), ("10.20.8.0/24",), None)


def test_what_cannot_be_understood_is_told_of_by_line_and_heading() -> None:
    rows: list[list[object]] = [
        ["1", "a", "", "", "庁内LAN", "秘", "9", "", "h1", "192.0.2.300 192.0.2.4"],
        ["1", "b", "", "", "", "", "", "", "h2", ""],
        ["2", "", "課", "", "", "", "", "", "h3", ""],
        ["", "c", "", "", "", "", "", "", "h4", ""],
    ]
    found = read(table(rows))
    assert [(one.number, one.layer, one.confidentiality, one.addresses) for one in found.assets] == [
        ("1", None, None, ("192.0.2.4",)),
        ("line-6", None, None, ()),
    ]
    assert {(one.line, one.code, one.heading) for one in found.remarks} == {
        (3, "asset_layer_unknown", "ネットワーク区分"),
        (3, "asset_class_unknown", "機密性"),
        (3, "asset_class_unknown", "完全性"),
        (3, "asset_address_unknown", "IPアドレス"),
        (4, "asset_number_twice", "管理番号"),
        (5, "asset_name_missing", "情報システム名"),
    }


def test_a_city_may_call_its_columns_otherwise() -> None:
    own = {**HEADINGS, "name": ("台帳名",), "hosts": ("機械",)}
    data = "台帳名,機械\n給与,KYUYO-1\n".encode()
    assert read_ledger(data, own).assets[0].hosts == ("kyuyo-1",)
    with pytest.raises(Invalid) as refused:
        read(data)
    assert (refused.value.code, refused.value.params["fields"]) == ("asset_headings_missing", "name, hosts, addresses")


def bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("xl/workbook.xml", b"0" * 300_000_000)
    return packed.getvalue()


def of_a_later_version() -> bytes:
    data = bytearray(workbook())
    data[data.rindex(b"PK\x01\x02") + 6] = 113  # "version needed to extract" of the last file
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (of_a_later_version(), "asset_file_unreadable"),
        (b"", "asset_headings_missing"),
        (b"PK\x03\x04broken", "asset_file_unreadable"),
        (bomb(), "asset_file_too_large"),
        (b"x" * (MOST_BYTES + 1), "asset_file_too_large"),
        (b'\x00"\xff\xfe,,\r\n', "asset_headings_missing"),
    ],
)  # fmt: skip
def test_what_is_no_ledger_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        read(data)
    assert refused.value.code == code


def test_no_broken_file_raises_anything_else() -> None:
    chance = random.Random(7)
    for good in (workbook(), table()):
        for _ in range(150):
            data = bytearray(good)
            for _ in range(chance.randrange(1, 20)):
                data[chance.randrange(len(data))] = chance.randrange(256)
            try:
                read(bytes(data))
            except Invalid:
                continue


def test_a_number_of_an_asset_that_looks_like_a_personal_number_is_masked() -> None:
    rows: list[list[object]] = [["1", "個人番号 123456789018 の台帳", "", "", "", "", "", "", "h", ""]]
    assert "123456789018" not in read(table(rows)).assets[0].name


def test_the_headings_of_the_sample_are_all_known() -> None:
    assert set(read(workbook()).columns.values()) == set(HEAD)
    assert len(ROWS) == 4

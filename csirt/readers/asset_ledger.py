"""情報システム資産管理台帳 from an Excel file or CSV: the sheet as cities keep it, with a title above the headings.

Codes of what is wrong with a cell: `asset_layer_unknown`, `asset_class_unknown`, `asset_address_unknown`; with a line:
`asset_number_twice`, `asset_name_missing`. A cell that cannot be understood is left out of its asset and told of; such
a line is left out as a whole.
"""

import csv
import io
import re
import unicodedata
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_network

from csirt.errors import Invalid
from csirt.guard import clean_line, mask
from csirt.model.asset import Asset, Layer
from csirt.readers.charsets import to_text

Headings = Mapping[str, Sequence[str]]  # field -> the headings that mean it

MOST_BYTES = 16 * 1024 * 1024
MOST_UNPACKED = 256 * 1024 * 1024  # of an Excel file, which is a ZIP
MOST_ROWS = 50_000
_MOST_COLUMNS = 200
_HEADING_AMONG = 30  # lines from the top
_ZIP = b"PK\x03\x04"
_NOISE = re.compile(r"[\s()\[\]【】「」・:*※]+")
_APART = re.compile(r"[\s,;、，；/／|]+")
_APART_NETWORKS = re.compile(r"[\s,;、，；|]+")
_NOTHING = frozenset({"", "-", "ー", "―", "—", "なし", "無", "無し", "n/a", "na", "none", "未定", "不明", "unknown"})
_LAYERS = (
    (Layer.MY_NUMBER, ("個人番号", "マイナンバー", "番号利用", "基幹系", "住基系", "mynumber", "my number")),
    (Layer.LGWAN, ("lgwan", "総合行政ネットワーク", "内部情報系")),
    (Layer.INTERNET, ("インターネット", "internet", "dmz")),
)
_CLASSES = {"confidentiality": 3, "integrity": 2, "availability": 2}


@dataclass(frozen=True, slots=True)
class Remark:
    """What could not be taken from a line of the file (counted from 1): code and heading, never the content."""

    line: int
    code: str
    heading: str = ""


@dataclass(frozen=True, slots=True)
class LedgerRead:
    """What a file holds. `columns`: the heading that was found for each field."""

    assets: tuple[Asset, ...]
    remarks: tuple[Remark, ...]
    columns: Mapping[str, str]


def read_ledger(data: bytes, headings: Headings) -> LedgerRead:
    """The assets of a file.

    Raises:
        Invalid: `asset_file_too_large`, `asset_file_unreadable`, or `asset_headings_missing` with the fields that have
            no heading: a ledger needs the name of an asset, and its host names or addresses.
    """
    if len(data) > MOST_BYTES:
        raise Invalid("asset_file_too_large", limit=MOST_BYTES)
    wanted = {_folded(text): field for field, texts in headings.items() for text in texts}
    sheets = _sheets_of_excel(data) if data.startswith(_ZIP) else [_rows_of_csv(data)]
    closest: set[str] = set()
    for rows in sheets:
        found = _heading_line(rows, wanted)
        columns = dict.fromkeys(found[1].values()) if found else {}
        if found and "name" in columns and columns.keys() & {"hosts", "addresses"}:
            return _read(rows, found[0], found[1])
        closest |= set(columns)
    missing = [field for field in ("name", "hosts", "addresses") if field not in closest]
    raise Invalid("asset_headings_missing", fields=", ".join(missing))


def _folded(text: str) -> str:
    return _NOISE.sub("", unicodedata.normalize("NFKC", text).casefold())


# ------------------------------------------------------------------------------------------------------ out of a file


def _rows_of_csv(data: bytes) -> list[list[str]]:
    text = to_text(data.removeprefix(b"\xef\xbb\xbf"))
    first = text.partition("\n")[0]
    try:
        reader = csv.reader(
            io.StringIO(text, newline=""), delimiter="\t" if first.count("\t") > first.count(",") else ","
        )
        return [row[:_MOST_COLUMNS] for row, _ in zip(reader, range(MOST_ROWS), strict=False)]
    except csv.Error as error:
        raise Invalid("asset_file_unreadable") from error


def _sheets_of_excel(data: bytes) -> Iterator[list[list[str]]]:
    """The sheets of a workbook, as texts. Nothing is unpacked beyond a bound."""
    import openpyxl  # lazy: half a second of start-up that only this needs

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            unpacked = sum(one.file_size for one in packed.infolist())
    except (zipfile.BadZipFile, NotImplementedError) as error:  # the second: a version of ZIP that nobody knows
        raise Invalid("asset_file_unreadable") from error
    if unpacked > MOST_UNPACKED:
        raise Invalid("asset_file_too_large", limit=MOST_UNPACKED)
    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        for sheet in book.worksheets:
            rows = sheet.iter_rows(max_row=MOST_ROWS, max_col=_MOST_COLUMNS, values_only=True)
            yield [[_text(cell) for cell in row] for row in rows]
    except Exception as error:  # a broken workbook raises anything, from KeyError to errors of the XML parser
        raise Invalid("asset_file_unreadable") from error


def _text(cell: object) -> str:
    if cell is None:
        return ""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def _heading_line(rows: Sequence[Sequence[str]], wanted: Mapping[str, str]) -> tuple[int, dict[int, str]] | None:
    """The place of the line with most headings, and which column holds which field; the first of two counts."""
    best: tuple[int, dict[int, str]] | None = None
    for place, row in enumerate(rows[:_HEADING_AMONG]):
        columns: dict[int, str] = {}
        for column, cell in enumerate(row):
            field = wanted.get(_folded(cell))
            if field and field not in columns.values():
                columns[column] = field
        if len(columns) > (len(best[1]) if best else 0):
            best = place, columns
    return best


# --------------------------------------------------------------------------------------------------- line after line


def _read(rows: Sequence[Sequence[str]], heading: int, columns: Mapping[int, str]) -> LedgerRead:
    assets: dict[str, Asset] = {}
    remarks: list[Remark] = []
    names = {field: clean_line(rows[heading][column])[:60] for column, field in columns.items()}
    for line, row in enumerate(rows[heading + 1 :], start=heading + 2):
        cells = {field: row[column].strip() for column, field in columns.items() if column < len(row)}
        if not any(cells.values()):
            continue
        asset, said = _asset(cells, line)
        remarks += [Remark(line, code, names.get(field, "")) for code, field in said]
        if asset is None:
            remarks.append(Remark(line, "asset_name_missing", names["name"]))
        elif asset.number in assets:
            remarks.append(Remark(line, "asset_number_twice", names.get("number", "")))
        else:
            assets[asset.number] = asset
    return LedgerRead(tuple(assets.values()), tuple(remarks), names)


def _asset(cells: Mapping[str, str], line: int) -> tuple[Asset | None, list[tuple[str, str]]]:
    said: list[tuple[str, str]] = []
    name = _line(cells.get("name", ""))
    if not name:
        return None, said
    addresses, networks, wrong = _addresses(cells.get("addresses", ""))
    said += [("asset_address_unknown", "addresses")] * wrong
    classes = {field: _class(cells.get(field, ""), most) for field, most in _CLASSES.items()}
    said += [("asset_class_unknown", field) for field, found in classes.items() if found == 0]
    layer = _layer(cells.get("layer", ""))
    if layer is None and cells.get("layer", "").casefold() not in _NOTHING:
        said.append(("asset_layer_unknown", "layer"))
    return Asset(
        number=_line(cells.get("number", "")) or f"line-{line}",
        name=name,
        owner=_line(cells.get("owner", "")),
        vendor=_line(cells.get("vendor", "")),
        layer=layer,
        confidentiality=classes["confidentiality"] or None,
        integrity=classes["integrity"] or None,
        availability=classes["availability"] or None,
        hosts=_hosts(cells.get("hosts", "")),
        addresses=addresses,
        networks=networks,
    ), said


def _line(text: str) -> str:
    text = mask(clean_line(text))[:200].strip()
    return "" if text.casefold() in _NOTHING else text


def _hosts(text: str) -> tuple[str, ...]:
    parts = (part.rstrip(".").casefold()[:255] for part in _APART.split(unicodedata.normalize("NFKC", text)))
    return tuple(dict.fromkeys(part for part in parts if part not in _NOTHING))


def _addresses(text: str) -> tuple[tuple[str, ...], tuple[str, ...], int]:
    """Plain addresses, networks, and how many parts are neither."""
    addresses: dict[str, None] = {}
    networks: dict[str, None] = {}
    wrong = 0
    for part in _APART_NETWORKS.split(unicodedata.normalize("NFKC", text)):
        if part.casefold() in _NOTHING:
            continue
        try:
            found = ip_network(part, strict=False)
        except ValueError:
            wrong += 1
            continue
        is_one = found.prefixlen == found.max_prefixlen
        (addresses if is_one else networks)[str(found.network_address if is_one else found)] = None
    return tuple(addresses), tuple(networks), wrong


def _layer(text: str) -> Layer | None:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return next((layer for layer, words in _LAYERS if any(word in folded for word in words)), None)


def _class(text: str, most: int) -> int | None:
    """`3`, `機密性3`, `自治体機密性３B`, `Ⅲ`: the class; None for nothing, 0 for what is no class."""
    folded = unicodedata.normalize("NFKC", text).casefold().strip()
    if folded in _NOTHING:
        return None
    folded = {"i": "1", "ii": "2", "iii": "3"}.get(folded, folded)
    digits = re.findall(r"[0-9]", folded)
    return int(digits[0]) if digits and 1 <= int(digits[0]) <= most else 0

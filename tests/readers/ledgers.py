"""A ledger as a city keeps it: a title, a note, headings, then assets."""

import io

import openpyxl

TITLE: list[object] = ["鳴門市 情報システム資産管理台帳", "", "令和8年4月1日現在"]
HEAD: list[object] = [
    *("管理番号", "情報システム名", "所管課", "保守業者", "ネットワーク区分"),
    *("機密性", "完全性", "可用性", "ホスト名", "IPアドレス"),
]
ROWS: list[list[object]] = [
    ["S-001", "住民記録システム", "市民課", "四国システム", "個人番号利用事務系", "自治体機密性３B", 2, 2,
     "JUKI-SV01、JUKI-SV02", "10.20.1.11"],
    ["S-002", "文書管理システム", "総務課", "", "LGWAN接続系", "2", "2", "1",
     "DOC-SV01.city.naruto.example", "10.30.1.5"],
    ["S-003", "市公式ウェブサイト", "広報課", "阿波ウェブ", "インターネット接続系（DMZ）", "Ⅰ", "2", "2",
     "www", "192.0.2.80"],
    ["S-004", "端末（税務課）", "税務課", "-", "個人番号利用事務系", "", "", "", "なし", "10.20.8.0/24"],
]  # fmt: skip


def workbook(rows: list[list[object]] | None = None) -> bytes:
    """The ledger as an Excel file with a cover sheet before it."""
    book = openpyxl.Workbook()
    cover = book.active
    assert cover is not None
    cover.title = "表紙"
    cover.append(["資産台帳"])
    sheet = book.create_sheet("台帳")
    for row in (TITLE, [], HEAD, *(ROWS if rows is None else rows)):
        sheet.append(row)
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


def table(rows: list[list[object]] | None = None, charset: str = "cp932") -> bytes:
    """The same as CSV, as Excel in Japan saves it."""
    lines = [",".join(f'"{cell}"' for cell in row) for row in (TITLE, HEAD, *(ROWS if rows is None else rows))]
    return "\r\n".join(lines).encode(charset)

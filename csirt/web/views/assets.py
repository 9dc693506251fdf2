"""情報システム資産管理台帳: the ledger and its import."""

from dataclasses import dataclass
from typing import ClassVar

from csirt.model.asset import Asset
from csirt.web.views.frame import EMPTY_FORM, Form, Window


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetRow:
    """One asset; `classes` in words, `hits` how many different detections hit it."""

    asset: Asset
    classes: str = ""
    hits: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RemarkRow:
    """What could not be taken from a line of the file: an error code, and the heading of its column."""

    line: int
    code: str
    heading: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetList:
    """The ledger. Field: `file`. After a file was read: how many assets it holds, and remarks; `tried`: only that."""

    template: ClassVar[str] = "assets.html"
    rows: tuple[AssetRow, ...]
    total: int = 0
    search: str = ""
    window: Window | None = None
    may_import: bool = False
    form: Form = EMPTY_FORM
    read: int | None = None
    tried: bool = False
    added: int = 0
    changed: int = 0
    removed: int = 0
    remarks: tuple[RemarkRow, ...] = ()

"""情報システム資産管理台帳: what a host is, who answers for it, in which network it lies, and what it is worth.

Layers are those of the three separated networks (三層の対策), classes those of 総務省「地方公共団体における
情報セキュリティポリシーに関するガイドライン」: 機密性 1 to 3, 完全性 and 可用性 1 to 2.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from csirt.errors import Invalid
from csirt.model.incident import Level

FIELDS = (
    *("number", "name", "owner", "vendor", "layer"),
    *("confidentiality", "integrity", "availability", "hosts", "addresses"),
)


class Layer(StrEnum):
    """A network layer. The value is also the text key."""

    MY_NUMBER = "mynumber"  # 個人番号利用事務系
    LGWAN = "lgwan"  # LGWAN接続系
    INTERNET = "internet"  # インターネット接続系


@dataclass(frozen=True, slots=True)
class Asset:
    """One line of the ledger. What it does not say is empty or None.

    `owner` is the section that answers for it, `vendor` the company that looks after it; `hosts` are names (folded),
    `addresses` plain addresses, `networks` such as `192.0.2.0/24`.
    """

    number: str
    name: str
    owner: str = ""
    vendor: str = ""
    layer: Layer | None = None
    confidentiality: int | None = None
    integrity: int | None = None
    availability: int | None = None
    hosts: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AssetRule:
    """A detection whose own level is `own` or more, on an asset of this layer or confidentiality, is worth `level`."""

    own: Level
    level: Level
    layer: Layer | None = None
    confidentiality: int | None = None

    def holds(self, asset: Asset, own: int) -> bool:
        """Does it speak of this asset, at this level of the detection's own?"""
        if own < self.own or (self.layer is not None and self.layer is not asset.layer):
            return False
        return self.confidentiality is None or (asset.confidentiality or 0) >= self.confidentiality


def level_on(asset: Asset, own: int, rules: Sequence[AssetRule]) -> int:
    """The level of a detection on an asset: its own, or what a rule makes of it, whichever is higher."""
    return max([own, *(int(rule.level) for rule in rules if rule.holds(asset, own))])


def worth(asset: Asset) -> tuple[int, int, int, int]:
    """By which the asset is chosen that counts where several share a host: the one with most to lose."""
    layers = {Layer.MY_NUMBER: 3, Layer.LGWAN: 2, Layer.INTERNET: 1, None: 0}
    return layers[asset.layer], asset.confidentiality or 0, asset.integrity or 0, asset.availability or 0


def gravest(assets: Iterable[Asset]) -> Asset:
    """Of several assets the one with most to lose; of equals the one with the first number. At least one is given."""
    return min(sorted(assets, key=lambda one: one.number), key=lambda one: tuple(-part for part in worth(one)))


def headings_from(table: Mapping[str, Any], file: str) -> dict[str, tuple[str, ...]]:
    """Which headings of a ledger mean which field. Raises `Invalid` `value_malformed` with file and key."""
    for field, texts in table.items():
        is_list = isinstance(texts, list) and all(isinstance(text, str) for text in texts)
        if field not in FIELDS or not is_list:
            raise Invalid("value_malformed", file=file, key=field[:40])
    return {field: tuple(table.get(field, ())) for field in FIELDS}

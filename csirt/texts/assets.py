"""An asset in words."""

from csirt.model.asset import Asset
from csirt.texts.catalogs import Catalog


def classes_text(words: Catalog, asset: Asset) -> str:
    """機密性, 完全性 and 可用性, as far as the ledger says; empty for none."""
    named = [(name, getattr(asset, name)) for name in ("confidentiality", "integrity", "availability")]
    return " ".join(words.say(f"asset.{name}", {"n": number}) for name, number in named if number)


def asset_text(words: Catalog, asset: Asset) -> str:
    """One line: name, layer, who answers for it, classes, vendor."""
    layer = words.gettext(f"layer.{asset.layer}") if asset.layer else ""
    vendor = words.say("asset.vendor", {"name": asset.vendor}) if asset.vendor else ""
    parts = (layer, asset.owner, classes_text(words, asset), vendor)
    about = words.gettext("list.separator").join(part for part in parts if part)
    return words.say("asset.text", {"name": asset.name, "about": about}) if about else asset.name

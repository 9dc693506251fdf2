"""What incidents have in common, in words of one language."""

from collections.abc import Iterable, Mapping

from csirt.model.asset import Asset
from csirt.model.observable import defanged
from csirt.texts.catalogs import Catalog


def over_texts(words: Catalog, over: Iterable[tuple[str, str]], assets: Mapping[str, Asset]) -> tuple[str, ...]:
    """One phrase for each kind and value, defanged; an asset by its name. The same host says the same asset."""
    told = tuple(over)
    kinds = {kind for kind, _ in told}
    return tuple(
        words.say(f"related.{kind}", {"over": _value(kind, value, assets)})
        for kind, value in told
        if kind != "asset" or "host" not in kinds
    )


def _value(kind: str, value: str, assets: Mapping[str, Asset]) -> str:
    if kind == "asset":
        return assets[value].name if value in assets else value
    return defanged("address" if kind == "attacker" else kind, value)

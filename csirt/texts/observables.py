"""What a detection carries, in words of one language."""

from collections import defaultdict
from collections.abc import Iterable

from csirt.model.observable import KINDS, Observable
from csirt.texts.catalogs import Catalog


def observable_lines(words: Catalog, observables: Iterable[Observable]) -> tuple[str, ...]:
    """One line a kind, its values defanged. A kind that we have no word for is called as the source calls it."""
    together: defaultdict[str, list[str]] = defaultdict(list)
    for one in observables:
        together[one.kind].append(one.text)
    return tuple(f"{_name(words, kind)}: {', '.join(texts)}" for kind, texts in together.items())


def _name(words: Catalog, kind: str) -> str:
    return words.gettext(f"observable.{kind}") if kind in KINDS else kind

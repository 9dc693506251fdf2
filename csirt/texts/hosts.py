"""The attacked host of a detection in words."""

from csirt.model.sorting import is_known
from csirt.texts.catalogs import Catalog


def host_text(words: Catalog, attacked: str) -> str:
    """Its name or address; where no record names one, words that say so (decision 0023)."""
    return attacked if is_known(attacked) else words.gettext("detection.no_host")

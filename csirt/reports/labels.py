"""The fixed words of the documents, and times as their readers write them."""

import tomllib
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

from csirt.clock import JST
from csirt.era import at_in_era

Language = Literal["ja", "en"]

CATALOG: Final = Path(__file__).with_name("labels.toml")


@lru_cache(maxsize=2)
def labels(language: Language) -> Mapping[str, str]:
    """Every label in one language, by key; the same keys in each. Read from `labels.toml` once."""
    table: dict[str, str] = tomllib.loads(CATALOG.read_text(encoding="utf-8"))[language]
    return table


def shown_at(at: datetime, language: Language) -> str:
    """An instant in Japanese time: by era in Japanese, else as in `2026-11-22 14:05 JST`."""
    return at_in_era(at) if language == "ja" else f"{at.astimezone(JST):%Y-%m-%d %H:%M} JST"


def iso_at(at: datetime) -> str:
    """An instant in Japanese time for machines, ISO 8601 with offset, to the millisecond."""
    return at.astimezone(JST).isoformat(timespec="milliseconds")

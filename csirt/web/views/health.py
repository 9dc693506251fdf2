"""How the desk itself is."""

from dataclasses import dataclass
from typing import ClassVar

from csirt.model.health import PartState
from csirt.texts.health import ToldPart


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Every part in words, and the whole."""

    template: ClassVar[str] = "health.html"
    whole: PartState
    parts: tuple[ToldPart, ...]

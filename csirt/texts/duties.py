"""Duties in words: their names from the dated rules, their reasons from the catalogs with the facts they rest on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from csirt.model.duty import DutyRule, LawBook
from csirt.texts.catalogs import Catalog


@dataclass(frozen=True, slots=True)
class DutyWords:
    """Puts duties into words of one language."""

    book: LawBook
    words: Catalog

    def label(self, rule: str) -> str:
        """The name of a duty; its id where no edition of it is on file any more."""
        known = next((one for one in self.book.rules if one.id == rule), None)
        return known.label(self.words.language) if known else rule

    def reasons(self, reasons: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
        """Why it stands."""
        return tuple(self.words.say(f"reason.{one['code']}", one["params"]) for one in reasons)

    def doubt(self, rule: DutyRule | None) -> str:
        """What has to be verified, or nothing."""
        return self.words.gettext(f"doubt.{rule.doubt}") if rule and rule.doubt else ""

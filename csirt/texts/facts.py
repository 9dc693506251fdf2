"""Facts in words: their names and values, from the dated catalogue and the catalogs of one language."""

from dataclasses import dataclass
from datetime import datetime

from csirt.clock import JST
from csirt.era import at_in_era
from csirt.errors import Invalid
from csirt.model.fact import FactCatalogue, FactDefinition, FactKind, Value
from csirt.texts.catalogs import Catalog


@dataclass(frozen=True, slots=True)
class FactWords:
    """Puts facts into words. A fact that is no longer in the catalogue stands for itself."""

    catalogue: FactCatalogue
    words: Catalog

    def label(self, name: str) -> str:
        """The name of a fact."""
        known = self.catalogue.facts.get(name)
        return known.label(self.words.language) if known else name

    def value(self, name: str, value: Value) -> str:
        """A value as people read it; nothing for none."""
        known = self.catalogue.facts.get(name)
        codes = value if isinstance(value, tuple) else (str(value),)
        if value is None:
            return ""
        if known is None or known.kind is FactKind.TEXT:
            return ", ".join(codes)
        if known.kind is FactKind.COUNT:
            return self.words.say(f"unit.{known.unit or 'none'}", {"n": f"{value:,}"})
        if known.kind is FactKind.TIME:
            return self._instant(codes[0])
        return self.words.gettext("list.separator").join(self._code(known, one) for one in codes)

    def _code(self, known: FactDefinition, code: str) -> str:
        if known.kind is FactKind.FINDING:
            return self.words.gettext(f"finding.{code}")
        return known.option(code, self.words.language)

    def _instant(self, text: str) -> str:
        try:
            at = datetime.fromisoformat(text)
            return at_in_era(at) if self.words.language == "ja" else self._in_english(at.astimezone(JST))
        except (ValueError, OverflowError, Invalid):
            return text

    def _in_english(self, at: datetime) -> str:
        """22 Nov 2026 (Sun) 13:29, as pages write every instant."""
        month, weekday = self.words.gettext(f"month.{at.month}"), self.words.gettext(f"weekday.{at.isoweekday()}")
        return f"{at.day} {month} {at.year} ({weekday}) {at:%H:%M}"

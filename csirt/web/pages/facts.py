"""What a decision is shown: recorded values of earlier steps, in words."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from csirt.errors import Invalid
from csirt.model.step import Json
from csirt.texts.steps import StepText
from csirt.web.api.words import Words
from csirt.web.look import Phrasing
from csirt.web.pages.steps import choice_text, title_of
from csirt.web.views.frame import Fact

# Captions of what our actions hand on; a key of somebody else's action stands for itself.
_CAPTIONS: Mapping[str, str] = {
    "addresses": "fact.addresses",
    "attackers": "fact.attackers",
    "by_hand": "fact.by_hand",
    "detections": "fact.detections",
    "first_seen": "fact.first_seen",
    "hosts": "fact.hosts",
    "level": "fact.level",
    "ticket": "fact.ticket",
    "titles": "fact.titles",
}


class Facts:
    """Turns values of steps into rows of captions and words."""

    def __init__(self, words: Words, playbook: str | None) -> None:
        """For one reader and one playbook."""
        self._words = words
        self._catalog = words.name.words
        self._phrasing = Phrasing(self._catalog)
        self._playbook = playbook

    def of(self, keys: Iterable[str], values: Mapping[str, Json]) -> Iterator[Fact]:
        """Rows for the values of these steps, in this order."""
        for key in keys:
            if key not in values:
                continue
            text, value = self._words.step_text(self._playbook, key), values[key]
            if isinstance(value, dict) and "choice" in value:
                yield self._answer(text, value)
            elif isinstance(value, dict):
                yield from (self._named(name, one) for name, one in value.items() if one not in (None, "", []))
            else:
                yield Fact(label=title_of(text), value=self.text(value))

    def _answer(self, text: StepText, value: Mapping[str, Any]) -> Fact:
        """What somebody answered: the choice, the reason, the fields, who and when."""
        lines = [choice_text(self._words, text, str(value["choice"])), self.text(value.get("reason"))]
        fields = value.get("fields")
        for name, one in fields.items() if isinstance(fields, dict) else ():
            if one not in (None, ""):
                lines.append(self._pair(text.fields.get(name, name), self.text(one)))
        if value.get("by"):
            by = {"who": self._words.name(str(value["by"])), "at": self.text(value.get("at"))}
            lines.append(self._catalog.say("fact.answered", by))
        return Fact(label=title_of(text), values=tuple(line for line in lines if line))

    def _named(self, name: str, value: Json) -> Fact:
        label = self._catalog.gettext(_CAPTIONS[name]) if name in _CAPTIONS else name
        if name == "level" and isinstance(value, int):
            return Fact(label=label, value=self._catalog.gettext(f"level.{value}"))
        if name == "by_hand":
            return Fact(label=label, value=choice_text(self._words, StepText(""), str(value)))
        if isinstance(value, list) and value:
            return Fact(label=label, values=tuple(self.text(one) for one in value))
        return Fact(label=label, value=self.text(value))

    def text(self, value: Json) -> str:
        """One value in words; an instant as the clock in Japan shows it."""
        if isinstance(value, bool):
            return self._catalog.gettext("choice.yes" if value else "choice.no")
        if isinstance(value, dict):
            return self._list(self._pair(name, self.text(one)) for name, one in value.items())
        if isinstance(value, list):
            return self._list(self.text(one) for one in value)
        return self._moment(value) if isinstance(value, str) else "" if value is None else str(value)

    def _moment(self, text: str) -> str:
        try:
            at = datetime.fromisoformat(text) if "T" in text else None
            return self._phrasing.moment(at) if at and at.tzinfo else text
        except (ValueError, OverflowError, Invalid):
            return text

    def _list(self, parts: Iterable[str]) -> str:
        return self._catalog.gettext("list.separator").join(parts)

    def _pair(self, name: str, text: str) -> str:
        return self._catalog.say("tell.pair", {"name": name, "text": text})

"""レベル: the part of an incident's page about its level."""

from collections.abc import Sequence

from csirt.model.incident import IncidentView
from csirt.store.queries.levels import LevelChange, proposed_because
from csirt.web.api.levels import terms_of
from csirt.web.api.words import Words
from csirt.web.session import Visit
from csirt.web.views.levels import LevelPart, LevelRow, MappedRow


def part_of(visit: Visit, words: Words, view: IncidentView, history: Sequence[LevelChange]) -> LevelPart:
    """Why this level is proposed, who sets it, how it came about, and what others call it."""
    city = visit.desk.door.city
    return LevelPart(
        because=_because(words, proposed_because(history)),
        setter=words.name.post(city.level_setters.get(view.proposed_level, "csirt-head")),
        history=tuple(_row(words, one) for one in history),
        mapped=tuple(
            MappedRow(
                scheme=one.scheme.name.label(visit.language), term=one.term.label(visit.language),
                edition=one.scheme.edition, source=one.scheme.source, uncertain=one.scheme.uncertain,
            )
            for one in terms_of(view, visit)
        ),
    )  # fmt: skip


def _row(words: Words, one: LevelChange) -> LevelRow:
    because = one.reason if one.is_set else _because(words, one.because)
    return LevelRow(at=one.at, level=one.level, is_set=one.is_set, by=words.name(one.by), because=because)


def _because(words: Words, code: str) -> str:
    return words.name.words.gettext(f"level_because.{code}") if code else ""

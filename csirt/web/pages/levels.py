"""レベル: the part of an incident's page about its level."""

from collections.abc import Sequence

from csirt.model.incident import IncidentStatus, IncidentView, Level
from csirt.store.queries.levels import LevelChange, proposed_because
from csirt.store.queries.work import AssignmentView
from csirt.web.api.levels import terms_of
from csirt.web.api.words import Words
from csirt.web.session import Visit
from csirt.web.views.levels import LevelPart, LevelRow, MappedRow, Proposal

_ANSWER = "level_"  # how the choices of a step that asks for a level begin: `level_3`


def part_of(
    visit: Visit, words: Words, view: IncidentView, history: Sequence[LevelChange], asked: Sequence[AssignmentView]
) -> LevelPart:
    """Why this level is proposed and by whom, who sets it, how it came about, and what others call it.

    `asked` are the steps of the case that people answered or are asked: in them people propose levels.
    """
    city = visit.desk.door.city
    by_people = [(one, _level_of(one)) for one in asked]
    rows = [_row(words, one) for one in history]
    rows += [_proposed(words, one, level) for one, level in by_people if level is not None]
    return LevelPart(
        proposal=_proposal(visit, words, view, asked),
        because=_because(words, proposed_because(history)),
        setter=words.name.post(city.level_setters.get(view.proposed_level, "csirt-head")),
        history=tuple(sorted(rows, key=lambda row: row.at, reverse=True)),
        mapped=tuple(
            MappedRow(
                scheme=one.scheme.name.label(visit.language), term=one.term.label(visit.language),
                edition=one.scheme.edition, source=one.scheme.source, uncertain=one.scheme.uncertain,
            )
            for one in terms_of(view, visit)
        ),
    )  # fmt: skip


def _level_of(asked: AssignmentView) -> Level | None:
    """The level that a person proposed in a step; None where the step was about something else, or is open."""
    if not asked.choice or not asked.choice.startswith(_ANSWER) or asked.closed_at is None:
        return None
    return Level(int(asked.choice.removeprefix(_ANSWER)))


def _proposal(visit: Visit, words: Words, view: IncidentView, asked: Sequence[AssignmentView]) -> Proposal | None:
    """The newest level that a person proposed, while nobody has set one and nobody has said no to it."""
    if view.level is not None or view.status is not IncidentStatus.OPEN:
        return None
    said = [(one, level) for one in asked if (level := _level_of(one)) is not None]
    if not said:
        return None
    newest, level = max(said, key=lambda one: (one[0].closed_at or one[0].opened_at, one[0].id))
    decisions = [one for one in asked if newest.step in one.not_by or newest.step in one.showing]
    if any(one.closed_at for one in decisions):
        return None
    post = words.name.post(visit.desk.door.city.level_setters.get(level, "csirt-head"))
    waits_for = words.name(decisions[0].who) if decisions else post
    by, at = words.name(newest.answered_by or ""), newest.closed_at or newest.opened_at
    return Proposal(level=level, by=by, at=at, waits_for=waits_for)


def _proposed(words: Words, one: AssignmentView, level: Level) -> LevelRow:
    answer = one.answer if isinstance(one.answer, dict) else {}
    at = one.closed_at or one.opened_at
    by = words.name(one.answered_by or "")
    return LevelRow(at=at, level=level, is_set=False, by=by, because=str(answer.get("reason") or ""))


def _row(words: Words, one: LevelChange) -> LevelRow:
    because = one.reason if one.is_set else _because(words, one.because)
    return LevelRow(at=one.at, level=one.level, is_set=one.is_set, by=words.name(one.by), because=because)


def _because(words: Words, code: str) -> str:
    return words.name.words.gettext(f"level_because.{code}") if code else ""

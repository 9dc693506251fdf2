"""The strip beside the steps: what mattered in an incident in order of time, what time it is, and what is due."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import pairwise

from csirt.model.duty import DutyState
from csirt.model.step import StepState
from csirt.texts.catalogs import Catalog
from csirt.web.views.incident import Incident, Mark, MarkState, SideBySide, Step

MOST_STEPS, MOST_AHEAD = 6, 4  # the newest steps, the nearest deadlines
_CLOCKS = ("occurred", "noticed", "known", "received")


def marks_of(view: Incident, words: Catalog, now: datetime) -> tuple[Mark, ...]:
    """The marks of an incident, the earliest first, each with the time since the one before."""
    marks = sorted([*_clocks(view, words), *_steps(view.steps), *_ahead(view, now)], key=lambda mark: mark.at)
    if view.closed_at is None:
        passed = [mark for mark in marks if mark.at <= now]
        today = Mark(at=now, labels=(words.gettext("strip.now"),), state=MarkState.NOW)
        marks = [*passed, today, *marks[len(passed) :]]
    marks = list(_together(marks))
    return (*marks[:1], *(mark.after(before.at) for before, mark in pairwise(marks)))


def _clocks(view: Incident, words: Catalog) -> Iterator[Mark]:
    told = {name: getattr(view.clocks, name) for name in _CLOCKS} | {"closed": view.closed_at}
    for name, at in told.items():
        if at is not None:
            yield Mark(at=at, labels=(words.gettext(f"clock.{name}"),))


def every_step(steps: Iterable[Step | SideBySide]) -> Iterator[Step]:
    """The steps of a page, those of its branches too, in their order."""
    for one in steps:
        if isinstance(one, Step):
            yield one
        else:
            for branch in one.branches:
                yield from every_step(branch.steps)


def _steps(steps: Iterable[Step | SideBySide]) -> list[Mark]:
    """What people answered last: what machines did is in the table."""
    done = [
        (one.at, one.title) for one in every_step(steps) if one.state is StepState.DONE and one.assignment and one.at
    ]
    return [Mark(at=at, labels=(title,)) for at, title in sorted(done)[-MOST_STEPS:]]


def _ahead(view: Incident, now: datetime) -> list[Mark]:
    """What is due next of the steps and duties that stand open."""
    due = [(one.due, one.title) for one in every_step(view.steps) if one.state is StepState.OPEN and one.due]
    due += [(one.due, one.label) for one in view.duties if one.state is DutyState.OPEN and one.due]
    return [
        Mark(at=at, labels=(label,), state=MarkState.LATE if at < now else MarkState.AHEAD)
        for at, label in sorted(due)[:MOST_AHEAD]
    ]


def _together(marks: Iterable[Mark]) -> Iterator[Mark]:
    """What happened in the same minute, and is of the same kind, has one mark."""
    kept: Mark | None = None
    for mark in marks:
        if kept and kept.state is mark.state and _minute(kept) == _minute(mark):
            kept = kept.with_labels(mark.labels)
            continue
        if kept:
            yield kept
        kept = mark
    if kept:
        yield kept


def _minute(mark: Mark) -> datetime:
    return mark.at.replace(second=0, microsecond=0)

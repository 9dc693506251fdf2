"""Replays recorded steps through a version of a playbook, without writing: does it still fit, and what would follow?"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from csirt.errors import Awaiting, Conflict, CsirtError, PlaybookDrift
from csirt.model.city import City
from csirt.model.incident import Disposition
from csirt.model.step import At
from csirt.playbook.imagining import StillClock
from csirt.playbook.language import Playbook
from csirt.playbook.place import Pass
from csirt.playbook.responder import Responder
from csirt.response.assignments import Question
from csirt.response.runs import Claim, RecordedStep


@dataclass(frozen=True, slots=True)
class Replay:
    """How recorded steps fit. `end`: `waiting`, `closed:…`, `ended`, or `failed:…` with an error's code.

    `matched` were reached again, `missed` were not, `other` are now another kind of step, `new` would be opened next.
    """

    matched: tuple[str, ...]
    missed: tuple[str, ...]
    other: tuple[str, ...]
    new: tuple[str, ...]
    end: str

    @property
    def drifting(self) -> tuple[str, ...]:
        """The recorded steps that do not fit."""
        return (*self.other, *self.missed)

    @property
    def fits(self) -> bool:
        """May a run with these steps go on with this version?"""
        return not self.drifting and not self.end.startswith("failed:")


@dataclass
class _ShutDoor:
    """Shows what is recorded, and lets nothing be written: what would open a step rests instead."""

    city: City
    steps: Mapping[str, RecordedStep]
    asked: list[str] = field(default_factory=list)
    clock: StillClock = field(default_factory=StillClock)

    def commit(self, _actor: object, use_case: Callable[..., object], _held: object, *arguments: Any) -> None:
        """Closing is looked at only; anything else would be a new step."""
        if isinstance(arguments[0], Disposition):
            return
        at = arguments[0].at if isinstance(arguments[0], Question) else arguments[0]
        key = at.key if isinstance(at, At) else str(at)
        if key not in self.steps:
            self.asked.append(key)
        raise Awaiting(key)

    def look(self, _question: object, *_arguments: object) -> Mapping[str, RecordedStep]:
        """What is recorded."""
        return self.steps


def replay(play: Playbook, steps: Mapping[str, RecordedStep], city: City) -> Replay:
    """One pass from the top over what is recorded."""
    held = Claim(run="r-replay", incident="i-replay", playbook=play.name, version=play.version, lease="", wake=0,
                 prefect_run=None)  # fmt: skip
    door = _ShutDoor(city, steps)
    now = Pass(cast("Any", door), held, dict(steps), cast("Any", None))
    other: tuple[str, ...] = ()
    try:
        play.body(Responder(now))
        end = f"closed:{now.closed.value}" if now.closed else "ended"
    except Awaiting:
        end = "waiting"
    except PlaybookDrift as drift:
        other, end = (str(drift.params.get("step", "")),), f"failed:{drift.code}"
    except CsirtError as error:
        end = f"failed:{error.code}"
    gone = {key for key, step in steps.items() if step.state.value in {"skipped", "cancelled"}}
    missed = tuple(key for key in steps if key not in now.used | gone and key not in other)
    matched = tuple(key for key in steps if key in now.used and key not in other)
    return Replay(matched, missed, other, tuple(dict.fromkeys(door.asked)), end)


def must_fit(
    playbooks: Mapping[tuple[str, int], Playbook], city: City
) -> Callable[[str, int, Mapping[str, RecordedStep]], None]:
    """What a move asks before it happens: raises `Conflict` where a recorded step would not fit the version."""

    def check(name: str, version: int, steps: Mapping[str, RecordedStep]) -> None:
        play = playbooks.get((name, version))
        if play is None:
            raise Conflict("playbook_version_not_here", playbook=name, version=version)
        found = replay(play, steps, city)
        if not found.fits:
            raise Conflict("move_drifts", step=next(iter(found.drifting), ""), version=version, end=found.end)

    return check

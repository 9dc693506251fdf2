"""Where in a playbook a verb stands, and what the record says of its step."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from csirt.errors import PlaybookDrift
from csirt.model.incident import Disposition
from csirt.model.people import SYSTEM
from csirt.model.step import At, Json, StepKind, StepState
from csirt.model.step import checked_step_key as checked
from csirt.playbook.language import Act
from csirt.response import runs
from csirt.response.door import Door
from csirt.response.runs import Claim, RecordedStep

T = TypeVar("T")

# How an attempt is shown while it runs: plainly, or as a task in Prefect.
Show = Callable[[str, Callable[[], Json]], Json]


def plainly(_step: str, attempt: Callable[[], Json]) -> Json:
    """Run an attempt without showing it anywhere."""
    return attempt()


@dataclass
class Pass:
    """One pass over a playbook, from the top: what is recorded, and what the code has asked for so far."""

    door: Door
    held: Claim
    steps: dict[str, RecordedStep]
    act: Callable[[Claim, str], Act]
    show: Show = plainly
    used: set[str] = field(default_factory=set)
    closed: Disposition | None = None


class Place:
    """A place in a pass: the items of `for_each` and `repeat` around it, and the branch that it belongs to."""

    def __init__(self, now: Pass, item: str = "", branch: str = "") -> None:
        """`item` is `pc-17`, or `pc-17.2` further inside; `branch` is `contain/isolate`."""
        self.now = now
        self._item = item
        self._branch = branch

    def within_item(self, item: str) -> "Place":
        """The place inside an item: it becomes part of every name, and a branch of its own."""
        return Place(self.now, f"{self._item}.{item}" if self._item else item, self._below(item))

    def on_branch(self, name: str) -> "Place":
        """The place on a branch of this name."""
        return Place(self.now, self._item, self._below(name))

    def _below(self, name: str) -> str:
        return f"{self._branch}/{name}" if self._branch else name

    def key(self, name: str) -> str:
        """The key of a step, used once in a pass. Raises `Invalid` or `PlaybookDrift`."""
        key = checked(self.named(name))
        if key in self.now.used:  # a second step under the same name would be given the first one's outcome
            raise PlaybookDrift("playbook_drift", step=key, recorded="once", asked="again")
        if self.now.closed:
            raise PlaybookDrift("playbook_drift", step=key, recorded="closed", asked="more")
        self.now.used.add(key)
        return key

    def named(self, name: str) -> str:
        """What a step of this name is called here."""
        return f"{name}[{self._item}]" if self._item else name

    def at(self, key: str, *, mandatory: bool = False) -> At:
        """Where a new step of this key stands."""
        return At(key, self._branch, mandatory)

    def keys(self, names: Sequence[str]) -> tuple[str, ...]:
        """The keys that these names have here, or outside the item where they have none here."""
        inner = {name: self.named(name) for name in names}
        known = self.now.steps.keys() | self.now.used
        return tuple(inner[name] if inner[name] in known else name for name in names)

    def recorded(self, key: str, kind: StepKind) -> RecordedStep | None:
        """The step as recorded, if it is. Raises `PlaybookDrift` where another kind of step has this key."""
        step = self.now.steps.get(key)
        if step and step.kind is not kind:
            raise PlaybookDrift("playbook_drift", step=key, recorded=step.kind.value, asked=kind.value)
        return step

    def reread(self, key: str) -> RecordedStep:
        """The step as it is recorded by now."""
        self.now.steps = self.now.door.look(runs.recorded_steps, self.now.held.run)
        return self.now.steps[key]

    def commit(self, use_case: Callable[..., T], *arguments: object) -> T:
        """Commit a use case under the lease of this pass. Raises `LeaseLost`."""
        return self.now.door.commit(SYSTEM, use_case, self.now.held, *arguments)

    def clock(self) -> datetime:
        """The present instant."""
        return self.now.door.clock.now()


def check_drift(now: Pass) -> None:
    """Refuse a recorded step that the code did not reach in a pass that came to rest."""
    missed = [
        key
        for key, step in now.steps.items()
        if key not in now.used and step.state not in {StepState.SKIPPED, StepState.CANCELLED}
    ]
    if missed:
        raise PlaybookDrift("playbook_drift", step=missed[0], recorded="present", asked="never")

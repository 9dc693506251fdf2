"""What a playbook and an action are, and the decorators that make them."""

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from csirt.errors import Invalid
from csirt.model.incident import Disposition, IncidentType, Level
from csirt.model.order import OrderKind
from csirt.model.people import Role
from csirt.model.step import AtDeadline, Consequence, Json, checked_step_key

if TYPE_CHECKING:
    from csirt.playbook.responder import Responder


def seconds(n: float) -> timedelta:
    """A duration."""
    return timedelta(seconds=n)


def minutes(n: float) -> timedelta:
    """A duration."""
    return timedelta(minutes=n)


def hours(n: float) -> timedelta:
    """A duration."""
    return timedelta(hours=n)


def days(n: float) -> timedelta:
    """A duration."""
    return timedelta(days=n)


def escalate(*, chain: str = "", to: Role | str = "") -> AtDeadline:
    """At the deadline: call a chain, or hand the question on to a role or a post, or both. It stays open."""
    if not (chain or to):
        raise Invalid("escalation_to_nobody")
    return AtDeadline(Consequence.ESCALATE, chain=chain, to=f"role:{to.value}" if isinstance(to, Role) else to)


def choose(choice: str) -> AtDeadline:
    """At the deadline: the clock chooses this answer, and the record says that no person did."""
    return AtDeadline(Consequence.CHOOSE, choice=choice)


def stop_the_run() -> AtDeadline:
    """At the deadline: the run stops, the officers are told, and people go on by hand."""
    return AtDeadline(Consequence.STOP)


class Act(Protocol):
    """What an action is given: its idempotency key, what is known of the case, and what it may reach."""

    @property
    def key(self) -> str:
        """The idempotency key of this step, the same at every attempt."""
        ...

    @property
    def incident(self) -> str:
        """The opaque id of the case."""
        ...

    @property
    def drill(self) -> bool:
        """Is it a drill? Then nothing outside may be touched; `ticket` keeps its orders apart."""
        ...

    def facts(self) -> Mapping[str, Json]:
        """What the case's detections say: `hosts`, `attackers`, `detections`, `first_seen`, `title`."""
        ...

    def ticket(self, kind: str, content: Mapping[str, Json]) -> Json:
        """Leave an order for an outside system or desk in the ticket folder, once for each key."""
        ...

    def order(self, kind: OrderKind, targets: Sequence[Json], reason: str = "") -> Json:
        """Have the city's outside systems carry an order out, once for each key; `reason` for what takes back.

        Raises `Unavailable`; permanently where no system does such orders.
        """
        ...

    def state_facts(self, facts: Mapping[str, Json]) -> None:
        """State facts of the case as estimates, once for each key; a fact that is confirmed already is left alone."""
        ...

    def set_level(self, level: Level, reason: str, by: str) -> None:
        """Set the level of the case as the person `by` (an opaque id) decided, once for each key."""
        ...


@dataclass(frozen=True)
class Action:
    """An automated step. `within` bounds one attempt; a `slow` one is done apart from its run's passes.

    After `tries` attempts it gives up, and `by_hand` names the role that is asked to do it instead.
    """

    name: str
    function: Callable[..., Json]
    within: timedelta
    tries: int
    slow: bool
    by_hand: Role


def action(
    *, within: timedelta = timedelta(seconds=10), tries: int = 3, slow: bool = False,
    by_hand: Role = Role.SYSTEM_MANAGER,
) -> Callable[[Callable[..., Json]], Action]:  # fmt: skip
    """Make an action of a function `(act, *arguments) -> JSON`; it raises `Unavailable` when a retry may help."""

    def make(function: Callable[..., Json]) -> Action:
        name = checked_step_key(function.__name__)
        return Action(name, function, within, tries, slow, by_hand)

    return make


UNNAMED = ("incident", 0)  # no playbook of anybody's has version 0


@dataclass(frozen=True)
class Playbook:
    """A way to handle one type of incident. The body is ordinary code that calls the responder."""

    name: str
    handles: IncidentType
    version: int
    body: Callable[["Responder"], Disposition | None]

    @property
    def is_unnamed(self) -> bool:
        """Is this what Prefect is told of a playbook whose incident is sealed?"""
        return (self.name, self.version) == UNNAMED

    @cached_property
    def unnamed(self) -> "Playbook":
        """The same playbook under a name that says nothing, for what is shown of a sealed incident."""
        return replace(self, name=UNNAMED[0], version=UNNAMED[1])

    @cached_property
    def flow(self) -> Any:
        """The Prefect flow of this playbook, built when first asked for: reading playbooks imports no Prefect."""
        return importlib.import_module("csirt.playbook.flow").flow_of(self)


def playbook(*, handles: str, version: int) -> Callable[[Callable[["Responder"], Disposition | None]], Playbook]:
    """Make a playbook of a function `(respond) -> Disposition`, named as the function."""

    def make(body: Callable[["Responder"], Disposition | None]) -> Playbook:
        return Playbook(checked_step_key(body.__name__), IncidentType(handles), version, body)

    return make

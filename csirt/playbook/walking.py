"""Dry run: walks every path of a playbook without effects, with the responder that works in earnest.

Branches side by side are walked each for itself and not multiplied; so is an action that gives up, since a person then
does it and the path goes on. A repeated section is walked as often as its code can tell the rounds apart, to a bound.
"""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar, Unpack, cast

from pydantic import BaseModel

from csirt.errors import Awaiting, Conflict, CsirtError, Invalid
from csirt.model.city import City
from csirt.model.incident import Disposition
from csirt.model.step import Answer, Consequence, Json, StepKind, StepState
from csirt.playbook import branches
from csirt.playbook.imagining import Choices, Described, Imagined, ImaginedAnswer, ImaginedDoor
from csirt.playbook.language import Action, Playbook
from csirt.playbook.place import Pass
from csirt.playbook.responder import Asking, Responder
from csirt.response.runs import Claim, RecordedStep

T = TypeVar("T")
MOST_PASSES = 300  # of one path: as many steps one after another
MOST_WAYS = 2000  # of one level of one playbook
DONE, GAVE_UP, ACKNOWLEDGED, EXHAUSTED = "done", "gave_up", "acknowledged", "exhausted"
_OURS = str(Path(__file__).parent)


@dataclass(frozen=True, slots=True)
class Passed:
    """A step on a path, with the outcomes under which this path is taken; `any` if the code asks for none."""

    step: str
    outcomes: tuple[str, ...]
    any: bool


@dataclass(frozen=True, slots=True)
class Fork:
    """Branches side by side, each with its ways; with one branch only: ways that come together again."""

    branches: tuple[tuple["Way", ...], ...]


@dataclass(frozen=True, slots=True)
class Way:
    """One path through a body. `end`: `closed:…`, `ended`, `joined`, `failed:…` (an error's code) or `cut`."""

    items: tuple[Passed | Fork, ...]
    end: str


@dataclass(frozen=True, slots=True)
class Walk:
    """All paths of one version of a playbook."""

    playbook: str
    version: int
    steps: Mapping[str, Described]
    ways: tuple[Way, ...]

    @property
    def paths(self) -> int:
        """How many ways were walked, those of branches too."""
        return _count(self.ways)


def _count(ways: Sequence[Way]) -> int:
    forks = [item for way in ways for item in way.items if isinstance(item, Fork)]
    return len(ways) + sum(_count(branch) for fork in forks for branch in fork.branches)


@dataclass
class _Stroll(Pass):
    """The state of the path that is being walked."""

    choices: Choices = field(default_factory=lambda: Choices({}, {}))
    items: list[str | Fork] = field(default_factory=list)
    forks: dict[int, list[list["_Walked"]]] = field(default_factory=dict)
    fork_at: int = 0
    seen: dict[str, Described] = field(default_factory=dict)
    chosen: Mapping[str, str] = field(default_factory=dict)

    def note(self, described: Described) -> None:
        """A step is opened, and has ended by the next pass."""
        codes = tuple(choice.code for choice in described.choices) or _CODES.get(described.kind, (DONE,))
        self.record(described, codes)

    def record(self, described: Described, codes: tuple[str, ...], state: StepState = StepState.DONE) -> None:
        """The same with its possible outcomes."""
        file, line = _place()
        self.seen.setdefault(described.key, replace(described, file=file, line=line))
        self.choices.possible[described.key] = self._chosen(described.key, codes)
        value = cast("Json", Imagined(described.key, self.decide)) if described.kind is not StepKind.ASK else None
        self.steps[described.key] = RecordedStep(described.kind, state, 1, value)
        self.items.append(described.key)

    def decide(self, label: str, options: Sequence[bool]) -> bool:
        """What an imagined value is asked."""
        return self.choices.decide(label, options)

    def _chosen(self, key: str, codes: tuple[str, ...]) -> tuple[str, ...]:
        wanted = self.chosen.get(key)
        if wanted is None:
            return codes
        if wanted not in codes:
            raise Invalid("choice_unknown", field=key, choice=wanted)
        return (wanted,)


_CODES: Mapping[StepKind, tuple[str, ...]] = {StepKind.REACH: (ACKNOWLEDGED, EXHAUSTED)}


def _place() -> tuple[str, int]:
    """File and line of the playbook that asks."""
    frame = sys._getframe(1)  # noqa: SLF001 - the documented way to one's caller
    while frame.f_back and frame.f_code.co_filename.startswith(_OURS):
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_lineno


@dataclass(frozen=True, slots=True)
class _Walked:
    """A way with what the walk goes on with after it."""

    way: Way
    result: Any
    error: CsirtError | None
    closed: Disposition | None
    possible: Mapping[str, tuple[str, ...]]

    @property
    def sign(self) -> str:
        """The same for ways after which the code cannot tell a difference."""
        if isinstance(self.result, ImaginedAnswer):
            step, _ = self.result.outcomes
            told = f"{step}: {self.possible.get(step)}"
        else:
            told = "imagined" if isinstance(self.result, Imagined) else repr(self.result)
        return f"{told} {self.error} {self.closed}"


class _Walker(Responder):
    """The responder of a dry run: its verbs are those of the real one."""

    _now: _Stroll

    def do(self, act: Action, *arguments: Json, name: str = "", mandatory: bool = False) -> Json:
        """Both outcomes: done, and given up and done by hand. They come together again."""
        key = self._place.named(name or act.name)

        def once() -> None:
            if key not in self._now.steps and key not in self._now.used:
                self._begin(act, key, mandatory=mandatory)
            Responder.do(self, act, *arguments, name=name, mandatory=mandatory)

        self._apart([once])
        return cast("Json", Imagined(key, self._now.decide))

    def _begin(self, act: Action, key: str, *, mandatory: bool) -> None:
        codes = (DONE, GAVE_UP)
        at = self._place.at(key, mandatory=mandatory)
        described = Described(
            key=key, kind=StepKind.DO, action=act.name, within=act.within, slow=act.slow, tries=act.tries,
            by_hand=f"role:{act.by_hand.value}", mandatory=mandatory, branch=at.branch,
        )  # fmt: skip
        self._now.record(described, codes)
        if self._now.choices.narrow(key, [(code,) for code in codes]) == (GAVE_UP,):
            self._now.steps[key] = replace(self._now.steps[key], state=StepState.FAILED)

    def ask(self, name: str, *, fields: type[BaseModel] | Sequence[str] = (), **asking: Unpack[Asking]) -> Answer[Any]:
        """Every answer, as far as the code tells them apart; whatever a form was filled with."""
        super().ask(name, fields=fields, **asking)
        return self._imagined(name)

    def approve(self, name: str, **how: Any) -> Answer:
        """The same for an approval."""
        super().approve(name, **how)
        return self._imagined(name)

    def _imagined(self, name: str) -> Answer:
        key, now = self._place.named(name), self._now
        described = now.seen[key]
        stops = described.at_deadline and described.at_deadline.consequence is Consequence.STOP
        if stops and not now.choices.decide(f"{key} in time", (True, False)):
            raise Conflict("deadline_passed", step=key)
        return ImaginedAnswer(key, [choice.code for choice in described.choices], lambda: now.choices)

    def side_by_side(self, *parts: Callable[[Responder], T]) -> list[T]:
        """Every branch is walked for itself; what follows is walked for every difference that it can see."""
        named = zip(branches.names_of(parts), parts, strict=True)
        return self._apart([self._on(self._place.on_branch(name), part) for name, part in named])

    def for_each(self, items: Iterable[str], body: Callable[[Responder, str], T]) -> list[T]:
        """The same for items."""
        return self._apart([self._inside(item, body) for item in items])

    def repeat(self, name: str, body: Callable[[Responder, int], bool], *, first: int = 1) -> int:
        """Once, and once more: further rounds are like the second."""
        for number in (first, first + 1):
            if body(type(self)(self._now, self._place.within_item(f"{name}.{number}")), number):
                return number
        return first + 1

    def _apart(self, parts: Sequence[Callable[[], T]]) -> list[T]:
        now = self._now
        at = now.fork_at
        now.fork_at += 1
        if at not in now.forks:
            walked = [_explore(now, part) for part in parts]
            now.forks[at] = walked
            now.items.append(Fork(tuple(tuple(one.way for one in ways) for ways in walked)))
        keys = {key for ways in now.forks[at] for one in ways for key in one.possible}
        now.used |= keys & now.steps.keys()
        return [self._result(at, number, ways) for number, ways in enumerate(now.forks[at])]

    def _result(self, at: int, number: int, ways: list[_Walked]) -> Any:
        """What a branch came to: decided here only if what follows can tell its ways apart."""
        now = self._now
        signs = list(dict.fromkeys(one.sign for one in ways))
        sign = signs[0] if len(signs) == 1 else now.choices.decide(f"fork {at}.{number}", signs)
        one = next(one for one in ways if one.sign == sign)
        if one.error:
            raise one.error
        if isinstance(one.result, ImaginedAnswer) and len(signs) > 1:
            now.choices.possible |= one.possible
        now.closed = now.closed or one.closed
        return one.result


def _explore(now: _Stroll, body: Callable[[], Any]) -> list[_Walked]:
    """Every way through a body; afterwards the steps of all of them count as asked for."""
    outer = (now.choices, now.items, now.forks, now.fork_at, now.closed)
    steps, used = dict(now.steps), set(now.used)
    now.choices = Choices(outer[0].possible, outer[0].known)
    seen_steps, seen_used = dict(steps), set(used)
    walked: list[_Walked] = []
    while True:
        now.steps, now.items, now.forks, now.closed = dict(steps), [], {}, outer[4]
        walked.append(_walk_once(now, body, used))
        seen_steps |= now.steps
        seen_used |= now.used
        if len(walked) == MOST_WAYS or not now.choices.go_on():
            break
    new = {key: now.choices.possible.get(key, (DONE,)) for key in seen_steps if key not in steps}
    (now.choices, now.items, now.forks, now.fork_at, now.closed) = outer
    now.steps, now.used = seen_steps, seen_used
    for key in new:  # a later look at an answer of a branch decides it anew
        now.choices.possible.setdefault(key, _codes_of(now, key))
    return walked


def _codes_of(now: _Stroll, key: str) -> tuple[str, ...]:
    described = now.seen[key]
    codes = tuple(choice.code for choice in described.choices) or _CODES.get(described.kind, (DONE, GAVE_UP))
    return (now.chosen[key],) if key in now.chosen else codes


def _walk_once(now: _Stroll, body: Callable[[], Any], used: set[str]) -> _Walked:
    result, error, end = None, None, "cut"
    for _ in range(MOST_PASSES):
        now.used, now.fork_at, before = set(used), 0, len(now.steps)
        closed = now.closed
        try:
            result = body()
            end = f"closed:{now.closed.value}" if now.closed and now.closed is not closed else "joined"
            break
        except Awaiting:
            if len(now.steps) == before:
                break
        except CsirtError as failure:
            error, end = failure, f"failed:{failure.code}"
            break
    items = tuple(item if isinstance(item, Fork) else _passed(now, item) for item in now.items)
    return _Walked(Way(items, end), result, error, now.closed, dict(now.choices.possible))


def _passed(now: _Stroll, key: str) -> Passed:
    left = now.choices.possible[key]
    return Passed(key, left, left == _codes_of(now, key) and key not in now.chosen)


def walk(play: Playbook, city: City, choose: Mapping[str, str] | None = None) -> Walk:
    """Every path of a playbook; `choose` settles steps (`is_it_an_incident` -> `yes`) and leaves fewer.

    Raises:
        Invalid: a step that `choose` names is not there, or has no such choice.
    """
    held = Claim(run="r-dry", incident="i-dry", playbook=play.name, version=play.version, lease="", wake=0,
                 prefect_run=None)  # fmt: skip
    now = _Stroll(cast("Any", None), held, {}, cast("Any", None), chosen=choose or {})
    now.door = cast("Any", ImaginedDoor(city, now.note, lambda: now.steps))
    walker = _Walker(now)
    walked = _explore(now, lambda: play.body(walker))
    _refuse_unknown(now)
    for one in walked:
        if one.error and one.error.code == "choice_unknown":
            raise one.error
    ways = tuple(replace(one.way, end="ended") if one.way.end == "joined" else one.way for one in walked)
    return Walk(play.name, play.version, now.seen, ways)


def _refuse_unknown(now: _Stroll) -> None:
    for key in now.chosen.keys() - now.seen.keys():
        raise Invalid("step_unknown", step=key[:80])

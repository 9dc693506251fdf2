"""What a dry run imagines instead of a world: values that nobody knows yet, answers not given, and a door to nothing.

A dry run walks with the very responder that works in earnest. Only what lies behind it is replaced: here a commit is
taken note of, and the step that it would open has ended by the next pass.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from csirt.errors import Invalid
from csirt.model.city import City
from csirt.model.step import Answer, At, AtDeadline, Choice, StepKind, StepState
from csirt.response import assignments, knowing, reaching, runs

T = TypeVar("T")
ITEMS = ("a", "b")  # what a list that nobody knows yet holds: more than one, and few
NOON = datetime(2026, 4, 1, 3, 0, tzinfo=UTC)
Decide = Callable[[str, Sequence[bool]], bool]


class Choices:
    """Leads depth first through every combination of what the code asks to be decided.

    An answer is decided only when the code looks at it, and only as far as it looks: `answer.no` parts the choices in
    two, `answer.choice` into each of them, and an answer nobody looks at leads one way only.
    """

    def __init__(self, possible: Mapping[str, tuple[str, ...]], known: Mapping[str, object]) -> None:
        """`possible` and `known` hold from before; they are not decided anew here."""
        self._base = (dict(possible), dict(known))
        self.possible, self.known = dict(possible), dict(known)
        self._script: list[int] = []
        self._widths: list[int] = []
        self._at = 0

    def decide(self, label: str, options: Sequence[T]) -> T:
        """One of the options; the same for the same label until `go_on`."""
        if label not in self.known:
            if self._at == len(self._script):
                self._script.append(0)
                self._widths.append(len(options))
            self.known[label] = options[self._script[self._at]]
            self._at += 1
        found: T = self.known[label]  # type: ignore[assignment]
        return found

    def narrow(self, step: str, parts: Sequence[Sequence[str]]) -> tuple[str, ...]:
        """The outcomes of a step that remain once the code can tell these parts from one another."""
        left = [tuple(code for code in self.possible[step] if code in part) for part in parts]
        left = [part for part in left if part]
        if len(left) > 1:
            self.possible[step] = self.decide(f"{step}: {left}", left)
        return self.possible[step]

    def go_on(self) -> bool:
        """Turn to the next combination; False once all were led through."""
        while self._script and self._script[-1] + 1 == self._widths[-1]:
            self._script.pop()
            self._widths.pop()
        if not self._script:
            return False
        self._script[-1] += 1
        self._at = 0
        self.possible, self.known = dict(self._base[0]), dict(self._base[1])
        return True


class Imagined:
    """The result of an action that was not done. Whatever is asked of it is imagined both ways."""

    def __init__(self, name: str, decide: Decide) -> None:
        """`name` says where it comes from; `decide` answers what the code wants to know of it."""
        self._name = name
        self._decide = decide

    def __getitem__(self, key: object) -> "Imagined":
        return Imagined(f"{self._name}[{key}]", self._decide)

    def __getattr__(self, name: str) -> "Imagined":
        """A field of a form."""
        if name.startswith("_"):  # what Python itself asks for is not imagined
            raise AttributeError(name)
        return Imagined(f"{self._name}.{name}", self._decide)

    def get(self, key: object, _default: object = None) -> "Imagined":
        """As of a mapping."""
        return self[key]

    def __iter__(self) -> Iterator[str]:
        return iter(ITEMS)

    def __len__(self) -> int:
        return len(ITEMS)

    def __contains__(self, other: object) -> bool:
        return self._decide(f"{other!r} in {self._name}", (True, False))

    def __bool__(self) -> bool:
        return self._decide(self._name, (True, False))

    def __eq__(self, other: object) -> bool:
        return self._decide(f"{self._name} == {other!r}", (True, False))

    def __gt__(self, other: object) -> bool:
        return self._decide(f"{self._name} > {other!r}", (True, False))

    def __ge__(self, other: object) -> bool:
        return self._decide(f"{self._name} >= {other!r}", (True, False))

    def __lt__(self, other: object) -> bool:
        return not self >= other

    def __le__(self, other: object) -> bool:
        return not self > other

    def __hash__(self) -> int:
        return hash(self._name)

    def __int__(self) -> int:
        return len(ITEMS)

    def __str__(self) -> str:
        return self._name


class ImaginedAnswer(Answer):
    """An answer that is decided when the code looks at it."""

    __slots__ = ("_asked",)
    _asked: tuple[str, tuple[str, ...], Callable[[], Choices]]

    def __init__(self, step: str, codes: Sequence[str], choices: Callable[[], Choices]) -> None:
        """`choices` gives who decides at the moment."""
        super().__init__(choice="", reason=f"({step})", by=f"p-{step}", at=NOON)
        object.__setattr__(self, "_asked", (step, tuple(codes), choices))

    @property
    def outcomes(self) -> tuple[str, tuple[str, ...]]:
        """The step, and the choices that are still possible."""
        step, _, choices = self._asked
        return step, choices().possible[step]

    def _among(self, parts: Sequence[Sequence[str]]) -> tuple[str, ...]:
        step, _, choices = self._asked
        return tuple(choices().narrow(step, parts))

    @property
    def choice(self) -> str:
        """One choice."""
        codes = self._asked[1]
        return self._among([(code,) for code in codes])[0]

    @choice.setter
    def choice(self, _value: str) -> None: ...

    @property
    def fields(self) -> Any:
        """Fields nobody has filled in."""
        step, _, choices = self._asked
        return Imagined(f"{step}.fields", lambda label, options: choices().decide(label, options))

    @fields.setter
    def fields(self, _value: Any) -> None: ...

    def _is(self, wanted: Callable[[Answer], bool]) -> bool:
        codes = self._asked[1]
        first = wanted(Answer(codes[0]))  # the path that authors name first is walked first
        parts = [[code for code in codes if wanted(Answer(code)) is side] for side in (first, not first)]
        return wanted(Answer(self._among(parts)[0]))

    @property
    def given(self) -> bool:
        """Was it answered, or has somebody set the step aside?"""
        step, codes, choices = self._asked
        left = choices().possible[step]
        if len(left) < len(codes):  # it is settled already
            return left != (StepState.SKIPPED.value,)
        given = choices().decide(f"{step} given", (True, False))
        if not given:
            choices().possible[step] = (StepState.SKIPPED.value,)
        return given

    @property
    def defaulted(self) -> bool:
        """Did the clock choose?"""
        step, _, choices = self._asked
        return choices().decide(f"{step} defaulted", (False, True))

    @defaulted.setter
    def defaulted(self, _value: bool) -> None: ...

    @property
    def yes(self) -> bool:
        """Was it agreed to?"""
        return self._is(lambda answer: answer.yes)

    @property
    def no(self) -> bool:
        """Was it declined?"""
        return self._is(lambda answer: answer.no)


@dataclass(frozen=True, slots=True)
class Described:
    """One step as the code asks for it, with where it stands in the code."""

    key: str
    kind: StepKind
    who: str = ""
    within: timedelta | None = None
    chain: str = ""
    choices: tuple[Choice, ...] = ()
    fields: tuple[str, ...] = ()
    showing: tuple[str, ...] = ()
    not_by: tuple[str, ...] = ()
    template: str = ""
    by: tuple[str, ...] = ()
    action: str = ""
    slow: bool = False
    tries: int = 0
    by_hand: str = ""
    at_deadline: AtDeadline | None = None
    fact: str = ""
    duty: str = ""
    mandatory: bool = False
    branch: str = ""
    file: str = ""
    line: int = 0


class StillClock:
    """A clock for what never happens."""

    def now(self) -> datetime:
        """Always the same noon."""
        return NOON


class ImaginedDoor:
    """Takes note of what a pass would commit."""

    def __init__(self, city: City, note: Callable[[Described], None], look: Callable[[], Any]) -> None:
        """`note` is told each step that a commit would open; `look` gives the steps so far."""
        self.city = city
        self.clock = StillClock()
        self._note = note
        self._look = look

    def commit(self, _actor: object, use_case: Callable[..., object], _held: object, *arguments: Any) -> None:
        """What the use case would do, as far as a pass can see. Raises `Invalid` for one that it does not know."""
        deed = _DEEDS.get(use_case.__name__)
        if deed is None:
            raise Invalid("dry_run_unknown_deed", deed=use_case.__name__)
        if described := deed(*arguments):
            self._note(described)

    def look(self, _question: object, *_arguments: object) -> Any:
        """The steps so far."""
        return self._look()


def _question(asked: assignments.Question) -> Described:
    return Described(
        key=asked.at.key, kind=asked.kind, who=asked.who, within=asked.within, chain=asked.chain or "",
        choices=asked.choices, fields=tuple(map(str, asked.fields)), showing=asked.showing, not_by=asked.not_by,
        at_deadline=asked.at_deadline, mandatory=asked.at.mandatory, branch=asked.at.branch,
    )  # fmt: skip


def _reach(at: At, chain: str, template: str) -> Described:
    return Described(key=at.key, kind=StepKind.REACH, chain=chain, template=template, mandatory=at.mandatory,
                     branch=at.branch)  # fmt: skip


def _tell(at: At, who: Sequence[str], by: Sequence[str], template: str) -> Described:
    return Described(key=at.key, kind=StepKind.TELL, who=", ".join(who), by=tuple(by), template=template,
                     branch=at.branch)  # fmt: skip


def _timer(at: At, due_at: datetime) -> Described:
    return Described(key=at.key, kind=StepKind.WAIT, within=due_at - NOON, branch=at.branch)


def _know(at: At, fact: str) -> Described:
    return Described(key=at.key, kind=StepKind.KNOW, fact=fact, mandatory=at.mandatory, branch=at.branch)


def _look_up(at: At, fact: str) -> Described:
    return Described(key=at.key, kind=StepKind.KNOW, fact=fact, branch=at.branch)


def _await_duty(at: At, rule: str) -> Described:
    return Described(key=at.key, kind=StepKind.DUTY, duty=rule, mandatory=at.mandatory, branch=at.branch)


def _close(_disposition: object, _because: str) -> None:
    return None


_DEEDS: Mapping[str, Callable[..., Described | None]] = {
    assignments.open_for.__name__: _question,
    reaching.reach.__name__: _reach,
    reaching.tell.__name__: _tell,
    reaching.close.__name__: _close,
    runs.set_timer.__name__: _timer,
    knowing.know.__name__: _know,
    knowing.look_up.__name__: _look_up,
    knowing.await_duty.__name__: _await_duty,
}

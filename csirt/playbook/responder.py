"""The responder: every verb of a playbook. Each is recorded once and replayed from then on by its name."""

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any, Required, TypedDict, TypeVar, Unpack, overload

from pydantic import BaseModel

from csirt.errors import Awaiting, Conflict, Invalid
from csirt.model.incident import Disposition, Level
from csirt.model.people import Role
from csirt.model.step import APPROVE_OR_REFUSE, YES_NO, Answer, AtDeadline, Choice, Json, StepKind
from csirt.playbook import acts, branches, forms, questions, waits
from csirt.playbook.language import Action
from csirt.playbook.place import Pass, Place, check_drift
from csirt.response import reaching
from csirt.response.assignments import Question

T = TypeVar("T")
FormT = TypeVar("FormT", bound=BaseModel)
REPEATS_AT_MOST = 200


class Asking(TypedDict, total=False):
    """What can be said of a question.

    The `chain` is climbed until somebody answers; `showing` names steps to look at, `not_by` steps whose answerer may
    not answer. `at_deadline` says what follows when nobody has answered `within` the time; without it, nothing but an
    entry. A `mandatory` one is set aside by a higher post only, and nobody closes the case before.
    """

    who: Required[Role | str]
    within: timedelta | None
    at_deadline: AtDeadline | None
    chain: str | None
    choices: Sequence[Choice]
    showing: Sequence[str]
    not_by: Sequence[str]
    mandatory: bool


class Responder:
    """What a playbook speaks to. Branches and items are given one of their own."""

    def __init__(self, now: Pass, place: Place | None = None) -> None:
        """Made by `performance.perform` for each pass."""
        self._now = now
        self._place = place or Place(now)

    def do(self, act: Action, *arguments: Json, name: str = "", mandatory: bool = False) -> Json:
        """Have an action done once; returns its result. Rests while a retry or a slow action is under way."""
        return acts.do(self._place, act, arguments, name or act.name, mandatory=mandatory)

    @overload
    def ask(self, name: str, *, fields: type[FormT], **asking: Unpack[Asking]) -> Answer[FormT | None]: ...

    @overload
    def ask(self, name: str, *, fields: Sequence[str] = (), **asking: Unpack[Asking]) -> Answer: ...

    def ask(self, name: str, *, fields: type[BaseModel] | Sequence[str] = (), **asking: Unpack[Asking]) -> Answer[Any]:
        """Ask a role or a post; what can be said of a question stands in `Asking`.

        `fields` is a pydantic model, whose values the answer's `fields` then holds (None where the step was skipped,
        declined or decided by the clock), or the names of texts.
        """
        place = self._place
        form = forms.fields_of(fields) if isinstance(fields, type) else ()
        question = Question(
            place.at(place.key(name), mandatory=asking.get("mandatory", False)), StepKind.ASK,
            questions.party_of(asking["who"]), tuple(asking.get("choices", YES_NO)), asking.get("within"),
            asking.get("chain"), () if isinstance(fields, type) else tuple(fields), form,
            tuple(asking.get("not_by", ())), tuple(asking.get("showing", ())), asking.get("at_deadline"),
        )  # fmt: skip
        answer = questions.ask(place, question)
        return forms.with_values(answer, fields, form) if isinstance(fields, type) else answer

    def ask_all(self, *asked: Callable[["Responder"], Answer]) -> list[Answer]:
        """Ask several things at once; all stand open together, and the pass goes on when all are answered."""
        return self.side_by_side(*asked)

    def approve(
        self,
        name: str,
        *,
        who: Role | str,
        asked_in: Sequence[str],
        within: timedelta | None = None,
        at_deadline: AtDeadline | None = None,
        chain: str | None = None,
        showing: Sequence[str] = (),
    ) -> Answer:
        """Four eyes: whoever answered one of the steps `asked_in` may not approve. Nobody can skip an approval."""
        if not asked_in:
            raise Invalid("approval_of_nothing", step=name)
        if at_deadline and at_deadline.choice == APPROVE_OR_REFUSE[0].code:
            raise Invalid("approval_by_clock", step=name)
        place = self._place
        question = Question(
            place.at(place.key(name)), StepKind.APPROVE, questions.party_of(who), APPROVE_OR_REFUSE, within, chain,
            not_by=tuple(asked_in), showing=tuple(showing), at_deadline=at_deadline,
        )  # fmt: skip
        return questions.ask(place, question)

    def reach(self, chain: str, *, template: str, name: str = "", mandatory: bool = False) -> Json:
        """Climb a chain until every route is acknowledged or exhausted; returns how each route ended.

        Where the city has no such chain, the officer is asked to call by hand.
        """
        return waits.reach(self._place, chain, template, name or f"reach_{chain}", mandatory=mandatory)

    def tell(self, name: str, *, who: Sequence[str], by: Sequence[str], template: str = "notice") -> Json:
        """Send a message without waiting for anybody; returns how many addresses it goes to."""
        key = self._place.key(name)
        step = self._place.recorded(key, StepKind.TELL)
        if step is None:
            self._place.commit(reaching.tell, self._place.at(key), tuple(who), tuple(by), template)
            step = self._place.reread(key)
        return step.value

    def wait(self, name: str, *, duration: timedelta) -> None:
        """Rest until `duration` has passed since this was first reached."""
        waits.wait(self._place, name, duration)

    def known(self, fact: str, *, name: str = "", mandatory: bool = False) -> Json:
        """Rest until a fact of the incident is known, be it as an estimate; returns its value of that moment.

        At the head of a branch it lets the branch begin when the fact arrives.
        """
        return waits.known(self._place, fact, name or f"known_{fact}", mandatory=mandatory)

    def fact(self, fact: str, *, name: str = "") -> Json:
        """The value that a fact of the incident has now, be it an estimate; None where nobody knows it yet.

        It is recorded like any step: replay is given the value of that moment, whatever was found out since.
        """
        return waits.fact(self._place, fact, name or f"fact_{fact}")

    def duty(self, rule: str, *, name: str = "", mandatory: bool = False) -> Json:
        """Rest until a legal duty of the incident has ended; returns `met`, `waived` or `lapsed`.

        `none` where the facts so far ask for no such duty: state them first.
        """
        return waits.duty(self._place, rule, name or f"duty_{rule}", mandatory=mandatory)

    def side_by_side(self, *parts: Callable[["Responder"], T]) -> list[T]:
        """Each branch goes as far as it can, whatever the others do; results in the order of the branches.

        A branch that fails does not hold up the others; its error is raised once they have come to rest. A branch is
        named after its function.
        """
        named = zip(branches.names_of(parts), parts, strict=True)
        return branches.side_by_side([self._on(self._place.on_branch(name), part) for name, part in named])

    def for_each(self, items: Iterable[str], body: Callable[["Responder", str], T]) -> list[T]:
        """Run `body` for every item, side by side; the item's id becomes part of every step's name."""
        return branches.side_by_side([self._inside(item, body) for item in items])

    def repeat(self, name: str, body: Callable[["Responder", int], bool], *, first: int = 1) -> int:
        """Run `body` again and again, with a number that counts from `first`, until it says that it was the last.

        The name and the number become part of every step's name: `send_report[report.2]`. Returns the last number.
        """
        for number in range(first, first + REPEATS_AT_MOST):
            if body(type(self)(self._now, self._place.within_item(f"{name}.{number}")), number):
                return number
        raise Invalid("repeated_too_often", step=name, limit=REPEATS_AT_MOST)

    def _on(self, place: Place, part: Callable[["Responder"], T]) -> Callable[[], T]:
        return lambda: part(type(self)(self._now, place))

    def _inside(self, item: str, body: Callable[["Responder", str], T]) -> Callable[[], T]:
        return lambda: body(type(self)(self._now, self._place.within_item(item)), item)

    def post_for(self, level: Level) -> str:
        """The post that sets this level, as the city has it."""
        return f"post:{self._now.door.city.level_setters.get(level, 'csirt-head')}"

    def close(self, disposition: Disposition, because: str = "") -> Disposition:
        """Close the incident. Refused while steps stand open, waits while duties do; nothing may follow."""
        check_drift(self._now)
        try:
            self._place.commit(reaching.close, disposition, because)
        except Conflict as error:
            if error.code not in {"duties_open", "errands_open", "paper_open"}:
                raise
            raise Awaiting("close") from None  # what ends the last duty, or stamps the last paper, wakes the run
        self._now.closed = disposition
        return disposition

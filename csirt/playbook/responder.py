"""The responder: every verb of a playbook. Each is recorded once and replayed from then on by its name."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from csirt.errors import Awaiting, CsirtError, Invalid, LeaseLost, PlaybookDrift, Unavailable
from csirt.model.incident import Disposition, Level
from csirt.model.people import SYSTEM, Role
from csirt.model.step import APPROVE_OR_REFUSE, DONE_OR_CANNOT, YES_NO, Answer, Choice, Json, StepKind, StepState
from csirt.model.step import checked_step_key as checked
from csirt.playbook.language import Act, Action
from csirt.response import assignments, reaching, runs
from csirt.response.assignments import Question
from csirt.response.door import Door
from csirt.response.runs import Claim, RecordedStep

T = TypeVar("T")
BACKOFF = (2, 10, 60, 300, 900)  # seconds before the second, third, … attempt

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


class Responder:
    """What a playbook speaks to. `for_each` gives its body one that adds the item to every name."""

    def __init__(self, now: Pass, item: str = "") -> None:
        """Made by `performance.perform` for each pass."""
        self._now = now
        self._item = item

    def do(self, act: Action, *arguments: Json, name: str = "") -> Json:
        """Have an action done once; returns its result. Rests while a retry or a slow action is under way."""
        key = self._key(name or act.name)
        step = self._recorded(key, StepKind.DO)
        if step and step.state in {StepState.DONE, StepState.SKIPPED}:
            return step.value
        if step and step.state is StepState.FAILED:
            return self._by_hand(act, key)
        if act.slow:
            if step is None:
                self._commit(runs.order_slow, key, [act.name, *arguments])
            raise Awaiting(key)
        if step and step.retry_at:
            raise Awaiting(key)  # its timer wakes the run
        return self._attempt(act, key, step.attempts if step else 0, arguments)

    def ask(
        self,
        name: str,
        *,
        who: Role | str,
        within: timedelta | None = None,
        chain: str | None = None,
        choices: Sequence[Choice] = YES_NO,
        fields: Sequence[str] = (),
        showing: Sequence[str] = (),
        not_by: Sequence[str] = (),
    ) -> Answer:
        """Ask a role or a post. The chain is climbed until somebody answers; `showing` names steps to look at."""
        return self._ask(name, StepKind.ASK, who, within, chain, choices, fields, showing, not_by)

    def ask_all(self, *questions: Callable[["Responder"], Answer]) -> list[Answer]:
        """Ask several things at once; all stand open together, and the pass goes on when all are answered."""
        return self.side_by_side(*questions)

    def approve(
        self,
        name: str,
        *,
        who: Role | str,
        asked_in: Sequence[str],
        within: timedelta | None = None,
        chain: str | None = None,
        showing: Sequence[str] = (),
    ) -> Answer:
        """Four eyes: whoever answered one of the steps `asked_in` may not approve."""
        if not asked_in:
            raise Invalid("approval_of_nothing", step=name)
        return self._ask(name, StepKind.APPROVE, who, within, chain, APPROVE_OR_REFUSE, (), showing, asked_in)

    def reach(self, chain: str, *, template: str, name: str = "") -> Json:
        """Climb a chain until every route is acknowledged or exhausted; returns how each route ended."""
        key = self._key(name or f"reach_{chain}")
        step = self._recorded(key, StepKind.REACH)
        if step and step.state is not StepState.OPEN:
            return step.value
        if step is None:
            self._commit(reaching.reach, key, chain, template)
        raise Awaiting(key)

    def tell(self, name: str, *, who: Sequence[str], by: Sequence[str], template: str = "notice") -> Json:
        """Send a message without waiting for anybody; returns how many addresses it goes to."""
        key = self._key(name)
        step = self._recorded(key, StepKind.TELL)
        if step is None:
            self._commit(reaching.tell, key, tuple(who), tuple(by), template)
            step = self._reread(key)
        return step.value

    def wait(self, name: str, *, duration: timedelta) -> None:
        """Rest until `duration` has passed since this was first reached."""
        key = self._key(name)
        step = self._recorded(key, StepKind.WAIT)
        if step and step.state is not StepState.OPEN:
            return
        if step is None:
            self._commit(runs.set_timer, key, self._clock() + duration)
        raise Awaiting(key)

    def side_by_side(self, *branches: Callable[["Responder"], T]) -> list[T]:
        """Each branch goes as far as it can, whatever the others do; results in the order of the branches.

        A branch that fails does not hold up the others; its error is raised once they have come to rest.
        """
        results: list[T] = []
        resting: list[str] = []
        failure: CsirtError | None = None
        for branch in branches:
            try:
                results.append(branch(self))
            except Awaiting as rest:
                resting += rest.steps
            except LeaseLost:
                raise
            except CsirtError as error:
                failure = failure or error
        if failure:
            raise failure
        if resting:
            raise Awaiting(*resting)
        return results

    def for_each(self, items: Iterable[str], body: Callable[["Responder", str], T]) -> list[T]:
        """Run `body` for every item, side by side; the item's id becomes part of every step's name."""
        return self.side_by_side(*(self._branch(item, body) for item in items))

    def _branch(self, item: str, body: Callable[["Responder", str], T]) -> Callable[["Responder"], T]:
        inner = Responder(self._now, f"{self._item}.{item}" if self._item else item)
        return lambda _outer: body(inner, item)

    def post_for(self, level: Level) -> str:
        """The post that sets this level, as the city has it."""
        return f"post:{self._now.door.city.level_setters.get(level, 'csirt-head')}"

    def close(self, disposition: Disposition, because: str = "") -> Disposition:
        """Close the incident. Refused while steps stand open; nothing may follow in the playbook."""
        check_drift(self._now)
        self._commit(reaching.close, disposition, because)
        self._now.closed = disposition
        return disposition

    def _ask(  # noqa: PLR0917 - a question has this many parts
        self, name: str, kind: StepKind, who: Role | str, within: timedelta | None, chain: str | None,
        choices: Sequence[Choice], fields: Sequence[str], showing: Sequence[str], not_by: Sequence[str],
    ) -> Answer:  # fmt: skip
        key = self._key(name)
        step = self._recorded(key, kind)
        if step and step.state is not StepState.OPEN:
            return _answer(step)
        if step is None:
            party = f"role:{who.value}" if isinstance(who, Role) else who
            question = Question(
                key, kind, party, tuple(choices), within, chain, tuple(fields), self._keys(not_by), self._keys(showing)
            )
            self._commit(assignments.open_for, question)
        raise Awaiting(key)

    def _attempt(self, act: Action, key: str, before: int, arguments: Sequence[Json]) -> Json:
        token = self._commit(runs.start_attempt, key)
        try:
            value = self._now.show(key, lambda: bounded(act, self._now.act(self._now.held, token), arguments))
        except (CsirtError, OSError) as error:
            retry_at = retry_time(self._clock(), before + 1, act.tries, error)
            self._commit(runs.attempt_failed, key, code_of(error), retry_at)
            if retry_at is None:
                return self._by_hand(act, key)
            raise Awaiting(key) from None
        self._commit(runs.finish_step, key, value)
        return value

    def _by_hand(self, act: Action, key: str) -> Json:
        """An action gave up: a person takes it over, and their word is the step's outcome."""
        name = key.partition("[")[0]
        answer = self._ask(
            f"{name}_by_hand", StepKind.ASK, act.by_hand, timedelta(hours=1), None, DONE_OR_CANNOT, (), (name,), ()
        )
        return {"by_hand": answer.choice}

    def _key(self, name: str) -> str:
        key = checked(f"{name}[{self._item}]" if self._item else name)
        if key in self._now.used:  # a second step under the same name would be given the first one's outcome
            raise PlaybookDrift("playbook_drift", step=key, recorded="once", asked="again")
        if self._now.closed:
            raise PlaybookDrift("playbook_drift", step=key, recorded="closed", asked="more")
        self._now.used.add(key)
        return key

    def _keys(self, names: Sequence[str]) -> tuple[str, ...]:
        """The keys that these names have here, or outside `for_each` where they have none here."""
        inner = {name: f"{name}[{self._item}]" if self._item else name for name in names}
        known = self._now.steps.keys() | self._now.used
        return tuple(inner[name] if inner[name] in known else name for name in names)

    def _recorded(self, key: str, kind: StepKind) -> RecordedStep | None:
        step = self._now.steps.get(key)
        if step and step.kind is not kind:
            raise PlaybookDrift("playbook_drift", step=key, recorded=step.kind.value, asked=kind.value)
        return step

    def _reread(self, key: str) -> RecordedStep:
        self._now.steps = self._now.door.look(runs.recorded_steps, self._now.held.run)
        return self._now.steps[key]

    def _commit(self, use_case: Callable[..., T], *arguments: object) -> T:
        return self._now.door.commit(SYSTEM, use_case, self._now.held, *arguments)

    def _clock(self) -> datetime:
        return self._now.door.clock.now()


def _answer(step: RecordedStep) -> Answer:
    value = step.value if isinstance(step.value, dict) else {"choice": step.state.value}
    fields = value.get("fields")
    at = value.get("at")
    return Answer(
        choice=str(value.get("choice", "")),
        reason=str(value.get("reason") or ""),
        fields=fields if isinstance(fields, dict) else {},
        by=str(value.get("by") or ""),
        at=datetime.fromisoformat(at) if isinstance(at, str) else None,
    )


def bounded(act: Action, context: Act, arguments: Sequence[Json]) -> Json:
    """One attempt, ended after the action's bound; a hung one is left behind in its own thread."""
    pool = ThreadPoolExecutor(1, thread_name_prefix="action")
    try:
        return pool.submit(act.function, context, *arguments).result(act.within.total_seconds())
    except TimeoutError as error:
        raise Unavailable("action_timed_out", action=act.name) from error
    finally:
        pool.shutdown(wait=False)


def retry_time(now: datetime, attempts: int, tries: int, error: Exception) -> datetime | None:
    """When to try again, or None to give up."""
    if attempts >= tries or (isinstance(error, Unavailable) and error.permanent):
        return None
    return now + timedelta(seconds=BACKOFF[min(attempts, len(BACKOFF)) - 1])


def code_of(error: Exception) -> str:
    """An error as a code for the record."""
    return error.code if isinstance(error, CsirtError) else "system_error"


def check_drift(now: Pass) -> None:
    """Refuse a recorded step that the code did not reach in a pass that came to rest."""
    missed = [
        key
        for key, step in now.steps.items()
        if key not in now.used and step.state not in {StepState.SKIPPED, StepState.CANCELLED}
    ]
    if missed:
        raise PlaybookDrift("playbook_drift", step=missed[0], recorded="present", asked="never")

"""The verb that acts: intent, attempt, outcome; tried again by timer, given up, taken over by a person."""

import json
import secrets
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from csirt.errors import Awaiting, CsirtError, Invalid, Unavailable
from csirt.model.people import Role
from csirt.model.step import DONE_OR_CANNOT, Json, StepKind, StepState
from csirt.playbook.language import Act, Action
from csirt.playbook.place import Place
from csirt.playbook.questions import ask, party_of
from csirt.response import runs
from csirt.response.assignments import Question

BACKOFF = (2, 10, 60, 300, 900)  # seconds at most before the second, third, … attempt
BY_HAND_WITHIN = timedelta(hours=1)


def do(place: Place, act: Action, arguments: Sequence[Json], name: str, *, mandatory: bool) -> Json:
    """An action's result; rests while a retry or a slow action is under way."""
    key = place.key(name)
    step = place.recorded(key, StepKind.DO)
    if step and step.state is StepState.FAILED:
        return by_hand(place, key, act.by_hand, mandatory=mandatory)
    if step and step.state is not StepState.OPEN:
        return step.value
    if act.slow:
        if step is None:
            place.commit(runs.order_slow, place.at(key, mandatory=mandatory), [act.name, *arguments])
        raise Awaiting(key)
    if step and step.retry_at:
        raise Awaiting(key)  # its timer wakes the run
    return _attempt(place, act, key, step.attempts if step else 0, arguments, mandatory=mandatory)


def _attempt(place: Place, act: Action, key: str, before: int, arguments: Sequence[Json], *, mandatory: bool) -> Json:
    token = place.commit(runs.start_attempt, place.at(key, mandatory=mandatory))
    if token is None:  # somebody set the step aside while this pass was on its way to it
        return place.reread(key).value
    try:
        value = place.now.show(key, lambda: bounded(act, place.now.act(place.now.held, token), arguments))
    except (CsirtError, OSError) as error:
        retry_at = retry_time(place.clock(), before + 1, act.tries, error)
        if not place.commit(runs.attempt_failed, key, code_of(error), retry_at):
            return place.reread(key).value  # somebody set the step aside during the attempt
        if retry_at is None:
            return by_hand(place, key, act.by_hand, mandatory=mandatory)
        raise Awaiting(key) from None
    return value if place.commit(runs.finish_step, key, value) else place.reread(key).value


def by_hand(place: Place, key: str, who: Role, *, mandatory: bool = False) -> Json:
    """A step gave up: a person takes it over, and their word is its outcome."""
    name = key.partition("[")[0]
    at = place.at(place.key(f"{name}_by_hand"), mandatory=mandatory)
    question = Question(at, StepKind.ASK, party_of(who), DONE_OR_CANNOT, BY_HAND_WITHIN, showing=(name,))
    return {"by_hand": ask(place, question).choice}


def bounded(act: Action, context: Act, arguments: Sequence[Json]) -> Json:
    """One attempt, ended after the action's bound; a hung one is left behind in its own thread."""
    pool = ThreadPoolExecutor(1, thread_name_prefix="action")
    try:
        value = pool.submit(act.function, context, *arguments).result(act.within.total_seconds())
    except TimeoutError as error:
        raise Unavailable("action_timed_out", action=act.name) from error
    finally:
        pool.shutdown(wait=False)
    _check_outcome(act, value)
    return value


def _check_outcome(act: Action, value: Json) -> None:
    """What cannot be recorded would be done again for ever; so the action gives up, and a person looks."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except (TypeError, ValueError, RecursionError):
        raise Unavailable("outcome_unrecordable", permanent=True, action=act.name) from None


def retry_time(now: datetime, attempts: int, tries: int, error: Exception) -> datetime | None:
    """When to try again, or None to give up: what an input lacks, no other attempt brings.

    Chance spreads what failed together over the second half of the wait, so that it does not come back together.
    """
    permanent = isinstance(error, Invalid) or (isinstance(error, Unavailable) and error.permanent)
    if attempts >= tries or permanent:
        return None
    longest = BACKOFF[min(attempts, len(BACKOFF)) - 1]
    return now + timedelta(seconds=longest * (0.5 + secrets.randbelow(1001) / 2000))


def code_of(error: Exception) -> str:
    """An error as a code for the record."""
    return error.code if isinstance(error, CsirtError) else "system_error"

"""One pass over a playbook under a lease: from the top to where every branch rests. Knows nothing of Prefect."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from csirt.errors import Awaiting, LeaseLost, Unavailable
from csirt.errors import CsirtError as AnyOfOurs
from csirt.model.people import SYSTEM
from csirt.model.step import is_step_key
from csirt.playbook.acts import code_of
from csirt.playbook.language import Act, Playbook
from csirt.playbook.place import Pass, Show, check_drift, plainly
from csirt.playbook.responder import Responder
from csirt.response import reaching, runs
from csirt.response.door import Door
from csirt.response.runs import Claim


class Rest(StrEnum):
    """How a pass came to rest."""

    WAITING = "waiting"
    CLOSED = "closed"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Rested:
    """How a pass came to rest: what it waits for, or the code of what stopped it."""

    rest: Rest
    steps: tuple[str, ...] = ()
    code: str = ""


def perform(play: Playbook, door: Door, held: Claim, act: Callable[[Claim, str], Act], show: Show = plainly) -> Rested:
    """Go once through the playbook and give the lease back, or leave it ended.

    Raises:
        LeaseLost: another worker took over; nothing more was written.
        Unavailable: the database does not answer; the run stays due.
    """
    now = Pass(door, held, {}, act, show)
    try:
        now.steps = door.look(runs.recorded_steps, held.run)
        play.body(Responder(now))
        if now.closed is None:
            check_drift(now)
            door.commit(SYSTEM, runs.end, held)
    except Awaiting as rest:
        return _rest(now, rest)
    except (LeaseLost, Unavailable):
        raise
    except AnyOfOurs as error:
        return _stop(now, error)
    return Rested(Rest.CLOSED)


def _rest(now: Pass, rest: Awaiting) -> Rested:
    try:
        check_drift(now)
    except AnyOfOurs as error:
        return _stop(now, error)
    now.door.commit(SYSTEM, runs.release, now.held)
    return Rested(Rest.WAITING, rest.steps)


def _stop(now: Pass, error: AnyOfOurs) -> Rested:
    code, step = code_of(error), str(error.params.get("step") or "")
    if not is_step_key(step):  # it may be the very name that was refused, which no entry takes
        step = ""
    now.door.commit(SYSTEM, reaching.stop, now.held, code, step)
    return Rested(Rest.STOPPED, code=code)

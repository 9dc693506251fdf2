"""How a test gives its world a small playbook, and what it asks of the record afterwards."""

import os
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from csirt.model.people import Actor
from csirt.model.step import Json
from csirt.playbook import Act, Action, Answer, Disposition, Playbook, Responder, Role, action, playbook, seconds
from csirt.playbook.acting import Acting
from csirt.response import audit, people
from csirt.store.queries import timeline, work
from csirt.store.queries.timeline import TimelineEntry
from csirt.store.queries.work import StepView
from csirt.store.tx import Look
from tests.world import World

Body = Callable[[Responder], object]
LEASE_IS_OVER = timedelta(minutes=10)  # a slow action is leased for five and a half
EFFECTS = "effects.log"


def signed_in(world: World, uid: str) -> Actor:
    """Somebody who came in by the front door: roles and posts count, unlike for local administration."""

    def look(at: Look) -> Actor:
        known = people.roster(at.session, at.vault)
        person = known.by_uid(uid)
        assert person is not None
        return people.actor_of(person, known, "ldif", "s-test")

    return world.desk.look(look)


def start(world: World, play: Playbook, *actions: Action) -> str:
    """Put a playbook and its actions into the wing and open an incident that it handles; returns the incident."""
    world.add_playbook(play)
    object.__setattr__(world.desk, "actions", {**world.desk.actions, **{act.name: act for act in actions}})
    return world.open(play.handles, "試験")


def play_of(body: Body, version: int = 1) -> Playbook:
    """A playbook named as the function `play`, whatever its body is."""

    def play(respond: Responder) -> Disposition | None:
        ended = body(respond)
        return ended if isinstance(ended, Disposition) else None

    return playbook(handles="drill", version=version)(play)


def agree(respond: Responder, name: str = "agree") -> Answer:
    """A question that makes another pass follow."""
    return respond.ask(name, who=Role.OFFICER)


def steps(world: World, incident: str) -> dict[str, StepView]:
    """The recorded steps of an incident by key."""
    return {step.key: step for step in world.desk.look(work.steps, incident)}


def entries(world: World, incident: str, kind: str) -> list[TimelineEntry]:
    """The entries of one kind, in order."""
    return [entry for entry in world.told(incident) if entry.kind.value == kind]


def stopped_by(world: World, incident: str) -> str:
    """The code in the one entry that says why a run stopped."""
    found = entries(world, incident, "RUN_STOPPED")
    assert len(found) == 1
    return str(found[0].out["code"])


def times(world: World, incident: str) -> Counter[tuple[str, str | None]]:
    """How often each kind of entry stands in the record for each step."""
    return Counter((entry.kind.value, entry.step) for entry in world.told(incident))


def assert_sound(world: World) -> None:
    """The record verifies, from the first entry to the head."""
    found = world.desk.look(audit.verify)
    assert (found.ok, found.why, found.first_bad) == (True, None, None)
    assert found.size == world.desk.look(timeline.head)[0]


# ------------------------------------------------------------------------------------------------------------- actions


def mark(act: Act) -> Json:
    """One effect outside: a ticket, and a line in a journal that shows every repetition."""
    assert isinstance(act, Acting)
    with (act.tickets.parent / EFFECTS).open("a", encoding="utf-8") as journal:
        journal.write(act.key + "\n")
        journal.flush()
        os.fsync(journal.fileno())
    return act.ticket("mark", {})


@action(within=seconds(5))
def leave_mark(act: Act) -> Json:
    return mark(act)


@action(within=seconds(5), slow=True)
def leave_slow_mark(act: Act) -> Json:
    return mark(act)


def effects(data: Path) -> Counter[str]:
    """How often each key took effect outside."""
    journal = data / EFFECTS
    return Counter(journal.read_text(encoding="utf-8").split() if journal.exists() else [])


def failing(error: Callable[[], Exception], failures: int, *, tries: int = 3, slow: bool = False) -> Action:
    """An action named `fetch` that fails so often before it succeeds. It counts its attempts, as it would outside."""
    attempts: Counter[str] = Counter()

    def fetch(act: Act) -> Json:
        attempts[act.key] += 1
        if attempts[act.key] <= failures:
            raise error()
        return {"attempts": attempts[act.key]}

    return action(within=seconds(5), tries=tries, slow=slow)(fetch)

"""The verbs that rest until something happens outside: a chain ends, a time comes, a fact becomes known."""

from datetime import timedelta

from csirt.errors import Awaiting
from csirt.model.people import Role
from csirt.model.step import Json, StepKind, StepState
from csirt.playbook.acts import by_hand
from csirt.playbook.place import Place
from csirt.response import knowing, reaching, runs


def reach(place: Place, chain: str, template: str, name: str, *, mandatory: bool) -> Json:
    """How each route of a chain ended; the officer phones by hand where the city has no such chain."""
    key = place.key(name)
    step = place.recorded(key, StepKind.REACH)
    if step is None:
        place.commit(reaching.reach, place.at(key, mandatory=mandatory), chain, template)
        step = place.reread(key)
    if step.state is StepState.OPEN:
        raise Awaiting(key)
    if step.state is StepState.FAILED:
        return by_hand(place, key, Role.OFFICER, mandatory=mandatory)
    return step.value


def wait(place: Place, name: str, duration: timedelta) -> None:
    """Nothing, once the time has passed."""
    key = place.key(name)
    step = place.recorded(key, StepKind.WAIT)
    if step and step.state is not StepState.OPEN:
        return
    if step is None:
        place.commit(runs.set_timer, place.at(key), place.clock() + duration)
    raise Awaiting(key)


def known(place: Place, fact: str, name: str, *, mandatory: bool) -> Json:
    """The value of a fact, once it is known."""
    key = place.key(name)
    step = place.recorded(key, StepKind.KNOW)
    if step and step.state is not StepState.OPEN:
        return step.value
    now = place.now
    if step and now.door.look(knowing.known, now.held.incident, fact) is None:
        raise Awaiting(key)  # stating the fact wakes the run
    if not place.commit(knowing.know, place.at(key, mandatory=mandatory), fact):
        raise Awaiting(key)
    return place.reread(key).value


def fact(place: Place, fact: str, name: str) -> Json:
    """The value that a fact had when this was first reached, or none."""
    key = place.key(name)
    step = place.recorded(key, StepKind.KNOW)
    if step is None:
        place.commit(knowing.look_up, place.at(key), fact)
        step = place.reread(key)
    return step.value


def duty(place: Place, rule: str, name: str, *, mandatory: bool) -> Json:
    """How a duty ended, once it has."""
    key = place.key(name)
    step = place.recorded(key, StepKind.DUTY)
    if step and step.state is not StepState.OPEN:
        return step.value
    now = place.now
    if step and now.door.look(knowing.ended, now.held.incident, rule) is None:
        raise Awaiting(key)  # the report that meets it, or the decision against it, wakes the run
    if not place.commit(knowing.await_duty, place.at(key, mandatory=mandatory), rule):
        raise Awaiting(key)
    return place.reread(key).value

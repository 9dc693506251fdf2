"""The level of a case: proposed by the officer, set by the post that answers for it (two people, always)."""

from csirt.model.incident import Level
from csirt.model.step import AtDeadline
from csirt.playbook import Answer, Responder, Role, escalate, minutes
from csirt.playbook.words import LEVELS
from playbooks import actions


def agree_on_level(respond: Responder, usual: Level) -> None:
    """The officer proposes, the post that the level asks for confirms or says what it is instead.

    Where the proposal was set aside, the post that sets the `usual` level of such a case is asked which one it is.
    """
    proposed = respond.ask(
        "propose_level", who=Role.OFFICER, within=minutes(30), choices=LEVELS, at_deadline=escalate(to=Role.CSIRT_HEAD)
    )
    if not proposed.given:
        say_the_level(respond, usual)
        return
    level = level_of(proposed)
    # Nobody waits for a level: what is not confirmed in time goes to the CISO, who has the last word in the city.
    confirmed = respond.approve(
        "confirm_level",
        who=respond.post_for(level),
        asked_in=["propose_level"],
        within=minutes(30),
        showing=["propose_level"],
        at_deadline=to_the_ciso(level),
    )
    if confirmed.no:
        say_the_level(respond, level)
        return
    respond.do(actions.set_level, int(level), confirmed.reason or proposed.reason, confirmed.by)


def say_the_level(respond: Responder, level: Level) -> None:
    """The post that sets `level` says which one it is; a higher one belongs to the post above."""
    said = respond.ask(
        "set_level_instead",
        who=respond.post_for(level),
        within=minutes(30),
        choices=LEVELS,
        at_deadline=to_the_ciso(level),
    )
    if not said.given:
        return
    chosen = level_of(said)
    if chosen > level:
        higher = respond.approve(
            "confirm_higher_level",
            who=respond.post_for(chosen),
            asked_in=["set_level_instead"],
            within=minutes(30),
            showing=["set_level_instead"],
            at_deadline=to_the_ciso(chosen),
        )
        if higher.yes:
            respond.do(actions.set_level, int(chosen), higher.reason or said.reason, higher.by)
            return
        chosen, said = level, higher
    respond.do(actions.set_level, int(chosen), said.reason, said.by)


def to_the_ciso(level: Level) -> AtDeadline:
    """What follows when a level is not set in time. The grave ones are not handed down to anybody: they are called."""
    if level >= Level.GRAVE:
        return escalate(chain="municipal")
    return escalate(chain="municipal", to="post:ciso")


def level_of(answer: Answer) -> Level:
    """The level that an answer names."""
    return Level(int(answer.choice.removeprefix("level_")))

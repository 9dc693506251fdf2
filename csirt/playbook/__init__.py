"""The vocabulary that playbooks are written in. Imports no Prefect."""

from csirt.model.incident import Disposition
from csirt.model.people import Role
from csirt.model.step import Answer, Choice
from csirt.playbook.forms import Day, File, Time
from csirt.playbook.language import (
    Act,
    Action,
    Playbook,
    action,
    choose,
    days,
    escalate,
    hours,
    minutes,
    playbook,
    seconds,
    stop_the_run,
)
from csirt.playbook.responder import Responder

__all__ = [
    "Act",
    "Action",
    "Answer",
    "Choice",
    "Day",
    "Disposition",
    "File",
    "Playbook",
    "Responder",
    "Role",
    "Time",
    "action",
    "choose",
    "days",
    "escalate",
    "hours",
    "minutes",
    "playbook",
    "seconds",
    "stop_the_run",
]

"""Evidence: what is held by itself, and what a person has to secure before it is gone."""

from csirt.playbook import Responder, Role, hours
from csirt.playbook.words import DONE_OR_CANNOT
from playbooks import actions


def keep_evidence(respond: Responder) -> None:
    """Logs are held at once; memory, screen and disk are secured by a person."""
    respond.do(actions.hold_logs)
    respond.ask("secure_evidence", who=Role.SYSTEM_MANAGER, within=hours(4), choices=DONE_OR_CANNOT)

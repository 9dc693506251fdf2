"""How a case begins: what the detections say is gathered, and a person says whether it is an incident."""

from csirt.playbook import Answer, Responder, Role, minutes
from playbooks import actions


def judge(respond: Responder) -> Answer:
    """Calling climbs the municipal chain until somebody has seen the question."""
    respond.do(actions.gather_facts)
    return respond.ask(
        "is_it_an_incident", who=Role.OFFICER, within=minutes(30), chain="municipal", showing=["gather_facts"]
    )

"""Ransomware: isolate, report side by side with the technical work, rebuild, and learn from it."""

from csirt.model.incident import Level
from csirt.playbook import Disposition, Responder, Role, days, hours, minutes, playbook
from csirt.playbook.words import DONE_OR_CANNOT, PROPOSE_OR_NOT
from playbooks import actions
from playbooks.containment import isolate
from playbooks.ending import prevent
from playbooks.evidence import keep_evidence
from playbooks.level import agree_on_level
from playbooks.reporting import consult_police, judge_personal_data, report_to_state


@playbook(handles="ransomware", version=2)
def ransomware(respond: Responder) -> Disposition:
    """From the first alarm to the closed case; reporting runs side by side with the technical work."""
    respond.do(actions.gather_facts)

    # A person decides whether this is an incident; calling climbs the municipal chain until somebody has seen it.
    verdict = respond.ask(
        "is_it_an_incident", who=Role.OFFICER, within=minutes(30), chain="municipal", showing=["gather_facts"]
    )
    if verdict.no:
        return respond.close(Disposition.FALSE_POSITIVE, because=verdict.reason)

    agree_on_level(respond, Level.GRAVE)
    # Reporting never waits for the technical work, nor the other way round.
    respond.side_by_side(technical_work, report)
    prevent(respond)
    return respond.close(Disposition.TRUE_POSITIVE)


def technical_work(respond: Responder) -> None:
    """Isolate, keep evidence, have the attackers' addresses blocked; then rebuild."""
    respond.side_by_side(isolate, shield_backups, keep_evidence, block)
    recover(respond)


def shield_backups(respond: Responder) -> None:
    """The ways in which attackers reached backups elsewhere: maintenance VPN, and the path to the backups."""
    respond.ask("shield_backups", who=Role.SYSTEM_MANAGER, within=hours(1), choices=DONE_OR_CANNOT)


def block(respond: Responder) -> None:
    """The security cloud blocks the attackers' addresses."""
    respond.do(actions.ask_soc_to_block)


def report(respond: Responder) -> None:
    """Prefecture, ministry and police the same day; personal data is judged meanwhile."""
    respond.tell("inform_posts", who=["post:privacy-officer", "post:public-relations"], by=["mail"])
    respond.side_by_side(report_to_state, consult_police, judge_personal_data)


def recover(respond: Responder) -> None:
    """Rebuild from clean media and a checked backup; nobody approves their own reconnection."""
    respond.ask("rebuild_terminal", who=Role.SYSTEM_MANAGER, within=days(3), choices=DONE_OR_CANNOT)
    ready = respond.ask("propose_reconnection", who=Role.CSIRT_HEAD, within=days(3), choices=PROPOSE_OR_NOT)
    if ready.choice == "propose":
        respond.approve(
            "approve_reconnection",
            who="post:ciso",
            asked_in=["propose_reconnection"],
            within=hours(8),
            showing=["rebuild_terminal", "propose_reconnection"],
        )

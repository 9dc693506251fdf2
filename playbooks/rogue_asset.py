"""An unapproved device or program: off the network, whose it is, what it reached, and why somebody needed it."""

from csirt.model.incident import Level
from csirt.playbook import Choice, Disposition, Responder, Role, days, escalate, hours, minutes, playbook
from csirt.playbook.words import DONE_OR_CANNOT, YES_NO_UNKNOWN
from playbooks import actions
from playbooks.ending import prevent
from playbooks.evidence import keep_evidence
from playbooks.level import agree_on_level
from playbooks.opening import judge
from playbooks.reporting import consult_police, judge_personal_data, report_if_of_weight

KINDS = (Choice("terminal"), Choice("wireless"), Choice("medium"), Choice("software"), Choice("cloud"))
OWNERS = (Choice("staff"), Choice("contractor"), Choice("outsider"), Choice("unknown"))
REMOVE_OR_APPROVE = (Choice("remove"), Choice("approve", needs_reason=True))


@playbook(handles="rogue_asset", version=1)
def rogue_asset(respond: Responder) -> Disposition:
    """From the first sight of it to the rule that makes the next one unnecessary."""
    verdict = judge(respond)
    if verdict.no:
        return respond.close(Disposition.FALSE_POSITIVE, because=verdict.reason)

    respond.side_by_side(take_it_off, find_its_owner, find_what_it_reached, settle_the_level)
    prevent(respond)
    return respond.close(Disposition.TRUE_POSITIVE)


def settle_the_level(respond: Responder) -> None:
    """Minor, until it is known that it reached data or another layer."""
    agree_on_level(respond, Level.MINOR)


def take_it_off(respond: Responder) -> None:
    """Off the network first and switched on, so that its traces stay; what becomes of it is decided by a post."""
    respond.ask(
        "what_is_it",
        who=Role.RESPONDER,
        within=minutes(30),
        choices=KINDS,
        showing=["gather_facts"],
        at_deadline=escalate(chain="municipal"),
    )
    respond.ask(
        "unplug_it",
        who=Role.SYSTEM_MANAGER,
        within=minutes(30),
        choices=DONE_OR_CANNOT,
        showing=["what_is_it"],
        at_deadline=escalate(chain="municipal"),
    )
    keep_evidence(respond)
    decided = respond.ask(
        "decide_its_use",
        who="post:director",
        within=days(3),
        choices=REMOVE_OR_APPROVE,
        showing=["what_is_it", "unplug_it"],
        at_deadline=escalate(chain="municipal", to="post:ciso"),
    )
    if decided.choice != "approve":
        respond.ask("remove_it", who=Role.SYSTEM_MANAGER, within=days(1), choices=DONE_OR_CANNOT)


def find_its_owner(respond: Responder) -> None:
    """Mostly somebody who wanted to get work done. What nobody of ours brought is an intrusion into the building."""
    owner = respond.ask(
        "whose_is_it",
        who=Role.OFFICER,
        within=hours(8),
        choices=OWNERS,
        at_deadline=escalate(chain="municipal"),
    )
    if owner.choice == "contractor":
        respond.do(actions.note_contractor, "contractor")
    elif owner.choice != "staff":
        respond.ask("search_the_place", who=Role.OFFICER, within=hours(8), choices=DONE_OR_CANNOT)
        consult_police(respond)


def find_what_it_reached(respond: Responder) -> None:
    """By the logs, not by what its owner says. Unknown counts as reached."""
    reached = respond.ask(
        "data_reached",
        who=Role.SYSTEM_MANAGER,
        within=hours(8),
        choices=YES_NO_UNKNOWN,
        mandatory=True,
        showing=["gather_facts"],
        at_deadline=escalate(chain="municipal"),
    )
    if reached.choice != "no":
        respond.side_by_side(report_if_of_weight, judge_personal_data)

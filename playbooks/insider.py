"""Misuse from within: few know, traces are secured before anybody is spoken to, and posts decide what is locked."""

from csirt.model.incident import Level
from csirt.playbook import Choice, Disposition, Responder, Role, days, escalate, hours, minutes, playbook
from csirt.playbook.words import DONE_OR_CANNOT, YES_NO_UNKNOWN
from playbooks import actions
from playbooks.ending import prevent
from playbooks.evidence import keep_evidence
from playbooks.level import agree_on_level
from playbooks.opening import judge
from playbooks.reporting import consult_police, decide_publication, judge_personal_data, report_if_of_weight

LOCK_OR_WATCH = (Choice("lock_now", needs_reason=True), Choice("watch", needs_reason=True))
DEEDS = (
    Choice("looked"),
    Choice("taken_out"),
    Choice("changed"),
    Choice("nothing", needs_reason=True),
    Choice("unknown"),
)


@playbook(handles="insider", version=1)
def insider(respond: Responder) -> Disposition:
    """From the first suspicion to the closed case: a suspicion may be wrong, and then nobody must have been named."""
    verdict = judge(respond)
    if verdict.no:
        return respond.close(Disposition.FALSE_POSITIVE, because=verdict.reason)

    # Who hears of it too early deletes what would show it, or is named wrongly before all colleagues.
    respond.ask(
        "keep_the_circle_small",
        who=Role.OFFICER,
        within=minutes(30),
        choices=DONE_OR_CANNOT,
        at_deadline=escalate(chain="municipal"),
    )
    respond.side_by_side(look_into_it, stop_the_access, settle_the_level, report)
    prevent(respond)
    return respond.close(Disposition.TRUE_POSITIVE)


def settle_the_level(respond: Responder) -> None:
    """Serious: who is inside knows where the data is. Grave once the number-use layer was reached (水準表 3)."""
    agree_on_level(respond, Level.SERIOUS)


def look_into_it(respond: Responder) -> None:
    """Traces first, then what was done, and only then the person, never alone and never by the own superior only."""
    keep_evidence(respond)
    done = respond.ask(
        "what_was_done",
        who=Role.SYSTEM_MANAGER,
        within=days(1),
        choices=DEEDS,
        mandatory=True,
        showing=["gather_facts"],
        at_deadline=escalate(chain="municipal"),
    )
    if done.choice != "nothing":
        respond.do(actions.note_insider)
    respond.ask(
        "hear_the_person",
        who="post:director",
        within=days(3),
        choices=DONE_OR_CANNOT,
        showing=["what_was_done"],
        at_deadline=escalate(chain="municipal", to="post:ciso"),
    )
    if done.choice == "taken_out":
        respond.ask("take_data_back", who=Role.OFFICER, within=days(3), choices=DONE_OR_CANNOT, mandatory=True)


def stop_the_access(respond: Responder) -> None:
    """To lock warns the person, to watch lets it go on: a post decides, with a reason, and never the clock."""
    decided = respond.ask(
        "lock_or_watch",
        who="post:director",
        within=hours(1),
        choices=LOCK_OR_WATCH,
        showing=["gather_facts"],
        at_deadline=escalate(chain="municipal", to="post:ciso"),
    )
    if decided.choice != "watch":
        respond.ask("lock_the_accounts", who=Role.SYSTEM_MANAGER, within=minutes(30), choices=DONE_OR_CANNOT)
        respond.ask("take_devices_back", who=Role.OFFICER, within=hours(8), choices=DONE_OR_CANNOT)
    shared = respond.ask("shared_secrets", who=Role.SYSTEM_MANAGER, within=days(1), choices=YES_NO_UNKNOWN)
    if shared.choice != "no":
        respond.ask("change_shared_secrets", who=Role.SYSTEM_MANAGER, within=days(1), choices=DONE_OR_CANNOT)


def report(respond: Responder) -> None:
    """Wrongful purpose: one person concerned is enough for the commission (施行規則43条3号)."""
    respond.tell("inform_posts", who=["post:privacy-officer"], by=["mail"])
    respond.side_by_side(report_if_of_weight, consult_police, judge_personal_data, decide_publication)

"""Unauthorised access: keep the traces, shut the door, find out how far it got, and go back on by four eyes."""

from typing import Literal

from pydantic import BaseModel

from csirt.model.incident import Level
from csirt.playbook import Choice, Disposition, Responder, Role, Time, days, escalate, hours, minutes, playbook
from csirt.playbook.words import DONE_OR_CANNOT
from playbooks import actions, containment
from playbooks.ending import go_back_on, prevent
from playbooks.evidence import keep_evidence
from playbooks.level import agree_on_level
from playbooks.opening import judge
from playbooks.reporting import consult_police, decide_publication, judge_personal_data, report_if_of_weight

TRIES = (Choice("got_in"), Choice("tried_only", needs_reason=True), Choice("unknown"))
LOCKED = (Choice("locked"), Choice("none_concerned", needs_reason=True), Choice("cannot", needs_reason=True))


class Reach(BaseModel):
    """Since when somebody was inside, and the innermost network that was reached (三層の対策)."""

    inside_since: Time | None = None
    innermost: Literal["none", "internet", "lgwan", "my_number"]


@playbook(handles="unauth_access", version=1)
def unauth_access(respond: Responder) -> Disposition:
    """Tried only: block and close. Got in, or unknown: technical work, level and reports side by side."""
    verdict = judge(respond)
    if verdict.no:
        return respond.close(Disposition.FALSE_POSITIVE, because=verdict.reason)

    respond.do(containment.block_addresses)
    came = respond.ask(
        "did_they_get_in",
        who=Role.SYSTEM_MANAGER,
        within=minutes(30),
        choices=TRIES,
        showing=["gather_facts"],
        at_deadline=escalate(chain="municipal"),
    )
    if came.choice == "tried_only":
        return respond.close(Disposition.BENIGN, because=came.reason)

    respond.side_by_side(technical_work, settle_the_level, report)
    prevent(respond)
    return respond.close(Disposition.TRUE_POSITIVE)


def settle_the_level(respond: Responder) -> None:
    """Serious; grave once the LGWAN layer or the number-use layer was reached (水準表 3)."""
    agree_on_level(respond, Level.SERIOUS)


def technical_work(respond: Responder) -> None:
    """The door is shut while traces are kept; then passwords, the hole, and the way back."""
    respond.side_by_side(containment.isolate, lock_accounts, keep_evidence, find_the_extent)
    recover(respond)


def lock_accounts(respond: Responder) -> None:
    """A stolen password opens nothing any more. Administrators first: who has one of theirs has all the others."""
    respond.ask(
        "lock_accounts",
        who=Role.SYSTEM_MANAGER,
        within=minutes(30),
        choices=LOCKED,
        at_deadline=escalate(chain="municipal"),
    )
    respond.ask("shut_remote_ways", who=Role.SYSTEM_MANAGER, within=hours(1), choices=DONE_OR_CANNOT)


def find_the_extent(respond: Responder) -> None:
    """How far it got decides level and duties: the fact sheet has it at once, as an estimate."""
    reached = respond.ask(
        "how_far_it_got",
        who=Role.SYSTEM_MANAGER,
        within=days(1),
        choices=DONE_OR_CANNOT,
        fields=Reach,
        mandatory=True,
        at_deadline=escalate(chain="municipal"),
    )
    respond.do(actions.note_intrusion, [reached.fields.innermost] if reached.fields else [])


def recover(respond: Responder) -> None:
    """Nothing goes back on before the hole is closed: otherwise they are back the same day."""
    respond.ask("reset_passwords", who=Role.SYSTEM_MANAGER, within=days(1), choices=DONE_OR_CANNOT, mandatory=True)
    respond.ask("close_the_hole", who=Role.SYSTEM_MANAGER, within=days(3), choices=DONE_OR_CANNOT, mandatory=True)
    go_back_on(respond, ["how_far_it_got", "close_the_hole"])


def report(respond: Responder) -> None:
    """Wrongful purpose: one person concerned is enough for the commission (施行規則43条3号)."""
    respond.tell("inform_posts", who=["post:privacy-officer", "post:public-relations"], by=["mail"])
    respond.side_by_side(report_if_of_weight, consult_police, judge_personal_data, decide_publication)

"""A tampered website: keep what was tampered with, take it off the net, warn its visitors, restore it clean."""

from pydantic import BaseModel

from csirt.model.incident import Level
from csirt.playbook import Choice, Disposition, File, Responder, Role, Time, days, escalate, hours, minutes, playbook
from csirt.playbook.words import DONE_OR_CANNOT, YES_NO_UNKNOWN
from playbooks import actions
from playbooks.ending import go_back_on, prevent
from playbooks.level import agree_on_level
from playbooks.opening import judge
from playbooks.reporting import consult_police, judge_personal_data, report_if_of_weight

STOP_OR_NOT = (Choice("stop"), Choice("do_not_stop", needs_reason=True))


class Copy(BaseModel):
    """When the tampered page was copied, and the copy itself, or a photograph of it."""

    copied_at: Time
    copy_of_page: File | None = None


@playbook(handles="web_deface", version=1)
def web_deface(respond: Responder) -> Disposition:
    """From the first sight of a strange page to the restored site."""
    verdict = judge(respond)
    if verdict.no:
        return respond.close(Disposition.FALSE_POSITIVE, because=verdict.reason)

    respond.side_by_side(technical_work, settle_the_level, report)
    prevent(respond)
    return respond.close(Disposition.TRUE_POSITIVE)


def settle_the_level(respond: Responder) -> None:
    """Mostly minor; more where visitors were infected or personal data lay behind the page."""
    agree_on_level(respond, Level.MINOR)


def technical_work(respond: Responder) -> None:
    """Evidence before repair: what is restored over is gone. The copy takes minutes, so that stopping need not wait."""
    respond.do(actions.hold_logs)
    respond.ask(
        "copy_tampered_page",
        who=Role.SYSTEM_MANAGER,
        within=minutes(15),
        choices=DONE_OR_CANNOT,
        fields=Copy,
        mandatory=True,
        at_deadline=escalate(chain="municipal"),
    )
    # Whoever runs a system may stop it where grave harm is expected; not to stop it is a decision with a reason.
    respond.ask(
        "stop_publishing",
        who=Role.SYSTEM_MANAGER,
        within=minutes(15),
        choices=STOP_OR_NOT,
        showing=["gather_facts", "copy_tampered_page"],
        at_deadline=escalate(chain="municipal", to="post:director"),
    )
    respond.side_by_side(tell_visitors, repair)


def tell_visitors(respond: Responder) -> None:
    """A notice on another host first; a warning where the page may have infected whoever looked at it."""
    respond.ask("put_up_notice", who=Role.PUBLIC_RELATIONS, within=hours(2), choices=DONE_OR_CANNOT)
    harmed = respond.ask(
        "may_visitors_be_harmed",
        who=Role.SYSTEM_MANAGER,
        within=hours(8),
        choices=YES_NO_UNKNOWN,
        at_deadline=escalate(chain="municipal"),
    )
    if harmed.choice != "no":
        respond.ask("warn_visitors", who=Role.PUBLIC_RELATIONS, within=hours(4), choices=DONE_OR_CANNOT)


def repair(respond: Responder) -> None:
    """The way in is found and shut before anything is restored; nobody approves their own return."""
    respond.ask("secure_evidence", who=Role.SYSTEM_MANAGER, within=hours(4), choices=DONE_OR_CANNOT)
    respond.ask("close_cms_accounts", who=Role.SYSTEM_MANAGER, within=hours(8), choices=DONE_OR_CANNOT)
    respond.ask("close_the_hole", who=Role.SYSTEM_MANAGER, within=days(3), choices=DONE_OR_CANNOT, mandatory=True)
    respond.ask("restore_site", who=Role.SYSTEM_MANAGER, within=days(3), choices=DONE_OR_CANNOT)
    go_back_on(respond, ["close_the_hole", "restore_site"])


def report(respond: Responder) -> None:
    """Tampering is a crime (不正アクセス禁止法, 刑法); personal data may lie behind the forms of the site."""
    respond.tell("inform_posts", who=["post:privacy-officer", "post:public-relations"], by=["mail"])
    respond.side_by_side(report_if_of_weight, consult_police, judge_personal_data)

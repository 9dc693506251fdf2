"""Outage: services go on by counter and paper, what stopped is brought back, and an attack is ruled out first."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from csirt.model.incident import Level
from csirt.playbook import Choice, Disposition, Responder, Role, Time, days, escalate, hours, minutes, playbook
from csirt.playbook.words import DONE_OR_CANNOT, YES_NO_UNKNOWN
from playbooks import actions
from playbooks.ending import go_back_on, prevent
from playbooks.level import agree_on_level
from playbooks.opening import judge
from playbooks.reporting import consult_police, decide_publication, judge_personal_data, report_if_of_weight

STOPPED = (
    Choice("one_system"),
    Choice("network"),
    Choice("power_or_building"),
    Choice("security_cloud"),
    Choice("gov_cloud"),
    Choice("unknown"),
)
SERVICES = (Choice("counters"), Choice("online"), Choice("inside_only"), Choice("unknown"))
BCP_OR_NOT = (Choice("activate", needs_reason=True), Choice("do_not_activate", needs_reason=True))
CAUSES = (
    Choice("attack"),
    Choice("failure", needs_reason=True),
    Choice("disaster", needs_reason=True),
    Choice("unknown"),
)
RULED_OUT = ("failure", "disaster")
STATES = (Choice("still_down"), Choice("partly_back"), Choice("back"))
CUT_OR_NOT = (Choice("cut", needs_reason=True), Choice("do_not_cut", needs_reason=True))


class Stopped(BaseModel):
    """Since when it stands still; the time that every notice and report begins with."""

    stopped_at: Time


class Standstill(BaseModel):
    """Which services to residents stand still, as their names are known at the counters, and for how long (見込み)."""

    services: Annotated[str, Field(max_length=500)]
    how_long: Literal["short", "long", "city_wide"]


@playbook(handles="outage", version=1)
def outage(respond: Responder) -> Disposition:
    """From the first call that something is down to the day on which what was written on paper is entered."""
    verdict = judge(respond)
    if verdict.no:
        return respond.close(Disposition.FALSE_POSITIVE, because=verdict.reason)

    respond.side_by_side(keep_the_city_running, find_the_cause, settle_the_level, report)
    prevent(respond)
    return respond.close(Disposition.TRUE_POSITIVE)


def settle_the_level(respond: Responder) -> None:
    """Minor up to half a day; serious beyond it, grave when the whole city stands still (水準表 2, 3)."""
    agree_on_level(respond, Level.MINOR)


def keep_the_city_running(respond: Responder) -> None:
    """The counters do not wait for the machines: both begin at once, and meet when everything is back."""
    respond.side_by_side(go_on_by_hand, bring_it_back)
    respond.ask("announce_return", who=Role.PUBLIC_RELATIONS, within=hours(2), choices=DONE_OR_CANNOT)
    respond.ask("enter_what_was_on_paper", who=Role.OFFICER, within=days(3), choices=DONE_OR_CANNOT)


def go_on_by_hand(respond: Responder) -> None:
    """ICT-BCP: which services stand still, and by which counter and paper they go on. Residents are told at once."""
    still = respond.ask(
        "services_at_a_standstill",
        who=Role.OFFICER,
        within=minutes(30),
        choices=SERVICES,
        fields=Standstill,
        at_deadline=escalate(chain="municipal"),
    )
    if still.fields:
        respond.do(actions.note_service_stop, still.fields.how_long)
    if still.choice == "inside_only":
        respond.ask("tell_the_offices", who=Role.OFFICER, within=hours(1), choices=DONE_OR_CANNOT)
        return
    respond.side_by_side(work_on_paper, announce)


def work_on_paper(respond: Responder) -> None:
    """The plan is put into force by the CISO, never by the clock: paper has a price, too, when it is entered later."""
    decided = respond.ask(
        "activate_ict_bcp",
        who="post:ciso",
        within=hours(1),
        choices=BCP_OR_NOT,
        showing=["services_at_a_standstill"],
        at_deadline=escalate(chain="municipal"),
    )
    if decided.choice != "do_not_activate":
        respond.ask("open_paper_counters", who=Role.OFFICER, within=hours(1), choices=DONE_OR_CANNOT)


def announce(respond: Responder) -> None:
    """Residents hear what does not work, what does instead, and when they hear more, on ways that still work."""
    respond.ask(
        "announce_standstill",
        who=Role.PUBLIC_RELATIONS,
        within=hours(1),
        choices=DONE_OR_CANNOT,
        showing=["services_at_a_standstill"],
        at_deadline=escalate(chain="municipal"),
    )


def bring_it_back(respond: Responder) -> None:
    """Vendor and owner of the system first, and the state of before is kept: whoever restarts wipes what shows why."""
    respond.do(actions.hold_logs)
    respond.side_by_side(call_those_who_can_mend, give_first_aid)
    respond.repeat("look", look_again)
    respond.ask(
        "owner_accepts",
        who=Role.SYSTEM_MANAGER,
        within=days(1),
        choices=DONE_OR_CANNOT,
        showing=["what_stopped"],
    )


def call_those_who_can_mend(respond: Responder) -> None:
    """Operation centre, line and maintenance hear at the same time, and by phone: mail may be down, too."""
    respond.reach("operations", template="first_report")


def give_first_aid(respond: Responder) -> None:
    """What stopped says who can mend it; the government cloud has a desk of its own."""
    stopped = respond.ask(
        "what_stopped",
        who=Role.SYSTEM_MANAGER,
        within=minutes(30),
        choices=STOPPED,
        fields=Stopped,
        showing=["gather_facts"],
        at_deadline=escalate(chain="municipal"),
    )
    if stopped.choice == "gov_cloud":
        respond.reach("vendors", template="first_report")
    respond.ask(
        "first_aid",
        who=Role.SYSTEM_MANAGER,
        within=hours(1),
        choices=DONE_OR_CANNOT,
        showing=["what_stopped"],
        at_deadline=escalate(chain="municipal"),
    )


def look_again(respond: Responder, _number: int) -> bool:
    """Half a day makes it serious: that is seen only by whoever looks again before."""
    seen = respond.ask(
        "is_it_back",
        who=Role.SYSTEM_MANAGER,
        within=hours(4),
        choices=STATES,
        at_deadline=escalate(chain="municipal"),
    )
    return seen.choice not in ("still_down", "partly_back")


def find_the_cause(respond: Responder) -> None:
    """What nobody can explain counts as an attack until it is ruled out, by logs and not by likelihood."""
    cause = respond.ask(
        "attack_or_failure",
        who=Role.SYSTEM_MANAGER,
        within=hours(8),
        choices=CAUSES,
        mandatory=True,
        showing=["gather_facts"],
        at_deadline=escalate(chain="municipal"),
    )
    respond.do(actions.note_cause_of_outage, cause.choice)
    if cause.choice not in RULED_OUT:
        respond.side_by_side(treat_as_attack, judge_personal_data)
        return
    if cause.choice == "disaster":
        respond.ask("hand_to_headquarters", who="post:director", within=hours(1), choices=DONE_OR_CANNOT)
    judge_what_was_lost(respond)


def judge_what_was_lost(respond: Responder) -> None:
    """Lost or damaged personal data is reported like leaked data (個人情報保護法68条), whatever the cause."""
    whole = respond.ask(
        "is_data_whole",
        who=Role.SYSTEM_MANAGER,
        within=days(1),
        choices=YES_NO_UNKNOWN,
        mandatory=True,
        at_deadline=escalate(chain="municipal"),
    )
    if whole.choice != "yes":
        judge_personal_data(respond)


def treat_as_attack(respond: Responder) -> None:
    """Evidence before repair. An attack of a known kind gets a case of its own, which leads; this one restores."""
    respond.side_by_side(secure_traces, cut_off, consult_police, decide_publication)


def secure_traces(respond: Responder) -> None:
    """Memory, screen and disk, before the machine is restarted; then the case of its own."""
    respond.ask(
        "secure_evidence",
        who=Role.SYSTEM_MANAGER,
        within=hours(4),
        choices=DONE_OR_CANNOT,
        at_deadline=escalate(chain="municipal"),
    )
    respond.ask("open_case_of_attack", who=Role.OFFICER, within=hours(2), choices=DONE_OR_CANNOT)


def cut_off(respond: Responder) -> None:
    """What was cut goes back when two people say so."""
    decided = respond.ask(
        "cut_segment",
        who="post:director",
        within=minutes(30),
        choices=CUT_OR_NOT,
        showing=["attack_or_failure"],
        at_deadline=escalate(chain="municipal", to="post:ciso"),
    )
    if decided.choice == "cut":
        go_back_on(respond, ["attack_or_failure", "cut_segment"])


def report(respond: Responder) -> None:
    """The posts hear at once by phone; prefecture and ministry as soon as it is of weight."""
    respond.tell("inform_posts", who=["post:public-relations", "post:privacy-officer"], by=["phone", "mail"])
    report_if_of_weight(respond)

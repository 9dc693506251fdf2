"""DDoS: ask those who hold the line, stay reachable on other ways, and see that nothing else hides behind the flood."""

from csirt.model.incident import Level
from csirt.playbook import Choice, Disposition, Responder, Role, days, escalate, hours, minutes, playbook
from csirt.playbook.words import DONE_OR_CANNOT, YES_NO_UNKNOWN
from playbooks import actions
from playbooks.ending import prevent
from playbooks.level import agree_on_level
from playbooks.opening import judge
from playbooks.reporting import consult_police, judge_personal_data, report_if_of_weight

HIT = (Choice("one_site"), Choice("line"), Choice("security_cloud"), Choice("unknown"))
FILTER_OR_NOT = (Choice("filter", needs_reason=True), Choice("do_not_filter", needs_reason=True))
STATES = (Choice("goes_on"), Choice("over"))


@playbook(handles="ddos", version=1)
def ddos(respond: Responder) -> Disposition:
    """From the first report that a page is slow to the day on which the filters are off again."""
    verdict = judge(respond)
    if verdict.no:
        return respond.close(Disposition.FALSE_POSITIVE, because=verdict.reason)

    respond.side_by_side(weather_it, stay_reachable, look_behind_it, settle_the_level, report)
    prevent(respond)
    return respond.close(Disposition.TRUE_POSITIVE)


def settle_the_level(respond: Responder) -> None:
    """Minor while services hold; serious once one is down for more than half a day (水準表 2)."""
    agree_on_level(respond, Level.MINOR)


def weather_it(respond: Responder) -> None:
    """Only the line's operator and the security cloud can hold a flood back: both are called at once."""
    respond.do(actions.hold_logs)
    respond.side_by_side(call_the_operators, filter_it)
    respond.repeat("watch", watch)
    respond.ask("lift_filters", who=Role.SYSTEM_MANAGER, within=days(1), choices=DONE_OR_CANNOT)


def call_the_operators(respond: Responder) -> None:
    """Operation centre, line and maintenance hear at the same time, and by phone: mail may be down, too."""
    respond.reach("operations", template="first_report")


def filter_it(respond: Responder) -> None:
    """What is hit says what can be filtered. A filter may lock citizens out: it is decided, with a reason."""
    respond.ask(
        "what_is_hit",
        who=Role.SYSTEM_MANAGER,
        within=minutes(30),
        choices=HIT,
        fields=["first_slow_at"],
        at_deadline=escalate(chain="municipal"),
    )
    decided = respond.ask(
        "filter_traffic",
        who="post:director",
        within=minutes(30),
        choices=FILTER_OR_NOT,
        showing=["what_is_hit"],
        at_deadline=escalate(chain="municipal", to="post:ciso"),
    )
    if decided.choice == "filter":
        respond.ask("put_filter_on", who=Role.SYSTEM_MANAGER, within=hours(1), choices=DONE_OR_CANNOT)
        respond.ask("check_forms", who=Role.SYSTEM_MANAGER, within=hours(2), choices=DONE_OR_CANNOT)


def watch(respond: Responder, _number: int) -> bool:
    """Attacks come in waves: it is over when it has been quiet for a while, not at the first quiet minute."""
    seen = respond.ask(
        "is_it_over",
        who=Role.RESPONDER,
        within=hours(4),
        choices=STATES,
        at_deadline=escalate(chain="municipal"),
    )
    return seen.choice != "goes_on"


def stay_reachable(respond: Responder) -> None:
    """Citizens are told on ways that do not hang on the same line."""
    respond.ask("use_other_channels", who=Role.PUBLIC_RELATIONS, within=hours(1), choices=DONE_OR_CANNOT)


def look_behind_it(respond: Responder) -> None:
    """A flood may draw eyes away from an intrusion. Only then is personal data in question."""
    hidden = respond.ask(
        "anything_behind_it",
        who=Role.SYSTEM_MANAGER,
        within=hours(8),
        choices=YES_NO_UNKNOWN,
        mandatory=True,
        at_deadline=escalate(chain="municipal"),
    )
    if hidden.choice != "no":
        judge_personal_data(respond)


def report(respond: Responder) -> None:
    """Extortion by mail goes to the police like the attack itself; nothing is paid."""
    respond.tell("inform_posts", who=["post:public-relations"], by=["phone", "mail"])
    respond.side_by_side(report_if_of_weight, look_for_extortion)


def look_for_extortion(respond: Responder) -> None:
    """Every desk that gets mail from outside is asked; then the police hear, with or without a demand."""
    respond.ask("look_for_demand", who=Role.OFFICER, within=hours(4), choices=YES_NO_UNKNOWN)
    consult_police(respond)

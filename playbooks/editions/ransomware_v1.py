"""Ransomware, version 1, for cases that began with it."""

from csirt.model.incident import Level
from csirt.playbook import Answer, Choice, Disposition, Responder, Role, days, hours, minutes, playbook
from csirt.playbook.words import DONE_OR_CANNOT, LEVELS, PROPOSE_OR_NOT, YES_NO_UNKNOWN
from playbooks import actions


@playbook(handles="ransomware", version=1)
def ransomware(respond: Responder) -> Disposition:
    """From the first alarm to the closed case; reporting runs side by side with the technical work."""
    respond.do(actions.gather_facts)

    # A person decides whether this is an incident; calling climbs the municipal chain until somebody has seen it.
    verdict = respond.ask(
        "is_it_an_incident", who=Role.OFFICER, within=minutes(30), chain="municipal", showing=["gather_facts"]
    )
    if verdict.no:
        return respond.close(Disposition.FALSE_POSITIVE, because=verdict.reason)

    agree_on_level(respond)
    # Reporting never waits for the technical work, nor the other way round.
    respond.side_by_side(contain, report)
    recover(respond)
    prevent(respond)
    return respond.close(Disposition.TRUE_POSITIVE)


def agree_on_level(respond: Responder) -> None:
    """The officer proposes, the post that the level asks for confirms or says what it is instead."""
    proposed = respond.ask("propose_level", who=Role.OFFICER, within=minutes(30), choices=LEVELS)
    level, reason = level_of(proposed), proposed.reason
    setter = respond.post_for(level)
    confirmed = respond.approve(
        "confirm_level", who=setter, asked_in=["propose_level"], within=minutes(30), showing=["propose_level"]
    )
    if confirmed.no:
        confirmed = respond.ask("set_level_instead", who=setter, within=minutes(30), choices=LEVELS)
        chosen = level_of(confirmed)
        if chosen > level:  # a post may lower what was proposed; a higher level belongs to the post above
            confirmed = respond.approve(
                "confirm_higher_level",
                who=respond.post_for(chosen),
                asked_in=["set_level_instead"],
                within=minutes(30),
                showing=["set_level_instead"],
            )
        level = level if confirmed.no else chosen
    respond.do(actions.set_level, int(level), confirmed.reason or reason, confirmed.by)


def level_of(answer: Answer) -> Level:
    """The level that an answer names."""
    return Level(int(answer.choice.removeprefix("level_")))


def contain(respond: Responder) -> None:
    """Isolate, keep evidence, have the attackers' addresses blocked."""
    respond.side_by_side(isolate, keep_evidence, block)


def isolate(respond: Responder) -> None:
    """The terminal leaves the network and stays switched on; the wider cut is decided by the post that may."""
    respond.ask(
        "isolate_terminal",
        who=Role.SYSTEM_MANAGER,
        within=minutes(30),
        choices=DONE_OR_CANNOT,
        fields=["done_at"],
        showing=["gather_facts"],
    )
    respond.ask(
        "cut_segment",
        who="post:director",
        within=minutes(30),
        choices=(Choice("cut", needs_reason=True), Choice("do_not_cut", needs_reason=True)),
        showing=["gather_facts", "isolate_terminal"],
    )


def keep_evidence(respond: Responder) -> None:
    """Logs are held at once; memory, screen and disk are secured by a person."""
    respond.do(actions.hold_logs)
    respond.ask("secure_evidence", who=Role.SYSTEM_MANAGER, within=hours(4), choices=DONE_OR_CANNOT)


def block(respond: Responder) -> None:
    """The security cloud blocks the attackers' addresses."""
    respond.do(actions.ask_soc_to_block)


def report(respond: Responder) -> None:
    """Prefecture and ministry at the same time; personal data is judged meanwhile."""
    respond.tell("inform_posts", who=["post:privacy-officer", "post:public-relations"], by=["mail"])
    respond.side_by_side(report_to_state, judge_personal_data)


def report_to_state(respond: Responder) -> None:
    """The first report with unknowns beats a complete late one."""
    respond.reach("national", template="first_report")


def judge_personal_data(respond: Responder) -> None:
    """Is personal data touched? Suspected counts; the commission's clock starts with the city's knowing."""
    touched = respond.ask("personal_data_touched", who=Role.PRIVACY_OFFICER, within=hours(24), choices=YES_NO_UNKNOWN)
    if touched.choice != "no":
        respond.ask("report_to_ppc", who=Role.PRIVACY_OFFICER, within=days(5), choices=DONE_OR_CANNOT)


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


def prevent(respond: Responder) -> None:
    """Measures with owner and due date are on the list before the case closes."""
    respond.ask("set_measures", who=Role.CSIRT_HEAD, within=days(14), choices=DONE_OR_CANNOT)
    respond.ask("agree_to_close", who=Role.CSIRT_HEAD, within=days(14), choices=DONE_OR_CANNOT)

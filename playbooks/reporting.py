"""Reports: to prefecture and ministry until there is nothing more to say, on personal data, to police and public."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from csirt.playbook import Choice, Responder, Role, choose, days, escalate, hours
from csirt.playbook.words import DONE_OR_CANNOT, YES_NO_UNKNOWN
from playbooks import actions

REPORTS = (Choice("sent"), Choice("sent_last"), Choice("nothing_more", needs_reason=True))
REPORT_OR_NOT = (Choice("report"), Choice("do_not_report", needs_reason=True))
PUBLICATION = (Choice("publish_now"), Choice("publish_in_batch", needs_reason=True),
               Choice("do_not_publish", needs_reason=True))  # fmt: skip


class PersonalData(BaseModel):
    """What the law asks first (個人情報保護法施行規則 43条): how many people, and which kind of data at the worst."""

    head_count: Annotated[int | None, Field(ge=0, le=100_000_000)] = None
    gravest_kind: Literal["ordinary", "property", "sensitive", "my_number"] | None = None


def report_to_state(respond: Responder) -> None:
    """The first report with unknowns beats a complete late one; further ones follow until it is agreed to stop."""
    respond.reach("national", template="first_report", mandatory=True)
    respond.repeat("report", further_report, first=2)


def further_report(respond: Responder, _number: int) -> bool:
    """第2報, 第3報 …: a correction is a new report. The last one is agreed to by the head, not by its author."""
    sent = respond.ask(
        "send_report",
        who=Role.OFFICER,
        within=days(1),
        choices=REPORTS,
        fields=["sent_at", "sent_to"],
        at_deadline=escalate(chain="municipal"),
    )
    if not sent.given:
        return True
    if sent.choice == "sent":
        return False
    return respond.approve(
        "agree_no_more_reports", who=Role.CSIRT_HEAD, asked_in=["send_report"], within=days(1), showing=["send_report"]
    ).yes


def judge_personal_data(respond: Responder) -> None:
    """Is personal data touched? Suspected counts, and so does a judgement that was set aside."""
    touched = respond.ask(
        "personal_data_touched",
        who=Role.PRIVACY_OFFICER,
        within=hours(24),
        choices=YES_NO_UNKNOWN,
        fields=PersonalData,
        mandatory=True,
        at_deadline=escalate(chain="municipal"),
    )
    if touched.fields:
        found = touched.fields
        respond.do(actions.note_personal_data, touched.choice, found.head_count, found.gravest_kind)
    if touched.choice != "no":
        respond.side_by_side(report_to_commission, tell_the_persons)


def report_to_commission(respond: Responder) -> None:
    """The commission's clock starts with the city's knowing; by the fifth day at the latest."""
    respond.ask(
        "report_to_ppc",
        who=Role.PRIVACY_OFFICER,
        within=days(5),
        choices=DONE_OR_CANNOT,
        mandatory=True,
        at_deadline=escalate(chain="municipal", to="post:ciso"),
    )


def tell_the_persons(respond: Responder) -> None:
    """Begins when it is known how many people are concerned, be it as an estimate (本人通知)."""
    if respond.known("head_count"):
        respond.ask("notify_persons", who=Role.PRIVACY_OFFICER, within=days(7), choices=DONE_OR_CANNOT)


def consult_police(respond: Responder) -> None:
    """Extortion is a crime: the prefectural police are consulted the same day."""
    respond.ask("consult_police", who=Role.OFFICER, within=hours(8), choices=DONE_OR_CANNOT)


def report_if_of_weight(respond: Responder) -> None:
    """CSIRT weighs importance and extent (総務省ガイドライン). Where nobody says so in time, the report is made."""
    wanted = respond.ask(
        "weigh_the_report", who=Role.CSIRT_HEAD, within=hours(2), choices=REPORT_OR_NOT, at_deadline=choose("report")
    )
    if wanted.choice != "do_not_report":
        report_to_state(respond)


def decide_publication(respond: Responder) -> None:
    """Not to publish is a decision as well, with a reason: the CISO's. Grave classes go out at once (市の公表基準)."""
    decided = respond.ask(
        "decide_publication",
        who="post:ciso",
        within=days(1),
        choices=PUBLICATION,
        at_deadline=escalate(chain="municipal"),
    )
    if decided.choice == "publish_now":
        respond.ask("publish", who=Role.PUBLIC_RELATIONS, within=hours(8), choices=DONE_OR_CANNOT)


def agree_it_came_back_unread(respond: Responder, said_in: str) -> None:
    """What wholly came back unread is no leak (個人情報保護委員会 通則編 Q&A 6-1): never on one person's word.

    It goes onto the fact sheet as an estimate; a duty ends once somebody confirms it there.
    """
    agreed = respond.approve(
        "agree_it_came_back_unread", who=Role.PRIVACY_OFFICER, asked_in=[said_in], within=hours(8), showing=[said_in]
    )
    if agreed.yes:
        respond.do(actions.note_came_back_unread)

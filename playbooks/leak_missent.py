"""Sent, handed over or published by mistake: take it back, count who has it, tell those who must know."""

from typing import Annotated

from pydantic import BaseModel, Field

from csirt.model.incident import Level
from csirt.playbook import Choice, Disposition, Responder, Role, Time, days, escalate, hours, minutes, playbook
from csirt.playbook.words import DONE_OR_CANNOT
from playbooks import actions
from playbooks.ending import prevent
from playbooks.level import agree_on_level
from playbooks.opening import judge
from playbooks.reporting import agree_it_came_back_unread, decide_publication, judge_personal_data, report_if_of_weight

PUBLISHED = ("web", "setting")
WAYS = (
    Choice("mail"),
    Choice("paper"),
    Choice("fax"),
    Choice("web"),
    Choice("setting"),
    Choice("other", needs_reason=True),
)
REMAINS = (Choice("all_unread"), Choice("all_gone"), Choice("some_left", needs_reason=True))
LOOKED_AT = (Choice("nobody"), Choice("somebody"), Choice("no_log", needs_reason=True))
Number = Annotated[int, Field(ge=0, le=1_000_000)]
MaybeNumber = Annotated[int | None, Field(ge=0, le=1_000_000)]


class Spread(BaseModel):
    """When it went out, and to how many receivers; of a page, since when it could be seen."""

    went_out_at: Time
    receivers: MaybeNumber = None


class Recovery(BaseModel):
    """Receivers who were asked, who confirmed in writing that it is deleted or gave it back, and who had read it."""

    asked: Number
    confirmed: Number
    had_read: MaybeNumber = None


class Views(BaseModel):
    """How often it was seen from outside, by the access log."""

    views: Number


@playbook(handles="leak_missent", version=1)
def leak_missent(respond: Responder) -> Disposition:
    """From the first word of a mistake to the closed case: every minute somebody more may read it, so nothing waits."""
    verdict = judge(respond)
    if verdict.no:
        return respond.close(Disposition.FALSE_POSITIVE, because=verdict.reason)

    # Taking it back waits neither for the level nor for a report, and they do not wait for it.
    respond.side_by_side(take_it_back, settle_the_level, report)
    prevent(respond)
    return respond.close(Disposition.TRUE_POSITIVE)


def settle_the_level(respond: Responder) -> None:
    """A leak of personal data is serious, be it suspected."""
    agree_on_level(respond, Level.SERIOUS)


def take_it_back(respond: Responder) -> None:
    """How it went out says how it comes back: a page is taken offline, receivers are asked."""
    way = respond.ask(
        "how_it_went_out",
        who=Role.RESPONDER,
        within=minutes(30),
        choices=WAYS,
        fields=Spread,
        at_deadline=escalate(chain="municipal"),
    )
    if way.given:
        respond.do(actions.note_way_out, way.choice)
    if way.choice in PUBLISHED:
        take_offline(respond)
    else:
        ask_the_receivers(respond)


def take_offline(respond: Responder) -> None:
    """Off the net at once, then the copies that search engines keep; the access log says who saw it."""
    respond.ask(
        "take_offline",
        who=Role.SYSTEM_MANAGER,
        within=minutes(30),
        choices=DONE_OR_CANNOT,
        mandatory=True,
        at_deadline=escalate(chain="municipal", to="post:director"),
    )
    respond.do(actions.hold_logs)
    respond.ask("have_copies_deleted", who=Role.SYSTEM_MANAGER, within=hours(8), choices=DONE_OR_CANNOT)
    seen = respond.ask(
        "who_looked_at_it", who=Role.SYSTEM_MANAGER, within=days(1), choices=LOOKED_AT, fields=Views, mandatory=True
    )
    if seen.choice == "nobody":
        agree_it_came_back_unread(respond, "who_looked_at_it")


def ask_the_receivers(respond: Responder) -> None:
    """Each is asked by phone to delete it or give it back unread, and confirms it in writing."""
    respond.ask(
        "ask_to_delete",
        who=Role.RESPONDER,
        within=hours(2),
        choices=DONE_OR_CANNOT,
        at_deadline=escalate(chain="municipal"),
    )
    remains = respond.ask(
        "what_came_back",
        who=Role.RESPONDER,
        within=days(1),
        choices=REMAINS,
        fields=Recovery,
        mandatory=True,
        showing=["how_it_went_out", "ask_to_delete"],
        at_deadline=escalate(chain="municipal"),
    )
    if remains.choice == "all_unread":
        agree_it_came_back_unread(respond, "what_came_back")


def report(respond: Responder) -> None:
    """Personal data is judged meanwhile; whether and when the city publishes is decided by the CISO."""
    respond.tell("inform_posts", who=["post:privacy-officer", "post:public-relations"], by=["mail"])
    respond.side_by_side(report_if_of_weight, judge_personal_data, decide_publication)

"""Loss or theft: look for it, lock it, report it to the police, judge what was on it and whether it can be read."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from csirt.model.incident import Level
from csirt.playbook import Choice, Disposition, Responder, Role, Time, days, escalate, hours, minutes, playbook
from csirt.playbook.words import DONE_OR_CANNOT, YES_NO_UNKNOWN
from playbooks import actions
from playbooks.ending import prevent
from playbooks.level import agree_on_level
from playbooks.opening import judge
from playbooks.reporting import (
    agree_it_came_back_unread,
    consult_police,
    decide_publication,
    judge_personal_data,
    report_if_of_weight,
)

DEVICES = ("terminal", "phone")
THINGS = (Choice("terminal"), Choice("phone"), Choice("media"), Choice("paper"))
FOUND = (Choice("found_unread", needs_reason=True), Choice("found"), Choice("not_found"))
HANDS = (Choice("city"), Choice("contractor"), Choice("subcontractor"), Choice("designated_manager"))
WIPE_OR_NOT = (Choice("wipe", needs_reason=True), Choice("do_not_wipe", needs_reason=True))


class Gone(BaseModel):
    """How many pieces, when they were last seen for certain, and whether somebody took them."""

    pieces: Annotated[int, Field(ge=1, le=100_000)]
    last_seen_at: Time
    how: Literal["lost", "stolen"]


@playbook(handles="loss_theft", version=2)
def loss_theft(respond: Responder) -> Disposition:
    """From the first word of a loss to the closed case: nothing waits for the thing to turn up."""
    verdict = judge(respond)
    if verdict.no:
        return respond.close(Disposition.FALSE_POSITIVE, because=verdict.reason)

    respond.side_by_side(secure_what_is_gone, settle_the_level, report)
    prevent(respond)
    return respond.close(Disposition.TRUE_POSITIVE)


def settle_the_level(respond: Responder) -> None:
    """A thing that may hold personal data is serious until it is known that it held none."""
    agree_on_level(respond, Level.SERIOUS)


def secure_what_is_gone(respond: Responder) -> None:
    """What it is says what can be done; the search, the police and the contractor go on beside it."""
    gone = respond.ask(
        "what_is_gone",
        who=Role.RESPONDER,
        within=minutes(30),
        choices=THINGS,
        fields=Gone,
        at_deadline=escalate(chain="municipal"),
    )
    if gone.fields:
        respond.do(actions.note_loss, gone.fields.how)
    if gone.choice in DEVICES:
        respond.side_by_side(lock_it, look_for_it, report_to_police, ask_whose_hands, judge_encryption)
    elif gone.choice == "paper":
        respond.side_by_side(look_for_it, report_to_police, ask_whose_hands)
    else:  # also where nobody could say: then it may be a medium
        respond.side_by_side(look_for_it, report_to_police, ask_whose_hands, judge_encryption)


def lock_it(respond: Responder) -> None:
    """Locked at once, as that harms nothing. To wipe it also ends the search by its signal: somebody decides that."""
    respond.ask(
        "lock_device",
        who=Role.SYSTEM_MANAGER,
        within=minutes(30),
        choices=DONE_OR_CANNOT,
        at_deadline=escalate(chain="municipal"),
    )
    respond.ask("cut_its_access", who=Role.SYSTEM_MANAGER, within=hours(2), choices=DONE_OR_CANNOT)
    decided = respond.ask(
        "wipe_device",
        who="post:director",
        within=hours(4),
        choices=WIPE_OR_NOT,
        showing=["what_is_gone", "lock_device"],
        at_deadline=escalate(chain="municipal", to="post:ciso"),
    )
    if decided.choice == "wipe":
        respond.ask("carry_out_wipe", who=Role.SYSTEM_MANAGER, within=hours(2), choices=DONE_OR_CANNOT)


def look_for_it(respond: Responder) -> None:
    """Found is not enough: it counts as unread only if nobody can have looked into it, and two people say so."""
    found = respond.ask(
        "was_it_found",
        who=Role.OFFICER,
        within=days(1),
        choices=FOUND,
        mandatory=True,
        showing=["what_is_gone"],
        at_deadline=escalate(chain="municipal"),
    )
    if found.choice == "found_unread":
        agree_it_came_back_unread(respond, "was_it_found")


def report_to_police(respond: Responder) -> None:
    """遺失届 or 盗難届, the same day (遺失物法, 刑法): a duty of the case, and recorded there only.

    Where nobody could say whether it was lost or stolen there is no such duty yet, and the officer is asked.
    """
    if respond.duty("police", mandatory=True) == "none":
        consult_police(respond)


def ask_whose_hands(respond: Responder) -> None:
    """Of a contractor, the whole chain down is asked for in writing: who really held it (再委託・再々委託)."""
    hands = respond.ask("in_whose_hands", who=Role.OFFICER, within=hours(4), choices=HANDS)
    if hands.choice in ("contractor", "subcontractor", "designated_manager"):
        respond.do(actions.note_contractor, hands.choice)
        respond.ask(
            "ask_contractor",
            who=Role.OFFICER,
            within=days(1),
            choices=DONE_OR_CANNOT,
            at_deadline=escalate(chain="municipal"),
        )


def judge_encryption(respond: Responder) -> None:
    """Strong encryption frees from the report (施行規則43条: 高度な暗号化); it has to be known, not hoped for."""
    encrypted = respond.ask("was_it_encrypted", who=Role.SYSTEM_MANAGER, within=hours(8), choices=YES_NO_UNKNOWN)
    if encrypted.choice in ("yes", "no"):
        respond.do(actions.note_encrypted, encrypted.choice)


def report(respond: Responder) -> None:
    """Personal data is judged by what the thing held, not by whether it turns up."""
    respond.tell("inform_posts", who=["post:privacy-officer", "post:public-relations"], by=["mail"])
    respond.side_by_side(report_if_of_weight, judge_personal_data, decide_publication)

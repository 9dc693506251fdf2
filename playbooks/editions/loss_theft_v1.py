"""Loss or theft, version 1, for cases that began with it: the report to the police was a step beside its duty."""

from typing import Annotated

from pydantic import BaseModel, Field

from csirt.playbook import Disposition, Responder, Role, Time, escalate, hours, minutes, playbook
from csirt.playbook.words import DONE_OR_CANNOT
from playbooks import actions
from playbooks.ending import prevent
from playbooks.loss_theft import (
    DEVICES,
    THINGS,
    Gone,
    ask_whose_hands,
    judge_encryption,
    lock_it,
    look_for_it,
    report,
    settle_the_level,
)
from playbooks.opening import judge


class PoliceReport(BaseModel):
    """When it was reported, to which station, and under which number (受理番号)."""

    reported_at: Time
    station: Annotated[str, Field(max_length=200)]
    receipt: Annotated[str | None, Field(max_length=200)] = None


@playbook(handles="loss_theft", version=1)
def loss_theft(respond: Responder) -> Disposition:
    """From the first word of a loss to the closed case: nothing waits for the thing to turn up."""
    verdict = judge(respond)
    if verdict.no:
        return respond.close(Disposition.FALSE_POSITIVE, because=verdict.reason)

    respond.side_by_side(secure_what_is_gone, settle_the_level, report)
    prevent(respond)
    return respond.close(Disposition.TRUE_POSITIVE)


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


def report_to_police(respond: Responder) -> None:
    """遺失届 or 盗難届 at the station of the place, the same day (遺失物法, 刑法)."""
    respond.ask(
        "report_to_police",
        who=Role.OFFICER,
        within=hours(8),
        choices=DONE_OR_CANNOT,
        fields=PoliceReport,
        mandatory=True,
        showing=["what_is_gone"],
        at_deadline=escalate(chain="municipal"),
    )

"""Posts that change hands on a day to come, and contact data of offices that somebody confirmed."""

from datetime import date

from fastapi import APIRouter

from csirt.era import jst_date
from csirt.response import contacts, handovers
from csirt.store.queries.contacts import handovers as question
from csirt.store.tx import Look
from csirt.web.addresses import API
from csirt.web.api.shapes import Given, IdGiven, Taken
from csirt.web.api.words import Words
from csirt.web.session import IncidentReader, SignedIn, Visit

router = APIRouter(prefix=f"{API}/people", tags=["people"])


class HandoverGiven(Given):
    """From the day `on` the post has this holder; `deputies` null: they stay as the directory says."""

    id: str
    post: str
    post_name: str
    on: date
    holder: str
    holder_name: str
    deputies: list[str] | None


class HandoverTaken(Taken):
    """People by their ids. Without `deputies` they stay; an empty list: nobody deputises."""

    post: str
    on: date
    holder: str
    deputies: list[str] | None = None


class ConfirmationTaken(Taken):
    """The day of the call; without it, today."""

    on: date | None = None


class ConfirmationGiven(Given):
    """The day that counts."""

    office: str
    confirmed: date


@router.get("/handovers")
def list_handovers(reader: IncidentReader) -> list[HandoverGiven]:
    """Hand-overs to come, and those that the directory does not know yet, soonest first."""
    return reader.desk.look(_handovers, reader)


def _handovers(look: Look, visit: Visit) -> list[HandoverGiven]:
    words = Words(visit.desk, look, visit)
    return [
        HandoverGiven(
            id=of.id,
            post=of.post,
            post_name=words.name(f"post:{of.post}"),
            on=jst_date(of.begins_at),
            holder=of.holder,
            holder_name=words.name(of.holder),
            deputies=None if of.deputies is None else list(of.deputies),
        )
        for of in (one.handover for one in question(look))
    ]


@router.post("/handovers", status_code=201)
def enter_handover(taken: HandoverTaken, who: SignedIn) -> IdGiven:
    """A post changes hands: chains call its new holder from that day on. Nobody's rights change by it."""
    given = (taken.post, taken.on, taken.holder, taken.deputies)
    return IdGiven(id=who.desk.commit(who.actor, handovers.enter, *given))


@router.post("/handovers/{id}/cancel", status_code=204)
def cancel_handover(id: str, who: SignedIn) -> None:  # noqa: A002 - the word of the address
    """It does not take place."""
    who.desk.commit(who.actor, handovers.cancel, id)


@router.post("/offices/{office}/confirmation", status_code=201)
def confirm_contact(office: str, taken: ConfirmationTaken, who: SignedIn) -> ConfirmationGiven:
    """Somebody called this office outside the directory and found its contact data right."""
    day = who.desk.commit(who.actor, contacts.confirm, office, taken.on)
    return ConfirmationGiven(office=office, confirmed=day)

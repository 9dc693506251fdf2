"""Legal duties of incidents: what must be told by when, the reports that met it, decisions against it; the level."""

from dataclasses import asdict

from fastapi import APIRouter

from csirt.response import by_hand, duties, incidents
from csirt.response.duties import Sent
from csirt.store.queries import duties as questions
from csirt.store.queries.cases import resolve_incident
from csirt.store.queries.duties import DutyView
from csirt.store.tx import Look
from csirt.texts.catalogs import catalog
from csirt.texts.duties import DutyWords
from csirt.web.addresses import API
from csirt.web.api.detections import RequestKey
from csirt.web.api.law_shapes import (
    ClosingTaken,
    DutyGiven,
    LevelTaken,
    ReportTaken,
    TypeTaken,
    UpcomingGiven,
    WaiverTaken,
)
from csirt.web.api.shapes import IdGiven
from csirt.web.session import IncidentReader, SignedIn, Visit

router = APIRouter(prefix=API, tags=["duties"])


@router.get("/incidents/{name}/duties")
def list_duties(name: str, reader: IncidentReader) -> list[DutyGiven]:
    """The duties of an incident: open ones first, soonest end first."""

    def question(look: Look) -> list[DutyGiven]:
        return [_given(one, reader) for one in questions.duties(look, resolve_incident(look, name))]

    return reader.desk.look(question)


@router.get("/duties")
def list_open_duties(
    reader: IncidentReader,
    mine: bool = False,  # noqa: FBT001, FBT002 - a switch of the address
) -> list[DutyGiven]:
    """Every duty that stands open, soonest end first; `mine`: those that the reader's posts see to or decide on."""
    book = reader.desk.door.city.law

    def question(look: Look) -> list[DutyGiven]:
        found = [view for view, _ in questions.open_duties(look)]
        rules = {view.id: book.rule(view.rule, view.edition) for view in found}
        return [
            _given(view, reader)
            for view in found
            if not mine or ((rule := rules[view.id]) and duties.is_theirs(rule, reader.actor))
        ]

    return reader.desk.look(question)


@router.get("/duties/upcoming")
def list_upcoming(reader: IncidentReader) -> list[UpcomingGiven]:
    """Rules that are decided and not yet in force."""
    book = reader.desk.door.city.law
    return [
        UpcomingGiven(
            id=one.id, label=one.label(reader.language), start=one.start, latest=one.latest, source=one.source
        )
        for one in book.upcoming
    ]


@router.post("/duties/{id}/reports", status_code=201)
def report_duty(id: str, taken: ReportTaken, who: SignedIn, key: RequestKey = None) -> IdGiven:  # noqa: A002 - the word of the address
    """Record a report to the addressee; the first meets the duty, later ones are new versions."""
    sent = Sent(taken.channel, taken.at, taken.acknowledged_at, taken.receipt)
    request_key = f"{who.actor.id}:{key}" if key else None
    return IdGiven(id=who.desk.commit(who.actor, duties.report, id, sent, request_key=request_key))


@router.post("/duties/{id}/waiver", status_code=204)
def waive_duty(id: str, taken: WaiverTaken, who: SignedIn) -> None:  # noqa: A002 - the word of the address
    """Decide against a duty, with a reason; only the post that its rule names."""
    who.desk.commit(who.actor, duties.waive, id, taken.reason)


@router.post("/incidents/{name}/level", status_code=204)
def set_level(name: str, taken: LevelTaken, who: SignedIn) -> None:
    """Set the level, with a reason; only the post that this level asks for."""
    incident = who.desk.look(resolve_incident, name)
    who.desk.commit(who.actor, incidents.set_level, incident, taken.level, taken.reason)


@router.post("/incidents/{name}/type", status_code=204)
def set_type(name: str, taken: TypeTaken, who: SignedIn, key: RequestKey = None) -> None:
    """Say what kind of case it is, before a playbook runs; the playbook of that kind begins."""
    incident = who.desk.look(resolve_incident, name)
    request_key = f"{who.actor.id}:{key}" if key else None
    who.desk.commit(who.actor, by_hand.set_type, incident, taken.type, taken.reason, request_key=request_key)


@router.post("/incidents/{name}/closing", status_code=204)
def close_incident(name: str, taken: ClosingTaken, who: SignedIn) -> None:
    """Close a case that no playbook leads; refused while steps or duties stand open."""
    incident = who.desk.look(resolve_incident, name)
    who.desk.commit(who.actor, by_hand.close, incident, taken.disposition, taken.reason)


def _given(view: DutyView, visit: Visit) -> DutyGiven:
    book = visit.desk.door.city.law
    speak, rule = DutyWords(book, catalog(visit.language)), book.rule(view.rule, view.edition)
    more = {
        "label": speak.label(view.rule),
        "addressee": rule.addressee if rule else "",
        "binding": rule.binding.value if rule else "",
        "basis": rule.basis if rule else "",
        "doubt": speak.doubt(rule),
        "waived_by": rule.waived_by if rule else "",
        "in_charge": rule.in_charge if rule else "",
        "reasons": speak.reasons(view.reasons),
        "reason_codes": [one["code"] for one in view.reasons],
    }
    return DutyGiven.model_validate({**asdict(view), **more})

"""Reports to the authorities: forms, drafts, stamps, sendings, documents."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Response

from csirt.documents import naming, report_document, report_words
from csirt.errors import NotFound
from csirt.form_filling import filled_form, official_forms
from csirt.model.report import ReportForm
from csirt.reports.report import ReportDocument, report_pdf
from csirt.reports.report_xlsx import report_xlsx
from csirt.response import approvals, report_sending, reports
from csirt.response.report_sending import Addressee
from csirt.store.queries import reports as questions
from csirt.store.queries.cases import resolve_incident
from csirt.store.queries.reports import ReportView
from csirt.store.tx import Look
from csirt.texts.catalogs import catalog
from csirt.web.addresses import API
from csirt.web.api.detections import RequestKey
from csirt.web.api.report_shapes import (
    DispatchTaken,
    DraftTaken,
    FormGiven,
    OfficialGiven,
    OpinionTaken,
    OralTaken,
    ReportGiven,
    ReportLineGiven,
    ReturnTaken,
    SendingGiven,
    SendingTaken,
    StampGiven,
)
from csirt.web.api.shapes import IdGiven
from csirt.web.session import IncidentReader, SignedIn, Visit

router = APIRouter(prefix=API, tags=["reports"])
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MAKERS: Mapping[str, tuple[Callable[[ReportDocument], bytes], str]] = {
    "pdf": (report_pdf, "application/pdf"),
    "xlsx": (report_xlsx, XLSX),
}


@router.get("/report-forms")
def list_forms(reader: IncidentReader) -> list[FormGiven]:
    """The forms: their editions, kinds and fields, each field with how surely it stands so in the original."""
    return [_form(one, reader.language) for one in reader.desk.door.city.forms.forms.values()]


@router.get("/incidents/{name}/reports")
def list_reports(name: str, reader: IncidentReader) -> list[ReportGiven]:
    """Every draft of every report of an incident, newest first."""

    def question(look: Look) -> list[ReportGiven]:
        return [_given(look, reader, one) for one in questions.reports(look, resolve_incident(look, name))]

    return reader.desk.look(question)


@router.post("/incidents/{name}/reports", status_code=201)
def draft_report(name: str, taken: DraftTaken, who: SignedIn, key: RequestKey = None) -> IdGiven:
    """Freeze the fact sheet under a form. The same `Idempotency-Key` again drafts nothing."""
    incident = who.desk.look(resolve_incident, name)
    made = who.desk.commit(
        who.actor, reports.draft, incident, taken.form, taken.kind, request_key=_key(who, key)
    )  # fmt: skip
    return IdGiven(id=made)


@router.get("/reports/{report}")
def show_report(report: str, reader: IncidentReader) -> ReportGiven:
    """One draft, with what it says, what is missing, and what differs from the report before."""
    return reader.desk.look(lambda look: _given(look, reader, questions.report(look, report)))


@router.get(
    "/reports/{report}/document.{suffix}",
    response_class=Response,
    responses={200: {"content": {kind: {} for _, kind in MAKERS.values()}}},
)
def make_document(
    report: str, suffix: str, reader: IncidentReader, *, stamped: Annotated[bool, Query()] = False
) -> Response:
    """The report as a document on A4: `pdf` or `xlsx`; `stamped` with its stamps, for the house."""
    if suffix not in MAKERS:
        raise NotFound("page_unknown")
    make, kind = MAKERS[suffix]
    content = make(report_document(reader.desk, report, reader.language, stamped=stamped))
    return Response(content, media_type=kind,
                    headers={"Content-Disposition": f'attachment; filename="report-{report}.{suffix}"'})  # fmt: skip


@router.get("/reports/{report}/official")
def list_official(report: str, reader: IncidentReader) -> list[OfficialGiven]:
    """The city's official Excel forms that this report can be written into."""
    view = reader.desk.look(questions.report, report)
    found = official_forms(reader.desk, view.form, view.edition)
    return [OfficialGiven(name=one.name.removesuffix(".toml"), title=one.title, file=one.file) for one in found]


@router.get("/reports/{report}/official/{mapping}", response_class=Response, responses={200: {"content": {XLSX: {}}}})
def make_official(report: str, mapping: str, reader: IncidentReader) -> Response:
    """An official Excel form of the city, filled in; only its named cells change."""
    file, content = filled_form(reader.desk, report, mapping)
    name = f"filename=\"{mapping}-{report}.xlsx\"; filename*=UTF-8''{quote(file, safe='')}"  # RFC 6266
    return Response(content, media_type=XLSX, headers={"Content-Disposition": f"attachment; {name}"})


@router.post("/reports/{report}/consent", status_code=204)
def consent_to_report(report: str, taken: OpinionTaken, who: SignedIn) -> None:
    """Stamp as a post of the council (合議)."""
    who.desk.commit(who.actor, approvals.consent, report, taken.text)


@router.post("/reports/{report}/approval", status_code=204)
def approve_report(report: str, taken: OpinionTaken, who: SignedIn) -> None:
    """Approve as the post that decides (決裁), or as its deputy (代決)."""
    who.desk.commit(who.actor, approvals.decide, report, taken.text)


@router.post("/reports/{report}/return", status_code=204)
def return_report(report: str, taken: ReturnTaken, who: SignedIn) -> None:
    """Send a draft back, with the reason (差戻し)."""
    who.desk.commit(who.actor, approvals.send_back, report, taken.reason)


@router.post("/reports/{report}/oral-approval", status_code=204)
def record_oral_approval(report: str, taken: OralTaken, who: SignedIn) -> None:
    """Write down that the decider said yes by phone; the paper follows."""
    who.desk.commit(who.actor, approvals.record_oral, report, taken.who, taken.text, taken.at)


@router.post("/reports/{report}/review", status_code=204)
def review_report(report: str, taken: OpinionTaken, who: SignedIn) -> None:
    """See what a deputy decided, as the holder of the post (後閲)."""
    who.desk.commit(who.actor, approvals.review, report, taken.text)


@router.post("/reports/{report}/sendings", status_code=201)
def send_report(report: str, taken: SendingTaken, who: SignedIn, key: RequestKey = None) -> IdGiven:
    """Record that an approved report was sent or handed over; it meets the duty that it was sent for."""
    to = Addressee(taken.duty, taken.office)
    made = who.desk.commit(
        who.actor, report_sending.send, report, to, taken.channel, taken.at, acknowledged_at=taken.acknowledged_at,
        receipt=taken.receipt, request_key=_key(who, key),
    )  # fmt: skip
    return IdGiven(id=made)


@router.post("/reports/{report}/messages", status_code=202)
def dispatch_report(report: str, taken: DispatchTaken, who: SignedIn, key: RequestKey = None) -> IdGiven:
    """Put a message about an approved report into the outbox; it counts as sent once the channel took it."""
    to = Addressee(taken.duty, taken.office)
    made = who.desk.commit(
        who.actor, report_sending.dispatch, report, to, taken.channel, request_key=_key(who, key)
    )  # fmt: skip
    return IdGiven(id=made)


def _key(who: Visit, key: str | None) -> str | None:
    return f"{who.actor.id}:{key}" if key else None


def _form(one: ReportForm, language: str) -> FormGiven:
    return FormGiven.model_validate(
        {
            "id": one.id, "label": one.label(language), "types": sorted(one.types),
            "editions": [{**asdict(each), "name": each.name} for each in one.editions],
            "kinds": [
                {"code": each.code, "label": each.label(language), "duties": list(each.duties)} for each in one.kinds
            ],
            "fields": [
                {"name": each.name, "label": each.label(language), "trust": each.trust, "source": each.source,
                 "facts": list(each.facts), "required": each.required, "editions": sorted(each.editions),
                 "kinds": sorted(each.kinds)}
                for each in one.fields
            ],
        }
    )  # fmt: skip


def _given(look: Look, visit: Visit, view: ReportView) -> ReportGiven:
    words = catalog(visit.language)
    speak, names = report_words(visit.desk, words), naming(visit.desk, look, visit.language, visit.ever)
    lines = speak.lines(view.snapshot, questions.before(look, view)) if view.snapshot else []
    plain = {
        name: getattr(view, name)
        for name in ("id", "incident", "form", "edition", "kind", "number", "revision", "state", "sha256", "decider",
                     "drafted_by", "drafted_at", "sent_at")
    }  # fmt: skip
    return ReportGiven(
        **plain,
        title=speak.title(view.snapshot) if view.snapshot else speak.label(view.form),
        drafted_by_name=names(view.drafted_by),
        council=list(view.council),
        waits_for=list(view.sheet.waits_for),
        waits_for_review=view.sheet.waits_for_review,
        lines=[ReportLineGiven.model_validate(asdict(one)) for one in lines],
        missing=[one.field for one in lines if one.missing],
        stamps=[StampGiven.model_validate({**asdict(one), "person_name": names(one.person)}) for one in view.stamps],
        sendings=[SendingGiven.model_validate(asdict(one)) for one in view.sendings],
    )

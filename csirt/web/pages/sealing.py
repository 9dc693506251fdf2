"""閲覧を限る: the page where an incident is sealed and its readers are named, and the page of break-glass."""

from collections.abc import Callable, Mapping

from fastapi import APIRouter, Request
from starlette.responses import Response

from csirt.errors import Conflict, Invalid, NotFound
from csirt.model.authority import Permission, may, may_answer, must
from csirt.model.people import Actor, Person, Role
from csirt.response import glass, people, secrecy
from csirt.store.queries import cases, work
from csirt.store.queries.cases import resolve_incident
from csirt.store.queries.sealing import SealView, seal_of
from csirt.store.tx import Look
from csirt.web.api.words import Words
from csirt.web.pages.drawing import go, show
from csirt.web.pages.forms import Faults, Sent, SentForm, new_key
from csirt.web.session import IncidentReader, SignedIn, Visit
from csirt.web.views.frame import Form, Option
from csirt.web.views.sealing import Glass, Opening, Seal, SealReader

router = APIRouter(include_in_schema=False)

NAMES = frozenset({"person", "reason"})
GLASS_NAMES = frozenset({"incident", "reason"})
GLASS_PATH = "/break-glass"


@router.get("/incidents/{name}/seal")
def show_seal(request: Request, name: str, reader: IncidentReader) -> Response:
    """Who may read the incident, and what may be changed about it."""
    return show(request, reader, reader.desk.look(_page, reader, name, Form(key=new_key())), "incident")


@router.post("/incidents/{name}/seal")
def take_seal(request: Request, name: str, sent: SentForm) -> Response:
    """Seal, name, un-name or lift; a faulty form comes back."""
    visit, faults = sent.visit, Faults()
    must(visit.actor, Permission.SEAL_INCIDENT)
    incident = visit.desk.look(resolve_incident, name)
    act = _ACTS.get(sent.text("act"))
    if act is None:
        raise Invalid("choice_unknown", field="act", choice=sent.text("act")[:40])
    path = f"/incidents/{incident}/seal"
    try:
        act(sent, incident)
    except (Invalid, Conflict) as error:
        if isinstance(error, Conflict) and error.code != "last_reader":
            raise
        field = "person" if error.params.get("field") == "readers" else error.params.get("field", "form")
        faults.of(Invalid(error.code, **{**error.params, "field": field}), NAMES)
        page = visit.desk.look(_page, visit, incident, sent.again(faults.errors, faults.params))
        return show(request, visit, page, "incident", status=Invalid.http, path=path)
    gone = sent.text("act") == "unname" and sent.text("person") == visit.actor.id
    return go(request, "/" if gone else path, "seal_changed")


def _seal(sent: Sent, incident: str) -> None:
    readers = [sent.text("person")] if sent.text("person") else []
    sent.visit.desk.commit(sent.visit.actor, secrecy.seal, incident, readers, sent.text("reason"))


def _name(sent: Sent, incident: str) -> None:
    if not sent.text("person"):
        raise Invalid("choice_missing", field="person")
    sent.visit.desk.commit(sent.visit.actor, secrecy.name_reader, incident, sent.text("person"))


def _unname(sent: Sent, incident: str) -> None:
    sent.visit.desk.commit(sent.visit.actor, secrecy.unname_reader, incident, sent.text("person"))


def _lift(sent: Sent, incident: str) -> None:
    sent.visit.desk.commit(sent.visit.actor, secrecy.lift, incident, sent.text("reason"))


_ACTS: Mapping[str, Callable[[Sent, str], None]] = {"seal": _seal, "name": _name, "unname": _unname, "lift": _lift}


def _page(look: Look, visit: Visit, name: str, form: Form) -> Seal:
    words = Words(visit.desk, look, visit)
    case = cases.named(look, name)
    view = seal_of(look, case.id)
    named = {one.person for one in view.readers} if view else set[str]()
    return Seal(
        incident_id=case.id,
        incident=words.number(case.fiscal_year, case.ordinal, drill=case.drill),
        title=case.title,
        drill=case.drill,
        sealed=view is not None,
        sealed_by=words.name(view.sealed_by) if view else "",
        sealed_at=view.sealed_at if view else None,
        readers=_readers(view, words),
        openings=_openings(view, words),
        people=_people(visit, named),
        may=may(visit.actor, Permission.SEAL_INCIDENT),
        missing=tuple(words.name(party) for party in unanswerable(look, visit, case.id, named)) if view else (),
        form=form,
    )


def _readers(view: SealView | None, words: Words) -> tuple[SealReader, ...]:
    return tuple(
        SealReader(
            person=one.person, name=words.name(one.person), named_by=words.name(one.named_by), named_at=one.named_at
        )
        for one in (view.readers if view else ())
    )


def _openings(view: SealView | None, words: Words) -> tuple[Opening, ...]:
    return tuple(
        Opening(name=words.name(one.person), at=one.opened_at, until=one.until, reason=one.reason)
        for one in (view.openings if view else ())
    )


def _people(visit: Visit, named: set[str]) -> tuple[Option, ...]:
    """Those who may be named and are not, by their reading."""
    able = [one for one in visit.known.people.values() if one.id not in named and _may_be_named(visit, one)]
    ordered = sorted(able, key=lambda one: (one.kana, one.name))
    return tuple(Option(value=one.id, label=f"{one.name} {one.title}".strip()) for one in ordered)


def _may_be_named(visit: Visit, person: Person) -> bool:
    reads = may(people.actor_of(person, visit.known, "roster"), Permission.READ_INCIDENTS)
    return reads and Role.ADMINISTRATOR not in person.roles


def unanswerable(look: Look, visit: Visit, incident: str, readers: set[str]) -> list[str]:
    """The roles and posts that open steps wait for and that no reader has: nobody could answer them."""
    known = visit.known
    actors: list[Actor] = [
        people.actor_of(known.people[one], known, "roster") for one in readers if one in known.people
    ]
    asked = dict.fromkeys(step.who for step in work.assignments(look, incident=incident))
    return [who for who in asked if not any(may_answer(actor, who) for actor in actors)]


@router.get(GLASS_PATH)
def show_glass(request: Request, visit: SignedIn) -> Response:
    """An empty form."""
    must(visit.actor, Permission.BREAK_GLASS)
    return show(request, visit, Glass(form=Form(key=new_key())), "glass")


@router.post(GLASS_PATH)
def take_glass(request: Request, sent: SentForm) -> Response:
    """Open a sealed incident; a faulty form comes back."""
    visit, faults = sent.visit, Faults()
    must(visit.actor, Permission.BREAK_GLASS)
    if not sent.line("incident"):
        faults.add("incident", "field_missing")
    if not sent.text("reason"):
        faults.add("reason", "reason_missing")
    if not faults.errors:
        try:
            visit.desk.commit(visit.actor, glass.break_glass, sent.line("incident"), sent.text("reason"))
            incident = visit.desk.look(resolve_incident, sent.line("incident"))
            return go(request, f"/incidents/{incident}", "glass_broken")
        except (Invalid, NotFound, Conflict) as error:
            field = str(error.params.get("field", "incident"))
            faults.of(Invalid(error.code, **{**error.params, "field": field}), GLASS_NAMES)
    page = Glass(form=sent.again(faults.errors, faults.params))
    return show(request, visit, page, "glass", status=Invalid.http, path=GLASS_PATH)

"""起票 in four short steps: what, where, personal data or not, confirm.

What was typed is kept as a draft of its person under the key of this opening, so that each step is a plain page, the
back button shows what stood there, and nothing is lost with the browser. The key is also that of the request: the last
form sent twice opens one incident.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from csirt.errors import Invalid, NotFound
from csirt.model.authority import Permission, must
from csirt.response import access, drafts, incidents
from csirt.store.queries import cases
from csirt.store.queries import drafts as kept
from csirt.store.queries.drafts import Draft
from csirt.store.tx import Look, Tx
from csirt.texts.catalogs import catalog
from csirt.web.api.words import Words
from csirt.web.look import Phrasing
from csirt.web.pages.drawing import go, show
from csirt.web.pages.foretelling import foretell
from csirt.web.pages.forms import Faults, Sent, SentForm, kept_of, moment_of, new_key
from csirt.web.pages.opening import NAMES, faults_of, report_of
from csirt.web.session import SignedIn, Visit
from csirt.web.views.frame import Fact, Form
from csirt.web.views.opening import ConfirmOpening, OpeningStep, Unfinished

router = APIRouter(include_in_schema=False)

STEPS: Mapping[str, tuple[str, ...]] = {
    "what": ("channel", "title", "account", "type"),
    "where": ("host", "noticed"),
    "data": ("personal_data",),
}
_ALSO = {"what": ("drill", "sealed")}  # boxes that are sent only when they are ticked
CONFIRM = "confirm"
RESUMED = "resumed"  # in the address: its reader chose to go on with what they had begun
_ORDER = (*STEPS, CONFIRM)
Key = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{8,64}$")]


def place_of(key: str) -> str:
    """Where the draft of an opening is kept."""
    return f"{drafts.OPENING}{key}"


@router.get("/incidents/new")
def show_beginning(request: Request, visit: SignedIn) -> Response:
    """The first step, and what the reader has begun before."""
    must(visit.actor, Permission.OPEN_INCIDENT)
    key = new_key()
    form = Form(key=key, place=place_of(key))
    begun = visit.desk.look(_unfinished, visit)
    page = OpeningStep(step="what", action=f"{place_of(key)}/what", form=form, unfinished=begun)
    return show(request, visit, page, "open_incident")


def _unfinished(look: Look, visit: Visit) -> tuple[Unfinished, ...]:
    nameless = catalog(visit.language).gettext("opening.unnamed")
    return tuple(
        Unfinished(
            title=one.fields.get("title", "").strip() or nameless,
            href=f"{one.place}/{_next(one.fields)}?{RESUMED}=1",
            place=one.place, saved_at=one.saved_at,
        )
        for one in kept.drafts(look, visit.actor.id, drafts.OPENING)
    )  # fmt: skip


def _next(fields: Mapping[str, str]) -> str:
    """The first step of which something mandatory is missing."""
    if not fields.get("title") or not fields.get("account") or not fields.get("channel"):
        return "what"
    return CONFIRM if fields.get("personal_data") else "where"


@router.get("/incidents/new/{key}")
def show_anywhere(request: Request, key: Key, visit: SignedIn) -> Response:
    """On to where this opening stands."""
    must(visit.actor, Permission.OPEN_INCIDENT)
    found = _draft(visit, key)
    return go(request, f"{place_of(key)}/{_next(found.fields)}") if found else _without(request, visit, key)


@router.get("/incidents/new/{key}/{step}")
def show_step(request: Request, key: Key, step: str, visit: SignedIn) -> Response:
    """One step, filled in as far as it was."""
    must(visit.actor, Permission.OPEN_INCIDENT)
    _check(step)
    found = _draft(visit, key)
    if found is None:
        return _without(request, visit, key)
    came_back = RESUMED in request.query_params or visit.desk.look(_is_of_before, visit, found)
    form = Form(
        typed=found.fields, key=key, place=place_of(key), drafted_at=found.saved_at if came_back else None, kept=True
    )  # fmt: skip
    if step == CONFIRM:
        return _show_confirm(request, _stored(visit, key, found), form)
    return show(request, visit, _page(key, step, form), "open_incident")


def _is_of_before(look: Look, visit: Visit, found: Draft) -> bool:
    """Was this kept before the reader signed in? Then they come back to it; else they are on their way through it."""
    return found.saved_at < access.session_of(look.session, visit.cookie, visit.desk.clock.now()).opened_at


def _without(request: Request, visit: Visit, key: str) -> Response:
    """There is nothing under this key any more: it was opened, or thrown away."""
    made = visit.desk.look(cases.opened_by_request, f"{visit.actor.id}:{key}")
    return go(request, f"/incidents/{made}" if made else "/incidents/new")


@router.post("/incidents/new/{key}/{step}")
def take_step(request: Request, key: Key, step: str, sent: SentForm) -> Response:
    """Keep a step and go on; the last one opens the incident. A faulty step comes back."""
    visit = sent.visit
    must(visit.actor, Permission.OPEN_INCIDENT)
    _check(step)
    if step == CONFIRM:
        return _open(request, visit, key)
    before = _draft(visit, key)
    new = kept_of(sent.typed)
    rest = {name: text for name, text in (before.fields if before else {}).items() if name not in _fields(step)}
    visit.desk.commit(visit.actor, drafts.keep, place_of(key), {**rest, **new})
    faults = faults_of(sent, STEPS[step])
    if not faults.errors:
        return go(request, f"{place_of(key)}/{_ORDER[_ORDER.index(step) + 1]}")
    return _again(request, visit, key, step, new, faults)


def _open(request: Request, visit: Visit, key: str) -> Response:
    """Open what was kept. Sent twice, it leads to the same incident."""
    found = _draft(visit, key)
    if found is None:
        return _without(request, visit, key)
    sent = _stored(visit, key, found)
    faults = faults_of(sent, NAMES)
    if not faults.errors:
        try:
            made = visit.desk.commit(visit.actor, _open_and_drop, sent)
            return go(request, f"/incidents/{made}", "opened")
        except Invalid as error:
            faults.of(error, frozenset(NAMES))
    step = next((one for one in STEPS if not faults.errors.keys().isdisjoint(STEPS[one])), "what")
    return _again(request, visit, key, step, found.fields, faults)


def _open_and_drop(tx: Tx, sent: Sent) -> str:
    """Both in one commit, so that no draft is left of what is open already."""
    made = incidents.open_by_report(tx, report_of(sent), request_key=sent.request_key)
    drafts.drop(tx, place_of(sent.key))
    return made


def _again(request: Request, visit: Visit, key: str, step: str, typed: Mapping[str, str], faults: Faults) -> Response:
    form = Form(typed=typed, errors=faults.errors, params=faults.params, key=key, place=place_of(key))
    path = f"{place_of(key)}/{step}"
    return show(request, visit, _page(key, step, form), "open_incident", status=Invalid.http, path=path)


def _fields(step: str) -> tuple[str, ...]:
    return (*STEPS[step], *_ALSO.get(step, ()))


def _check(step: str) -> None:
    if step not in _ORDER:
        raise NotFound("page_unknown")


def _draft(visit: Visit, key: str) -> Draft | None:
    return visit.desk.look(kept.draft, visit.actor.id, place_of(key))


def _stored(visit: Visit, key: str, found: Draft) -> Sent:
    """What was kept, as if it had been sent in one form."""
    return Sent(visit, {**found.fields, "key": key}, {})


def _page(key: str, step: str, form: Form) -> OpeningStep:
    place, at = place_of(key), _ORDER.index(step)
    return OpeningStep(
        step=step, action=f"{place}/{step}", form=form, back=f"{place}/{_ORDER[at - 1]}" if at else ""
    )  # fmt: skip


# ------------------------------------------------------------------------------------------------ the last step


def _show_confirm(request: Request, sent: Sent, form: Form) -> Response:
    faults = faults_of(sent, NAMES)
    if faults.errors:  # a bookmark, or the back button, past a step that is not done
        step = next(one for one in STEPS if not faults.errors.keys().isdisjoint(STEPS[one]))
        return go(request, f"{form.place}/{step}")
    return show(request, sent.visit, sent.visit.desk.look(_confirm, sent, form), "open_incident")


def _confirm(look: Look, sent: Sent, form: Form) -> ConfirmOpening:
    report, told = report_of(sent), _Told(Words(sent.visit.desk, look, sent.visit), sent)
    parts = tuple((step, f"{form.place}/{step}", told.facts(step)) for step in STEPS)
    return ConfirmOpening(
        action=f"{form.place}/{CONFIRM}", place=form.place, parts=parts, form=form, back=f"{form.place}/data",
        foretold=foretell(look, sent.visit, report), drill=report.drill, sealed=report.sealed,
    )  # fmt: skip


_CAPTIONS = {
    "channel": "open.channel", "title": "open.name", "account": "open.account", "type": "incident.type",
    "host": "open.host", "noticed": "open.noticed", "personal_data": "open.personal_data",
}  # fmt: skip
_VALUES = {"channel": "report", "type": "type", "personal_data": "open.personal_data"}


@dataclass(frozen=True)
class _Told:
    """What was typed, in words."""

    words: Words
    sent: Sent

    def facts(self, step: str) -> tuple[Fact, ...]:
        say = self.words.name.words.gettext
        return tuple(Fact(label=say(_CAPTIONS[name]), value=self._value(name)) for name in STEPS[step])

    def _value(self, name: str) -> str:
        say, text = self.words.name.words.gettext, self.sent.text(name)
        if name == "type":
            text = text or "undecided"
        if not text:
            return say("opening.empty")
        if name == "noticed" and (at := moment_of(text)):
            return Phrasing(self.words.name.words).moment(at)
        return say(f"{_VALUES[name]}.{text}") if name in _VALUES else text

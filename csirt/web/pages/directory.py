"""名簿: which directory is in use, and a test that binds and says what the mapping gives, to whom and why."""

from dataclasses import replace

from fastapi import APIRouter, Request
from starlette.responses import Response

from csirt.errors import DirectoryUnavailable, Invalid, NotFound
from csirt.model.authority import Permission, must
from csirt.texts.catalogs import catalog
from csirt.texts.directory import tell_all, tell_one
from csirt.web.pages.drawing import show
from csirt.web.pages.forms import LINE_MOST, Faults, SentForm
from csirt.web.session import SignedIn, Visit
from csirt.web.views.administration import DirectoryPage
from csirt.web.views.frame import EMPTY_FORM, Form

router = APIRouter(include_in_schema=False)


@router.get("/directory")
def show_directory(request: Request, visit: SignedIn) -> Response:
    """Which one is in use; nothing is asked of it until the button is pressed."""
    must(visit.actor, Permission.ADMINISTER)
    return show(request, visit, _page(visit, EMPTY_FORM), "administration")


@router.post("/directory")
def take_test(request: Request, sent: SentForm) -> Response:
    """Bind to each server, read everybody, and say what it comes to: for one account if one is typed."""
    visit, faults = sent.visit, Faults()
    must(visit.actor, Permission.ADMINISTER)
    typed = sent.line("uid")
    faults.check_text("uid", typed, LINE_MOST)
    if faults.errors:
        page = _page(visit, sent.again(faults.errors, faults.params))
        return show(request, visit, page, "administration", status=Invalid.http, path="/directory")
    directory, words = visit.desk.directory, catalog(visit.language)
    probes = tuple(directory.probe())
    found: list[tuple[str, str]] = []
    try:
        listing = directory.listing()
        found = list(tell_one(listing, typed, words) if typed else tell_all(listing, words))
    except (DirectoryUnavailable, NotFound) as error:
        faults.add("uid" if isinstance(error, NotFound) else "form", error.code)
    form = Form(key="", typed={"uid": typed}, errors=faults.errors, params=faults.params)
    told = tuple((words.gettext(f"cli.directory.{code}"), value) for code, value in found)
    page = replace(_page(visit, form), probes=probes, found=told)
    status = Invalid.http if faults.errors else 200
    return show(request, visit, page, "administration", status=status, path="/directory")


def _page(visit: Visit, form: Form) -> DirectoryPage:
    return DirectoryPage(name=visit.desk.directory.name, form=form)

"""対応手順: every playbook as a picture and as a list, its versions, and the move of a run to another one."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from markupsafe import Markup
from starlette.responses import Response

from csirt.errors import Conflict, CsirtError, Invalid
from csirt.gallery import PlaybookWords, Shelf
from csirt.model.authority import Permission, may, must
from csirt.playbook.charts import chart_of
from csirt.playbook.replaying import must_fit, replay
from csirt.response import moving
from csirt.store.queries import cases
from csirt.store.queries.cases import resolve_incident
from csirt.store.queries.open_runs import OpenRun, open_runs
from csirt.store.tx import Look
from csirt.texts.catalogs import catalog
from csirt.web.api.words import Words
from csirt.web.pages.drawing import go, show
from csirt.web.pages.forms import Faults, SentForm, new_key
from csirt.web.session import IncidentReader, Visit
from csirt.web.views.frame import Form, Option
from csirt.web.views.playbooks import ChangeRow, Gallery, Move, Playbook, PlaybookRow, RunRow, VersionRow

router = APIRouter(include_in_schema=False)

Version = Annotated[int | None, Query(ge=0, le=10**6)]
MANY_DIGITS = 6  # as many as no version has; thousands of them would be no number to Python
MOVE_NAMES = frozenset({"version", "reason"})


@router.get("/playbooks")
def show_playbooks(request: Request, reader: IncidentReader) -> Response:
    """Every playbook of the installation."""
    return show(request, reader, reader.desk.look(_gallery, reader), "playbooks")


@router.get("/playbooks/{name}")
def show_playbook(
    request: Request, reader: IncidentReader, name: str, version: Version = None, compare: Version = None
) -> Response:
    """One playbook: the newest version, or the one that is asked for, compared with the one before it."""
    return show(request, reader, reader.desk.look(_playbook, reader, name, version, compare), "playbooks")


def _gallery(look: Look, visit: Visit) -> Gallery:
    shelf, running = Shelf.of(visit.desk), open_runs(look)
    names = dict.fromkeys(name for name, _ in sorted(shelf.playbooks))
    rows = tuple(
        PlaybookRow(
            name=name,
            title=shelf.texts.playbook_title(name, visit.language),
            type=shelf.playbook(name).handles,
            newest=shelf.versions(name)[0],
            versions=len(shelf.versions(name)),
            open_runs=sum(1 for run in running if run.playbook == name),
            steps=len(chart_of(shelf.walk(name)).steps()),
        )
        for name in names
    )
    words = catalog(visit.language)
    return Gallery(rows=rows, faults=tuple(words.sentence(fault) for fault in shelf.left_out))


def _playbook(look: Look, visit: Visit, name: str, version: int | None, compare: int | None) -> Playbook:
    shelf, words = Shelf.of(visit.desk), Words(visit.desk, look, visit)
    versions = shelf.versions(name)
    told = PlaybookWords(shelf, shelf.walk(name, version), words.name)
    shown = told.walk.version
    before = compare if compare in versions else next((one for one in versions if one < shown), None)
    running = open_runs(look, name)
    return Playbook(
        name=name,
        title=shelf.texts.playbook_title(name, visit.language),
        type=shelf.playbook(name).handles,
        version=shown,
        newest=versions[0],
        picture=Markup(told.svg()),  # noqa: S704 - drawn by us, every text in it escaped
        steps=tuple(told.told()),
        versions=tuple(
            VersionRow(version=one, newest=one == versions[0], runs=_runs(running, one, words, visit))
            for one in versions
        ),
        ways=len(told.walk.ways),
        compared=before,
        changes=_changes(shelf, words, name, before, shown) if before is not None else (),
    )


def _runs(running: list[OpenRun], version: int, words: Words, visit: Visit) -> tuple[RunRow, ...]:
    return tuple(
        RunRow(
            number=words.number(run.fiscal_year, run.ordinal, drill=run.drill),
            href=f"/incidents/{run.incident}",
            stopped=run.stopped_by is not None,
            move_href=f"/incidents/{run.incident}/move" if may(visit.actor, Permission.MOVE_RUN) else "",
        )
        for run in running
        if run.version == version
    )


def _changes(shelf: Shelf, words: Words, name: str, old: int, new: int) -> tuple[ChangeRow, ...]:
    told = {one: PlaybookWords(shelf, shelf.walk(name, one), words.name) for one in (old, new)}
    return tuple(
        ChangeRow(
            title=told[old if one.what == "removed" else new].title(one.step),
            what=one.what,
            before=told[old].aspect(one.step, one.what, one.before),
            after=told[new].aspect(one.step, one.what, one.after),
        )
        for one in shelf.differences(name, old, new)
    )


# ---------------------------------------------------------------------------------------------------------------- move


@router.get("/incidents/{name}/move")
def show_move(request: Request, reader: IncidentReader, name: str, version: Version = None) -> Response:
    """What a move of this incident's run to a version would find. Nothing is changed."""
    must(reader.actor, Permission.MOVE_RUN)
    form = Form(key=new_key())
    return show(request, reader, reader.desk.look(_move, reader, name, version, form), "board")


@router.post("/incidents/{name}/move")
def take_move(request: Request, name: str, sent: SentForm) -> Response:
    """Move the run; a faulty form comes back with the same preview."""
    visit = sent.visit
    incident = visit.desk.look(resolve_incident, name)
    given = sent.text("version")
    version = int(given) if given.isdecimal() and len(given) < MANY_DIGITS else None
    faults = Faults()
    faults.check_text("reason", sent.text("reason"))
    if version is None:
        faults.add("version", "choice_missing")
    elif not faults.errors:
        fits = must_fit(visit.desk.playbooks, visit.desk.door.city)
        try:
            visit.desk.commit(
                visit.actor, moving.move, incident, version, sent.text("reason"), fits, request_key=sent.request_key
            )
            return go(request, f"/incidents/{incident}", "run_moved")
        except (Invalid, Conflict) as error:
            _note(faults, error)
    form = sent.again(faults.errors, faults.params)
    view = visit.desk.look(_move, visit, incident, version, form)
    return show(request, visit, view, "board", status=Invalid.http, path=f"/incidents/{incident}/move")


def _note(faults: Faults, error: CsirtError) -> None:
    faults.of(error, MOVE_NAMES)


def _move(look: Look, visit: Visit, name: str, version: int | None, form: Form) -> Move:
    words, shelf = Words(visit.desk, look, visit), Shelf.of(visit.desk)
    view = cases.named(look, name)
    found = moving.standing(look, view.id)
    versions = [one for one in shelf.versions(found.playbook) if one != found.version or found.stopped_by]
    page = Move(
        incident=view.id,
        number=words.number(view.fiscal_year, view.ordinal, drill=view.drill),
        playbook=shelf.texts.playbook_title(found.playbook, visit.language),
        version=found.version,
        choices=tuple(Option(value=str(one), label=str(one)) for one in versions),
        form=form,
    )
    if version is None or (found.playbook, version) not in shelf.playbooks:
        return page
    fit = replay(shelf.playbooks[found.playbook, version], found.steps, visit.desk.door.city)

    def titles(keys: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(words.step_text(found.playbook, key).title for key in keys)

    return Move(
        incident=page.incident, number=page.number, playbook=page.playbook, version=page.version,
        choices=page.choices, form=form, chosen=version, fits=fit.fits, matched=titles(fit.matched),
        drifting=titles(fit.drifting), new=titles(fit.new),
    )  # fmt: skip

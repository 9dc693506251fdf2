"""Playbooks: listed, in full, compared; and the move of an incident's run to another version."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from csirt.gallery import PlaybookWords, Shelf, StepTold
from csirt.model.incident import IncidentType
from csirt.playbook.differing import Change
from csirt.playbook.replaying import must_fit, replay
from csirt.response import moving
from csirt.store.queries.cases import resolve_incident
from csirt.store.queries.open_runs import open_runs
from csirt.store.tx import Look
from csirt.web.addresses import API
from csirt.web.api.words import Words
from csirt.web.session import IncidentReader, SignedIn, Visit

router = APIRouter(prefix=API, tags=["playbooks"])

Version = Annotated[int | None, Query(ge=0, le=10**6)]


class PlaybookGiven(BaseModel):
    """One version of a playbook; `open_runs` are the ids of open incidents that run it."""

    name: str
    version: int
    newest: bool
    title: str
    handles: IncidentType
    open_runs: list[str]


class PlaybookTold(PlaybookGiven):
    """The same step by step, with the diagram as Mermaid text."""

    steps: list[StepTold]
    mermaid: str


class MoveTaken(BaseModel):
    """Move a run to this version, because of this reason."""

    version: int = Field(ge=0, le=10**6)
    reason: str = Field(max_length=4000)


class MoveGiven(BaseModel):
    """How what is recorded would fit a version. Lists hold keys of steps."""

    playbook: str
    version: int
    to: int
    fits: bool
    matched: list[str]
    drifting: list[str]
    new: list[str]


@router.get("/playbooks")
def list_playbooks(reader: IncidentReader) -> list[PlaybookGiven]:
    """Every version of every playbook."""
    return reader.desk.look(_listed, reader)


@router.get("/playbooks/{playbook}")
def get_playbook(playbook: str, reader: IncidentReader, version: Version = None) -> PlaybookTold:
    """One version; the newest, unless another is asked for."""
    return reader.desk.look(_told, reader, playbook, version)


@router.get("/playbooks/{playbook}/differences")
def compare_playbook(playbook: str, reader: IncidentReader, old: Version = None, new: Version = None) -> list[Change]:
    """What differs between two versions; between the newest and the one before it, unless others are named."""
    shelf = Shelf.of(reader.desk)
    later = shelf.playbook(playbook, new).version
    before = next((one for one in shelf.versions(playbook) if one < later), None) if old is None else old
    return [] if before is None else shelf.differences(playbook, before, later)


@router.get("/incidents/{name}/move")
def preview_move(name: str, reader: IncidentReader, version: Version = None) -> MoveGiven:
    """What a move to this version, or to the newest, would find; nothing is changed."""
    return reader.desk.look(_preview, reader, name, version)


@router.post("/incidents/{name}/move", status_code=204)
def move_run(name: str, taken: MoveTaken, who: SignedIn) -> None:
    """Move the incident's run to another version; refused where a recorded step would not fit."""
    incident = who.desk.look(resolve_incident, name)
    fits = must_fit(who.desk.playbooks, who.desk.door.city)
    who.desk.commit(who.actor, moving.move, incident, taken.version, taken.reason, fits)


def _listed(look: Look, visit: Visit) -> list[PlaybookGiven]:
    shelf = Shelf.of(visit.desk)
    return [_given(look, shelf, visit, name, version) for name, version in sorted(shelf.playbooks)]


def _given(look: Look, shelf: Shelf, visit: Visit, name: str, version: int) -> PlaybookGiven:
    return PlaybookGiven(
        name=name,
        version=version,
        newest=version == shelf.versions(name)[0],
        title=shelf.texts.playbook_title(name, visit.language),
        handles=shelf.playbook(name, version).handles,
        open_runs=[run.incident for run in open_runs(look, name) if run.version == version],
    )


def _told(look: Look, visit: Visit, name: str, version: int | None) -> PlaybookTold:
    shelf = Shelf.of(visit.desk)
    told = PlaybookWords(shelf, shelf.walk(name, version), Words(visit.desk, look, visit).name)
    given = _given(look, shelf, visit, name, told.walk.version)
    return PlaybookTold(**given.model_dump(), steps=told.told(), mermaid=told.mermaid())


def _preview(look: Look, visit: Visit, name: str, version: int | None) -> MoveGiven:
    found = moving.standing(look, resolve_incident(look, name))
    play = Shelf.of(visit.desk).playbook(found.playbook, version)
    fit = replay(play, found.steps, visit.desk.door.city)
    return MoveGiven(
        playbook=found.playbook, version=found.version, to=play.version, fits=fit.fits, matched=list(fit.matched),
        drifting=list(fit.drifting), new=list(fit.new),
    )  # fmt: skip

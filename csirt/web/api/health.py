"""Whether all is well."""

from datetime import datetime

from fastapi import APIRouter

from csirt.model.authority import Scope
from csirt.model.health import PartHealth, PartState, worst
from csirt.response import tokens
from csirt.store.queries import cases
from csirt.store.queries.workings import last_beat
from csirt.store.tx import Look
from csirt.texts.catalogs import catalog
from csirt.texts.health import tell
from csirt.web.addresses import API
from csirt.web.api.shapes import Given
from csirt.web.session import AtDesk, MaybeSignedIn
from csirt.wellness import check

router = APIRouter(prefix=API, tags=["health"])


class PartGiven(Given):
    """How one part of the desk is, with the code of why and what to do in words."""

    part: str
    name: str
    state: str
    since: datetime | None
    code: str
    params: dict[str, str | int | float | bool | None]
    todo: str


class HealthGiven(Given):
    """Are we well? Somebody who is signed in learns more."""

    ok: bool
    worker_seconds: float | None = None
    prefect: bool | None = None
    counts: dict[str, int] | None = None
    parts: list[PartGiven] | None = None


@router.get("/health")
def show_health(desk: AtDesk, visit: MaybeSignedIn) -> HealthGiven:
    """Are we well? Says more to somebody who is signed in: the worker's age in seconds, Prefect, open work."""
    beat, counts = desk.look(_vitals)
    if visit is None or (visit.actor.auth == tokens.AUTH and Scope.HEALTH not in visit.actor.scopes):
        return HealthGiven(ok=True)
    age = (desk.clock.now() - beat).total_seconds() if beat else None
    parts = check(desk)
    return HealthGiven(
        ok=worst(parts) is not PartState.DOWN, worker_seconds=age, prefect=bool(desk.prefect_url()), counts=counts,
        parts=[_part(one, visit.language) for one in parts],
    )  # fmt: skip


def _part(one: PartHealth, language: str) -> PartGiven:
    todo = tell(catalog(language), one).todo
    return PartGiven(
        part=one.part, name=one.name, state=one.state, since=one.since, code=one.code, params=one.params, todo=todo
    )


def _vitals(look: Look) -> tuple[datetime | None, dict[str, int]]:
    return last_beat(look), cases.counts(look)

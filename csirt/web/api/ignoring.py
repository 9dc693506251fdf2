"""Rules that set detections aside for a time, and detections of any state."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from csirt.model.ignoring import PASSES_FROM, IgnoreKind
from csirt.model.incident import Level
from csirt.response import ignoring
from csirt.response.ignoring import Wanted
from csirt.store.queries import ignoring as questions
from csirt.store.queries.cases import PAGE
from csirt.store.queries.ignoring import Asked
from csirt.store.tx import Look
from csirt.web.addresses import API
from csirt.web.api.detection_shapes import DetectionGiven
from csirt.web.api.detections import RequestKey
from csirt.web.api.shapes import CountGiven, Given, IdGiven, Line, Moment, Taken, Text
from csirt.web.api.words import Words
from csirt.web.session import IncidentReader, SignedIn, Visit

router = APIRouter(prefix=API, tags=["detections"])


class IgnoreRuleGiven(Given):
    """A rule. `detections` it has set aside, `seen` how often these were told in all."""

    id: str
    kind: IgnoreKind
    from_at: datetime
    until_at: datetime
    source: str
    text: str
    host: str
    network: str
    passes_from: int
    reason: str
    made_by: str
    made_by_name: str
    made_at: datetime
    ended_at: datetime | None
    detections: int
    seen: int


class IgnoreRuleTaken(Taken):
    """What is to be set aside, for how long, and why. Every condition given must hold; one at least is given.

    `text` is part of the title, `host` a name (with `*` at its end a beginning). `passes_from`: detections of this
    level and more are never set aside.
    """

    kind: IgnoreKind
    until_at: Moment
    reason: Text
    from_at: Moment | None = None
    source: Line = ""
    text: Line = ""
    host: Line = ""
    network: Line = ""
    passes_from: Annotated[int, Field(ge=1, le=4)] = int(PASSES_FROM)


@router.get("/ignore-rules")
def list_rules(
    reader: IncidentReader, *, ended: Annotated[bool, Query(description="With those that have ended.")] = False
) -> list[IgnoreRuleGiven]:
    """Rules, newest first."""
    return reader.desk.look(_rules, reader, ended=ended)


def _rules(look: Look, visit: Visit, *, ended: bool) -> list[IgnoreRuleGiven]:
    words = Words(visit.desk, look, visit)
    return [
        IgnoreRuleGiven.model_validate({**asdict(one), "made_by_name": words.name(one.made_by)})
        for one in questions.rules(look, with_ended=ended)
    ]


@router.post("/ignore-rules", status_code=201)
def make_rule(taken: IgnoreRuleTaken, who: SignedIn, key: RequestKey = None) -> IdGiven:
    """Set detections aside for a time, with a reason. They stay findable and counted."""
    wanted = Wanted(**taken.model_dump(exclude={"passes_from"}), passes_from=Level(taken.passes_from))
    request_key = f"{who.actor.id}:{key}" if key else None
    return IdGiven(id=who.desk.commit(who.actor, ignoring.make, wanted, request_key=request_key))


@router.post("/ignore-rules/{id}/end")
def end_rule(id: str, who: SignedIn) -> CountGiven:  # noqa: A002 - the word of the address
    """End a rule before its time; answers how many snoozed detections come back to be sorted."""
    return CountGiven(count=who.desk.commit(who.actor, ignoring.end, id))


@router.get("/detections")
def list_detections(
    reader: IncidentReader,
    state: Annotated[str, Query(pattern="^(|new|waiting|sorted|ignored)$")] = "",
    rule: Annotated[str, Query(max_length=40)] = "",
    host: Annotated[str, Query(max_length=255)] = "",
    source: Annotated[str, Query(max_length=60)] = "",
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = PAGE,
) -> list[DetectionGiven]:
    """Detections of any state, newest first; those that a rule set aside have its id as `ignored_by`."""

    def question(look: Look) -> list[DetectionGiven]:
        words, asked = Words(reader.desk, look, reader), Asked(state, rule, host, source)
        return [words.detection(one) for one in questions.found(look, asked, offset=offset, limit=limit)]

    return reader.desk.look(question)

"""Other incidents that show what an incident shows."""

from fastapi import APIRouter

from csirt.store.queries import cases
from csirt.store.queries.cases import resolve_incident
from csirt.store.queries.related import Over, related
from csirt.store.tx import Look
from csirt.web.addresses import API
from csirt.web.api.shapes import Given, IncidentGiven
from csirt.web.api.words import Words
from csirt.web.session import IncidentReader

router = APIRouter(prefix=API, tags=["incidents"])


class OverGiven(Given):
    """What incidents have in common: `host`, `asset`, `account`, `attacker`, `hash`, `url` or `domain`.

    `text` says it for people, defanged; an asset's `value` is its id.
    """

    kind: str
    value: str
    text: str


class RelatedGiven(Given):
    """Another incident, and over what it is related."""

    incident: IncidentGiven
    over: list[OverGiven]


class RelationsGiven(Given):
    """Open incidents first, then the newest. `common`: what too many incidents show to relate them."""

    related: list[RelatedGiven]
    common: list[OverGiven]


@router.get("/incidents/{name}/related")
def list_related(name: str, reader: IncidentReader) -> RelationsGiven:
    """Incidents, open or closed, that show the same host, attacker, account, asset, file, URL or domain."""

    def question(look: Look) -> RelationsGiven:
        words = Words(reader.desk, look, reader)
        found = related(look, resolve_incident(look, name))
        known = {one.id: one for one in cases.incidents_of(look, (one.incident for one in found.related))}
        return RelationsGiven(
            related=[
                RelatedGiven(incident=words.incident(known[one.incident]), over=_given(words, one.over))
                for one in found.related
            ],
            common=_given(words, found.common),
        )

    return reader.desk.look(question)


def _given(words: Words, over: tuple[Over, ...]) -> list[OverGiven]:
    return [OverGiven(kind=kind, value=value, text="".join(words.over([(kind, value)]))) for kind, value in over]

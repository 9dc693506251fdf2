"""The level of an incident: what is proposed and why, who sets it, its history, and what others call it."""

from datetime import datetime

from fastapi import APIRouter

from csirt.era import jst_date
from csirt.model.incident import IncidentView, Level
from csirt.model.mapping import Mapped, mapped
from csirt.store.queries import cases
from csirt.store.queries.levels import level_history, proposed_because
from csirt.store.tx import Look
from csirt.web.addresses import API
from csirt.web.api.shapes import Given
from csirt.web.session import IncidentReader, Visit

router = APIRouter(prefix=API, tags=["duties"])


class MappedGiven(Given):
    """What one scheme calls the incident. `uncertain`: our source has to be verified."""

    scheme: str
    scheme_name: str
    edition: str
    term: str
    source: str
    uncertain: bool


class LevelChangeGiven(Given):
    """A level that was proposed, or set with a reason."""

    at: datetime
    level: Level
    is_set: bool
    by: str
    because: str
    reason: str


class LevelGiven(Given):
    """The level. `because` is the code of the rule that proposes; `set_by_post` the post that sets that level."""

    level: Level | None
    proposed_level: Level
    because: str
    set_by_post: str
    mapped: list[MappedGiven]
    history: list[LevelChangeGiven]


@router.get("/incidents/{name}/level")
def show_level(name: str, reader: IncidentReader) -> LevelGiven:
    """What is proposed and why, what was set, and what NISC, RSIT, JPCERT/CC and the common forms call it."""

    def question(look: Look) -> LevelGiven:
        view = cases.named(look, name)
        history = level_history(look, view.id)
        return LevelGiven(
            level=view.level,
            proposed_level=view.proposed_level,
            because=proposed_because(history),
            set_by_post=reader.desk.door.city.level_setters.get(view.proposed_level, "csirt-head"),
            mapped=[_given(one, reader) for one in terms_of(view, reader)],
            history=[LevelChangeGiven.model_validate(one, from_attributes=True) for one in history],
        )

    return reader.desk.look(question)


def terms_of(view: IncidentView, visit: Visit) -> list[Mapped]:
    """What the schemes in force on the day of knowing call an incident."""
    level = view.proposed_level if view.level is None else view.level
    on = jst_date(view.clocks.known or view.clocks.received)
    return mapped(visit.desk.door.city.levels.schemes, view.type.value, int(level), on)


def _given(one: Mapped, visit: Visit) -> MappedGiven:
    return MappedGiven(
        scheme=one.scheme.id, scheme_name=one.scheme.name.label(visit.language), edition=one.scheme.edition,
        term=one.term.label(visit.language), source=one.scheme.source, uncertain=one.scheme.uncertain,
    )  # fmt: skip

"""How the desk is, in words: what each part is called, how it is, why, and what to do about it."""

from dataclasses import dataclass
from datetime import datetime

from csirt.model.health import PartHealth, PartState
from csirt.texts.catalogs import Catalog


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldPart:
    """One part in a reader's language. `why` and `todo` are empty where there is nothing to say."""

    part: str
    name: str
    state: PartState
    called: str
    state_text: str
    since: datetime | None
    why: str
    todo: str


def tell(speech: Catalog, one: PartHealth) -> ToldPart:
    """One part in words."""
    called = speech.gettext(f"health.part.{one.part}")
    name = _name(speech, one)
    return ToldPart(
        part=one.part,
        name=name,
        state=one.state,
        called=speech.say("health.named", {"part": called, "name": name}) if name else called,
        state_text=speech.gettext(f"health.state.{one.state}"),
        since=one.since,
        why=_why(speech, one),
        todo="" if one.state is PartState.OK else speech.say(f"health.todo.{one.part}", one.params),
    )


def _name(speech: Catalog, one: PartHealth) -> str:
    """The name of a channel, or of a way outside with the number of its address, in words; else as it is."""
    plain = one.name.rstrip("0123456789") if one.part == "anchor" else one.name
    if one.part in {"channel", "anchor"} and speech.has(f"{one.part}.{plain}"):
        return speech.gettext(f"{one.part}.{plain}") + one.name.removeprefix(plain)
    return one.name


def _why(speech: Catalog, one: PartHealth) -> str:
    """A code that is an error's has its sentence there; figures have one for each part."""
    if one.code:
        own = f"health.why.{one.code}"
        return speech.gettext(own) if speech.has(own) else speech.error(one.code, one.params)
    return speech.say(f"health.figures.{one.part}", one.params) if one.params else ""

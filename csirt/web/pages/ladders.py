"""Ladders as pictures: a chain as it is configured, and where a climb stands. The page says the same in words."""

from markupsafe import Markup

from csirt.reports.ladder_svg import Rail, Rung, draw_ladder
from csirt.texts.catalogs import Catalog
from csirt.web.look import Phrasing
from csirt.web.views import escalation
from csirt.web.views.chains import Chain, ChainTier, Party


def picture_of(chain: Chain, words: Catalog) -> Markup:
    """A chain as it is configured: posts, today's holders, times and channels."""
    rails = [
        Rail(route.name, tuple(Rung(_when(tier, words), _parties(tier, words)) for tier in route.tiers))
        for route in chain.routes
    ]
    if chain.exhausted:
        last = Rung(words.gettext("chains.exhausted.lead"), _parties(chain.exhausted, words))
        rails.append(Rail(words.gettext("chains.exhausted"), (last,)))
    return _drawn(chain.title, tuple(rails), words)


def picture_of_climb(part: escalation.EscalationPart, words: Catalog) -> Markup:
    """The same during an incident: which rungs were reached, and what became of each route."""
    rails = tuple(
        Rail(
            ladder.name,
            tuple(_rung(rung, words) for rung in ladder.rungs),
            words.gettext(f"route_state.{ladder.state.value}"),
        )
        for ladder in part.ladders
    )
    return _drawn(part.chain, rails, words)


def _drawn(title: str, rails: tuple[Rail, ...], words: Catalog) -> Markup:
    drawn = draw_ladder(title, words.gettext("chains.picture"), rails)
    return Markup(drawn)  # noqa: S704 - every word in it was escaped when it was drawn


def _when(tier: ChainTier, words: Catalog) -> str:
    span = Phrasing(words).span
    at_once = words.gettext("chains.at_once")
    by_day = words.say("chains.after", {"span": span(tier.after)}) if tier.after else at_once
    if tier.off_hours is None:
        return by_day
    at_night = (
        words.say("chains.off_hours", {"span": span(tier.off_hours)})
        if tier.off_hours
        else words.gettext("chains.off_hours_at_once")
    )
    return f"{by_day} / {at_night}"


def _parties(tier: ChainTier, words: Catalog) -> tuple[str, ...]:
    return tuple(_party(party, words) for party in tier.parties)


def _party(party: Party, words: Catalog) -> str:
    channels = dict.fromkeys(words.gettext(f"channel.{point.channel}") for point in party.points)
    said = [party.name, *([party.people[0]] if party.people else [])]
    if party.warning:
        said.append(words.error(party.warning))
    return ": ".join(said) + (f" [{', '.join(channels)}]" if channels else "")


def _rung(rung: escalation.Rung, words: Catalog) -> Rung:
    at = Phrasing(words).clock(rung.at)
    said = tuple(
        words.say("call.acknowledged", {"who": call.acknowledged_by or call.name, "at": at_})
        for call in rung.calls
        if call.acknowledged_at and (at_ := Phrasing(words).clock(call.acknowledged_at))
    )
    return Rung(f"{rung.number}  {at}", (*rung.parties, *said), rung.reached)

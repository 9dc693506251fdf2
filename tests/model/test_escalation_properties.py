"""What must hold for every chain, roster and clock."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from csirt.model.contact import ContactChain, Need, Route, StopOn, Tier
from csirt.model.escalation import acknowledge, answered, rehearse
from csirt.model.people import Roster
from csirt.model.progress import RouteProgress
from tests.model.small_city import LADDER, OFFICES, ROSTER, T0, Always, chain, go, minutes, started, tier

PARTIES = [
    *("post:csirt-head", "post:csirt-head#1", "post:director", "post:ciso", "post:poc", "post:mute", "post:none"),
    *("office:pref", "office:ministry", "office:none", "role:officer", "role:auditor"),
]
CHANNELS = ["mail", "phone", "lgwan-mail", "fax"]


def _some(of: list[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(of), min_size=1, max_size=3, unique=True).map(tuple)


@st.composite
def tiers(draw: st.DrawFn) -> tuple[Tier, ...]:
    gaps = draw(st.lists(st.integers(1, 90), min_size=1, max_size=4))
    at = draw(st.integers(0, 5))
    made: list[Tier] = []
    for gap in gaps:
        off_hours = draw(st.none() | st.just(minutes(at / 2)))
        need = draw(st.sampled_from(Need))
        made.append(Tier(minutes(at), draw(_some(PARTIES)), draw(_some(CHANNELS)), need, off_hours))
        at += gap
    return tuple(made)


@st.composite
def chains(draw: st.DrawFn) -> ContactChain:
    names = draw(st.lists(st.sampled_from(["ladder", "direct", "soc"]), min_size=1, max_size=3, unique=True))
    routes = [
        Route(
            name,
            draw(tiers()),
            draw(st.sampled_from(StopOn)),
            draw(st.integers(1, 3)),
            draw(st.none() | st.just(minutes(9))),
        )
        for name in names
    ]
    return chain(*routes)


acts = st.lists(
    st.tuples(
        st.integers(-400, 400),
        st.sampled_from(["", "", "", "", "p-head", "p-ciso", "p-deputy", "office:pref", "answer"]),
        st.booleans(),
    ),
    max_size=25,
)


@given(of=chains(), acts=acts)
@settings(max_examples=150, deadline=None)
def test_nothing_twice_and_never_backwards_whatever_the_clock_does(
    of: ContactChain, acts: list[tuple[int, str, bool]]
) -> None:
    """Any mixture of clock jumps, acknowledgements, answers, transfers: each page once, positions only rise."""
    escalation, at, keys = started(of), 0.0, list[str]()
    for jump, who, has_people in acts:
        at += jump
        before = escalation
        if who == "answer":
            escalation = answered(escalation, T0 + minutes(at))
        elif who:
            escalation = acknowledge(escalation, of, who, T0 + minutes(at))
        advance = go(of, escalation, at, roster=ROSTER if has_people else Roster(), is_open=has_people)
        keys += [page.page_key for page in advance.pages]
        assert go(of, escalation, at, roster=ROSTER if has_people else Roster(), is_open=has_people) == advance
        escalation = advance.escalation
        assert advance.next_due is None or advance.next_due > T0 + minutes(at)
        assert (advance.next_due is None) == (escalation.ended_at is not None)
        for old, new in zip(before.routes, escalation.routes, strict=True):
            assert (new.round, new.tier) >= (old.round, old.tier)
            assert set(old.called) <= set(new.called)
            assert set(old.acknowledged) <= set(new.acknowledged)
            assert RouteProgress.from_plain(new.to_plain()) == new
    assert len(keys) == len(set(keys))


@given(of=chains(), is_open=st.booleans(), has_people=st.booleans())
@settings(max_examples=100, deadline=None)
def test_no_route_ever_ends_in_silence(of: ContactChain, is_open: bool, has_people: bool) -> None:
    """Unanswered, every tier of every round is called or reported, and each route ends at the last resort, once."""
    roster = ROSTER if has_people else Roster()
    calls = rehearse(of, roster, OFFICES, Always(is_open), T0)
    assert [call.at for call in calls] == sorted(call.at for call in calls)
    for route in of.routes:
        pages = [call.page for call in calls if call.page.route == route.name]
        by_tier = {(page.round, page.tier) for page in pages}
        rounds = max(page.round for page in pages) + 1
        expected = {(number, index) for number in range(rounds) for index in range(len(route.tiers))}
        assert by_tier == expected | {(rounds - 1, len(route.tiers))}
        if rounds < route.repeat:  # only where there was nobody at all to call again
            assert all(page.recipient is None for page in pages if page.tier < len(route.tiers))
        last = [page for page in pages if page.tier == len(route.tiers)]
        assert last
        assert has_people is False or any(page.recipient or page.skipped == "already_called" for page in last)


@given(of=chains(), late=st.integers(0, 3000))
@settings(max_examples=60, deadline=None)
def test_how_often_one_looks_changes_nobody_called_in_the_first_round(of: ContactChain, late: int) -> None:
    """A worker that slept calls the same tiers of the first round as one that looked every minute."""
    slept = go(of, started(of), late)
    escalation, seen = started(of), set[tuple[str, int]]()
    for minute in range(0, late + 1, 1 if late < 200 else 10):
        advance = go(of, escalation, minute)
        escalation = advance.escalation
        seen |= {(page.route, page.tier) for page in advance.pages if page.round == 0}
    first = {(page.route, page.tier) for page in slept.pages if page.round == 0}
    assert first <= seen | {(page.route, page.tier) for page in go(of, escalation, late).pages}


def test_a_chain_of_the_largest_size_is_climbed_quickly() -> None:
    many = Route("up", tuple(tier(number, "role:officer", "office:pref") for number in range(50)), repeat=20)
    calls = rehearse(replace(LADDER, routes=(many,)), ROSTER, OFFICES, Always(), T0)
    assert len(calls) == 50 * 20 * 4 + 1

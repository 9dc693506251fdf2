"""Rehearsals: the dice are fair, the logic is that of the real climb, and the same seed says the same."""

import random
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from heapq import heappop, heappush

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csirt import founding
from csirt.errors import Invalid
from csirt.model.contact import ContactChain, Route
from csirt.model.escalation import Escalation, Page, acknowledge, begin, next_pages
from csirt.model.rates import AnswerRates, rates_from
from csirt.model.rehearsal import Failure, Scene, rehearse_often, single_failures, weakest
from tests.model.small_city import LADDER, OFFICES, ROSTER, T0, Always, chain, minutes, tier
from tests.model.test_escalation_properties import chains

HOUR = timedelta(hours=1)


def rates(**lines: tuple[float, str]) -> AnswerRates:
    """`phone=(0.5, "3 min")`: how a channel is answered by anybody."""
    made = [
        {"party": "*", "channel": channel, "open": answers, "closed": answers, "median": median}
        for channel, (answers, median) in lines.items()
    ]
    return rates_from({"source": "test", "valid_from": date(2026, 4, 1), "spread": 0.0, "rate": made}, "rates.toml")


def scene(of: ContactChain, figures: AnswerRates, at: datetime = T0) -> Scene:
    return Scene(of, ROSTER, OFFICES, Always(), at, figures, random.Random)


def test_people_who_always_answer_are_reached_at_their_median_and_nobody_above_them() -> None:
    found = rehearse_often(scene(LADDER, rates(mail=(1.0, "3 min"), phone=(1.0, "7 min"))), runs=50, seed=1)
    (head,) = found.reached
    assert (head.party, head.first_call, head.share) == ("post:csirt-head", 0.0, 1.0)
    assert head.median == head.late == head.worst == pytest.approx(3.0)
    assert (found.probability, found.nobody, found.last_resort) == (1.0, 0.0, 0.0)


def test_silence_climbs_to_the_next_tier_and_to_the_last_resort() -> None:
    figures = rates(mail=(1.0, "3 min"), phone=(1.0, "7 min"))
    climbed = rehearse_often(scene(LADDER, figures), runs=20, seed=1, failure=Failure(frozenset({"post:csirt-head"})))
    assert {one.party: one.median for one in climbed.reached} == {"post:csirt-head": None, "post:ciso": 37.0}
    everyone = Failure(frozenset({"post:csirt-head", "post:ciso"}))
    nobody = rehearse_often(scene(LADDER, figures), runs=20, seed=1, failure=everyone)
    assert (nobody.probability, nobody.nobody, nobody.last_resort) == (0.0, 1.0, 1.0)


def test_whoever_is_silent_is_so_in_every_post() -> None:
    """`left` is held by nobody who is still there; its deputy is the head."""
    of = chain(Route("up", (tier(0, "post:csirt-head"), tier(10, "post:left"))))
    found = rehearse_often(
        scene(of, rates(mail=(1.0, "3 min"))), runs=5, seed=1, failure=Failure(frozenset({"post:csirt-head"}))
    )
    assert all(one.share == 0.0 for one in found.reached)


def test_half_who_answer_are_half() -> None:
    found = rehearse_often(
        scene(LADDER, rates(phone=(0.5, "3 min"))), runs=4000, seed=7, goal="post:csirt-head", within=minutes(29)
    )
    assert 0.47 < found.probability < 0.53


def test_the_worst_failure_comes_first_and_the_goal_itself_is_none() -> None:
    figures = rates(mail=(0.9, "3 min"), phone=(0.1, "3 min"))
    setting = scene(LADDER, figures)
    alone = single_failures(setting)
    assert {next(iter(one.down or one.silent)) for one in alone} == {"mail", "phone", "post:csirt-head", "post:ciso"}
    found = weakest(setting, runs=500, seed=1, failure=Failure(), goal="post:csirt-head", within=HOUR)
    assert (found[0].kind, found[0].key) == ("down", "mail")
    assert "post:csirt-head" not in {one.key for one in found}


@given(of=chains(), seed=st.integers(0, 2**32), answers=st.sampled_from([0.1, 0.5, 0.9]))
@settings(max_examples=40, deadline=None)
def test_a_rehearsal_is_the_real_climb(of: ContactChain, seed: int, answers: float) -> None:
    """Played without any memory, step by step through the real logic with the same dice, it comes to the same."""
    figures = rates(mail=(answers, "4 min"), phone=(answers, "9 min"))
    setting = replace(scene(of, figures), rates=replace(figures, sigma=0.7))
    found = rehearse_often(setting, runs=6, seed=seed)
    plain = played(setting, runs=6, seed=seed)
    assert {one.party: one.share for one in found.reached if one.share} == {
        party: len(times) / 6 for party, times in plain.items()
    }
    for one in found.reached:
        if one.worst is not None:
            assert one.worst == pytest.approx(max(plain[one.party]))


def played(setting: Scene, *, runs: int, seed: int) -> dict[str, list[float]]:
    """The same dice, the real functions, and nothing kept."""
    dice, found = random.Random(seed), dict[str, list[float]]()
    for _ in range(runs):
        for party, at in one_run(setting, dice).items():
            found.setdefault(party, []).append(at)
    return found


def one_run(setting: Scene, dice: random.Random) -> dict[str, float]:
    seen, answers = dict[str, float](), list[tuple[float, str, str]]()
    climb = begin(setting.chain, escalation_id="x", incident="", step=None, template="page", now=setting.at)
    now, due = setting.at, setting.at
    far = setting.at + timedelta(days=99)
    while True:
        if answers and answers[0][0] <= (due - setting.at) / minutes(1):
            at, party, who = heappop(answers)
            if party not in seen:
                seen[party] = at
                climb = acknowledge(climb, setting.chain, who, now)
                due = far if climb.ended_at else again(setting, climb, now, due)
        elif due > setting.at + timedelta(days=3):
            return seen
        else:
            now = due
            step = next_pages(setting.chain, climb, setting.roster, setting.offices, setting.calendar, now)
            climb, due = step.escalation, step.next_due or far
            throw(setting, dice, now, step.pages, answers)


def throw(
    setting: Scene, dice: random.Random, now: datetime, pages: Sequence[Page], answers: list[tuple[float, str, str]]
) -> None:
    for page in pages:
        rate = setting.rates.of(page.party, page.channel, is_open=True)
        if page.recipient is not None and rate.answers and dice.random() < rate.answers:
            scatter = 2.718281828459045 ** (setting.rates.sigma * dice.gauss(0.0, 1.0))
            at = (now - setting.at) / minutes(1) + rate.median / minutes(1) * scatter
            heappush(answers, (at, page.party, page.person or page.party))


def again(setting: Scene, climb: Escalation, now: datetime, due: datetime) -> datetime:
    """When a climb goes on after an acknowledgement that did not end it."""
    step = next_pages(setting.chain, climb, setting.roster, setting.offices, setting.calendar, now)
    return (step.next_due or due) if step.escalation == climb else due


def test_the_shipped_rates_are_read_and_say_where_they_come_from() -> None:
    found = rates_from(tomllib.loads(founding.RATES.read_text("utf-8")), "answer_rates.toml")
    assert "仮定" in found.source
    assert (
        found.of("office:soc", "phone", is_open=False).answers > found.of("office:ppc", "phone", is_open=False).answers
    )


GOOD = {"party": "*", "channel": "*", "open": 0.5, "closed": 0.5, "median": "3 min"}


@pytest.mark.parametrize(
    ("change", "line", "key"),
    [
        ({"rate": []}, 0, "rate"),
        ({"rate": ["x"]}, 1, "rate"),
        ({"rate": [GOOD, {**GOOD, "open": 1.5}]}, 2, "open"),
        ({"rate": [{**GOOD, "closed": True}]}, 1, "closed"),
        ({"rate": [{**GOOD, "median": "soon"}]}, 1, "median"),
        ({"rate": [{**GOOD, "median": "0 s"}]}, 1, "median"),
        ({"rate": [{**GOOD, "extra": 1}]}, 1, "extra"),
        ({"rate": [{name: GOOD[name] for name in GOOD if name != "party"}]}, 1, "party"),
        ({"spread": 9}, 0, "spread"),
        ({"source": ""}, 0, "source"),
        ({"valid_from": "2026"}, 0, "valid_from"),
        ({"other": 1}, 0, "other"),
    ],
)
def test_a_file_of_rates_that_is_not_understood_is_refused_with_its_place(
    change: dict[str, object], line: int, key: str
) -> None:
    table = {"source": "x", "valid_from": date(2026, 4, 1), "rate": [GOOD], **change}
    with pytest.raises(Invalid) as refused:
        rates_from(table, "r.toml")
    assert refused.value.params == {"file": "r.toml", "line": line, "key": key}

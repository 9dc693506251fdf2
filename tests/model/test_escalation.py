"""Climbing chains: worked examples."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from csirt.errors import Untrusted
from csirt.model.calendar import OfficeCalendar
from csirt.model.contact import Need, Route, StopOn, Tier
from csirt.model.escalation import (
    DEFAULT_WAIT,
    Advance,
    acknowledge,
    answered,
    end,
    next_pages,
    rehearse,
)
from csirt.model.people import ContactPoint, Post, Roster
from csirt.model.progress import RouteProgress, RouteState
from tests.model.small_city import LADDER, OFFICES, ROSTER, T0, Always, chain, go, minutes, said, started, tier


def test_the_first_tier_is_called_at_once_on_every_channel_where_there_is_an_address() -> None:
    advance = go(LADDER, started(LADDER), 0)
    assert said(advance.pages) == [("post:csirt-head", "mail", "p-head"), ("post:csirt-head", "phone", "p-head")]
    assert advance.next_due == T0 + minutes(30)


def test_the_next_tier_is_called_when_its_time_has_come_and_not_before() -> None:
    first = go(LADDER, started(LADDER), 0)
    assert go(LADDER, first.escalation, 29.99).pages == ()
    assert said(go(LADDER, first.escalation, 30).pages) == [("post:ciso", "phone", "p-ciso")]


def test_asking_twice_or_with_an_earlier_clock_calls_nobody_twice() -> None:
    first = go(LADDER, started(LADDER), 0)
    assert go(LADDER, first.escalation, 0).pages == ()
    second = go(LADDER, first.escalation, 30)
    for earlier in (30, 10, 0, -600):
        again = go(LADDER, second.escalation, earlier)
        assert again.pages == ()
        assert again.escalation.routes[0].tier == 1


def test_after_the_clock_was_set_back_nobody_waits_longer_than_the_chain_says() -> None:
    glitch = go(LADDER, started(LADDER), 60 * 24 * 3650)  # ten years ahead: both tiers are due
    back = go(LADDER, glitch.escalation, 31)
    assert back.next_due == T0 + minutes(31 + 30)


def test_an_outage_is_caught_up_without_running_through_twice() -> None:
    twice = chain(Route("up", LADDER.routes[0].tiers, repeat=2))
    late = go(twice, started(twice), 600)
    assert [page.round for page in late.pages] == [0, 0, 0]
    assert late.next_due == T0 + minutes(600 + 30)


def test_a_vacant_post_is_answered_by_the_first_deputy() -> None:
    of = chain(Route("up", (tier(0, "post:director"), tier(5, "post:left"))))
    first = go(of, started(of), 0)
    assert said(first.pages) == [("post:director", "mail", "p-deputy")]
    assert said(go(of, first.escalation, 5).pages)[0] == ("post:left", "mail", "p-head")  # the holder's account is gone


def test_two_people_of_a_role_who_are_just_being_called_keep_two_keys() -> None:
    of = chain(Route("up", (tier(0, "post:csirt-head", "post:csirt-head#1", "role:officer", by=["mail"]),)))
    pages = go(of, started(of), 0).pages
    assert [page.skipped for page in pages] == [None, None, "already_called", "already_called"]
    assert len({page.page_key for page in pages}) == 4


def test_deputies_and_roles_can_be_named() -> None:
    of = chain(Route("up", (tier(0, "post:csirt-head#1", "role:officer", by=["mail"]),)))
    pages = go(of, started(of), 0).pages
    assert said(pages) == [
        ("post:csirt-head#1", "mail", "p-deputy"),
        ("role:officer", "mail", "already_called"),
        ("role:officer", "mail", "p-head"),
    ]
    assert len({page.page_key for page in pages}) == 3


@pytest.mark.parametrize(
    ("party", "code"),
    [
        ("post:poc", "no_holder"),
        ("post:mute", "no_contact_point"),
        ("post:ciso#2", "no_holder"),
        ("post:nobody", "post_unknown"),
        ("office:nowhere", "office_unknown"),
        ("role:auditor", "no_holder"),
        ("role:wizard", "role_unknown"),
        ("nonsense", "party_malformed"),
    ],
)
def test_a_tier_that_reaches_nobody_moves_on_at_once_and_says_so(party: str, code: str) -> None:
    of = chain(Route("up", (tier(0, party), tier(30, "post:ciso"))))
    advance = go(of, started(of), 0)
    assert said(advance.pages) == [(party, "", code), ("post:ciso", "phone", "p-ciso")]


def test_one_unreachable_party_is_reported_while_the_others_of_its_tier_are_called() -> None:
    of = chain(Route("up", (tier(0, "post:poc", "post:ciso"), tier(30, "post:csirt-head"))))
    advance = go(of, started(of), 0)
    assert said(advance.pages) == [("post:poc", "", "no_holder"), ("post:ciso", "phone", "p-ciso")]
    assert advance.next_due == T0 + minutes(30)


def test_a_chain_that_reaches_nobody_calls_the_last_resort_at_once() -> None:
    of = chain(Route("up", (tier(0, "post:poc"), tier(30, "post:mute")), repeat=3))
    advance = go(of, started(of), 0)
    assert said(advance.pages) == [
        ("post:poc", "", "no_holder"),
        ("post:mute", "", "no_contact_point"),
        ("post:ciso", "phone", "p-ciso"),
    ]
    assert advance.escalation.routes[0].state is RouteState.EXHAUSTED
    assert advance.escalation.ended_at == T0


def test_a_last_tier_that_reaches_nobody_takes_no_time_from_those_who_were_called() -> None:
    of = chain(Route("up", (tier(0, "post:csirt-head"), tier(30, "post:poc")), repeat=2))
    second = go(of, go(of, started(of), 0).escalation, 30)
    assert said(second.pages) == [("post:poc", "", "no_holder")]
    assert second.next_due == T0 + minutes(60)


def test_a_named_deputy_is_that_deputy_and_no_other() -> None:
    roster = Roster(ROSTER.people, {"ciso": Post("ciso", "", "", "p-ciso", ("p-gone", "p-head"))})
    of = chain(Route("up", (tier(0, "post:ciso#1"), tier(1, "post:ciso#2"))))
    assert said(go(of, started(of), 0, roster=roster).pages)[:2] == [
        ("post:ciso#1", "", "no_holder"),
        ("post:ciso#2", "mail", "p-head"),
    ]


def test_the_first_address_of_a_channel_counts() -> None:
    points = (ContactPoint("phone", "1"), ContactPoint("phone", "2"))
    offices = {"pref": replace(OFFICES["pref"], points=points)}
    of = chain(Route("up", (tier(0, "office:pref"),)))
    (page,) = next_pages(of, started(of), ROSTER, offices, Always(), T0).pages
    assert page.recipient is not None
    assert page.recipient.address == "1" == offices["pref"].address_on("phone")


def test_without_a_last_resort_the_record_still_hears_of_it() -> None:
    of = chain(Route("up", (tier(0, "post:poc"),)), exhausted=None)
    assert said(go(of, started(of), 0).pages)[-1] == ("", "", "no_last_resort")


def test_a_route_repeats_and_is_then_exhausted_once() -> None:
    of = chain(Route("up", LADDER.routes[0].tiers, repeat=2))
    found = rehearse(of, ROSTER, OFFICES, Always(), T0)
    calls = [(int((call.at - T0).total_seconds()) // 60, call.page.party, call.page.round) for call in found]
    assert calls == [
        (0, "post:csirt-head", 0),
        (0, "post:csirt-head", 0),
        (30, "post:ciso", 0),
        (60, "post:csirt-head", 1),
        (60, "post:csirt-head", 1),
        (90, "post:ciso", 1),
        (120, "post:ciso", 1),
    ]


def test_wait_says_how_long_the_last_tier_has() -> None:
    of = chain(Route("up", (tier(0, "post:csirt-head"),), wait=minutes(7)))
    assert go(of, started(of), 0).next_due == T0 + minutes(7)
    plain = chain(Route("up", (tier(0, "post:csirt-head"),)))
    assert go(plain, started(plain), 0).next_due == T0 + DEFAULT_WAIT


def test_routes_fire_side_by_side_and_stop_by_themselves() -> None:
    of = chain(
        Route("ladder", (tier(0, "office:pref"), tier(30, "post:csirt-head"))),
        Route("direct", (tier(0, "office:ministry", by=["lgwan-mail", "phone"]), tier(10, "post:ciso"))),
    )
    first = go(of, started(of), 0)
    assert said(first.pages) == [("office:pref", "phone", "000"), ("office:ministry", "lgwan-mail", "a@b.example")]
    stopped = acknowledge(first.escalation, of, "office:pref", T0)
    assert [route.state for route in stopped.routes] == [RouteState.ACKNOWLEDGED, RouteState.CLIMBING]
    assert stopped.ended_at is None
    assert {page.route for page in go(of, stopped, 30).pages} == {"direct"}


def test_whoever_was_never_called_stops_nothing() -> None:
    first = go(LADDER, started(LADDER), 0).escalation
    assert acknowledge(first, LADDER, "p-ciso", T0) == first
    assert acknowledge(first, LADDER, "", T0) == first


def test_an_acknowledgement_ends_the_escalation() -> None:
    stopped = acknowledge(go(LADDER, started(LADDER), 0).escalation, LADDER, "p-head", T0 + minutes(1))
    assert stopped.ended_at == T0 + minutes(1)
    assert go(LADDER, stopped, 600) == Advance(stopped, (), None)


def test_need_all_goes_on_calling_those_who_have_not_acknowledged() -> None:
    both = tier(0, "post:csirt-head", "post:ciso", by=["mail", "phone"], need=Need.ALL)
    of = chain(Route("up", (both, tier(10, "office:pref")), repeat=2))
    first = go(of, started(of), 0).escalation
    half = acknowledge(first, of, "p-head", T0)
    assert half.routes[0].state is RouteState.CLIMBING
    second = go(of, half, 10)
    assert [page.party for page in second.pages] == ["office:pref"]
    third = go(of, second.escalation, 20)
    assert said(third.pages) == [("post:ciso", "phone", "p-ciso")]
    assert acknowledge(third.escalation, of, "post:ciso", T0).routes[0].state is RouteState.ACKNOWLEDGED


def test_need_all_is_not_met_while_one_of_them_could_not_be_reached() -> None:
    of = chain(Route("up", (tier(0, "post:poc", "post:ciso", need=Need.ALL), tier(10, "office:pref"))))
    noted = acknowledge(go(of, started(of), 0).escalation, of, "p-ciso", T0)
    assert noted.routes[0].state is RouteState.CLIMBING
    assert [page.party for page in go(of, noted, 10).pages] == ["office:pref"]


def test_need_all_of_a_role_asks_for_everyone_who_was_called() -> None:
    of = chain(Route("up", (tier(0, "role:officer", by=["mail"], need=Need.ALL),)))
    first = go(of, started(of), 0).escalation
    half = acknowledge(first, of, "p-head", T0)
    assert half.routes[0].state is RouteState.CLIMBING
    assert acknowledge(half, of, "p-deputy", T0).routes[0].state is RouteState.ACKNOWLEDGED


def test_a_route_that_waits_for_the_answer_only_notes_acknowledgements() -> None:
    of = chain(Route("up", LADDER.routes[0].tiers, StopOn.ANSWER))
    noted = acknowledge(go(of, started(of), 0).escalation, of, "p-head", T0)
    assert noted.routes[0].acknowledged == ("p-head",)
    second = go(of, noted, 30)
    assert said(second.pages) == [("post:ciso", "phone", "p-ciso")]
    done = answered(second.escalation, T0 + minutes(31))
    assert done.routes[0].state is RouteState.ANSWERED
    assert done.ended_at == T0 + minutes(31)


def test_a_route_that_waits_for_the_answer_calls_again_who_has_only_acknowledged() -> None:
    of = chain(Route("up", (tier(0, "post:ciso"),), StopOn.ANSWER, repeat=2, wait=minutes(5)))
    noted = acknowledge(go(of, started(of), 0).escalation, of, "p-ciso", T0)
    assert said(go(of, noted, 5).pages) == [("post:ciso", "phone", "p-ciso")]


def test_an_answer_stops_every_route_and_keeps_how_the_others_ended() -> None:
    of = chain(LADDER.routes[0], Route("direct", (tier(0, "office:pref"),)))
    first = acknowledge(go(of, started(of), 0).escalation, of, "office:pref", T0)
    assert [route.state for route in answered(first, T0).routes] == [RouteState.ANSWERED, RouteState.ACKNOWLEDGED]
    assert [route.state for route in end(first, T0).routes] == [RouteState.ENDED, RouteState.ACKNOWLEDGED]


def test_somebody_may_acknowledge_after_the_last_resort_was_called() -> None:
    last = go(LADDER, go(LADDER, started(LADDER), 30).escalation, 60)
    assert last.escalation.routes[0].state is RouteState.EXHAUSTED
    late = acknowledge(last.escalation, LADDER, "p-ciso", T0 + minutes(90))
    assert late.routes[0].state is RouteState.ACKNOWLEDGED
    assert late.ended_at == T0 + minutes(60)


def test_off_hours_have_times_of_their_own() -> None:
    night = Tier(minutes(30), ("post:ciso",), ("phone",), off_hours=minutes(5))
    of = chain(Route("up", (tier(0, "post:csirt-head"), night)))
    first = go(of, started(of), 0, is_open=False)
    assert first.next_due == T0 + minutes(5)
    assert go(of, started(of), 0).next_due == T0 + minutes(30)


def test_the_real_calendar_tells_day_from_night() -> None:
    night = Tier(minutes(30), ("post:ciso",), ("phone",), off_hours=minutes(5))
    of = chain(Route("up", (tier(0, "post:csirt-head"), night)))
    holiday = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)  # 勤労感謝の日
    calls = rehearse(of, ROSTER, OFFICES, OfficeCalendar(), holiday)
    assert [call.at - holiday for call in calls] == [timedelta(0), timedelta(0), minutes(5), minutes(10)]
    assert [call.at - T0 for call in rehearse(of, ROSTER, OFFICES, OfficeCalendar(), T0)][2] == minutes(30)


def test_the_hour_at_which_a_run_began_decides_between_day_and_night() -> None:
    night = Tier(minutes(30), ("post:ciso",), ("phone",), off_hours=minutes(15))
    of = chain(Route("up", (tier(0, "post:csirt-head"), night)))
    before_opening = datetime(2026, 11, 23, 23, 20, tzinfo=UTC)  # Tuesday 8:20 in Japan; the office opens at 8:30
    calls = rehearse(of, ROSTER, OFFICES, OfficeCalendar(), before_opening)
    assert calls[2].at == before_opening + minutes(15)


def test_a_route_that_was_edited_away_calls_the_last_resort() -> None:
    first = go(LADDER, started(LADDER), 0).escalation
    other = chain(Route("another", LADDER.routes[0].tiers))
    advance = go(other, first, 1)
    assert said(advance.pages) == [("post:ciso", "phone", "p-ciso")]
    assert advance.escalation.ended_at == T0 + minutes(1)


def test_progress_survives_the_store() -> None:
    for progress in go(LADDER, started(LADDER), 30).escalation.routes:
        assert RouteProgress.from_plain(progress.to_plain()) == progress


@pytest.mark.parametrize("change", [{"state": "asleep"}, {"called": [["x"]]}, {"round_at": "noon"}, {"tier": "1"}])
def test_broken_progress_is_not_believed(change: dict[str, str]) -> None:
    plain = started(LADDER).routes[0].to_plain()
    with pytest.raises(Untrusted, match="route_progress_malformed"):
        RouteProgress.from_plain({**plain, **change})

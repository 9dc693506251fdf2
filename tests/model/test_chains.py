"""Chain and contact files: what is refused, with its place, and what is found weak today."""

import tomllib
from copy import deepcopy
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csirt.errors import Invalid
from csirt.model.chains import Severity, chain_from, check_chain, offices_from
from csirt.model.contact import Need, StopOn
from csirt.model.people import ContactPoint, Office, Person, Post, Role, Roster

TODAY = date(2026, 11, 22)

GOOD = """
name = "national"
title = { ja = "県と国", en = "Prefecture and state" }

[[route]]
name = "ladder"
stop_on = "answer"
repeat = 2
wait = "1 h"

[[route.tier]]
after = "0 min"
call = ["office:pref"]
by = ["lgwan-mail", "phone"]

[[route.tier]]
after = "30 min"
off_hours = "2 s"
call = ["post:ciso", "role:officer", "post:ciso#2"]
by = ["phone"]
need = "all"

[exhausted]
call = ["post:ciso"]
by = ["phone", "mail"]
"""


def parsed() -> dict[str, Any]:
    return tomllib.loads(GOOD)


def test_a_chain_is_read_as_it_is_written() -> None:
    chain = chain_from(parsed(), "national.toml")
    (route,) = chain.routes
    assert (chain.name, chain.source, chain.title["ja"]) == ("national", "national.toml", "県と国")
    assert (route.name, route.stop_on, route.repeat, route.wait) == ("ladder", StopOn.ANSWER, 2, timedelta(hours=1))
    assert [tier.after for tier in route.tiers] == [timedelta(0), timedelta(minutes=30)]
    assert route.tiers[1].off_hours == timedelta(seconds=2)
    assert (route.tiers[0].need, route.tiers[1].need) == (Need.ANY, Need.ALL)
    assert chain.exhausted is not None
    assert chain.exhausted.by == ("phone", "mail")


def set_at(table: dict[str, Any], path: str, value: object) -> None:
    """Set (or with None delete) the value at a dotted path."""
    *above, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    here: Any = table
    for part in above:
        here = here[part]
    if value is None:
        del here[last]
    else:
        here[last] = value


@pytest.mark.parametrize(
    ("path", "value", "code", "route", "tier", "key"),
    [
        ("name", None, "chain_key_missing", "", "", "name"),
        ("name", "Ö", "chain_value_malformed", "", "", "name"),
        ("nmae", "x", "chain_key_unknown", "", "", "nmae"),
        ("title", "x", "chain_value_malformed", "", "", "title"),
        ("title.fr", "x", "chain_key_unknown", "", "", "fr"),
        ("title.ja", 3, "chain_value_malformed", "", "", "title"),
        ("route", None, "chain_key_missing", "", "", "route"),
        ("route", [], "chain_value_malformed", "", "", "route"),
        ("route", "x", "chain_value_malformed", "", "", "route"),
        ("route", [3], "chain_value_malformed", "1", "", "route"),
        ("exhausted", None, "chain_key_missing", "", "", "exhausted"),
        ("exhausted.after", "1 h", "chain_key_unknown", "", "exhausted", "after"),
        ("exhausted.call", [], "chain_value_malformed", "", "exhausted", "call"),
        ("route.0.name", None, "chain_key_missing", "1", "", "name"),
        ("route.0.stop_on", "never", "chain_value_malformed", "ladder", "", "stop_on"),
        ("route.0.stop_on", ["a"], "chain_value_malformed", "ladder", "", "stop_on"),
        ("route.0.repeat", 0, "chain_value_malformed", "ladder", "", "repeat"),
        ("route.0.repeat", True, "chain_value_malformed", "ladder", "", "repeat"),
        ("route.0.wait", "0 s", "chain_duration_malformed", "ladder", "", "wait"),
        ("route.0.tier", None, "chain_key_missing", "ladder", "", "tier"),
        ("route.0.tier.1.after", None, "chain_key_missing", "ladder", "2", "after"),
        ("route.0.tier.1.after", "half an hour", "chain_duration_malformed", "ladder", "2", "after"),
        ("route.0.tier.1.after", "-3 min", "chain_duration_malformed", "ladder", "2", "after"),
        ("route.0.tier.1.after", "99999 h", "chain_duration_malformed", "ladder", "2", "after"),
        ("route.0.tier.1.after", "٣ min", "chain_duration_malformed", "ladder", "2", "after"),
        ("route.0.tier.1.after", 30, "chain_duration_malformed", "ladder", "2", "after"),
        ("route.0.tier.1.after", "0 s", "chain_times_fall", "ladder", "2", "after"),
        ("route.0.tier.0.off_hours", "3 s", "chain_times_fall", "ladder", "2", "off_hours"),
        ("route.0.tier.0.call", [], "chain_value_malformed", "ladder", "1", "call"),
        ("route.0.tier.0.call", "office:pref", "chain_value_malformed", "ladder", "1", "call"),
        ("route.0.tier.0.call", ["office:pref", "office:pref"], "chain_value_malformed", "ladder", "1", "call"),
        ("route.0.tier.0.call", ["suzuki"], "chain_party_malformed", "ladder", "1", "call"),
        ("route.0.tier.0.call", ["office:pref#1"], "chain_party_malformed", "ladder", "1", "call"),
        ("route.0.tier.0.by", None, "chain_key_missing", "ladder", "1", "by"),
        ("route.0.tier.0.by", [1], "chain_value_malformed", "ladder", "1", "by"),
        ("route.0.tier.0.by", ["Mail!"], "chain_value_malformed", "ladder", "1", "by"),
        ("route.0.tier.0.need", "most", "chain_value_malformed", "ladder", "1", "need"),
        ("route.0.tier.0.repeat", 2, "chain_key_unknown", "ladder", "1", "repeat"),
    ],
)
def test_a_mistake_is_refused_with_its_place(
    path: str, value: object, code: str, route: str, tier: str, key: str
) -> None:
    table = parsed()
    set_at(table, path, value)
    with pytest.raises(Invalid) as found:
        chain_from(table, "national.toml")
    place = {name: found.value.params[name] for name in ("file", "route", "tier", "key")}
    assert (found.value.code, place) == (code, {"file": "national.toml", "route": route, "tier": tier, "key": key})


def test_two_routes_of_one_name_are_refused() -> None:
    table = parsed()
    table["route"].append(deepcopy(table["route"][0]))
    with pytest.raises(Invalid, match="chain_route_twice"):
        chain_from(table, "x.toml")


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
_paths = st.sampled_from(
    [
        *("name", "title", "route", "exhausted", "route.0", "route.0.name", "route.0.tier", "route.0.tier.0"),
        *("route.0.repeat", "route.0.wait", "route.0.stop_on", "route.0.tier.0.after", "route.0.tier.0.call"),
        *("route.0.tier.0.by", "route.0.tier.1.need", "route.0.tier.1.off_hours", "exhausted.by", "exhausted.call"),
    ]
)


@given(path=_paths, value=_values)
@settings(max_examples=200, deadline=None)
def test_whatever_stands_in_a_file_only_our_error_is_raised(path: str, value: object) -> None:
    table = parsed()
    set_at(table, path, value)
    files = ["x.toml"]
    try:
        files.append(chain_from(table, "x.toml").source)
    except Invalid as refused:
        files.append(str(refused.params["file"]))
    assert files == ["x.toml", "x.toml"]


OFFICE = """
sample = true

[office.pref]
name_ja = "見本県"
name_en = "Prefecture"
confirmed = 2026-04-10
source = "letter"
points = { lgwan-mail = "a@b.example", phone = "000" }
"""


def test_offices_are_read_as_they_are_written() -> None:
    office = offices_from(tomllib.loads(OFFICE), "contacts.toml")["pref"]
    assert office == Office(
        "pref",
        "見本県",
        "Prefecture",
        (ContactPoint("lgwan-mail", "a@b.example"), ContactPoint("phone", "000")),
        date(2026, 4, 10),
        "letter",
    )


@pytest.mark.parametrize(
    ("path", "value", "code", "route", "key"),
    [
        ("offices", {}, "chain_key_unknown", "", "offices"),
        ("office", [], "chain_value_malformed", "", "office"),
        ("office", 3, "chain_value_malformed", "", "office"),
        ("office.Pref", {}, "chain_value_malformed", "Pref", "office"),
        ("office.pref", "x", "chain_value_malformed", "pref", "office"),
        ("office.pref.tel", "x", "chain_key_unknown", "pref", "tel"),
        ("office.pref.name_ja", None, "chain_key_missing", "pref", "name_ja"),
        ("office.pref.name_en", "a\nb", "chain_value_malformed", "pref", "name_en"),
        ("office.pref.confirmed", None, "chain_key_missing", "pref", "confirmed"),
        ("office.pref.confirmed", "2026-04-10", "chain_value_malformed", "pref", "confirmed"),
        ("office.pref.points", {}, "chain_value_malformed", "pref", "points"),
        ("office.pref.points", None, "chain_key_missing", "pref", "points"),
        ("office.pref.points.Mail", "x", "chain_value_malformed", "pref", "points"),
        ("office.pref.points.mail", "", "chain_value_malformed", "pref", "mail"),
        ("office.pref.source", 1, "chain_value_malformed", "pref", "source"),
    ],
)
def test_a_mistake_in_an_office_is_refused_with_its_place(
    path: str, value: object, code: str, route: str, key: str
) -> None:
    table = tomllib.loads(OFFICE)
    set_at(table, path, value)
    with pytest.raises(Invalid) as found:
        offices_from(table, "contacts.toml")
    assert (found.value.code, found.value.params["route"], found.value.params["key"]) == (code, route, key)


@given(
    path=st.sampled_from(
        ["office", "office.pref", "office.pref.points", "office.pref.confirmed", "office.pref.name_ja"]
    ),
    value=_values,
)
@settings(max_examples=100, deadline=None)
def test_whatever_stands_in_a_contacts_file_only_our_error_is_raised(path: str, value: object) -> None:
    table = tomllib.loads(OFFICE)
    set_at(table, path, value)
    file = "x.toml"
    try:
        offices_from(table, file)
    except Invalid as refused:
        file = str(refused.params["file"])
    assert file == "x.toml"


# -------------------------------------------------------------------------------------------------- weak today


def person(id_: str, *channels: str) -> Person:
    points = tuple(ContactPoint(channel, f"{id_}.{channel}") for channel in channels)
    return Person(id_, id_, id_, roles=frozenset({Role.OFFICER}), points=points)


def weak(roster: Roster, offices: dict[str, Office], today: date = TODAY) -> list[tuple[str, str, str, Severity]]:
    chain = chain_from(parsed(), "national.toml")
    found = check_chain(chain, roster, offices, today)
    assert all(one.file == "national.toml" for one in found)
    return [(one.code, one.tier, one.key, one.severity) for one in found]


def test_a_sound_chain_has_no_weakness() -> None:
    people = {id_: person(id_, "mail", "phone") for id_ in ("a", "b", "c")}
    roster = Roster(people, {"ciso": Post("ciso", "", "", "a", ("b", "c"))})
    assert weak(roster, offices_from(tomllib.loads(OFFICE), "c.toml")) == []


def test_what_is_weak_today_is_named_with_its_place() -> None:
    roster = Roster({"b": person("b", "mail")}, {"ciso": Post("ciso", "", "", None, ("b",))})
    offices = offices_from(tomllib.loads(OFFICE), "c.toml")
    assert weak(roster, offices, date(2027, 4, 11)) == [
        ("contact_data_old", "1", "office:pref", Severity.WARNING),
        ("deputy_acts", "2", "post:ciso", Severity.WARNING),
        ("no_contact_point", "2", "post:ciso", Severity.ERROR),
        ("no_contact_point", "2", "role:officer", Severity.ERROR),
        ("no_holder", "2", "post:ciso#2", Severity.ERROR),
        ("tier_reaches_nobody", "2", "call", Severity.ERROR),
        ("deputy_acts", "exhausted", "post:ciso", Severity.WARNING),
        ("channel_without_address", "exhausted", "post:ciso phone", Severity.WARNING),
    ]


def test_a_year_after_its_confirmation_an_office_is_old_and_not_a_day_earlier() -> None:
    people = {id_: person(id_, "mail", "phone") for id_ in ("a", "b", "c")}
    roster = Roster(people, {"ciso": Post("ciso", "", "", "a", ("b", "c"))})
    offices = offices_from(tomllib.loads(OFFICE), "c.toml")
    assert weak(roster, offices, date(2027, 4, 10)) == []
    assert weak(roster, offices, date(2026, 4, 9))[0][0] == "contact_data_from_future"


def test_a_month_after_the_transfers_an_office_that_was_confirmed_before_them_is_asked_for() -> None:
    people = {id_: person(id_, "mail", "phone") for id_ in ("a", "b", "c")}
    roster = Roster(people, {"ciso": Post("ciso", "", "", "a", ("b", "c"))})
    before = offices_from(tomllib.loads(OFFICE.replace("2026-04-10", "2026-03-31")), "c.toml")
    assert weak(roster, before, date(2026, 4, 30)) == []
    assert weak(roster, before, date(2026, 5, 1))[0][0] == "contact_data_before_transfers"
    after = offices_from(tomllib.loads(OFFICE.replace("2026-04-10", "2026-04-01")), "c.toml")
    assert weak(roster, after, date(2026, 5, 1)) == []


def test_an_empty_city_is_all_errors() -> None:
    codes = [code for code, _, _, severity in weak(Roster(), {}) if severity is Severity.ERROR]
    assert codes.count("tier_reaches_nobody") == 3
    assert {"office_unknown", "post_unknown", "no_holder"} <= set(codes)

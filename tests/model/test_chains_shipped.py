"""The ten chains that come with the product: sound, dated, discreet, and the sample city's quick ones beside them."""

import re
import tomllib
from datetime import date, timedelta
from pathlib import Path

import pytest

from csirt import founding
from csirt.model.chains import chain_from, check_chain, offices_from
from csirt.model.contact import ContactChain
from csirt.model.discretion import ALL
from csirt.model.incident import IncidentType, Level
from csirt.model.people import ContactPoint, Office, Person, Post, Roster
from csirt.model.trigger import CaseFact, Firing, Situation, TouchedSystem, fires, situation_of

ROOT = Path(__file__).parents[2]
REAL = ROOT / "notifications" / "chains"
SAMPLE = ROOT / "csirt" / "city_data" / "sample" / "chains"
TODAY = date(2026, 11, 22)
POSTS = (
    *("poc", "csirt-head", "system-manager", "director", "ciso", "privacy-officer", "public-relations", "mayor"),
    "auditor",
)
NAMES = {
    "C0": "municipal", "C1": "national", "C2": "operations", "C3": "privacy", "C4": "police", "C5": "jlis",
    "C6": "vendors", "C7": "experts", "C8": "public", "C9": "partners",
}  # fmt: skip


def person(id_: str) -> Person:
    points = tuple(ContactPoint(channel, f"{id_}@{channel}.example") for channel in ("mail", "phone"))
    return Person(id_, id_, id_, points=points)


def full_city() -> Roster:
    people = {f"{post}-{n}": person(f"{post}-{n}") for post in POSTS for n in range(3)}
    posts = {post: Post(post, post, post, f"{post}-0", (f"{post}-1", f"{post}-2")) for post in POSTS}
    return Roster(people, posts)


def load(path: Path) -> ContactChain:
    return chain_from(tomllib.loads(path.read_text("utf-8")), path.name)


def offices() -> dict[str, Office]:
    return offices_from(tomllib.loads((REAL / "contacts.toml").read_text("utf-8")), "contacts.toml")


def shipped() -> list[ContactChain]:
    return [load(path) for path in sorted(REAL.glob("*.toml")) if path.name != "contacts.toml"]


def test_all_ten_chains_are_there() -> None:
    assert {chain.code: chain.name for chain in shipped()} == NAMES


@pytest.mark.parametrize("chain", [*shipped(), *(load(path) for path in SAMPLE.glob("*.toml"))], ids=lambda c: c.name)
def test_a_shipped_chain_is_sound_in_a_city_where_every_post_is_held(chain: ContactChain) -> None:
    assert set(chain.title) == {"ja", "en"}
    assert chain.when
    assert chain.never_say == ALL
    assert all(set(route.title) == {"ja", "en"} for route in chain.routes)
    assert check_chain(chain, full_city(), offices(), TODAY) == []


@pytest.mark.parametrize("chain", shipped(), ids=lambda c: c.name)
def test_no_shipped_chain_ends_at_one_person_or_on_mail_alone(chain: ContactChain) -> None:
    assert chain.exhausted is not None
    assert "phone" in chain.exhausted.by
    if chain.name != "experts":  # advice is wanted, not owed
        assert len(chain.exhausted.call) > 1
    for route in chain.routes:
        assert any(set(tier.by) - {"mail", "lgwan-mail"} for tier in route.tiers)


@pytest.mark.parametrize("name", ["municipal", "national"])
def test_the_sample_chains_have_the_shape_of_the_real_ones_in_seconds(name: str) -> None:
    real, quick = load(REAL / f"{name}.toml"), load(SAMPLE / f"{name}.toml")
    assert (real.code, real.when) == (quick.code, quick.when)
    assert [(r.name, r.stop_on, r.repeat) for r in real.routes] == [(r.name, r.stop_on, r.repeat) for r in quick.routes]
    for route, short in zip(real.routes, quick.routes, strict=True):
        for tier, brief in zip(route.tiers, short.tiers, strict=False):
            assert set(brief.call) <= set(tier.call)
            assert brief.by == tier.by
        assert short.tiers[-1].after <= timedelta(seconds=30)


def test_every_shipped_contact_is_made_up_and_somebody_calls_it() -> None:
    called = {
        party
        for chain in shipped()
        for tier in (*(tier for route in chain.routes for tier in route.tiers), chain.exhausted)
        if tier is not None
        for party in tier.call
    }
    for office in offices().values():
        assert f"office:{office.id}" in called
        for point in office.points:
            made_up = point.address.endswith(".example") or re.match("000-0000-|見本", point.address)
            assert made_up, f"{office.id} {point}"


def test_a_city_takes_chains_from_several_folders_and_its_own_count(tmp_path: Path) -> None:
    founding.found(tmp_path / "data", founding.SAMPLE_CITY)
    city = founding.load(tmp_path / "data", {})
    assert set(city.chains) == set(NAMES.values())
    assert city.chains["municipal"].title["ja"].endswith("（見本市）")
    assert city.chains["police"] == next(chain for chain in shipped() if chain.name == "police")


def firing(situation: Situation) -> dict[str, Firing]:
    return {chain.code: fires(chain.when, situation) for chain in shipped()}


@pytest.mark.parametrize(
    ("situation", "yes", "perhaps"),
    [
        (situation_of(IncidentType.RESTORE_TEST, Level.EVENT), "C0", "C1 C2 C3 C4 C5 C6 C9"),
        (
            situation_of(IncidentType.RANSOMWARE, Level.GRAVE),
            "C0 C1 C2 C4 C8",
            "C3 C5 C6 C7 C9",
        ),
        (situation_of(IncidentType.LOSS_THEFT, Level.MINOR), "C0 C1 C3 C4", "C2 C5 C6 C7 C9"),
        (situation_of(IncidentType.LOSS_THEFT, Level.MINOR, personal_data="no"), "C0 C4", "C1 C2 C3 C5 C6 C7 C9"),
        (situation_of(IncidentType.LEAK_MISSENT, Level.SERIOUS), "C0 C1 C3 C8", "C2 C4 C5 C6 C7 C9"),
        (
            situation_of(IncidentType.MALWARE_MAIL, Level.SERIOUS, facts=[CaseFact.OUTSOURCED, CaseFact.HELP_WANTED]),
            "C0 C1 C2 C7 C9",
            "C3 C4 C5 C6 C8",
        ),
        (
            Situation(IncidentType.OUTAGE, Level.SERIOUS, systems=frozenset({TouchedSystem.JUKI_NET})),
            "C0 C1 C2 C5",
            "C3 C4 C6 C7 C8 C9",
        ),
        (situation_of(IncidentType.UNDECIDED, Level.EVENT), "C0", "C1 C2 C3 C4 C5 C6 C9"),
    ],
)  # fmt: skip
def test_which_chains_fire(situation: Situation, yes: str, perhaps: str) -> None:
    found = firing(situation)
    assert " ".join(sorted(code for code, one in found.items() if one is Firing.YES)) == yes
    assert " ".join(sorted(code for code, one in found.items() if one is Firing.PERHAPS)) == perhaps


def test_a_chain_without_rules_never_fires_by_itself() -> None:
    assert fires((), situation_of(IncidentType.RANSOMWARE, Level.CRISIS)) is Firing.NO

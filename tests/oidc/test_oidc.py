"""Signing in on a real provider's page, and everything that must not get anybody in."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from csirt.bootstrap import Desk, wire
from csirt.clock import FixedClock
from csirt.directory.oidc import OidcClient, is_safe
from csirt.errors import Invalid
from csirt.record.entry import EntryKind
from csirt.settings import Settings
from csirt.store.queries import timeline
from csirt.web.app import create_app
from tests.oidc import provider as providers
from tests.oidc.provider import Lies, OpenIdProvider
from tests.web.conftest import HOST, clock, founded

__all__ = ["clock", "founded"]

REDIRECT = f"http://{HOST}/sign-in/oidc/back"
PAGE = {"Accept": "text/html"}


@pytest.fixture
def provider(clock: FixedClock) -> Iterator[OpenIdProvider]:
    with providers.running(REDIRECT) as made:
        made.now = made.auth_time = int(clock.now().timestamp())
        yield made


@pytest.fixture
def set_up(provider: OpenIdProvider) -> dict[str, Any]:
    return {
        "oidc_issuer": provider.issuer, "oidc_client_id": providers.CLIENT, "oidc_client_secret": providers.SECRET,
        "oidc_groups_claim": "groups",
    }  # fmt: skip


@pytest.fixture
def desk(founded: Path, tmp_path: Path, clock: FixedClock, set_up: dict[str, Any]) -> Iterator[Desk]:
    shutil.copytree(founded, tmp_path / "data")
    made = wire(Settings(data=tmp_path / "data", **set_up), "web", clock)
    yield made
    made.close()


@pytest.fixture
def app(desk: Desk) -> FastAPI:
    return create_app(desk)


@dataclass
class Browser:
    """Somebody's browser, which follows the provider's redirects only as far as a test lets it."""

    client: TestClient

    def begin(self, query: str = "") -> str:
        """To where we send it."""
        answer = self.client.get(f"/sign-in/oidc{query}", headers=PAGE, follow_redirects=False)
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

    def at_provider(self, address: str) -> dict[str, str]:
        """What the provider sends along on the way back."""
        answer = httpx.get(address, follow_redirects=False, trust_env=False)
        assert answer.status_code == 302, answer.text
        location = answer.headers["location"]
        assert location.startswith(REDIRECT)
        return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}

    def back(self, given: dict[str, str]) -> httpx.Response:
        query = urlencode(given)
        answer: httpx.Response = self.client.get(f"/sign-in/oidc/back?{query}", headers=PAGE, follow_redirects=False)
        return answer

    def whole_way(self, query: str = "") -> httpx.Response:
        return self.back(self.at_provider(self.begin(query)))

    def who(self) -> str:
        answer = self.client.get("/api/v1/session")
        return str(answer.json()["person"]["uid"]) if answer.status_code == 200 else ""


@pytest.fixture
def browser(app: FastAPI) -> Iterator[Callable[[], Browser]]:
    made: list[TestClient] = []

    def make() -> Browser:
        made.append(TestClient(app, base_url=f"http://{HOST}"))
        return Browser(made[-1].__enter__())

    yield make
    for one in made:
        one.__exit__(None, None, None)


Make = Callable[[], Browser]


def test_somebody_signs_in_on_the_providers_page(browser: Make, desk: Desk, provider: OpenIdProvider) -> None:
    me = browser()
    asked = parse_qs(urlsplit(address := me.begin("?back=/assignments")).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["response_type"] == ["code"]
    assert len(asked["state"][0]) >= 40
    answer = me.back(me.at_provider(address))
    assert (answer.status_code, answer.headers["location"]) == (303, "/assignments")
    assert me.who() == "k.sato"
    (entry,) = desk.look(timeline.explore, kind=EntryKind.SIGNED_IN.value)
    assert entry.out["auth"] == "oidc"
    assert set(provider.asked) == {"/.well-known/openid-configuration", "/authorize", "/keys"}


def test_the_password_still_works_beside_it(browser: Make) -> None:
    me = browser()
    typed = {"uid": "k.sato", "password": "k.sato-naruto"}
    assert me.client.post("/api/v1/session", json=typed).status_code == 200
    assert 'href="/sign-in/oidc' in browser().client.get("/sign-in", headers=PAGE).text


def test_groups_of_the_provider_give_the_roles_of_the_session(browser: Make, provider: OpenIdProvider) -> None:
    provider.groups = ["csirt-responder", "somebody-elses"]
    me = browser()
    assert me.whole_way().status_code == 303
    assert me.client.get("/api/v1/session").json()["person"]["roles"] == ["responder"]
    provider.groups = ["csirt-auditor", "csirt-officer"]  # an auditor is nothing else
    other = browser()
    other.whole_way()
    csrf = other.client.get("/api/v1/session").json()["csrf"]
    said = other.client.post("/api/v1/incidents", json={"title": "x"}, headers={"X-CSRF-Token": csrf})
    assert said.json()["error"] == "not_permitted"


def test_who_has_no_group_and_no_post_has_nothing_here(browser: Make, provider: OpenIdProvider) -> None:
    provider.user, provider.groups = "o.sasaki", []
    me = browser()
    assert me.whole_way().status_code == 403
    assert me.who() == ""


def test_somebody_whom_the_directory_does_not_know(browser: Make, provider: OpenIdProvider) -> None:
    provider.user = "nobody.at.all"
    me = browser()
    assert me.whole_way().status_code == 401
    assert me.who() == ""


LIES: dict[str, Lies] = {
    "a wrong nonce": Lies(claims={"nonce": "another"}),
    "no nonce": Lies(claims={"nonce": None}),
    "another audience": Lies(claims={"aud": "another-client"}),
    "an audience of several": Lies(claims={"aud": [providers.CLIENT, "another-client"]}),
    "another authorised party": Lies(claims={"azp": "another-client"}),
    "another issuer": Lies(claims={"iss": "http://127.0.0.1:1"}),
    "no issuer": Lies(claims={"iss": None}),
    "it has ended": Lies(claims={"exp": 1}),
    "it never ends": Lies(claims={"exp": None}),
    "issued tomorrow": Lies(claims={"iat": 2**33}),
    "alg none": Lies(alg="none"),
    "the public key as a secret": Lies(hs_with_public_key=True),
    "a strange key": Lies(other_key=True),
    "no account": Lies(claims={"preferred_username": None}),
    "an account that is no text": Lies(claims={"preferred_username": ["k.sato"]}),
    "nobody": Lies(claims={"sub": None}),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_token_that_does_not_hold_lets_nobody_in(
    browser: Make, desk: Desk, provider: OpenIdProvider, lie: str
) -> None:
    provider.lies = LIES[lie]
    me = browser()
    assert me.whole_way().status_code == 401
    assert me.who() == ""
    (entry,) = desk.look(timeline.explore, kind=EntryKind.SIGN_IN_REFUSED.value)
    assert entry.out["code"] == "oidc_refused"


def test_a_description_of_another_issuer_is_refused(browser: Make, provider: OpenIdProvider) -> None:
    """Mix-up: what the description says does not move the issuer, which is set."""
    provider.lies = Lies(issuer="https://evil.example")
    answer = browser().client.get("/sign-in/oidc", headers=PAGE, follow_redirects=False)
    assert answer.status_code == 503


def test_an_answer_of_another_issuer_is_refused(browser: Make) -> None:
    """RFC 9207: the answer says who it is from."""
    me = browser()
    given = me.at_provider(me.begin()) | {"iss": "https://evil.example"}
    assert me.back(given).status_code == 401
    assert me.who() == ""


def test_another_state_or_none_is_refused(browser: Make) -> None:
    for change in ({"state": "x"}, {"state": ""}):
        me = browser()
        assert me.back(me.at_provider(me.begin()) | change).status_code == 401
        assert me.who() == ""


def test_a_code_counts_once(browser: Make) -> None:
    me, thief = browser(), browser()
    given = me.at_provider(me.begin())
    kept = me.client.cookies.get("csirt-oidc")
    assert me.back(given).status_code == 303
    thief.client.cookies.set("csirt-oidc", kept or "")  # even with all that the browser knew
    assert thief.back(given).status_code == 401
    assert thief.who() == ""


def test_a_code_of_somebody_else_is_worth_nothing_in_another_browser(browser: Make) -> None:
    """Neither their code in my browser nor mine in theirs: state and verifier are the browser's own."""
    me, thief = browser(), browser()
    mine, theirs = me.at_provider(me.begin()), thief.at_provider(thief.begin())
    assert thief.back(mine).status_code == 401
    fresh = browser()
    mixed = fresh.at_provider(fresh.begin()) | {"code": theirs["code"]}
    assert fresh.back(mixed).status_code == 401  # PKCE: the provider asks for the verifier of that code
    assert fresh.who() == thief.who() == ""


def test_without_having_begun_nobody_ends(browser: Make) -> None:
    me = browser()
    assert me.back({"state": "x", "code": "y"}).status_code == 401
    me.client.cookies.set("csirt-oidc", "bm9uc2Vuc2U=")
    assert me.back({"state": "x", "code": "y"}).status_code == 401


def test_it_has_ten_minutes(browser: Make, clock: FixedClock) -> None:
    me = browser()
    given = me.at_provider(me.begin())
    clock.forward(timedelta(minutes=11))
    assert me.back(given).status_code == 401


def test_the_way_back_is_a_page_of_ours(browser: Make) -> None:
    me = browser()
    assert me.whole_way("?back=//evil.example/").headers["location"] == "/"


def test_the_provider_is_down(browser: Make, desk: Desk, provider: OpenIdProvider) -> None:
    me = browser()
    given = me.at_provider(me.begin())
    assert desk.provider is not None
    desk.provider.client  # noqa: B018 - it is set up
    provider.issuer = "http://127.0.0.1:9"  # what it describes from now on is no longer there
    desk.provider._forget("description")  # noqa: SLF001 - ten minutes later
    answer = me.back(given)
    assert answer.status_code == 503
    assert me.who() == ""


def test_who_signed_in_there_proves_there_who_they_are(
    browser: Make, provider: OpenIdProvider, clock: FixedClock
) -> None:
    me = browser()
    me.whole_way()
    clock.forward(timedelta(minutes=6))
    provider.now = int(clock.now().timestamp())
    csrf = me.client.get("/api/v1/session").json()["csrf"]
    old = me.whole_way("?again=true&back=/audit")  # the provider did not ask again
    assert old.status_code == 401
    provider.auth_time = provider.now
    asked = parse_qs(urlsplit(me.begin("?again=true")).query)
    assert (asked["prompt"], asked["max_age"]) == (["login"], ["0"])
    assert me.whole_way("?again=true&back=/audit").headers["location"] == "/audit"
    headers = {"X-CSRF-Token": csrf}
    assert me.client.post("/api/v1/session/second-factor", headers=headers).status_code == 201


def test_somebody_else_proves_nothing(browser: Make, provider: OpenIdProvider) -> None:
    me = browser()
    me.whole_way()
    provider.user = "s.watanabe"
    assert me.whole_way("?again=true").status_code == 401


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"oidc_issuer": "http://idp.example"}, "oidc_issuer_malformed"),
        ({"oidc_issuer": "https://idp.example/?x=1"}, "oidc_issuer_malformed"),
        ({"oidc_client_secret": ""}, "oidc_client_missing"),
    ],
)
def test_settings_that_are_unsafe_are_refused(changes: dict[str, str], code: str) -> None:
    given = {"oidc_issuer": "https://idp.example", "oidc_client_secret": "x", **changes}
    with pytest.raises(Invalid, match=code):
        OidcClient(given["oidc_issuer"], "id", given["oidc_client_secret"])


def test_only_https_or_this_machine() -> None:
    assert is_safe("https://idp.city.example/realms/city")
    assert is_safe("http://127.0.0.1:8080")
    assert not is_safe("ftp://idp.city.example")


def test_without_it_the_page_is_not_there(founded: Path, tmp_path: Path, clock: FixedClock) -> None:
    shutil.copytree(founded, tmp_path / "plain")
    desk = wire(Settings(data=tmp_path / "plain"), "web", clock)
    with TestClient(create_app(desk), base_url=f"http://{HOST}") as client:
        assert client.get("/sign-in/oidc", follow_redirects=False).status_code == 404
        assert "/sign-in/oidc" not in client.get("/sign-in", headers=PAGE).text
    desk.close()

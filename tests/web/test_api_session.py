"""Signing in and out, the back-off, and what every unsafe request must show."""

import shutil
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from starlette.testclient import TestClient

from csirt.bootstrap import Desk, wire
from csirt.clock import FixedClock
from csirt.errors import NotSignedIn
from csirt.model.people import SYSTEM
from csirt.response import access, people
from csirt.settings import Settings
from csirt.store.queries.timeline import explore
from csirt.web.app import create_app
from csirt.web.refusals import TooManyTries
from csirt.web.sign_in import Gate
from tests.web.conftest import HOST, Someone

Make = Callable[..., Someone]


def code(answer: httpx.Response) -> str:
    found: str = answer.json()["error"]
    return found


def test_sign_in_says_who_you_are(someone: Make) -> None:
    nobody = someone()
    answer = nobody.sign_in("s.watanabe")
    assert answer.status_code == 200
    person = answer.json()["person"]
    assert (person["uid"], person["name"], person["roles"]) == ("s.watanabe", "渡辺 慎一", ["csirt_head"])
    assert person["posts"] == ["csirt-head", "director", "privacy-officer"]
    assert nobody.get("/session").json() == answer.json()
    assert "path=/" in answer.headers["set-cookie"].lower()
    assert {"httponly", "samesite=lax"} <= {part.strip().lower() for part in answer.headers["set-cookie"].split(";")}


def test_the_cookie_is_bound_to_the_host_where_people_come_by_https(founded: Path, tmp_path: Path) -> None:
    shutil.copytree(founded, tmp_path / "data")
    desk = wire(Settings(data=tmp_path / "data", base_url="https://csirt.city.example"), "web")
    with TestClient(create_app(desk), base_url="https://csirt.city.example") as client:
        answer = client.post("/api/v1/session", json={"uid": "k.sato", "password": "k.sato-naruto"})
        assert client.get("/api/v1/session").status_code == 200
    desk.close()
    assert answer.headers["set-cookie"].startswith("__Host-csirt=")
    assert "Secure" in answer.headers["set-cookie"]
    assert "max-age" in answer.headers["strict-transport-security"]


def test_sign_out_ends_the_session_for_good(someone: Make) -> None:
    me = someone("k.sato")
    cookies = dict(me.client.cookies)
    assert me.delete("/session").status_code == 204
    thief = someone()
    thief.client.cookies.update(cookies)
    assert code(thief.get("/session")) == "not_signed_in"


def test_an_idle_session_ends_and_use_keeps_it(officer: Someone, clock: FixedClock) -> None:
    for _ in range(4):
        clock.forward(timedelta(minutes=14))
        assert officer.get("/session").status_code == 200
    clock.forward(timedelta(minutes=16))
    answer = officer.get("/session")
    assert (answer.status_code, code(answer)) == (401, "session_expired")


def test_no_session_lives_longer_than_a_working_day(officer: Someone, clock: FixedClock) -> None:
    for _ in range(34):
        clock.forward(timedelta(minutes=14))
        officer.get("/session")
    clock.forward(timedelta(minutes=14))
    assert code(officer.get("/session")) == "session_expired"


def test_who_left_the_directory_is_signed_out(officer: Someone, desk: Desk) -> None:
    left = {id_: one for id_, one in desk.directory.people().items() if one.uid != "k.sato"}
    desk.commit(SYSTEM, people.refresh, left, desk.directory.posts())
    assert officer.get("/session").status_code == 401


def test_a_change_of_duties_counts_at_the_next_sign_in(someone: Make, desk: Desk) -> None:
    file = desk.settings.data / "people.ldif"
    text = file.read_text(encoding="utf-8")
    file.write_text(
        text.replace("uid: n.ito", "uid: n.ito\ndescription: moved", 1).replace("title: 主査", "title: 係長")
    )
    answer = someone().sign_in("n.ito")
    assert answer.json()["person"]["title"] == "係長"


@pytest.mark.parametrize(
    ("uid", "password"), [("k.sato", "wrong"), ("nobody", "x"), ("k.sato*", "x"), ("k.sato\0", "x")]
)
def test_a_wrong_password_and_an_unknown_account_look_alike(someone: Make, uid: str, password: str) -> None:
    answer = someone().sign_in(uid, password)
    assert (answer.status_code, code(answer)) == (401, "sign_in_failed")
    assert "set-cookie" not in answer.headers


def test_somebody_without_duties_is_not_let_in(someone: Make) -> None:
    answer = someone().sign_in("i.matsumoto")
    assert (answer.status_code, code(answer)) == (403, "sign_in_no_role")


def test_wrong_passwords_make_the_next_try_wait(someone: Make, clock: FixedClock) -> None:
    me = someone()
    for _ in range(3):
        assert me.sign_in("k.sato", "wrong").status_code == 401
    refused = me.sign_in("k.sato")
    assert (refused.status_code, code(refused)) == (429, "too_many_tries")
    assert int(refused.headers["retry-after"]) >= 2
    clock.forward(timedelta(seconds=int(refused.headers["retry-after"])))
    assert me.sign_in("k.sato").status_code == 200


def test_the_pause_grows_but_never_beyond_five_minutes(someone: Make, clock: FixedClock) -> None:
    me, pauses = someone(), []
    for _ in range(14):
        answer = me.sign_in("k.sato", "wrong")
        if answer.status_code == 429:
            pauses.append(int(answer.headers["retry-after"]))
            clock.forward(timedelta(seconds=pauses[-1]))
            assert me.sign_in("k.sato", "wrong").status_code == 401
    assert pauses == sorted(pauses)
    assert pauses[-1] > 200
    assert max(pauses) <= 301


def test_trying_one_password_on_many_accounts_waits_too(someone: Make) -> None:
    me = someone()
    answers = [me.sign_in(uid, "naruto").status_code for uid in ("k.sato", "y.tanaka", "h.suzuki", "m.takahashi")]
    assert answers == [401, 401, 401, 429]


def test_a_refused_sign_in_is_recorded_without_what_was_typed(someone: Make, desk: Desk) -> None:
    someone().sign_in("password-typed-as-name", "hunter2")
    entry = desk.look(explore, kind="SIGN_IN_REFUSED")[0]
    assert (entry.actor, entry.out, entry.texts) == ("system", {"code": "sign_in_failed"}, {})


def test_one_try_at_a_time_for_each_account() -> None:
    gate = Gate()
    with gate.enter("a"):
        with pytest.raises(TooManyTries), gate.enter("a"):
            raise AssertionError
        with gate.enter("b"):
            pass
    with gate.enter("a"):
        pass


def test_a_burst_of_wrong_passwords_passes_the_back_off_no_more_often_than_one_by_one(
    someone: Make, desk: Desk
) -> None:
    clients = [someone() for _ in range(8)]
    threads = [threading.Thread(target=one.sign_in, args=("k.sato", "wrong")) for one in clients for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(desk.look(explore, kind="SIGN_IN_REFUSED")) <= access.FREE_TRIES


# ------------------------------------------------------------------------------------------------- forgery


def test_an_unsafe_request_needs_the_token_of_this_session(someone: Make) -> None:
    me, other = someone("k.sato"), someone("k.sato")
    for token in ("", "x", other.csrf, "é"):
        answer = me.client.post("/api/v1/incidents", json={"title": "x"}, headers={"X-CSRF-Token": token.encode()})
        assert (answer.status_code, code(answer)) == (403, "form_expired")
    assert me.get("/incidents").json() == []
    assert me.post("/incidents", {"title": "x"}).status_code == 201


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": f"http://{HOST}.evil.example"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    ],
)
def test_another_site_is_refused_even_with_the_token(officer: Someone, headers: dict[str, str]) -> None:
    answer = officer.post("/incidents", {"title": "x"}, headers=headers)
    assert (answer.status_code, code(answer)) == (403, "origin_refused")
    assert officer.get("/incidents").json() == []


@pytest.mark.parametrize(
    "headers", [{"Origin": f"http://{HOST}"}, {"Origin": "null", "Sec-Fetch-Site": "same-origin"}, {}]
)
def test_our_own_pages_are_let_in(officer: Someone, headers: dict[str, str]) -> None:
    assert officer.post("/incidents", {"title": "x"}, headers=headers).status_code == 201


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "json"])
def test_a_body_that_a_form_could_send_is_refused(officer: Someone, kind: str) -> None:
    answer = officer.client.post(
        "/api/v1/incidents", content=b'{"title":"x"}', headers={"X-CSRF-Token": officer.csrf, "Content-Type": kind}
    )
    assert (answer.status_code, code(answer)) == (415, "content_type_refused")


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "evil.example:8765", "[::2]", ""])
def test_a_name_that_is_not_ours_is_refused_on_loopback(someone: Make, host: str) -> None:
    answer = someone().client.get("/api/v1/health", headers={"Host": host})
    assert (answer.status_code, code(answer)) == (421, "host_refused")


@pytest.mark.parametrize("host", ["localhost:8765", "127.0.0.1", "[::1]:8765", "LOCALHOST"])
def test_every_name_of_loopback_is_ours(someone: Make, host: str) -> None:
    assert someone().client.get("/api/v1/health", headers={"Host": host}).status_code == 200


# ------------------------------------------------------------------------------------------------ language


def test_errors_speak_the_readers_language(someone: Make) -> None:
    me = someone()
    japanese = me.get("/session").json()["message"]
    assert me.get("/session", headers={"Accept-Language": "en-GB,en;q=0.9,ja;q=0.5"}).json()["message"] != japanese
    assert me.get("/session", headers={"Accept-Language": "de,ja;q=0.5,en;q=0.1"}).json()["message"] == japanese
    assert me.get("/session", headers={"Accept-Language": ";;;q=,en;q=x"}).json()["message"] == japanese
    assert me.get("/session?lang=en").json()["message"] == "Please sign in."


def test_a_session_keeps_its_language(someone: Make) -> None:
    me = someone()
    me.sign_in("k.sato", language="en")
    assert me.get("/incidents/none").json()["message"] != me.get("/incidents/none?lang=ja").json()["message"]
    assert me.get("/session", headers={"Accept-Language": "ja"}).json()["language"] == "en"


# -------------------------------------------------------------------------------------------------- health


def test_health_says_more_to_who_is_signed_in(someone: Make, officer: Someone) -> None:
    more = dict.fromkeys(("worker_seconds", "prefect", "counts", "parts"))
    assert someone().get("/health").json() == {"ok": True, **more}
    told = officer.get("/health").json()
    assert (told["ok"], told["prefect"], told["counts"]["open"]) == (False, False, 0)  # nobody works


def test_a_cookie_that_means_nothing_is_nobody(someone: Make, desk: Desk) -> None:
    me = someone()
    me.client.cookies.set("csirt", "x" * 5000)
    assert me.get("/session").status_code == 401
    with pytest.raises(NotSignedIn), desk.read() as session:
        access.session_of(session, "", desk.clock.now())

"""Signing in and out by form, the language switch, and the way back to the page that was asked for."""

from datetime import timedelta

import pytest

from csirt.bootstrap import Desk
from csirt.clock import FixedClock
from csirt.store.queries.timeline import explore
from tests.web.visitor import Visit, lead, played, visit

__all__ = ["played", "visit"]

OUTSIDE = [
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "/ /evil",
    "javascript:alert(1)",
    "",
    "/sign-in",
]


def test_who_is_not_signed_in_is_led_to_the_sign_in_page_and_back(visit: Visit) -> None:
    me = visit()
    assert lead(me.get("/")) == "/sign-in"
    way = lead(me.get("/incidents/R8-1?before=7"))
    assert way == "/sign-in?back=%2Fincidents%2FR8-1%3Fbefore%3D7"
    answer = me.send(way, "/sign-in", uid="k.sato", password="k.sato-naruto")
    assert lead(answer) == "/incidents/R8-1?before=7"


@pytest.mark.parametrize("back", OUTSIDE)
def test_signing_in_leads_to_no_other_site(visit: Visit, back: str) -> None:
    me = visit()
    assert lead(me.post("/sign-in", {"uid": "k.sato", "password": "k.sato-naruto", "back": back})) == "/"
    assert lead(me.client.get("/sign-in", params={"back": back})) == "/"


def test_a_wrong_password_is_told_and_never_given_back(visit: Visit) -> None:
    answer = visit().sign_in("k.sato", "hunter2-wrong")
    assert answer.status_code == 401
    assert "ユーザーIDまたはパスワードが違います。" in answer.text
    assert 'value="k.sato"' in answer.text
    assert "hunter2" not in answer.text
    assert "<title>エラー: " in answer.text


def test_empty_fields_are_named_one_by_one(visit: Visit) -> None:
    answer = visit().send("/sign-in", "/sign-in", uid=" ")
    assert answer.status_code == 422
    assert 'href="#uid"' in answer.text
    assert 'href="#password"' in answer.text


def test_too_many_tries_say_how_long_to_wait(visit: Visit) -> None:
    me = visit()
    for _ in range(3):
        me.sign_in("k.sato", "wrong")
    answer = me.sign_in("k.sato")
    assert answer.status_code == 429
    assert f"{answer.headers['retry-after']}秒待ってから" in answer.text


def test_somebody_without_duties_and_an_endless_name_are_refused(visit: Visit) -> None:
    assert visit().sign_in("i.matsumoto").status_code == 403
    assert visit().sign_in("k" * 3000).status_code == 401


def test_signing_out_ends_the_session_and_says_so_once(visit: Visit, desk: Desk) -> None:
    me = visit("k.sato")
    assert lead(me.send("/", "/sign-out")) == "/sign-in"
    assert "サインアウトしました。" in me.text("/sign-in")
    assert "サインアウトしました。" not in me.text("/sign-in")
    assert lead(me.get("/")) == "/sign-in"
    assert [entry.kind.value for entry in desk.look(explore, limit=1)] == ["SIGNED_OUT"]


def test_every_form_needs_the_token_of_the_session(visit: Visit) -> None:
    me = visit("k.sato")
    for path in ("/sign-out", "/language", "/incidents", "/waiting", "/audit/check", "/measures/m-1"):
        for token in ("", "x", visit("s.watanabe").form("/", "/sign-out")["csrf"]):
            answer = me.post(path, {"csrf": token, "language": "en"})
            assert answer.status_code == 403, path
            assert "画面を開いてから時間がたったため" in answer.text
    assert me.get("/").status_code == 200


def test_a_form_sent_after_the_session_ended_gives_back_what_was_typed(visit: Visit, clock: FixedClock) -> None:
    me = visit("k.sato")
    typed = me.form("/incidents/report", "/incidents") | {"title": "画面がおかしい", "account": "長い文章\n二行目"}
    clock.forward(timedelta(minutes=16))
    answer = me.post("/incidents", typed)
    assert answer.status_code == 401
    assert "画面がおかしい</textarea>" in answer.text
    assert "長い文章\n二行目</textarea>" in answer.text
    assert str(typed["csrf"]) not in answer.text
    assert 'href="/sign-in?back=%2Fincidents%2Freport"' in answer.text
    note = me.post("/incidents/i-1/notes", {"csrf": "", "text": "メモの下書き"})
    assert "メモの下書き</textarea>" in note.text
    assert 'href="/sign-in?back=%2Fincidents%2Fi-1"' in note.text


def test_the_language_is_kept_by_browser_and_by_session(visit: Visit) -> None:
    me = visit()
    assert '<html lang="ja">' in me.text("/sign-in?back=/chains")
    way = lead(me.send("/sign-in?back=/chains", "/language", language="en"))
    assert way == "/sign-in?back=%2Fchains"
    page = me.text(way)
    assert '<html lang="en">' in page
    assert 'name="back" value="/chains"' in page
    me.sign_in("k.sato")
    assert '<html lang="en">' in me.text("/")
    assert lead(me.send("/?page=1", "/language", language="ja")) == "/?page=1"
    assert '<html lang="ja">' in me.text("/")
    assert lead(me.send("/", "/language", language="xx", back="//evil.example")) == "/"


def test_a_browser_that_asks_for_english_gets_it(visit: Visit) -> None:
    assert "User ID" in visit(language="en-GB,en;q=0.9").text("/sign-in")
    assert "Please sign in" in visit(language="en").post("/sign-out", {}).text

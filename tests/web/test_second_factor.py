"""The second factor, proving again who one is, signing out everywhere, and the sealed account."""

import re
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pyotp
import pytest
from sqlmodel import select

from csirt.bootstrap import Desk, wire
from csirt.clock import FixedClock
from csirt.errors import StepUpNeeded
from csirt.model.people import Actor, Role
from csirt.model.step import StepKind
from csirt.record.entry import EntryKind
from csirt.response import access, audit, sealed_account, second_factor
from csirt.settings import Settings
from csirt.store.queries import timeline, work
from csirt.store.tables.access import SecondFactorRow
from csirt.store.tables.outbox import DeliveryRow
from tests.web.conftest import Someone
from tests.web.visitor import Visit, Visitor, lead, played, visit
from tests.world import World

__all__ = ["played", "visit"]

Make = Callable[..., Someone]
LOCAL = Actor("local", "local")
MINUTE = timedelta(minutes=1)


def code_at(secret: str, clock: FixedClock, shift: int = 0) -> str:
    return pyotp.TOTP(secret).generate_otp(int(clock.now().timestamp()) // 30 + shift)


def enrolled(desk: Desk, who: Someone) -> str:
    """Give somebody a second factor by the API."""
    secret: str = who.post("/session/second-factor").json()["secret"]
    clock = desk.clock
    assert isinstance(clock, FixedClock)
    assert who.post("/session/second-factor/code", {"code": code_at(secret, clock)}).status_code == 204
    clock.forward(MINUTE)
    return secret


@pytest.fixture
def desk(founded: Path, tmp_path: Path, clock: FixedClock) -> Iterator[Desk]:
    """A city in which the CISO and the administrator need a second factor."""
    shutil.copytree(founded, tmp_path / "data")
    file = tmp_path / "data" / "city.toml"
    file.write_text(file.read_text().replace("second_factor = []", 'second_factor = ["ciso", "administrator"]'))
    made = wire(Settings(data=tmp_path / "data"), "web", clock)
    yield made
    made.close()


def typed_secret(page: str) -> str:
    found = re.search(r'<code class="secret">([A-Z2-7 ]+)</code>', page)
    assert found
    return found[1].replace(" ", "")


def begin_on_page(me: Visitor) -> str:
    """Sign in as the CISO, who has to enrol first."""
    way = lead(me.sign_in("a.kobayashi"))
    assert way.startswith("/second-factor")
    lead(me.send(way, "/second-factor", do="begin"))
    return typed_secret(me.text(way))


def test_a_role_that_needs_it_gets_no_further_without_one(visit: Visit, clock: FixedClock, desk: Desk) -> None:
    me = visit()
    secret = begin_on_page(me)
    for path in ("/", "/account", "/audit"):
        assert lead(me.get(path)).startswith("/sign-in")
    assert me.client.get("/api/v1/incidents").status_code == 401
    assert desk.look(timeline.explore, kind="SIGNED_IN") == []
    wrong = me.send("/second-factor", "/second-factor", code="000000")
    assert wrong.status_code == 422
    before = me.client.cookies["csirt"]
    assert lead(me.send("/second-factor?back=/chains", "/second-factor", code=code_at(secret, clock))) == "/chains"
    assert me.client.cookies["csirt"] != before
    assert me.get("/chains").status_code == 200
    kinds = [entry.kind.value for entry in desk.look(timeline.explore, limit=2)]
    assert kinds == ["SIGNED_IN", "SECOND_FACTOR_ENROLLED"]


def test_the_picture_holds_what_is_typed_otherwise(visit: Visit) -> None:
    me = visit()
    secret = begin_on_page(me)
    page = me.text("/second-factor")
    assert "<svg" in page
    assert "style=" not in page  # the content policy lets no inline style pass
    uri = second_factor.address_for(secret, "a.kobayashi", "鳴門市")
    assert parse_qs(urlsplit(uri).query)["secret"] == [secret]


def test_the_password_alone_is_half_the_way(visit: Visit, clock: FixedClock) -> None:
    me = visit()
    secret = begin_on_page(me)
    me.send("/second-factor", "/second-factor", code=code_at(secret, clock))
    clock.forward(MINUTE)
    other = visit()
    way = lead(other.sign_in("a.kobayashi"))
    assert way.startswith("/sign-in/code")
    assert lead(other.get("/")).startswith("/sign-in")
    assert lead(other.get("/second-factor")).startswith("/sign-in")  # no new one instead of the one there is
    half = dict(other.client.cookies)
    assert other.send(way, "/sign-in/code", code="123456").status_code == 401
    assert lead(other.send(way, "/sign-in/code", code=code_at(secret, clock))) == "/"
    assert other.get("/").status_code == 200
    thief = visit()
    thief.client.cookies.update(half)
    assert lead(thief.get("/")).startswith("/sign-in")


def test_half_a_sign_in_waits_ten_minutes(visit: Visit, clock: FixedClock, someone: Make, desk: Desk) -> None:
    secret = enrolled(desk, someone("k.sato"))
    me = visit()
    way = lead(me.sign_in("k.sato"))
    form = me.form(way, "/sign-in/code")
    clock.forward(11 * MINUTE)
    answer = me.post("/sign-in/code", form | {"code": code_at(secret, clock)})
    assert answer.status_code == 401


def test_a_code_counts_once_and_for_a_short_while(someone: Make, clock: FixedClock, desk: Desk) -> None:
    secret = enrolled(desk, someone("k.sato"))
    code = code_at(secret, clock)
    assert someone().sign_in("k.sato", code=code).status_code == 200
    used = someone().sign_in("k.sato", code=code)
    assert (used.status_code, used.json()["error"]) == (401, "second_factor_wrong")
    old = someone().sign_in("k.sato", code=code_at(secret, clock, -2))
    assert old.json()["error"] == "second_factor_wrong"
    assert someone().sign_in("k.sato").json()["error"] == "second_factor_needed"
    ahead = someone().sign_in("k.sato", code=code_at(secret, clock, 1))
    assert ahead.status_code == 200  # a telephone's clock may go fast


def test_guessing_codes_waits_though_the_password_is_right(someone: Make, clock: FixedClock, desk: Desk) -> None:
    secret = enrolled(desk, someone("k.sato"))
    answers = [someone().sign_in("k.sato", code=f"{number:06}") for number in range(5)]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 429, 429]
    assert int(answers[-1].headers["retry-after"]) >= 2
    assert someone().sign_in("k.sato", code=code_at(secret, clock)).status_code == 429
    clock.forward(MINUTE)
    assert someone().sign_in("k.sato", code=code_at(secret, clock)).status_code == 200


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "１２３４５６", "-12345", "0x1234", "12 34"])
def test_what_is_no_code_is_refused(desk: Desk, someone: Make, code: str) -> None:
    enrolled(desk, someone("k.sato"))
    assert someone().sign_in("k.sato", code=code).status_code == 401


def test_the_secret_lies_sealed_and_stands_in_no_answer_again(desk: Desk, someone: Make) -> None:
    me = someone("k.sato")
    secret = enrolled(desk, me)
    with desk.read() as session:
        row = session.get_one(SecondFactorRow, me.id)
    assert secret.encode() not in row.wrapped
    assert desk.look(second_factor.pending, me.id) is None


def test_the_api_sends_to_the_page_who_has_to_enrol(someone: Make) -> None:
    answer = someone().sign_in("o.sasaki")
    assert (answer.status_code, answer.json()["error"]) == (403, "second_factor_missing")


# ----------------------------------------------------------------------------------------------------- reset


def test_a_reset_takes_two(desk: Desk, someone: Make, clock: FixedClock) -> None:
    me = someone("s.watanabe")  # a head of the CSIRT
    officer = someone("k.sato")
    enrolled(desk, officer)
    asked = me.post("/access/resets/of/k.sato", {"reason": "スマートフォンを紛失"})
    assert asked.status_code == 201
    again = me.post("/access/resets/of/k.sato", {"reason": "もう一度"})
    assert (again.status_code, again.json()["error"]) == (409, "reset_asked")
    way = f"/access/resets/{asked.json()['id']}"
    own = me.post(way, {"agree": True})
    assert (own.status_code, own.json()["error"]) == (403, "four_eyes")
    assert me.get("/access/resets").json()[0]["id"] == asked.json()["id"]
    assert officer.post(way, {"agree": True}).json()["error"] == "not_permitted"
    desk.commit(LOCAL, second_factor.decide_reset, asked.json()["id"], agree=True)
    assert someone().sign_in("k.sato").status_code == 200
    kinds = {entry.kind for entry in desk.look(timeline.explore)}
    assert {EntryKind.SECOND_FACTOR_RESET_ASKED, EntryKind.SECOND_FACTOR_RESET} <= kinds
    assert me.post(way, {"agree": True}).json()["error"] == "reset_unknown"


def test_nobody_agrees_to_a_reset_of_their_own(desk: Desk, someone: Make) -> None:
    me = someone("s.watanabe")
    enrolled(desk, me)
    asked = desk.commit(LOCAL, second_factor.ask_reset, me.id, "紛失")
    assert me.post(f"/access/resets/{asked}", {"agree": True}).json()["error"] == "four_eyes"
    assert me.post(f"/access/resets/{asked}", {"agree": False}).status_code == 204


def test_resets_on_their_page(desk: Desk, someone: Make, visit: Visit) -> None:
    enrolled(desk, someone("k.sato"))
    me = visit("s.watanabe")
    assert me.send("/access", "/access/resets", uid="nobody", reason="x").status_code in {404, 422}
    assert me.send("/access", "/access/resets", uid="k.sato", reason="").status_code == 422
    assert lead(me.send("/access", "/access/resets", uid="k.sato", reason="紛失")) == "/access"
    page = me.text("/access")
    assert "別の人が認めます。" in page
    assert visit("y.tanaka").get("/access").status_code == 403


# --------------------------------------------------------------------------------------------------- step-up


def test_approving_needs_a_fresh_proof(desk: Desk, clock: FixedClock, visit: Visit, played: World) -> None:
    played.open()
    uid, question = until_approval(played)
    me = visit(uid)
    clock.forward(6 * MINUTE)
    page = me.text(f"/assignments/{question.id}")
    assert "/step-up?back=" in page
    typed = me.form(f"/assignments/{question.id}", f"/assignments/{question.id}")
    refused = me.post(f"/assignments/{question.id}", typed | {"choice": "approve", "reason": "長い理由"})
    assert refused.status_code == 403
    assert "長い理由</textarea>" in refused.text
    assert "/step-up?back=" in refused.text
    way = f"/step-up?back=/assignments/{question.id}"
    assert me.send(way, "/step-up", password="wrong").status_code == 422
    assert lead(me.send(way, "/step-up", password=f"{uid}-naruto")) == f"/assignments/{question.id}"
    assert "/step-up?back=" not in me.text(f"/assignments/{question.id}")
    lead(me.post(f"/assignments/{question.id}", typed | {"choice": "approve", "reason": "長い理由"}))
    assert desk.look(work.assignment, question.id).choice == "approve"


def test_refusing_needs_no_proof(desk: Desk, clock: FixedClock, visit: Visit, played: World) -> None:
    played.open()
    uid, question = until_approval(played)
    me = visit(uid)
    clock.forward(6 * MINUTE)
    typed = me.form(f"/assignments/{question.id}", f"/assignments/{question.id}")
    lead(me.post(f"/assignments/{question.id}", typed | {"choice": "refuse", "reason": "まだ早い"}))


def until_approval(world: World) -> tuple[str, work.AssignmentView]:
    """Let the others do their part until the head of the CSIRT is asked to approve."""
    for _ in range(20):
        world.passes()
        for one in world.desk.look(work.assignments):
            if one.kind is StepKind.APPROVE and one.who in {"post:csirt-head", "post:director"}:
                return "s.watanabe", one
            if one.kind in {StepKind.ASK, StepKind.APPROVE}:
                world.answer_as_asked(one, one.choices[0].code)
    raise AssertionError


def test_the_api_says_that_a_proof_is_needed_and_takes_it(desk: Desk, clock: FixedClock, someone: Make) -> None:
    me = someone("k.sato")
    secret = enrolled(desk, me)
    clock.forward(6 * MINUTE)
    begin = me.post("/session/second-factor")
    assert (begin.status_code, begin.json()["error"]) == (403, "step_up_needed")
    assert me.post("/session/proof", {"password": "k.sato-naruto"}).json()["error"] == "second_factor_wrong"
    proof = {"password": "k.sato-naruto", "code": code_at(secret, clock)}
    assert me.post("/session/proof", proof).status_code == 204
    assert me.post("/session/second-factor").status_code == 201
    assert me.post("/session/proof", proof).status_code == 401  # the code was used


def test_wrong_proofs_wait_like_wrong_passwords(someone: Make) -> None:
    me = someone("k.sato")
    answers = [me.post("/session/proof", {"password": "wrong"}).status_code for _ in range(4)]
    assert answers == [401, 401, 401, 429]


def test_an_export_needs_a_fresh_actor(desk: Desk) -> None:
    stale = Actor("p-1", "ldif", roles=frozenset({Role.OFFICER}), fresh=False)
    with pytest.raises(StepUpNeeded, match="step_up_needed"):
        desk.commit(stale, audit.export)


# -------------------------------------------------------------------------------------------------- sessions


def test_signing_out_everywhere_ends_every_session_of_mine_and_no_other(visit: Visit) -> None:
    here, there, other = visit("k.sato"), visit("k.sato"), visit("y.tanaka")
    page = here.text("/account")
    assert page.count("この端末") == 1
    assert page.count("名簿ファイル") >= 2
    assert lead(here.send("/account", "/account/sign-out")) == "/sign-in"
    assert "すべての端末でサインアウトしました。" in here.text("/sign-in")
    assert lead(there.get("/")).startswith("/sign-in")
    assert other.get("/").status_code == 200


def test_an_administrator_ends_somebody_elses_sessions(desk: Desk, someone: Make) -> None:
    officer, other = someone("k.sato"), someone("y.tanaka")
    assert other.delete("/access/sessions/k.sato").json()["error"] == "not_permitted"
    assert officer.get("/session").status_code == 200
    desk.commit(LOCAL, access.end_all, officer.id)
    assert officer.get("/session").status_code == 401
    assert other.get("/session").status_code == 200


# ------------------------------------------------------------------------------------------- sealed account


@pytest.fixture
def envelope(desk: Desk) -> str:
    password = sealed_account.new_password()
    desk.commit(LOCAL, sealed_account.make, sealed_account.hashed(password))
    return password


def test_the_sealed_account_tells_ciso_and_auditor_at_once(desk: Desk, someone: Make, envelope: str) -> None:
    me = someone()
    assert me.sign_in("break-glass", envelope.upper().replace("-", " ")).status_code == 200
    assert me.get("/incidents").status_code == 200
    opened = desk.look(timeline.explore, kind="SEALED_ACCOUNT_USED")
    assert [entry.actor for entry in opened] == ["sealed-account"]
    with desk.read() as session:
        told = {(row.party, row.channel) for row in session.exec(select(DeliveryRow))}
    assert {("post:ciso", "mail"), ("post:auditor", "mail"), ("post:ciso", "phone")} <= told
    assert me.get("/session").json()["person"]["roles"] == ["administrator", "officer"]


def test_the_sealed_account_on_pages(desk: Desk, visit: Visit, envelope: str) -> None:
    me = visit()
    assert lead(me.sign_in("break-glass", envelope)) == "/"
    for path in ("/", "/account", "/access", "/audit", "/assignments", "/health"):
        assert me.get(path).status_code == 200, path
    assert "封印アカウント" in me.text("/")
    for sheet in desk.look(work.assignments):
        assert me.get(f"/call-sheets/{sheet.id}").status_code == 200


@pytest.mark.parametrize("password", ["x", "break-glass-naruto", "aaaaa-aaaaa-aaaaa-aaaaa-aaaaa"])
def test_another_password_opens_no_seal(desk: Desk, someone: Make, envelope: str, password: str) -> None:
    assert someone().sign_in("break-glass", password).status_code == 401
    assert desk.look(timeline.explore, kind="SEALED_ACCOUNT_USED") == []


def test_without_an_envelope_there_is_no_sealed_account(someone: Make) -> None:
    assert someone().sign_in("break-glass", "x").status_code == 401


def test_a_new_envelope_makes_the_old_one_worthless(desk: Desk, someone: Make, envelope: str) -> None:
    desk.commit(LOCAL, sealed_account.make, sealed_account.hashed(sealed_account.new_password()))
    assert someone().sign_in("break-glass", envelope).status_code == 401


def test_guessing_the_sealed_password_waits(desk: Desk, someone: Make, envelope: str) -> None:
    answers = [someone().sign_in("break-glass", "x").status_code for _ in range(4)]
    assert answers == [401, 401, 401, 429]


def test_the_sealed_account_needs_no_directory(desk: Desk, someone: Make, envelope: str) -> None:
    (desk.settings.data / "people.ldif").unlink()
    answer: httpx.Response = someone().sign_in("k.sato")
    assert answer.status_code == 503
    assert someone().sign_in("break-glass", envelope).status_code == 200

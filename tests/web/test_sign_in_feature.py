"""The acceptance criteria of signing in, in a real browser, without any script."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_bdd import given, parsers, scenarios, then, when

from tests.web.test_browser import Served, browser, served

__all__ = ["browser", "served"]

pytestmark = pytest.mark.browser

scenarios(str(Path(__file__).parent / "sign_in.feature"))


@dataclass
class Desks:
    """The browsers of a scenario, each a machine of its own, and the secret of a second factor."""

    served: Served
    browser: Browser
    contexts: list[BrowserContext] = field(default_factory=list)
    secret: str = ""
    uid: str = ""

    def machine(self) -> Page:
        """Another machine."""
        self.contexts.append(self.browser.new_context(java_script_enabled=False, locale="ja-JP"))
        return self.contexts[-1].new_page()

    @property
    def page(self) -> Page:
        """The machine that is used."""
        return self.contexts[-1].pages[0] if self.contexts else self.machine()

    def enter(self, uid: str, password: str = "") -> None:
        """Type account and password."""
        self.uid = uid
        self.page.goto(f"{self.served.address}/sign-in")
        self.page.get_by_label("ユーザーID").fill(uid)
        self.page.get_by_label("パスワード").fill(password or f"{uid}-naruto")
        self.page.get_by_role("button", name="サインインする").click()

    def code(self) -> str:
        """What the authenticator application shows."""
        return pyotp.TOTP(self.secret).generate_otp(int(self.served.world.clock.now().timestamp()) // 30)


@pytest.fixture
def desks(served: Served, browser: Browser) -> Iterator[Desks]:
    made = Desks(served, browser)
    yield made
    for context in made.contexts:
        context.close()
    served.world.clock.forward(timedelta(hours=9))  # nobody of this scenario is still signed in


@given(parsers.parse("{uid} が入っている"))
@when(parsers.parse("{uid} が正しいパスワードで入る"))
def comes_in(desks: Desks, uid: str) -> None:
    desks.enter(uid)


@given(parsers.parse("{uid} が二つの端末で入っている"))
def comes_in_twice(desks: Desks, uid: str) -> None:
    desks.machine()
    desks.enter(uid)
    desks.machine()
    desks.enter(uid)


@when(parsers.parse("{uid} が間違ったパスワードで入る"))
def comes_in_wrongly(desks: Desks, uid: str) -> None:
    desks.enter(uid, "hunter2")


@when("正しいパスワードを入れ直す")
def tries_again(desks: Desks) -> None:
    desks.page.get_by_label("パスワード").fill(f"{desks.uid}-naruto")
    desks.page.get_by_role("button", name="サインインする").click()


@when("二要素認証を登録して、サインアウトする")
def enrols(desks: Desks) -> None:
    page = desks.page
    page.goto(f"{desks.served.address}/account")
    page.get_by_role("link", name="登録する").click()
    page.get_by_role("button", name="登録を始める").click()
    expect(page.get_by_role("img", name="登録用のQRコード")).to_be_visible()
    desks.secret = page.locator("code.secret").inner_text().replace(" ", "")
    page.get_by_label("確認コード").fill(desks.code())
    page.get_by_role("button", name="登録する").click()
    expect(page.get_by_role("status")).to_have_text("二要素認証を登録しました。")
    desks.served.world.clock.forward(timedelta(minutes=1))
    page.get_by_role("button", name="サインアウト", exact=True).click()


@when("違う数字を入れる")
def types_another_code(desks: Desks) -> None:
    type_code(desks, "000000")


@when("アプリの数字を入れる")
def types_the_code(desks: Desks) -> None:
    type_code(desks, desks.code())


def type_code(desks: Desks, code: str) -> None:
    desks.page.get_by_label("確認コード").fill(code)
    desks.page.get_by_role("button", name="サインインする").click()


@when("16分が過ぎる")
def time_passes(desks: Desks) -> None:
    desks.served.world.clock.forward(timedelta(minutes=16))


@when("一方の端末で、すべてサインアウトする")
def signs_out_everywhere(desks: Desks) -> None:
    desks.page.goto(f"{desks.served.address}/account")
    desks.page.get_by_role("button", name="すべての端末でサインアウトする").click()
    expect(desks.page.get_by_role("status")).to_have_text("すべての端末でサインアウトしました。")


@then("状況一覧が見える")
def sees_the_board(desks: Desks) -> None:
    expect(desks.page).to_have_url(f"{desks.served.address}/")
    expect(desks.page.get_by_role("navigation", name="主なページ")).to_be_visible()


@then("ユーザーIDは残り、パスワードは残らず、間違いだと言われる")
def is_told_so(desks: Desks) -> None:
    expect(desks.page.get_by_role("alert")).to_contain_text("ユーザーIDまたはパスワードが違います。")
    expect(desks.page.get_by_label("ユーザーID")).to_have_value("k.sato")
    expect(desks.page.get_by_label("パスワード")).to_have_value("")


@then("確認コードを聞かれる")
def is_asked_for_the_code(desks: Desks) -> None:
    expect(desks.page.get_by_role("heading", name="確認コード")).to_be_visible()


@then("数字が違うと言われる")
def code_is_wrong(desks: Desks) -> None:
    expect(desks.page.get_by_role("alert")).to_contain_text("確認コードが違うか、すでに使われています。")


@then("どの画面を開いてもサインインを求められる")
def is_asked_everywhere(desks: Desks) -> None:
    for path in ("/", "/assignments", "/account", "/audit"):
        desks.page.goto(f"{desks.served.address}{path}")
        expect(desks.page.get_by_role("heading", name="サインイン", exact=True)).to_be_visible()


@then("もう一方の端末もサインインを求められる")
def the_other_too(desks: Desks) -> None:
    other = desks.contexts[0].pages[0]
    other.goto(f"{desks.served.address}/assignments")
    expect(other.get_by_role("heading", name="サインイン", exact=True)).to_be_visible()

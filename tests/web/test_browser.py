"""The real application in Chromium: the main job by form and keyboard, without script, on a narrow screen, and axe."""

import shutil
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from csirt.bootstrap import wire
from csirt.clock import FixedClock
from csirt.response import incidents
from csirt.settings import Settings
from csirt.store.queries import work
from csirt.web.app import create_app
from tests.chromium import browser
from tests.web.conftest import BEGIN
from tests.web.test_pages_board import sense
from tests.web.test_pages_incident import contained
from tests.world import World

__all__ = ["browser"]

pytestmark = pytest.mark.browser

OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
PATIENCE = 30  # seconds for a server that starts on a busy machine


class Served:
    """The application on a free port of loopback, with its city to be played."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.door = socket.socket()
        self.door.bind(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self.door.getsockname()[1]}"
        config = uvicorn.Config(create_app(world.desk), log_config=None, lifespan="off", ws="none")
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.door]})

    def start(self) -> None:
        self.thread.start()
        end = time.monotonic() + PATIENCE
        while not self.server.started and time.monotonic() < end:
            time.sleep(0.02)
        assert self.server.started

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join()
        self.door.close()


@pytest.fixture(scope="module")
def served(founded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    data = tmp_path_factory.mktemp("served") / "data"
    shutil.copytree(founded, data)
    clock = FixedClock(BEGIN)
    world = World(wire(Settings(data=data), "web", clock), clock)
    made = Served(world)
    made.start()
    yield made
    made.stop()
    world.desk.close()


@pytest.fixture
def plain(browser: Browser) -> Iterator[Page]:
    """A tab in which no script runs."""
    context = browser.new_context(java_script_enabled=False, locale="ja-JP", viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


def sign_in(page: Page, served: Served, uid: str = "k.sato") -> None:
    page.goto(f"{served.address}/sign-in")
    page.get_by_label("ユーザーID").fill(uid)
    page.get_by_label("パスワード").fill(f"{uid}-naruto")
    page.get_by_role("button", name="サインインする").click()


def open_in_steps(plain: Page) -> None:
    """The four steps, the first of them with a mistake."""
    plain.get_by_role("button", name="次へ").click()
    expect(plain.get_by_role("alert")).to_contain_text("どれか1つを選んでください。")
    expect(plain.get_by_label("件名")).to_have_value("税務課の端末で脅迫文の画面が表示された")
    plain.get_by_label("電話", exact=True).check()
    plain.get_by_label("何が起きましたか").fill("赤い画面に英文が出ている。")
    plain.get_by_label("種別").select_option("ransomware")
    plain.get_by_role("button", name="次へ").click()
    plain.get_by_label("どこで起きましたか").fill("TAX-PC-017")
    plain.get_by_role("button", name="次へ").click()
    plain.get_by_label("分からない", exact=True).check()
    plain.get_by_role("button", name="次へ").click()
    expect(plain.get_by_role("heading", name="起票すると始まること")).to_be_visible()
    plain.get_by_role("button", name="起票する").click()


def test_the_officer_opens_an_incident_and_answers_a_step_without_any_script(plain: Page, served: Served) -> None:
    plain.goto(f"{served.address}/incidents/new")
    plain.get_by_label("ユーザーID").fill("k.sato")
    plain.get_by_label("パスワード").fill("wrong")
    plain.get_by_role("button", name="サインインする").click()
    expect(plain.get_by_role("alert")).to_contain_text("ユーザーIDまたはパスワードが違います。")
    plain.get_by_label("パスワード").fill("k.sato-naruto")
    plain.get_by_role("button", name="サインインする").click()
    expect(plain).to_have_url(f"{served.address}/incidents/new")

    plain.get_by_label("件名").fill("税務課の端末で脅迫文の画面が表示された")
    open_in_steps(plain)
    expect(plain.get_by_role("status")).to_have_text("起票しました。")

    served.world.work()
    incident = plain.url
    plain.get_by_role("link", name="更新").click()
    plain.get_by_role("link", name="対応する").click()
    plain.get_by_label("インシデントである").check()
    plain.get_by_role("textbox", name="理由").fill("脅迫文を確認した。")
    plain.get_by_role("button", name="記録する").click()
    expect(plain).to_have_url(incident)
    expect(plain.get_by_role("status")).to_have_text("回答を記録しました。")

    # Back, reload and forward do no harm: the page says that the step has its answer.
    plain.go_back()
    plain.reload()
    expect(plain.get_by_role("heading", name="記録された回答")).to_be_visible()
    assert served.world.kinds(incident.rpartition("/")[2]).count("STEP_ANSWERED") == 1


def test_the_main_path_is_walked_with_the_keyboard(plain: Page, served: Served) -> None:
    plain.goto(f"{served.address}/sign-in")
    walk(plain, "#uid")
    plain.keyboard.type("s.watanabe")
    plain.keyboard.press("Tab")
    plain.keyboard.type("s.watanabe-naruto")
    plain.keyboard.press("Enter")
    expect(plain).to_have_url(f"{served.address}/")
    plain.keyboard.press("Tab")
    expect(plain.get_by_role("link", name="本文へ移動")).to_be_focused()
    plain.keyboard.press("Enter")
    walk(plain, "a[href='/incidents/new'].button")
    plain.keyboard.press("Enter")
    walk(plain, "input[name='channel']")
    plain.keyboard.press("Space")
    walk(plain, "#title")
    plain.keyboard.type("鍵盤だけで起票")
    walk(plain, "#account")
    plain.keyboard.type("画面が動かない。")
    walk(plain, "main .buttons .button")
    plain.keyboard.press("Enter")
    walk(plain, "main .buttons .button")
    plain.keyboard.press("Enter")
    walk(plain, "input[name='personal_data']")
    plain.keyboard.press("Space")
    walk(plain, "main .buttons .button")
    plain.keyboard.press("Enter")
    walk(plain, "main button")
    plain.keyboard.press("Enter")
    expect(plain.get_by_role("heading", level=1)).to_have_text("鍵盤だけで起票")


def test_the_rest_of_the_officers_story_is_walked_with_the_keyboard(plain: Page, served: Served) -> None:
    """From the case to its question, the answer, a note and the export, without mouse and without script."""
    incident = served.world.open(title="鍵盤だけで対応")
    served.world.work()
    sign_in(plain, served)
    plain.goto(f"{served.address}/incidents/{incident}")
    walk(plain, "[data-part='next'] .button")
    plain.keyboard.press("Enter")
    expect(plain.get_by_role("heading", level=1)).to_have_text("インシデントかどうかの判断")
    walk(plain, "input[name='choice']")
    plain.keyboard.press("Space")
    walk(plain, "textarea[name='reason']")
    plain.keyboard.type("脅迫文を確認した。")
    walk(plain, "form[action^='/assignments/'] .button:not(.button-plain)")
    plain.keyboard.press("Enter")
    expect(plain.get_by_role("status")).to_have_text("回答を記録しました。")
    walk(plain, "a[href$='/timeline.pdf']")
    walk(plain, "#note-text")
    plain.keyboard.type("鍵盤で書いたメモ")
    walk(plain, "form[action$='/notes'] .button:not(.button-plain)")
    plain.keyboard.press("Enter")
    expect(plain.get_by_role("status")).to_have_text("メモを記録しました。")
    assert served.world.kinds(incident).count("STEP_ANSWERED") == 1


def walk(page: Page, goal: str) -> None:
    """Press Tab until the goal has the focus, and a ring is drawn around it."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.locator(f":is({goal}):focus").count():
            assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
            return
    pytest.fail(f"not reached: {goal}")


@pytest.fixture(scope="module")
def addresses(served: Served) -> dict[str, str]:
    """Every page of a city where much happens at once."""
    world = served.world
    incident = contained(world)
    sense(world, 1, 2)
    world.open(title="もう一件の起票")
    world.work()
    waiting = world.waiting()
    sheet = next(view.id for name, view in waiting.items() if name.startswith("call:office:"))
    answered = next(step for step in world.desk.look(work.steps, incident) if step.key == "is_it_an_incident")
    assert answered.assignment
    return {
        "board": "/", "opening": "/incidents/new", "report": "/incidents/report",
        "incident": f"/incidents/{incident}", "list": "/assignments",
        "step": f"/assignments/{waiting['is_it_an_incident'].id}", "answered": f"/assignments/{answered.assignment.id}",
        "not mine": f"/assignments/{waiting['isolate_terminal'].id}", "sheet": f"/call-sheets/{sheet}",
        "waiting": "/waiting", "chains": "/chains", "chain": "/chains/national", "audit": "/audit",
        "faulty": "/audit?incident=x", "measures": "/measures", "missing": "/nowhere",
    }  # fmt: skip


@pytest.fixture(scope="module")
def officer(browser: Browser, served: Served, addresses: dict[str, str]) -> Iterator[BrowserContext]:
    """An officer's browser. axe needs script in the page; ours has none."""
    context = browser.new_context(locale="ja-JP", viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(f"{served.address}/sign-in")
    assert violations(page) == []
    sign_in(page, served)
    page.close()
    yield context
    context.close()


def violations(page: Page) -> list[object]:
    found = Axe().run(page, options={"resultTypes": ["violations"]})
    return [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in found.response["violations"]]


def test_axe_finds_nothing_on_any_page(officer: BrowserContext, served: Served, addresses: dict[str, str]) -> None:
    page = officer.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    for name, path in addresses.items():
        page.goto(served.address + path)
        assert violations(page) == [], name
    page.close()
    # The browser names the refusals that we ask for; nothing else may be wrong.
    assert [one for one in complaints if "status of 4" not in one] == []


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_page_fits_320_pixels(
    officer: BrowserContext, served: Served, addresses: dict[str, str], language: str
) -> None:
    page = officer.new_page()
    page.set_viewport_size({"width": 320, "height": 700})
    for name, path in addresses.items():
        page.goto(f"{served.address}{path}{'&' if '?' in path else '?'}lang={language}")
        assert page.locator("html").get_attribute("lang") == language
        assert page.evaluate(OVERFLOW) <= 0, name
    page.close()


def test_a_cookie_is_out_of_reach_and_nothing_is_kept(
    officer: BrowserContext, served: Served, addresses: dict[str, str]
) -> None:
    page = officer.new_page()
    answer = page.goto(served.address)
    assert answer is not None
    assert answer.headers["cache-control"] == "no-store"
    assert page.evaluate("document.cookie") == ""
    page.close()


# ------------------------------------------------------------------------------------------------ with the script


def test_an_open_page_shows_what_others_do_without_a_reload(officer: BrowserContext, served: Served) -> None:
    world = served.world
    incident = world.open(title="画面を開いたまま")
    page = officer.new_page()
    with page.expect_response(lambda answer: answer.url.endswith("/live")):
        page.goto(f"{served.address}/incidents/{incident}")
    page.get_by_label("メモ", exact=False).first.fill("書きかけのメモ")
    world.desk.commit(world.person("s.watanabe"), incidents.add_note, incident, "別の人が書いた。")
    expect(page.get_by_text("別の人が書いた。").first).to_be_visible(timeout=15_000)
    expect(page.locator("[data-live-said]")).to_have_text("新しい経過があります。画面を更新しました。")
    expect(page.locator("#note-text")).to_have_value("書きかけのメモ")
    page.close()


def test_what_is_typed_is_kept_by_itself_and_is_there_in_another_browser(
    browser: Browser, officer: BrowserContext, served: Served
) -> None:
    incident = served.world.open(title="下書きのある件")
    page = officer.new_page()
    page.goto(f"{served.address}/incidents/{incident}")
    page.locator("#note-text").fill("途中まで書いた。")
    expect(page.locator("form[action$='/notes'] [data-draft-said]")).to_contain_text("下書きを保存しました")
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
    page.context.set_offline(True)
    page.locator("#note-text").fill("つながらない間に書いた。")
    expect(page.locator("form[action$='/notes'] [data-draft-said]")).to_contain_text("サーバーにつながりません")
    page.context.set_offline(False)
    expect(page.locator("form[action$='/notes'] [data-draft-said]")).to_contain_text("下書きを保存", timeout=20_000)
    page.close()
    context = browser.new_context(locale="ja-JP")
    other = context.new_page()
    sign_in(other, served)
    other.goto(f"{served.address}/incidents/{incident}")
    expect(other.locator("#note-text")).to_have_value("つながらない間に書いた。")
    context.close()

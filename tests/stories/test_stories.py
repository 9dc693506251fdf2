"""The stories of the officer and of the responder, in Japanese, through a real Chromium."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_bdd import given, parsers, scenarios, then, when

from csirt.bootstrap import wire
from csirt.clock import FixedClock
from csirt.response import assignments
from csirt.response.assignments import Reply
from csirt.settings import Settings
from csirt.store.queries import cases, work
from tests.chromium import browser
from tests.web.conftest import BEGIN, founded
from tests.web.test_browser import OVERFLOW, Served, sign_in
from tests.world import World

__all__ = ["browser", "founded"]

pytestmark = pytest.mark.browser

scenarios(str(Path(__file__).parent))


@dataclass
class Stage:
    """A city of its own, and the browser of who acts."""

    served: Served
    browser: Browser
    folder: Path
    contexts: list[BrowserContext] = field(default_factory=list)
    tab: Page | None = None
    incident: str = ""

    @property
    def page(self) -> Page:
        assert self.tab is not None
        return self.tab

    @property
    def world(self) -> World:
        return self.served.world

    def open(self, way: str, width: int) -> None:
        """A browser for the officer, signed in."""
        context = self.browser.new_context(
            java_script_enabled=way == "普通", locale="ja-JP", viewport={"width": width, "height": 800}
        )
        self.contexts.append(context)
        self.tab = context.new_page()
        sign_in(self.tab, self.served)


@pytest.fixture
def stage(founded: Path, browser: Browser, tmp_path: Path) -> Iterator[Stage]:
    shutil.copytree(founded, tmp_path / "data")
    clock = FixedClock(BEGIN)
    world = World(wire(Settings(data=tmp_path / "data"), "web", clock), clock)
    served = Served(world)
    served.start()
    made = Stage(served, browser, tmp_path)
    yield made
    for context in made.contexts:
        context.close()
    served.stop()
    world.desk.close()


@given(parsers.parse("窓口の佐藤が{way}の小さな画面を開いている"))
def small(stage: Stage, way: str) -> None:
    stage.open(way, 320)


@given(parsers.re(r"窓口の佐藤が(?P<way>普通|スクリプトなし)の画面を開いている"))
def wide(stage: Stage, way: str) -> None:
    stage.open(way, 1280)


@given("判断を待つランサムウェアの件がある")
def waiting(stage: Stage) -> None:
    stage.incident = stage.world.open()
    stage.world.work()


@when("起票を始める")
def begin(stage: Stage) -> None:
    stage.page.get_by_role("link", name="起票する").click()


@when(parsers.parse("何が起きたかを「{title}」と書いて次へ進む"))
def what(stage: Stage, title: str) -> None:
    page = stage.page
    page.get_by_label("電話", exact=True).check()
    page.get_by_label("件名").fill(title)
    page.get_by_label("何が起きましたか").fill("赤い画面に英文が出ている。")
    page.get_by_label("種別").select_option("ransomware")
    page.get_by_role("button", name="次へ").click()


@when(parsers.parse("どこでを「{host}」と書いて次へ進む"))
def where(stage: Stage, host: str) -> None:
    stage.page.get_by_label("どこで起きましたか").fill(host)
    stage.page.get_by_role("button", name="次へ").click()


@when(parsers.parse("個人情報は「{said}」と答えて次へ進む"))
def data(stage: Stage, said: str) -> None:
    stage.page.get_by_label(said, exact=True).check()
    stage.page.get_by_role("button", name="次へ").click()


@then("始まる手順と連絡する相手と期限が示される")
def foretold(stage: Stage) -> None:
    page = stage.page
    for heading in ("起票すると始まること", "最初の手順", "連絡する相手", "始まる期限", "流れ図"):
        expect(page.get_by_role("heading", name=heading)).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("統一的な窓口")
    assert stage.world.desk.look(cases.counts)["incidents"] == 0


@when("起票する")
def do_open(stage: Stage) -> None:
    stage.page.get_by_role("button", name="起票する").click()


@then("番号の付いたインシデントの画面になる")
def opened(stage: Stage) -> None:
    expect(stage.page.get_by_role("main")).to_contain_text("令和8年度 第1号")
    expect(stage.page.get_by_text("起票しました。")).to_be_visible()
    stage.incident = stage.page.url.rpartition("/")[2]


@when("二重に押したときのように戻って、もう一度起票する")
def again(stage: Stage) -> None:
    stage.page.go_back()
    stage.page.reload()
    if stage.page.get_by_role("button", name="起票する").count():
        stage.page.get_by_role("button", name="起票する").click()
    stage.page.goto(f"{stage.served.address}/incidents/{stage.incident}")


@then("インシデントは一件だけである")
def only_one(stage: Stage) -> None:
    assert stage.world.desk.look(cases.counts)["incidents"] == 1


@when("対応手順が進む")
def go_on(stage: Stage) -> None:
    stage.world.work()
    stage.page.reload()
    stage.page.get_by_role("link", name="対応する").first.click()


@when(parsers.parse("最初の手順を「{choice}」、理由「{reason}」で答える"))
def answer(stage: Stage, choice: str, reason: str) -> None:
    page = stage.page
    page.get_by_label(choice).check()
    page.get_by_role("textbox", name="理由").fill(reason)
    page.get_by_role("button", name="記録する").click()


@then("経過にその判断が載っている")
def recorded(stage: Stage) -> None:
    expect(stage.page.get_by_text("回答を記録しました。")).to_be_visible()
    expect(stage.page.locator("table.timeline")).to_contain_text("脅迫文を確認した")
    assert stage.world.kinds(stage.incident).count("STEP_ANSWERED") == 1


@then("状況一覧の一番上の件に担当と期限が載っている")
def on_the_board(stage: Stage) -> None:
    stage.world.work()
    stage.page.get_by_role("link", name="状況一覧").click()
    row = stage.page.locator("#incidents ~ div table tbody tr, [data-part='incidents'] tbody tr").first
    expect(row).to_contain_text("令和8年度 第1号")
    expect(row).to_contain_text("あと ")
    expect(row).to_contain_text("前から")


@when("自分の作業から最初の手順を開く")
def open_first(stage: Stage) -> None:
    stage.page.goto(f"{stage.served.address}/assignments")
    stage.page.locator("ol.todo h3 a").first.click()


@then("横にはみ出すものはない")
def fits(stage: Stage) -> None:
    if stage.page.evaluate("1") == 1:
        assert stage.page.evaluate(OVERFLOW) <= 0


@when(parsers.parse("理由に「{text}」と書いて下書きを保存する"))
def keep(stage: Stage, text: str) -> None:
    stage.page.get_by_role("textbox", name="理由").fill(text)
    stage.page.get_by_role("button", name="下書きを保存").click()
    expect(stage.page.get_by_text("下書きを保存しました。")).to_be_visible()


@when("サインアウトして、もう一度サインインする")
def out_and_in(stage: Stage) -> None:
    stage.page.get_by_role("button", name="サインアウト").click()
    sign_in(stage.page, stage.served)


@then(parsers.parse("理由に「{text}」が残っている"))
def kept(stage: Stage, text: str) -> None:
    expect(stage.page.get_by_role("textbox", name="理由")).to_have_value(text)


@when(parsers.parse("手順に写真「{name}」を添える"))
def attach(stage: Stage, name: str) -> None:
    photo = stage.folder / name
    photo.write_bytes(b"\xff\xd8\xff\xe0 photo")
    stage.page.get_by_text("証拠を加える").click()
    stage.page.locator("#evidence-file").set_input_files(photo)
    stage.page.locator("form", has=stage.page.locator("#evidence-file")).locator(".button").first.click()
    expect(stage.page.get_by_role("textbox", name="理由")).to_be_visible()


@then(parsers.parse("証拠として「{name}」が保全されている"))
def evidence_kept(stage: Stage, name: str) -> None:
    assert stage.world.kinds(stage.incident).count("EVIDENCE_COLLECTED") == 1
    page = stage.page.url
    stage.page.goto(f"{stage.served.address}/incidents/{stage.incident}")
    expect(stage.page.locator("ul.evidence")).to_contain_text(name)
    stage.page.goto(page)


@when("別の人が先に答える")
def other(stage: Stage) -> None:
    step = stage.world.desk.look(work.assignments, incident=stage.incident)[0]
    stage.world.desk.commit(stage.world.person("y.tanaka"), assignments.answer, step.id, Reply("yes", "先に見た"))


@then(parsers.parse("先に答えた人と、自分が書いた「{text}」の両方が見える"))
def clash(stage: Stage, text: str) -> None:
    expect(stage.page.get_by_role("alert")).to_contain_text("先に見た")
    expect(stage.page.locator("textarea[readonly]").last).to_have_value(text)

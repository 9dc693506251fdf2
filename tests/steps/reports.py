"""Reports are drafted, stamped and sent: the words of stories about what a city tells the authorities."""

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from io import BytesIO

from openpyxl import load_workbook
from pytest_bdd import given, parsers, then, when

from csirt.documents import report_words
from csirt.form_filling import FOLDER, filled_form
from csirt.model.approval import ReportState
from csirt.model.incident import Disposition
from csirt.model.report import hash_of
from csirt.response import approvals, incidents, report_sending, reports
from csirt.response.report_sending import Addressee
from csirt.store.queries import reports as questions
from csirt.store.queries.reports import ReportView
from csirt.store.tx import Look
from csirt.texts.catalogs import catalog
from csirt.texts.reports import ReportLine
from tests.reports.official import CITY_MAPPING, an_official_form
from tests.steps.obligations import standing
from tests.steps.story import Story


def drafts(story: Story) -> list[ReportView]:
    """Every draft of the case, newest first."""
    found = story.world.desk.look(questions.reports, story.incident)
    return sorted(found, key=lambda one: (one.drafted_at, one.number, one.revision), reverse=True)


def newest(story: Story) -> ReportView:
    """The draft that this story speaks of."""
    return drafts(story)[0]


def lines(story: Story) -> dict[str, ReportLine]:
    """What it says, field by field."""
    speak = report_words(story.world.desk, catalog("ja"))

    def question(look: Look) -> list[ReportLine]:
        view = questions.report(look, newest(story).id)
        assert view.snapshot
        return speak.lines(view.snapshot, questions.before(look, view))

    return {one.field: one for one in story.world.desk.look(question)}


@given(parsers.parse("{who}が {form} を起案する"))
@when(parsers.parse("{who}が {form} を起案する"))
def draft(story: Story, who: str, form: str) -> None:
    story.attempt(story.who(who), reports.draft, story.incident, form)


@when(parsers.parse("{who}が合議する"))
def consent(story: Story, who: str) -> None:
    story.attempt(story.who(who), approvals.consent, newest(story).id)


@when(parsers.parse("{who}が決裁する"))
def decide(story: Story, who: str) -> None:
    story.attempt(story.who(who), approvals.decide, newest(story).id)


@when(parsers.parse("{who}が案件を閉じようとする"))
def close(story: Story, who: str) -> None:
    story.attempt(story.who(who), incidents.close, story.incident, Disposition.TRUE_POSITIVE, "終結")


@when(parsers.parse("{who}が後閲する"))
def review(story: Story, who: str) -> None:
    story.attempt(story.who(who), approvals.review, newest(story).id)


@when(parsers.parse("{who}が「{reason}」として差し戻す"))
def send_back(story: Story, who: str, reason: str) -> None:
    story.attempt(story.who(who), approvals.send_back, newest(story).id, reason)


@when(parsers.parse("{who}が、{decider}の口頭での承認を「{text}」と記録する"))
def record_oral(story: Story, who: str, decider: str, text: str) -> None:
    person = story.who(decider).id
    story.attempt(story.who(who), approvals.record_oral, newest(story).id, person, text)


@when(parsers.parse("{who}が {rule} の報告書を{channel}で送ったと記録する"))
def send(story: Story, who: str, rule: str, channel: str) -> None:
    to, now = Addressee(duty=standing(story)[rule].id), story.world.clock.now()
    story.attempt(story.who(who), report_sending.send, newest(story).id, to, channel, now)


@when(parsers.parse("{who}が {rule} の報告書を機関 {office} へ{channel}で送る"))
def dispatch(story: Story, who: str, rule: str, office: str, channel: str) -> None:
    to = Addressee(standing(story)[rule].id, office)
    made = story.attempt(story.who(who), report_sending.dispatch, newest(story).id, to, channel)
    assert made


@given("市が公式様式と対応表を置いている")
def official_form_is_there(story: Story) -> None:
    folder = story.world.desk.settings.data / FOLDER
    folder.mkdir()
    (folder / "pref.toml").write_text(CITY_MAPPING, encoding="utf-8")
    (folder / "yoshiki2.xlsx").write_bytes(an_official_form())


@then(parsers.parse("記入した様式の概要のセルは「{summary}」、整理番号のセルは「{number}」である"))
def form_is_filled(story: Story, summary: str, number: str) -> None:
    file, content = filled_form(story.world.desk, newest(story).id, "pref")
    sheet = load_workbook(BytesIO(content))["様式2"]
    assert (file, sheet["C4"].value, sheet["C2"].value) == ("yoshiki2.xlsx", summary, number)


@then("様式の結合、入力規則、印刷の設定、数式は元のままである")
def form_is_whole(story: Story) -> None:
    _, content = filled_form(story.world.desk, newest(story).id, "pref")
    before, after = (load_workbook(BytesIO(one))["様式2"] for one in (an_official_form(), content))
    assert [str(one) for one in after.merged_cells.ranges] == [str(one) for one in before.merged_cells.ranges]
    assert [str(one.sqref) for one in after.data_validations.dataValidation] == ["C6"]
    assert (after.print_area, after.page_setup.paperSize) == (before.print_area, before.page_setup.paperSize)
    assert after["C9"].value == "=LEN(C4)"


@then(parsers.parse("報告書の題は「{title}」である"))
def title_is(story: Story, title: str) -> None:
    snapshot = newest(story).snapshot
    assert snapshot
    assert report_words(story.world.desk, catalog("ja")).title(snapshot) == title


@then("報告書の欄は次のとおりである")
def fields_are(story: Story, datatable: list[list[str]]) -> None:
    found = lines(story)
    assert [(name, found[name].text) for name, _ in datatable[1:]] == [tuple(row) for row in datatable[1:]]


@then(parsers.parse("報告書の未判明の欄に {names} がある"))
def fields_are_missing(story: Story, names: str) -> None:
    assert {name for name, one in lines(story).items() if one.missing} >= set(names.split("、"))


@then("報告書に前報からの変更はない")
def nothing_changed(story: Story) -> None:
    assert [name for name, one in lines(story).items() if one.changed] == []


@then("報告書の前報からの変更は次のとおりである")
def changes_are(story: Story, datatable: list[list[str]]) -> None:
    found = [[name, one.before, one.text] for name, one in lines(story).items() if one.changed]
    assert sorted(found) == sorted(datatable[1:])


@then(parsers.parse("報告書は第{number:d}報の案{revision:d}である"))
def number_is(story: Story, number: int, revision: int) -> None:
    assert (newest(story).number, newest(story).revision) == (number, revision)


@then("前の案は新しい案に置き換えられている")
def one_before_is_replaced(story: Story) -> None:
    assert drafts(story)[1].state is ReportState.REPLACED


@then("第1報の案1は、決裁されたまま残っている")
def first_stays(story: Story) -> None:
    first = drafts(story)[-1]
    assert (first.number, first.revision, first.state) == (1, 1, ReportState.APPROVED)


@then("記録にある照合値は、報告書の内容の照合値と同じである")
def hash_is_recorded(story: Story) -> None:
    view = newest(story)
    assert view.snapshot
    entry = next(one for one in story.world.told(story.incident) if one.kind.value == "REPORT_DRAFTED")
    assert entry.out["sha256"] == view.sha256 == hash_of(view.snapshot.to_text())


@then("その義務の報告には、この報告書が記録されている")
def duty_names_the_report(story: Story) -> None:
    entry = next(one for one in story.world.told(story.incident) if one.kind.value == "DUTY_REPORTED")
    assert entry.out["document"] == newest(story).id


@then("報告書は決裁済みで、後閲が残っている")
def review_is_due(story: Story) -> None:
    view = newest(story)
    assert view.state is ReportState.APPROVED
    assert view.sheet.waits_for_review


@then("報告書は決裁済みで、後閲は残っていない")
def nothing_is_due(story: Story) -> None:
    view = newest(story)
    assert view.state is ReportState.APPROVED
    assert not view.sheet.waits_for_review


@then("報告書は口頭で承認済みで、書面の決裁が残っている")
def paper_is_due(story: Story) -> None:
    view = newest(story)
    assert view.state is ReportState.ORAL
    assert view.sheet.waits_for


@then(parsers.parse("{office} へのメールには第1報とあり、件名も事実も書かれず、PDFが付いている"))
def mail_says_little(story: Story, office: str) -> None:
    address = story.world.desk.door.city.offices[office].address_on("lgwan-mail")
    (mail,) = [one for one in _mails(story) if str(one["To"]) == address]
    body, attached = mail.get_body(), list(mail.iter_attachments())
    assert body
    text = str(mail["Subject"]) + body.get_content()
    assert "第1報" in text
    assert "令和8年度 第1号" in text
    assert "宛先欄" not in text
    assert "1,780" not in text
    assert [one.get_content_type() for one in attached] == ["application/pdf"]
    assert attached[0].get_content().startswith(b"%PDF")


def _mails(story: Story) -> list[EmailMessage]:
    """What the channels took, in the folder that stands for a mail server."""
    files = story.world.desk.settings.data.rglob("*.eml")
    return [message_from_bytes(file.read_bytes(), policy=default) for file in files]

"""Reports through pages, API and commands: drafted, stamped, sent, printed."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from csirt.bootstrap import Desk
from tests.cli.calling import Called, call
from tests.reports.official import CITY_MAPPING, MAPPING, an_official_form
from tests.web.conftest import Someone
from tests.web.test_api_incidents import open_case
from tests.web.visitor import Visit, Visitor, lead, played, visit
from tests.world import World, found_world

__all__ = ["played", "visit"]

LEAK = {
    "facts": [
        {"fact": "personal_data", "state": "confirmed", "value": "yes"},
        {"fact": "leak", "state": "confirmed", "value": "yes"},
        {"fact": "head_count", "state": "estimated", "value": 1780},
    ]
}


def drafted(officer: Someone) -> tuple[str, str]:
    """An incident with a leak, and the first report of it."""
    incident = open_case(officer)
    officer.post(f"/incidents/{incident}/facts", LEAK)
    made = officer.post(f"/incidents/{incident}/reports", {"form": "city_report"})
    assert made.status_code == 201, made.text
    return incident, made.json()["id"]


def duty_of(officer: Someone, incident: str, rule: str) -> dict[str, Any]:
    found: dict[str, Any] = next(
        one for one in officer.get(f"/incidents/{incident}/duties").json() if one["rule"] == rule
    )
    return found


def test_the_forms_name_their_editions_and_how_surely_each_field_is_known(officer: Someone) -> None:
    forms = {one["id"]: one for one in officer.get("/report-forms").json()}
    assert set(forms) == {"city_report", "ppc_leak", "common_ddos", "common_ransomware", "common_cyber"}
    assert [one["name"] for one in forms["common_ransomware"]["editions"]] == ["2025-10-01", "2026-10-01"]
    assert [one["name"] for one in forms["common_cyber"]["editions"]] == ["2026-10-01"]
    assert [one["code"] for one in forms["ppc_leak"]["kinds"]] == ["preliminary", "final"]
    trust = {one["name"]: one["trust"] for one in forms["common_ransomware"]["fields"]}
    assert (trust["note"], trust["summary"]) == ("second_hand", "assumed")
    nine = [one["label"] for one in forms["ppc_leak"]["fields"] if one["label"][:1].isdigit()]
    assert len(nine) == 9


def test_a_report_goes_from_draft_to_duty_through_the_api(someone: Callable[..., Someone]) -> None:
    officer, head, director = (someone(uid) for uid in ("k.sato", "s.watanabe", "t.nakamura"))
    incident, report = drafted(officer)
    given = officer.get(f"/reports/{report}").json()
    assert (given["number"], given["state"], given["waits_for"]) == (1, "circulating", ["csirt-head"])
    assert {"summary", "state_now"} <= set(given["missing"])
    assert next(one for one in given["lines"] if one["field"] == "head_count")["text"] == "1,780人（推定）"
    duty = duty_of(officer, incident, "prefecture_first_report")["id"]
    sending = {"duty": duty, "channel": "fax", "at": "2026-11-22T14:00+09:00"}
    early = officer.post(f"/reports/{report}/sendings", sending)
    assert (early.status_code, early.json()["error"]) == (409, "report_not_approved")
    mine = officer.post(f"/reports/{report}/consent", {})
    assert (mine.status_code, mine.json()["error"]) == (403, "not_your_stamp")
    assert director.post(f"/reports/{report}/approval", {}).json()["error"] == "report_council_open"
    assert head.post(f"/reports/{report}/consent", {"text": "よい"}).status_code == 204
    assert director.post(f"/reports/{report}/approval", {}).status_code == 204
    wrong = officer.post(f"/reports/{report}/sendings", {**sending, "channel": "pigeon"})
    assert (wrong.status_code, wrong.json()["error"]) == (422, "choice_unknown")
    sent = officer.post(f"/reports/{report}/sendings", sending, headers={"Idempotency-Key": "abc-12345"})
    assert sent.status_code == 201, sent.text
    again = officer.post(f"/reports/{report}/sendings", sending, headers={"Idempotency-Key": "abc-12345"})
    assert again.json() == sent.json()
    assert duty_of(officer, incident, "prefecture_first_report")["state"] == "met"
    assert len(officer.get(f"/reports/{report}").json()["sendings"]) == 1


def test_a_report_serves_only_duties_of_its_kind(officer: Someone) -> None:
    incident, _ = drafted(officer)
    made = officer.post(f"/incidents/{incident}/reports", {"form": "ppc_leak", "kind": "preliminary"}).json()["id"]
    unknown = officer.post(f"/incidents/{incident}/reports", {"form": "ppc_leak", "kind": "x"})
    assert (unknown.status_code, unknown.json()["error"]) == (422, "form_kind_unknown")
    assert officer.post(f"/incidents/{incident}/reports", {"form": "x"}).json()["error"] == "form_unknown"
    assert officer.get(f"/reports/{made}").json()["title"] == "漏えい等報告書（速報）第1報"


def test_the_documents_are_served_in_the_language_of_the_reader(someone: Callable[..., Someone]) -> None:
    officer = someone("k.sato")
    _, report = drafted(officer)
    pdf = officer.get(f"/reports/{report}/document.pdf")
    assert (pdf.headers["content-type"], pdf.content[:5]) == ("application/pdf", b"%PDF-")
    stamped = officer.get(f"/reports/{report}/document.pdf?stamped=true").content
    assert stamped != pdf.content
    assert officer.get(f"/reports/{report}/document.xlsx").content[:4] == b"PK\x03\x04"
    assert officer.get(f"/reports/{report}/document.txt").status_code == 404
    assert officer.get("/reports/w-none").json()["error"] == "report_unknown"


def page_to_report(me: Visitor, incident: str) -> str:
    """Press the button of a duty."""
    return lead(
        me.send(f"/incidents/{incident}/duties", f"/incidents/{incident}/reports", form="city_report:report")
    )  # fmt: skip


def test_the_button_of_a_duty_drafts_and_the_page_takes_stamps_and_the_sending(visit: Visit, played: World) -> None:
    incident = played.open()
    me = visit("k.sato")
    facts = f"/incidents/{incident}/facts"
    typed = {"v.leak": "yes", "s.leak": "confirmed", "v.head_count": "1780", "s.head_count": "estimated"}
    lead(me.send(facts, f"{facts}/data", **typed))
    assert "この義務の報告書を起案" in me.text(f"/incidents/{incident}/duties")
    report = page_to_report(me, incident)
    text = me.text(report)
    assert "まだ分かっていない欄" in text
    assert "起案した人は、合議・決裁できません。" in text
    assert "決裁又は口頭での承認の後に送付できます。" in text
    head, director = visit("s.watanabe"), visit("t.nakamura")
    assert "決裁する" not in director.text(report)
    assert lead(head.send(report, f"{report}/stamps", act="consent", text="確認した。")) == report
    assert lead(director.send(report, f"{report}/stamps", act="approve")) == report
    assert "決裁済み" in me.text(report)
    wrong = me.send(report, f"{report}/sendings", channel="fax")
    assert wrong.status_code == 422
    assert "対象の義務か、送付先の機関を選んでください。" in wrong.text
    assert lead(me.send(report, f"{report}/sendings", channel="fax", office="pref-security")) == report
    assert "見本県 デジタル政策課" in me.text(report)
    assert "第1報" in me.text(f"/incidents/{incident}")
    assert "第1報" in me.text(f"/incidents/{incident}/reports")


def test_what_a_page_may_not_do_is_told_in_its_form(visit: Visit, played: World) -> None:
    incident = played.open()
    me, head = visit("k.sato"), visit("s.watanabe")
    empty = me.send(f"/incidents/{incident}/reports", f"/incidents/{incident}/reports")
    assert (empty.status_code, "選んでください" in empty.text) == (422, True)
    report = lead(
        me.send(f"/incidents/{incident}/reports", f"/incidents/{incident}/reports", form="city_report:report")
    )  # fmt: skip
    refused = head.post(f"{report}/stamps", {**head.form(report, f"{report}/stamps"), "act": "approve"})
    assert refused.status_code == 409  # as second deputy of the director they might, but for the council
    assert "合議が終わっていません。" in refused.text
    oral = me.send(report, f"{report}/oral-approval", text="よいとの返事")
    assert oral.status_code == 422
    assert lead(head.send(report, f"{report}/return", reason="概要がない。")) == report
    assert "差戻し" in me.text(report)


@pytest.fixture
def desk_folder(tmp_path: Path) -> Path:
    """A city with one open case."""
    world = found_world(tmp_path)
    world.open()
    world.desk.close()
    return tmp_path / "data"


def run(data: Path, *arguments: object) -> Called:
    return call("reports", *arguments, "--data", data, "--json")


def test_the_commands_draft_stamp_send_and_write(desk_folder: Path, tmp_path: Path) -> None:
    call("state", "R8-1", "--as", "k.sato", "--fact", "leak=yes", "--fact", "head_count=1780", "--data", desk_folder)
    made = run(desk_folder, "draft", "R8-1", "city_report", "--as", "k.sato").row
    assert (made["number"], made["state"]) == (1, "circulating")
    assert run(desk_folder, "approve", made["report"], "--as", "k.sato").code == 3
    oral = run(desk_folder, "approve", made["report"], "--as", "k.sato", "--oral-of", "t.nakamura", "--text", "電話")
    assert oral.row["state"] == "oral"
    to = ("--to", "office:pref-security", "--channel", "fax")
    assert run(desk_folder, "send", made["report"], "--as", "k.sato", *to).code == 0
    for uid in ("s.watanabe", "t.nakamura"):
        assert run(desk_folder, "approve", made["report"], "--as", uid).code == 0
    (row,) = run(desk_folder, "list", "R8-1").rows
    assert (row["state"], row["waits_for"]) == ("approved", [])
    shown = run(desk_folder, "show", made["report"], "--pdf", tmp_path / "r.pdf", "--xlsx", tmp_path / "r.xlsx").row
    assert next(one for one in shown["lines"] if one["field"] == "head_count")["text"] == "1,780人"
    assert (tmp_path / "r.pdf").read_bytes().startswith(b"%PDF")
    assert run(desk_folder, "show", "w-none").code == 4
    assert {one["form"] for one in run(desk_folder, "forms").rows} >= {"city_report", "ppc_leak"}


def test_a_mapping_is_checked_and_a_form_filled_by_command(desk_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text(MAPPING, encoding="utf-8")
    (tmp_path / "yoshiki2.xlsx").write_bytes(an_official_form())
    checked = run(desk_folder, "check-mapping", tmp_path / "m.toml").row
    assert (checked["form"], checked["cells"]) == ("common_ransomware", 5)
    (tmp_path / "bad.toml").write_text(MAPPING.replace("C4", "D5"), encoding="utf-8")
    bad = run(desk_folder, "check-mapping", tmp_path / "bad.toml")
    assert (bad.code, bad.error["error"], bad.error["params"]["field"]) == (2, "form_cell_merged", "summary")
    made = run(desk_folder, "draft", "R8-1", "common_ransomware", "--as", "k.sato").row["report"]
    to_fill = ("fill", made, "--mapping", tmp_path / "m.toml", "--out", tmp_path / "out.xlsx")
    call("state", "R8-1", "--as", "k.sato", "--fact", "nco_consent=agree", "--data", desk_folder)
    filled = run(desk_folder, *to_fill)
    assert filled.code == 0, filled.err
    assert load_workbook(tmp_path / "out.xlsx")["様式2"]["C2"].value == "令和8年度 第1号"
    assert run(desk_folder, *to_fill).code == 5


def test_the_page_and_the_api_give_the_filled_form(officer: Someone, desk: Desk) -> None:
    _, report = drafted(officer)
    assert officer.get(f"/reports/{report}/official").json() == []
    folder = desk.settings.data / "official"
    folder.mkdir()
    (folder / "pref.toml").write_text(CITY_MAPPING, encoding="utf-8")
    (folder / "yoshiki2.xlsx").write_bytes(an_official_form())
    given = officer.get(f"/reports/{report}/official").json()
    assert given == [{"name": "pref", "title": "県の様式", "file": "yoshiki2.xlsx"}]
    filled = officer.get(f"/reports/{report}/official/pref")
    assert load_workbook(BytesIO(filled.content))["様式2"]["C4"].value == "調査中"
    assert officer.get(f"/reports/{report}/official/none").json()["error"] == "official_form_unknown"

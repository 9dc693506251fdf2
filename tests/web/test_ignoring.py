"""Rules that set detections aside, by API, page and command; and the list in which every detection is found."""

from collections.abc import Callable

from csirt.bootstrap import Desk
from csirt.model.detection import Detection, SourceRecord
from csirt.model.people import SYSTEM, Actor, Role
from csirt.response import intake, triage
from tests.cli.calling import call
from tests.web.conftest import Someone
from tests.web.visitor import Visitor

Make = Callable[..., Someone]
SENSOR = Actor("sensor:test", "token", "", frozenset({Role.SENSOR}))
RULE = {"kind": "ignore", "until_at": "2027-01-10T00:00+09:00", "reason": "検査ツール", "host": "scan-1"}


def detect(desk: Desk, title: str, host: str) -> None:
    one = Detection("test", title, "low", 1, host=host)
    desk.commit(SENSOR, intake.accept, [SourceRecord(0, title.encode(), one)], source="sensor:test", form="test")
    desk.commit(SYSTEM, triage.triage)


def test_the_api_makes_lists_and_ends(desk: Desk, someone: Make) -> None:
    officer, auditor = someone("k.sato"), someone("f.yamada")
    made = officer.post("/ignore-rules", RULE).json()["id"]
    detect(desk, "scan", "scan-1")
    detect(desk, "other", "pc-1")
    (rule,) = auditor.get("/ignore-rules").json()
    assert (rule["id"], rule["detections"], rule["seen"], rule["reason"]) == (made, 1, 1, "検査ツール")
    found = auditor.get(f"/detections?rule={made}").json()
    assert [(one["title"], one["state"], one["ignored_by"]) for one in found] == [("scan", "ignored", made)]
    assert [one["title"] for one in auditor.get("/detections").json()] == ["other", "scan"]
    assert auditor.get("/detections?state=nothing").status_code == 422
    assert officer.post(f"/ignore-rules/{made}/end", {}).json() == {"count": 0}
    assert officer.post(f"/ignore-rules/{made}/end", {}).json()["error"] == "ignore_rule_ended"
    assert officer.get("/ignore-rules").json() == []
    assert len(officer.get("/ignore-rules?ended=true").json()) == 1
    assert officer.post("/ignore-rules", RULE | {"host": ""}).json()["error"] == "ignore_rule_empty"


def test_the_page_makes_one_and_shows_what_it_did(desk: Desk, someone: Make) -> None:
    visitor = Visitor(someone().client)
    visitor.client.follow_redirects = False
    visitor.sign_in("k.sato")
    faulty = visitor.send("/ignore-rules", "/ignore-rules", kind="ignore", until="2027-01-10T00:00", host="scan-1")
    assert faulty.status_code == 422
    fields = {"kind": "snooze", "until": "2026-12-10T00:00", "reason": "確認中", "host": "scan-1"}
    assert visitor.send("/ignore-rules", "/ignore-rules", **fields).status_code == 303
    detect(desk, "scan", "scan-1")
    page = visitor.text("/ignore-rules")
    assert "1件（延べ1回）" in page
    assert "scan" in visitor.text("/detections?state=ignored")
    assert "scan" not in visitor.text("/detections?state=waiting").partition("<table")[2]
    auditor = Visitor(someone().client)
    auditor.client.follow_redirects = False
    auditor.sign_in("f.yamada")
    assert "確認中" in auditor.text("/ignore-rules")
    assert 'name="until"' not in auditor.text("/ignore-rules")


def test_the_commands_do_the_same(desk: Desk) -> None:
    data = desk.settings.data
    made = call(
        "ignore", "add", "--as", "k.sato",
        "--host", "scan-1", "--from", "2026-11-01T00:00+09:00", "--until", "2027-01-10T00:00+09:00", "--reason", "x",
        "--json", "--data", data,
    ).row["rule"]  # fmt: skip
    detect(desk, "scan", "scan-1")
    assert [one["detections"] for one in call("ignore", "list", "--json", "--data", data).rows] == [1]
    assert "scan-1" in call("ignore", "list", "--data", data).out
    found = call("detections", "list", "--state", "ignored", "--json", "--data", data).rows
    assert [one["title"] for one in found] == ["scan"]
    assert call("ignore", "end", made, "--as", "k.sato", "--json", "--data", data).row == {"rule": made, "back": 0}
    assert call("ignore", "end", made, "--as", "k.sato", "--data", data).code == 5

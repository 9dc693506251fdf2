"""The record through the API: filters, checking, documents; and what the edge adds to every answer."""

import io
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import unquote

import openpyxl
import pikepdf
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from csirt.bootstrap import Desk
from csirt.clock import FixedClock
from csirt.response import audit
from csirt.web.edge import HEADERS
from tests.web.conftest import HOST, Someone
from tests.world import WITHOUT_PLAYBOOK

Make = Callable[..., Someone]


@pytest.fixture
def auditor(someone: Make) -> Someone:
    return someone("f.yamada")


def test_filters_narrow_the_record(someone: Make, auditor: Someone, clock: FixedClock) -> None:
    officer = someone("k.sato")
    clock.forward(timedelta(minutes=1))
    since = clock.now().isoformat().replace("+", "%2B")
    first = officer.post("/incidents", {"title": "一", "type": WITHOUT_PLAYBOOK}).json()["id"]
    clock.forward(timedelta(minutes=1))
    officer.post("/incidents", {"title": "二", "type": WITHOUT_PLAYBOOK})

    def kinds(query: str) -> list[str]:
        answer = auditor.get(f"/record?{query}")
        assert answer.status_code == 200, answer.text
        return [one["kind"] for one in answer.json()]

    assert kinds(f"incident={first}") == ["LEVEL_PROPOSED", "INCIDENT_OPENED"]
    assert kinds("incident=R8-1") == ["LEVEL_PROPOSED", "INCIDENT_OPENED"]
    assert kinds("kind=INCIDENT_OPENED") == ["INCIDENT_OPENED"] * 2
    assert kinds(f"until={since}&kind=INCIDENT_OPENED") == ["INCIDENT_OPENED"]
    assert [kind for kind in kinds(f"since={since}") if kind != "RECORD_READ"] == [
        "LEVEL_PROPOSED", "INCIDENT_OPENED",
    ] * 2  # fmt: skip
    assert kinds(f"actor={officer.id}&limit=1") == ["LEVEL_PROPOSED"]
    assert kinds("before=1") == ["SIGNED_IN"]
    assert auditor.get("/record?kind=NONSENSE").status_code == 422
    assert auditor.get("/record?since=yesterday").json()["error"] == "field_invalid"


def test_an_intact_record_is_found_intact(officer: Someone, auditor: Someone) -> None:
    officer.post("/incidents", {"title": "一", "type": WITHOUT_PLAYBOOK})
    found = auditor.get("/record/verify").json()
    assert (found["sound"], found["first_bad"], found["why"]) == (True, None, None)
    assert found["size"] == 4


@pytest.mark.parametrize("seq", [0, 1, 3])
def test_a_changed_entry_is_found(officer: Someone, auditor: Someone, desk: Desk, seq: int) -> None:
    officer.post("/incidents", {"title": "一", "type": WITHOUT_PLAYBOOK})
    with sqlite3.connect(desk.settings.data / "csirt.sqlite") as database:
        database.execute("DROP TRIGGER ledger_no_update")
        database.execute(
            "UPDATE ledger_entry SET canonical ="
            " CAST(replace(CAST(canonical AS TEXT), '2026-11-22', '2026-11-21') AS BLOB) WHERE seq = ?",
            (seq,),
        )
    database.close()
    found = auditor.get("/record/verify").json()
    assert (found["sound"], found["first_bad"], found["why"]) == (False, seq, "entry_changed")


def test_an_entry_cut_off_is_found(officer: Someone, desk: Desk) -> None:
    officer.post("/incidents", {"title": "一", "type": WITHOUT_PLAYBOOK})
    with sqlite3.connect(desk.settings.data / "csirt.sqlite") as database:
        database.execute("DROP TRIGGER ledger_no_delete")
        database.execute("DELETE FROM ledger_entry WHERE seq = 2")
    database.close()
    found = desk.look(audit.verify)
    assert (found.ok, found.first_bad, found.why) == (False, 2, "entry_missing")


def test_an_entry_put_behind_is_found(officer: Someone, desk: Desk) -> None:
    officer.post("/incidents", {"title": "一", "type": WITHOUT_PLAYBOOK})
    with sqlite3.connect(desk.settings.data / "csirt.sqlite") as database:
        database.row_factory = sqlite3.Row
        row = dict(database.execute("SELECT * FROM ledger_entry WHERE seq = 0").fetchone())
        row |= {"seq": 3, "canonical": row["canonical"].replace(b'"seq":0', b'"seq":3')}
        database.execute(f"INSERT INTO ledger_entry VALUES ({','.join('?' * len(row))})", tuple(row.values()))  # noqa: S608
    database.close()
    found = desk.look(audit.verify)
    assert (found.ok, found.first_bad, found.why) == (False, 3, "entry_changed")


def test_one_check_at_a_time(app: FastAPI, auditor: Someone) -> None:
    with app.state.checking:
        answer = auditor.get("/record/verify")
    assert (answer.status_code, answer.json()["error"]) == (503, "check_under_way")
    assert auditor.get("/record/verify").status_code == 200


# ------------------------------------------------------------------------------------------------ documents


def test_the_timeline_as_documents(officer: Someone) -> None:
    incident = officer.post("/incidents", {"title": "=1+1 脅迫文", "type": WITHOUT_PLAYBOOK}).json()["id"]
    officer.post(f"/incidents/{incident}/measures", {"text": "再発防止", "owner": "ciso", "due": "2027-03-31"})
    pdf = officer.get(f"/incidents/{incident}/timeline.pdf")
    assert pdf.headers["content-type"] == "application/pdf"
    named = unquote(pdf.headers["content-disposition"])
    assert named == "attachment; filename=\"timeline-FY2026-1.pdf\"; filename*=UTF-8''経過 令和8年度 第1号.pdf"
    english = officer.get(f"/incidents/{incident}/timeline.csv?lang=en").headers["content-disposition"]
    assert english.startswith('attachment; filename="timeline-FY2026-1.csv";')
    with pikepdf.open(io.BytesIO(pdf.content)) as opened:
        assert len(opened.pages) >= 1
    book = openpyxl.load_workbook(io.BytesIO(officer.get("/incidents/R8-1/timeline.xlsx").content))
    cells = [str(cell.value) for sheet in book for row in sheet for cell in row if cell.value is not None]
    assert any("佐藤 和也" in cell for cell in cells)
    assert "令和9年3月31日(水)" in cells
    table = officer.get("/incidents/R8-1/timeline.csv?lang=en").content.decode("utf-8-sig")
    assert "Opened as FY2026 No. 1 from a report" in table
    assert len(table.splitlines()) == 5
    assert table.count("Took it out as a file") == 1  # the same session within ten minutes is one reading
    book.close()


def test_there_are_three_forms_and_no_more(officer: Someone) -> None:
    officer.post("/incidents", {"title": "x", "type": WITHOUT_PLAYBOOK})
    for form in ("exe", "PDF", "pdf/x", "..%2Fcsv"):
        assert officer.get(f"/incidents/R8-1/timeline.{form}").json()["error"] == "page_unknown"


# ------------------------------------------------------------------------------------------------- the edge


@pytest.mark.parametrize(
    "path", ["/api/v1/health", "/api/v1/none", "/none", "/static/desk.css", "/static/none", "/api/v1/incidents"]
)
def test_every_answer_carries_its_armour(someone: Make, path: str) -> None:
    answer = someone().client.get(path, follow_redirects=False)
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    kept = answer.headers["cache-control"]
    assert kept == ("public, max-age=3600" if path == "/static/desk.css" else "no-store")
    assert "server" not in answer.headers


def test_files_beside_the_static_ones_stay_inside(someone: Make) -> None:
    for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static/"):
        assert someone().client.get(path).status_code == 404


def test_an_address_says_which_methods_it_takes(officer: Someone) -> None:
    assert officer.delete("/incidents").json()["error"] == "method_unknown"
    assert officer.delete("/incidents").status_code == 405


def test_what_breaks_is_answered_with_a_reference_only(
    app: FastAPI, desk: Desk, officer: Someone, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = "typed-by-somebody"

    def broken() -> None:
        raise RuntimeError(secret)

    app.add_api_route("/api/v1/broken", broken)
    answer = TestClient(app, base_url=f"http://{HOST}").get("/api/v1/broken")
    said = answer.json()
    assert (answer.status_code, said["error"]) == (500, "internal_error")
    assert said["params"]["reference"] in said["message"]
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    logged = caplog.text + capsys.readouterr().out
    assert said["params"]["reference"] in logged
    assert secret not in logged + answer.text


def test_a_database_that_is_gone_is_said_so(officer: Someone, desk: Desk) -> None:
    data = desk.settings.data
    desk.close()
    (data / "csirt.sqlite").rename(data / "away.sqlite")
    (data / "csirt.sqlite").mkdir()
    answer = officer.get("/incidents")
    assert (answer.status_code, answer.json()["error"]) == (503, "database_unavailable")

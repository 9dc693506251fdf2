"""Every address of the API, as its own description lists them, against everybody who must not use it."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from csirt.bootstrap import Desk
from csirt.checkpoints import checkpoints_of
from csirt.model.incident import IncidentType
from csirt.model.people import Actor, Role
from csirt.response import access, evidence, incidents, reports
from csirt.response.incidents import Report
from csirt.signer import signing
from csirt.store.queries.timeline import head
from csirt.store.queries.work import assignments
from csirt.texts.catalogs import catalog
from csirt.web.api.shapes import ErrorGiven
from tests.reports.official import CITY_MAPPING, an_official_form
from tests.web.conftest import Someone, drive

Make = Callable[..., Someone]
OPEN = {("POST", "/api/v1/session"), ("GET", "/api/v1/health")}
SAMPLES: dict[str, Any] = {
    "/api/v1/incidents": {"title": "x"},
    "/api/v1/incidents/{name}/notes": {"text": "x"},
    "/api/v1/incidents/{name}/measures": {"text": "x", "owner": "ciso", "due": "2027-03-31"},
    "/api/v1/incidents/{name}/evidence": "x",
    "/api/v1/incidents/{name}/facts": {"facts": [{"fact": "occurred", "state": "unknown"}]},
    "/api/v1/incidents/{name}/move": {"version": 2, "reason": "x"},
    "/api/v1/evidence/{id}/hand-over": {"to": "x", "reason": "x"},
    "/api/v1/people/absences": {"from_at": "2026-12-01T00:00+09:00", "until_at": "2026-12-02T00:00+09:00"},
    "/api/v1/people/handovers": {"post": "poc", "on": "2027-04-01", "holder": "x"},
    "/api/v1/people/offices/{office}/confirmation": {},
    "/api/v1/measures/{id}/end": {"state": "done"},
    "/api/v1/incidents/{name}/announcements": {"title": "x", "body": "x"},
    "/api/v1/incidents/{name}/withholding": {"ground": "other", "reason": "x"},
    "/api/v1/incidents/{name}/hotline": {"day": "2026-11-20", "calls": 3},
    "/api/v1/announcements/{id}/return": {"reason": "x"},
    "/api/v1/announcements/{id}/releases": {"outlet": "web", "at": "2026-11-22T00:00+09:00"},
    "/api/v1/measures/{id}/change": {"owner": "ciso", "due": "2027-03-31", "reason": "x"},
    "/api/v1/measures/{id}/check": {"effective": True, "found": "x"},
    "/api/v1/incidents/{name}/review": {"held_on": "2026-12-01", "well": "x", "cause": "x"},
    "/api/v1/assignments/{id}/answer": {"choice": "yes", "reason": "x"},
    "/api/v1/assignments/{id}/claim": {},
    "/api/v1/assignments/{id}/hand-over": {"to": "p-x", "note": "x"},
    "/api/v1/assignments/{id}/take-back": {},
    "/api/v1/assignments/{id}/give-back": {},
    "/api/v1/assignments/{id}/cannot": {"reason": "x"},
    "/api/v1/assignments/{id}/send-back": {"reason": "x"},
    "/api/v1/shift-notes": {"text": "x"},
    "/api/v1/incidents/{name}/errands": {"text": "x", "who": "role:officer"},
    "/api/v1/assignments/{id}/waiver": {"reason": "x"},
    "/api/v1/incidents/{name}/steps/{step}/{act}": {"reason": "x"},
    "/api/v1/incidents/{name}/merge": {"into": "R8-1", "reason": "x"},
    "/api/v1/incidents/{name}/unmerge": {"reason": "x"},
    "/api/v1/quarantine/retry": {},
    "/api/v1/ignore-rules": {"kind": "ignore", "until_at": "2027-01-01T00:00+09:00", "reason": "x", "text": "x"},
    "/api/v1/detections/waiting/open": {"keys": [1]},
    "/api/v1/detections/waiting/join": {"keys": [1], "incident": "i-1"},
    "/api/v1/detections/waiting/ignore": {"keys": [1], "reason": "x"},
    "/api/v1/duties/{id}/reports": {"channel": "phone", "at": "2026-11-22T00:00+09:00"},
    "/api/v1/duties/{id}/waiver": {"reason": "x"},
    "/api/v1/incidents/{name}/type": {"type": "restore_test", "reason": "x"},
    "/api/v1/incidents/{name}/closing": {"disposition": "benign", "reason": "x"},
    "/api/v1/incidents/{name}/level": {"level": 2, "reason": "x"},
    "/api/v1/incidents/{name}/erasures": {"whole": True, "basis": "other", "reason": "x"},
    "/api/v1/erasures/{id}/rejection": {"reason": "x"},
    "/api/v1/session/proof": {"password": "x"},
    "/api/v1/session/second-factor/code": {"code": "x"},
    "/api/v1/access/tokens": {"name": "x", "scopes": ["read"]},
    "/api/v1/access/tokens/{id}/rotation": {},
    "/api/v1/access/resets/of/{uid}": {"reason": "x"},
    "/api/v1/access/resets/{id}": {"agree": True},
    "/api/v1/incidents/{name}/reports": {"form": "city_report"},
    "/api/v1/reports/{report}/consent": {},
    "/api/v1/reports/{report}/approval": {},
    "/api/v1/reports/{report}/review": {},
    "/api/v1/reports/{report}/return": {"reason": "x"},
    "/api/v1/reports/{report}/oral-approval": {"who": "p-x", "text": "x"},
    "/api/v1/reports/{report}/sendings": {
        "channel": "phone",
        "at": "2026-11-22T00:00+09:00",
        "office": "pref-security",
    },
    "/api/v1/reports/{report}/messages": {"channel": "mail", "office": "pref-security"},
    "/api/v1/incidents/{name}/seal": {},
    "/api/v1/incidents/{name}/seal/readers": {"person": "x"},
    "/api/v1/incidents/{name}/seal/lift": {"reason": "x"},
    "/api/v1/incidents/{name}/break-glass": {"reason": "x"},
}
OWN = ("/api/v1/session",)  # one's own way in, which is everybody's
KEEPERS = ("/api/v1/access",)  # for those who look after everybody's


def addresses(app: FastAPI) -> Iterator[tuple[str, str]]:
    for path, item in app.openapi()["paths"].items():
        for method in item:
            yield method.upper(), path


def a_case(desk: Desk) -> dict[str, str]:
    """An incident under way, with a question that waits: what stands for each part of an address."""
    actor = Actor("p-test", "local", roles=frozenset({Role.OFFICER}))
    incident = desk.commit(actor, incidents.open_by_report, Report(title="件名", type=IncidentType.RANSOMWARE))
    drive(desk)
    with desk.custody.begin(incident) as writer:
        kept = writer.keep()
    piece = desk.commit(actor, evidence.collect, incident, kept, "log.txt")
    report = desk.commit(actor, reports.draft, incident, "city_report")
    official = desk.settings.data / "official"
    official.mkdir()
    (official / "pref.toml").write_text(CITY_MAPPING, encoding="utf-8")
    (official / "yoshiki2.xlsx").write_bytes(an_official_form())
    with signing(desk.settings.signer, checkpoints_of(desk.settings), desk.settings.database, desk.clock, "a/b") as one:
        assert one.round() is not None
    asked = desk.look(assignments)[0]
    return {
        "name": incident, "id": asked.id, "form": "csv", "evidence": piece, "step": asked.step, "act": "skip",
        "fact": "occurred", "playbook": "malware_mail", "chain": "police", "uid": "k.sato", "person": "x",
        "note": "x", "report": report, "suffix": "pdf", "mapping": "pref", "office": "mic-cyber", "seq": "0",
    }  # fmt: skip


@pytest.fixture
def case(desk: Desk) -> dict[str, str]:
    """An incident under way, with a question that waits."""
    return a_case(desk)


def ask(who: Someone, method: str, path: str, case: dict[str, str], token: str = "") -> httpx.Response:
    headers = {"X-CSRF-Token": who.csrf} | ({"Authorization": f"Bearer {token}"} if token else {})
    answer: httpx.Response = who.client.request(method, path.format(**case), json=SAMPLES.get(path), headers=headers)
    return answer


def test_the_description_of_the_api_is_made(someone: Make) -> None:
    answer = someone().get("/openapi.json")
    assert answer.status_code == 200
    found = answer.json()
    assert len(found["paths"]) >= 25
    assert "/api/v1/assignments/{id}/answer" in found["paths"]
    assert ErrorGiven.__name__ in found["components"]["schemas"]
    assert all(
        operation.get("summary") and operation.get("description")
        for item in found["paths"].values()
        for operation in item.values()
    )


def test_no_address_but_two_answers_without_a_session(app: FastAPI, someone: Make, case: dict[str, str]) -> None:
    nobody = someone()
    answers = {
        (method, path): ask(nobody, method, path, case).status_code
        for method, path in addresses(app)
        if (method, path) not in OPEN
    }
    assert len(answers) >= 28
    assert set(answers.values()) == {401}


def test_an_auditor_changes_nothing(app: FastAPI, someone: Make, case: dict[str, str], desk: Desk) -> None:
    auditor = someone("f.yamada")
    before = desk.look(head)
    answers = {
        path: ask(auditor, method, path, case)
        for method, path in addresses(app)
        if method == "POST" and (method, path) not in OPEN and not path.startswith(OWN)
    }
    assert len(answers) >= 9
    assert {path: answer.status_code for path, answer in answers.items() if answer.status_code != 403} == {}
    assert {answer.json()["error"] for answer in answers.values()} == {"not_permitted"}
    assert desk.look(head) == before


def test_an_auditor_reads_everything(app: FastAPI, someone: Make, case: dict[str, str]) -> None:
    auditor = someone("f.yamada")
    apart = (*KEEPERS, "/api/v1/incidents/{name}/seal")  # it is not sealed
    read = [path for method, path in addresses(app) if method == "GET" and not path.startswith(apart)]
    asked = {path: f"{path}?q=x" if path.endswith("/search") else path for path in read}
    answers = {path: ask(auditor, "GET", asked[path], case).status_code for path in read}
    assert {path: status for path, status in answers.items() if status != 200} == {}


def test_an_administrator_reads_the_record_without_its_texts(someone: Make, case: dict[str, str]) -> None:
    administrator, auditor = someone("o.sasaki"), someone("f.yamada")
    assert administrator.get("/incidents").status_code == 403
    path = "/record?kind=INCIDENT_OPENED"
    assert "件名" in auditor.get(path).json()[0]["text"]
    told = administrator.get(path).json()[0]["text"]
    assert "令和8年度 第1号" in told
    assert "件名" not in told
    assert "消去" not in told


def test_who_only_answers_does_not_read_the_record(someone: Make) -> None:
    mayor = someone("t.uzushio")  # holds a post, no role
    assert mayor.get("/incidents").status_code == 200
    for path in ("/record", "/record/verify"):
        assert mayor.get(path).json()["error"] == "not_permitted"
    assert mayor.post("/incidents", {"title": "x"}).json()["error"] == "not_permitted"


def test_a_sensors_token_opens_one_door_only(app: FastAPI, someone: Make, case: dict[str, str], desk: Desk) -> None:
    token = desk.commit(Actor("p-test", "local"), access.issue_token, "ids-1")
    sensor = someone()
    answers = {(method, path): ask(sensor, method, path, case, token) for method, path in addresses(app)}
    assert (
        answers.pop(("POST", "/api/v1/detections")).json()["error"] == "format_unknown"
    )  # it was let in, with nothing
    assert answers.pop(("POST", "/api/v1/detections/stream")).status_code == 200  # let in, with a line of no format
    assert answers.pop(("POST", "/api/v1/sources/{name}")).json()["error"] == "token_refused"  # it has another name
    shut = {key: answer.status_code for key, answer in answers.items() if key not in OPEN}
    assert set(shut.values()) == {401}


@pytest.mark.parametrize("given", ["Bearer x", "Bearer ", "bearer csd_ids-1_00", "Basic eDp5"])
def test_a_wrong_token_opens_none(someone: Make, given: str) -> None:
    answer = someone().client.post("/api/v1/detections", content=b"{}", headers={"Authorization": given})
    assert answer.status_code in {401, 403}
    assert answer.json()["error"] in {"token_refused", "not_signed_in"}


def test_a_revoked_token_is_worth_nothing(someone: Make, desk: Desk) -> None:
    local = Actor("p-test", "local")
    token = desk.commit(local, access.issue_token, "ids-1")
    desk.commit(local, access.revoke_token, "ids-1")
    headers = {"Authorization": f"Bearer {token}"}
    answer = someone().client.post("/api/v1/detections", content=b"{}", headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (403, "token_refused")


def test_a_session_brings_detections_in_only_with_its_token(someone: Make) -> None:
    officer, auditor = someone("k.sato"), someone("f.yamada")
    assert officer.client.post("/api/v1/detections", content=b"{}").json()["error"] == "form_expired"
    assert auditor.post("/detections", content=b"{}").json()["error"] == "not_permitted"


@pytest.mark.parametrize(
    "code", ["not_permitted", "form_expired", "too_many_tries", "origin_refused", "internal_error"]
)
def test_what_the_door_says_has_words_in_both_languages(code: str) -> None:
    assert catalog("ja").has(f"error.{code}")
    assert catalog("en").has(f"error.{code}")

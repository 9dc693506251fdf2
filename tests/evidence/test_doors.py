"""Evidence through API and page: streamed in, never shown, never without an entry; no script is needed."""

import hashlib
import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from csirt.bootstrap import Desk
from csirt.clock import FixedClock
from csirt.model.people import Actor
from csirt.response import incidents
from csirt.response.incidents import Report
from csirt.store.queries.evidence import evidence_of
from csirt.texts.catalogs import catalog
from csirt.web.edge import AROUND
from tests.cli.calling import call
from tests.web.conftest import HOST, Someone
from tests.web.visitor import Visit, hidden, lead

LOCAL = Actor("local", "local")
RAW = {"Content-Type": "application/octet-stream"}


@pytest.fixture
def case(desk: Desk) -> str:
    return desk.commit(LOCAL, incidents.open_by_report, Report(title="件名"))


def send(who: Someone, case: str, content: Any, name: str = "a.log", **headers: str) -> httpx.Response:
    answer: httpx.Response = who.client.post(
        f"/api/v1/incidents/{case}/evidence", params={"name": name}, content=content,
        headers={**RAW, "X-CSRF-Token": who.csrf, **headers},
    )  # fmt: skip
    return answer


def test_a_body_becomes_evidence_and_comes_back(officer: Someone, case: str, desk: Desk) -> None:
    content = os.urandom(3_000_000)
    made = send(
        officer, case, (content[start : start + 70_000] for start in range(0, len(content), 70_000)), "証拠 1.bin"
    )
    assert made.status_code == 201
    id_ = made.json()["id"]
    (listed,) = officer.get(f"/incidents/{case}/evidence").json()
    assert (listed["name"], listed["size"], listed["state"]) == ("証拠 1.bin", len(content), "whole")
    assert listed["sha256"] == hashlib.sha256(content).hexdigest()
    answer = officer.get(f"/evidence/{id_}/content")
    assert answer.content == content
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment; filename=\"___1.bin\"; filename*=UTF-8''%E8")
    assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    chain = officer.get(f"/evidence/{id_}").json()["custody"]
    assert [entry["kind"] for entry in chain] == ["EVIDENCE_COLLECTED", "EVIDENCE_ACCESSED"]
    assert "証拠 1.bin" in chain[0]["text"]


@pytest.mark.parametrize("stale", ["/evidence/{}", "/incidents/{}/timeline.csv"])
def test_what_leaves_as_a_file_asks_again_who_takes_it(
    officer: Someone, case: str, clock: FixedClock, stale: str
) -> None:
    piece = send(officer, case, b"x").json()["id"]
    page = stale.format(piece if "evidence" in stale else case)
    address = f"/evidence/{piece}/content" if "evidence" in stale else page
    before = len(officer.get("/record?limit=500").json())
    clock.forward(timedelta(minutes=6))
    answer = officer.get(address)
    assert (answer.status_code, answer.json()["error"]) == (403, "step_up_needed")
    led = officer.client.get(page, headers={"Accept": "text/html"}, follow_redirects=False)
    assert (led.status_code, led.headers["location"]) == (303, f"/step-up?back={quote(page, safe='')}")
    assert len(officer.get("/record?limit=500").json()) == before
    assert officer.post("/session/proof", {"password": "k.sato-naruto"}).status_code == 204
    assert officer.get(address).status_code == 200


def test_a_form_of_a_program_is_taken_too(officer: Someone, case: str) -> None:
    made = officer.client.post(
        f"/api/v1/incidents/{case}/evidence", headers={"X-CSRF-Token": officer.csrf, "Idempotency-Key": "k1"},
        files={"file": ("ログ.txt", b"x" * 100)},
    )  # fmt: skip
    assert made.status_code == 201
    (listed,) = officer.get(f"/incidents/{case}/evidence").json()
    assert (listed["name"], listed["size"]) == ("ログ.txt", 100)


def test_the_same_key_adds_once(officer: Someone, case: str) -> None:
    ids = {send(officer, case, b"x", **{"Idempotency-Key": "same"}).json()["id"] for _ in range(3)}
    assert len(ids) == 1


def test_nothing_is_kept_of_what_is_refused(officer: Someone, case: str, desk: Desk, someone: Any) -> None:
    desk.custody.files.most = 1000
    assert send(officer, case, b"x" * 1001).json()["error"] == "evidence_too_large"
    assert send(officer, case, b"x", "123456789018.txt").json()["error"] == "my_number_refused"
    assert send(officer, "i-nothing", b"x").json()["error"] == "incident_unknown"
    assert send(someone("f.yamada"), case, b"x").status_code == 403
    assert send(officer, case, b"x", **{"X-CSRF-Token": "another"}).json()["error"] == "form_expired"
    assert desk.look(evidence_of) == []


def test_the_edge_stops_a_body_that_says_it_is_too_large(app: FastAPI, desk: Desk, case: str) -> None:
    with TestClient(app, base_url=f"http://{HOST}") as client:
        length = str(desk.custody.most + AROUND + 1)
        answer = client.post(f"/api/v1/incidents/{case}/evidence", headers={"Content-Length": length})
    assert (answer.status_code, answer.json()["error"]) == (413, "input_too_large")


def test_hand_over_through_the_api(officer: Someone, case: str) -> None:
    id_ = send(officer, case, b"x").json()["id"]
    assert officer.post(f"/evidence/{id_}/hand-over", {"to": "県警", "reason": "捜査関係事項照会"}).status_code == 204
    assert officer.post(f"/evidence/{id_}/hand-over", {"to": "", "reason": "x"}).json()["error"] == "text_missing"
    last = officer.get(f"/evidence/{id_}").json()["custody"][-1]
    assert last["kind"] == "EVIDENCE_HANDED_OVER"
    assert "県警" in last["text"]


def test_damage_is_an_error_and_no_file(officer: Someone, case: str, desk: Desk) -> None:
    id_ = send(officer, case, b"x").json()["id"]
    (path,) = (path for path in desk.settings.evidence.rglob("*") if path.is_file())
    path.write_bytes(path.read_bytes()[:-1])
    answer = officer.get(f"/evidence/{id_}/content")
    assert (answer.status_code, answer.json()["error"]) == (500, "evidence_changed")


# --------------------------------------------------------------------------------------------------------------- pages


def form(visit: Any, case: str) -> dict[str, Any]:
    return hidden(visit.text(f"/incidents/{case}"), f"/incidents/{case}/evidence")


def test_a_file_is_added_taken_out_and_handed_over_on_the_page(visit: Visit, case: str) -> None:
    officer = visit("k.sato")
    page = f"/incidents/{case}"
    assert "まだありません" in officer.text(page)
    typed = form(officer, case)
    for _ in range(2):  # the same form sent twice counts once
        answer = officer.client.post(f"{page}/evidence", data=typed, files={"file": ("画面.png", b"\x89PNG")})
        assert lead(answer) == f"{page}#evidence"
    shown = officer.text(page)
    assert shown.count("画面.png</strong>") == 1
    assert "原本どおり" in shown
    (id_,) = re.findall(r'href="/evidence/(v-[^"]+)"', shown)
    assert officer.get(f"/evidence/{id_}").content == b"\x89PNG"
    over = f"/evidence/{id_}/hand-over"
    faulty = officer.send(page, over, to="", reason="x")
    assert faulty.status_code == 422
    assert '<details class="screen-only" open>' in faulty.text
    assert lead(officer.send(page, over, to="県警", reason="受領書 1")) == f"{page}#evidence"
    assert "県警" in officer.text(page)


BODIES = [
    ({"data": {}}, "upload_malformed"),
    ({"files": {"file": ("", b"")}}, "upload_missing"),
    ({"files": [("file", ("a", b"1")), ("file", ("b", b"2"))]}, "upload_one_file"),
    ({"files": {"other": (None, b"x")}}, "upload_missing"),
]


@pytest.mark.parametrize(("body", "code"), BODIES)
def test_a_faulty_form_comes_back_with_its_error(visit: Visit, case: str, desk: Desk, body: Any, code: str) -> None:
    officer = visit("k.sato", "en")
    typed = form(officer, case)
    answer = officer.client.post(f"/incidents/{case}/evidence", **{"data": typed, **body})
    assert answer.status_code == 422
    assert "Error: " in answer.text
    assert catalog("en").error(code) in answer.text
    assert desk.look(evidence_of) == []


def test_without_the_token_nothing_of_the_file_is_kept(visit: Visit, case: str, desk: Desk) -> None:
    officer = visit("k.sato")
    answer = officer.client.post(f"/incidents/{case}/evidence", data={"key": "k"}, files={"file": ("a", b"x")})
    assert answer.status_code == 403
    assert not desk.settings.evidence.exists()


BOUNDARY = b"bbbb"
PART = b'--bbbb\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n%s\r\n'
FILE = b'--bbbb\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
BROKEN = [
    b"",
    b"no boundary at all",
    b"--bbbb",
    PART,
    PART + FILE + b"content that never ends",
    PART + FILE + b"x\r\n--bbbb",
    PART + b'--bbbb\r\nContent-Disposition: form-data; name="x"\r\n\r\n' + b"y" * 70_000 + b"\r\n" + FILE,
    PART * 30 + FILE + b"x\r\n--bbbb--\r\n",
    PART + b"--bbbb\r\n" + b"X: y\r\n" * 20_000 + FILE,
    PART + b"--bbbb\r\nContent-Disposition: \xff\xfe; filename*=utf-8''%zz\r\n\r\nx\r\n--bbbb--\r\n",
]


@pytest.mark.parametrize("body", BROKEN)
def test_a_hostile_body_is_refused_and_leaves_nothing(visit: Visit, case: str, desk: Desk, body: bytes) -> None:
    officer = visit("k.sato")
    token = str(form(officer, case)["csrf"]).encode()
    answer = officer.client.post(
        f"/incidents/{case}/evidence", content=body.replace(b"%s", token),
        headers={"Content-Type": "multipart/form-data; boundary=bbbb"},
    )  # fmt: skip
    assert answer.status_code in {403, 413, 422}
    assert desk.look(evidence_of) == []
    assert not [path for path in desk.settings.evidence.rglob("*") if path.is_file()]


def test_an_auditor_sees_and_reads_but_adds_nothing(visit: Visit, case: str, officer: Someone) -> None:
    id_ = send(officer, case, b"x").json()["id"]
    auditor = visit("f.yamada")
    shown = auditor.text(f"/incidents/{case}")
    assert f'href="/evidence/{id_}"' in shown
    assert f'action="/incidents/{case}/evidence"' not in shown
    assert "hand-over" not in shown
    assert auditor.get(f"/evidence/{id_}").status_code == 200


def test_cli_adds_gets_and_verifies(case: str, desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "メモリ.raw"
    file.write_bytes(b"m" * 500_000)
    data = desk.settings.data
    added = call("evidence", "add", case, file, "--as", "k.sato", "--data", data, "--json").row
    assert added["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert [row["name"] for row in call("evidence", "list", case, "--data", data, "--json").rows] == ["メモリ.raw"]
    out = tmp_path / "copy.raw"
    assert call("evidence", "get", added["id"], out, "--as", "k.sato", "--data", data).code == 0
    assert out.read_bytes() == file.read_bytes()
    assert out.stat().st_mode & 0o777 == 0o600
    again = call("evidence", "get", added["id"], out, "--as", "k.sato", "--data", data, "--json")
    assert (again.code, again.error["error"]) == (5, "file_exists")
    over = (
        "evidence",
        "hand-over",
        added["id"],
        "--as",
        "k.sato",
        "--to",
        "県警",
        "--reason",
        "受領書",
        "--data",
        data,
    )
    assert call(*over).code == 0
    assert call("evidence", "verify", "--data", data).code == 0
    (stored,) = (path for path in desk.settings.evidence.rglob("*") if path.is_file())
    stored.unlink()
    verified = call("evidence", "verify", case, "--data", data, "--json")
    assert (verified.code, verified.row["state"], verified.error["error"]) == (70, "missing", "evidence_damaged")

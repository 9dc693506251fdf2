"""What was published against products of this kind: each of the 28 issues, tried against this one.

From the vendors' own advisories and public lists of CVEs, up to 2026. The name of each test says product and number.
"""

import logging
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx
import pyotp
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from sqlmodel import select

from csirt.bootstrap import Desk
from csirt.cli.children import prefect_child
from csirt.model.incident import IncidentType
from csirt.model.people import Actor, Role
from csirt.response import incidents, second_factor
from csirt.response.incidents import Report
from csirt.settings import Settings
from csirt.store.queries import timeline, work
from csirt.store.tables.outbox import DeliveryRow
from csirt.web.api.shapes import Taken
from csirt.web.edge import HEADERS
from notifications.render import TemplateRenderer
from tests.web.conftest import Someone, drive
from tests.web.visitor import Visit, visit

__all__ = ["visit"]

Make = Callable[..., Someone]
SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'><svg/onload=alert(1)>"
LOCAL = Actor("local", "local")


def opened(desk: Desk, title: str = "件名", account: str = "", kind: IncidentType = IncidentType.UNDECIDED) -> str:
    """An incident under way."""
    officer = Actor("p-test", "local", roles=frozenset({Role.OFFICER}))
    incident = desk.commit(officer, incidents.open_by_report, Report(title, kind, account))
    drive(desk)
    return incident


def is_harmless(page: str) -> bool:
    """Was the hostile text shown, and as text only?"""
    return "<script>alert" not in page and "onerror=alert(1)>" not in page.replace("onerror=alert(1)&gt;", "")


@contextmanager
def listening() -> Iterator[tuple[int, list[bytes]]]:
    """A port of loopback, and who came."""
    came: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        yield listener.getsockname()[1], came
        try:
            line, _ = listener.accept()
        except TimeoutError:
            return
        came.append(line.recv(100))
        line.close()


# ----------------------------------------------------------------------------------------------------- TheHive


@pytest.mark.parametrize("password", ["", " ", "\0", "\u200b"])
def test_thehive_cve_2023_39069_no_empty_password_signs_anybody_in(someone: Make, visit: Visit, password: str) -> None:
    assert someone().client.post("/api/v1/session", json={"uid": "k.sato", "password": password}).status_code in {
        401,
        422,
    }
    assert visit().send("/sign-in", "/sign-in", uid="k.sato", password=password).status_code in {401, 422}


def test_thehive_2022_002_no_address_tells_a_stranger_anything(app: FastAPI, desk: Desk, someone: Make) -> None:
    incident, nobody = opened(desk, "秘密の件名"), someone()
    known = {"/api/v1/session", "/api/v1/health", "/api/v1/openapi.json", "/healthz", "/sign-in", "/ack/{token}"}
    for route in app.routes:
        if not isinstance(route, APIRoute) or "GET" not in (route.methods or ()) or route.path in known:
            continue
        path = re.sub(r"\{[^}]*\}", incident, route.path)
        answer = nobody.client.get(path, follow_redirects=False)
        assert answer.status_code in {303, 401, 404}, path
        assert "秘密の件名" not in answer.text, path


def test_thehive_cve_2024_22877_reports_show_text_as_text(desk: Desk, visit: Visit) -> None:
    incident = opened(desk, SCRIPT, SCRIPT)
    me = visit("k.sato")
    for path in ("/", f"/incidents/{incident}", "/audit", f"/incidents/{incident}/timeline"):
        assert is_harmless(me.get(path).text), path
    assert escape("<script>alert(1)</script>") in me.text(f"/incidents/{incident}")


def attached(me: Someone, incident: str, name: str, content: bytes, kind: str = "text/html") -> httpx.Response:
    answer: httpx.Response = me.client.post(
        f"/api/v1/incidents/{incident}/evidence", files={"file": (name, content, kind)},
        headers={"X-CSRF-Token": me.csrf},
    )  # fmt: skip
    return answer


def test_thehive_cve_2024_22876_an_attachment_is_never_shown_by_the_browser(desk: Desk, officer: Someone) -> None:
    incident = opened(desk)
    assert attached(officer, incident, "x.html", SCRIPT.encode()).status_code == 201
    piece = officer.get(f"/incidents/{incident}/evidence").json()[0]["id"]
    answer = officer.get(f"/evidence/{piece}/content")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["content-type"].startswith("application/octet-stream")
    assert answer.headers["content-security-policy"].startswith("sandbox")
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_thehive_branding_logo_pictures_are_only_those_that_we_ship(app: FastAPI) -> None:
    """There is no logo to upload: no address takes a picture, and pages load ours only."""
    assert "img-src 'self'" in HEADERS["Content-Security-Policy"]
    assert not [route for route in app.routes if re.search("logo|brand|avatar", getattr(route, "path", ""))]


def enrolled(desk: Desk, person: str) -> None:
    """A second factor that nobody knows."""
    actor = Actor(person, "local")
    secret = desk.commit(actor, second_factor.begin)
    step = int(desk.clock.now().timestamp()) // second_factor.PERIOD
    desk.commit(actor, second_factor.enrol, pyotp.TOTP(secret).generate_otp(step))


def guesses(desk: Desk, someone: Make) -> list[int]:
    """Ten guesses at the code of somebody whose password is known."""
    enrolled(desk, someone("k.sato").id)
    return [someone().sign_in("k.sato", code=f"{number:06}").status_code for number in range(10)]


def test_thehive_mfa_without_lockout_guessing_codes_has_to_wait(desk: Desk, someone: Make) -> None:
    assert guesses(desk, someone) == [401] * 3 + [429] * 7


def test_thehive_enumeration_by_answer_unknown_and_known_accounts_look_alike(someone: Make) -> None:
    answers = [someone().sign_in(uid, "wrong") for uid in ("k.sato", "nobody-here")]
    assert len({(answer.status_code, answer.text) for answer in answers}) == 1


def test_thehive_enumeration_by_reset_there_is_no_mail_to_ask_for(app: FastAPI) -> None:
    """Passwords are the directory's: no address resets one, and none asks whether an account exists."""
    paths = {getattr(route, "path", "") for route in app.routes}
    assert not [path for path in paths if re.search("forgot|password|register|exists", path)]


def test_thehive_cve_2025_48740_forms_of_other_sites_change_nothing(desk: Desk, officer: Someone) -> None:
    before = desk.look(timeline.head)
    kinds = ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json")
    for kind in kinds:
        for more in ({"Origin": "https://evil.example"}, {}):
            headers = {"Content-Type": kind, **more}
            answer = officer.client.post("/api/v1/incidents", content=b'{"title":"x"}', headers=headers)
            assert answer.status_code in {403, 415}
    assert officer.client.post("/incidents", data={"title": "x"}).status_code == 403
    assert desk.look(timeline.head) == before


def test_thehive_cve_2025_48739_nothing_that_people_send_makes_us_ask_an_address(desk: Desk, officer: Someone) -> None:
    with listening() as (port, came):
        url = f"http://127.0.0.1:{port}/x"
        incident = opened(desk, url, url)
        officer.post(f"/incidents/{incident}/notes", {"text": url})
        officer.client.post("/api/v1/detections", content=url.encode(), headers={"X-CSRF-Token": officer.csrf})
        officer.get(f"/incidents/{incident}", headers={"X-Forwarded-Host": f"127.0.0.1:{port}"})
    assert came == []


def test_thehive_cve_2025_48738_nobody_is_sent_a_mail_by_a_stranger(desk: Desk, someone: Make) -> None:
    nobody = someone()
    for _ in range(5):
        nobody.sign_in("k.sato", "wrong")
        nobody.client.post("/api/v1/incidents", json={"title": "x"})
    with desk.read() as session:
        assert session.exec(select(DeliveryRow)).all() == []


def test_thehive_cve_2025_48741_a_case_is_read_by_those_only_who_may(desk: Desk, someone: Make) -> None:
    incident = opened(desk, "秘密の件名")
    for who in (someone(), someone("o.sasaki")):  # nobody; the administrator of this product
        for path in ("", "/timeline", "/evidence", "/facts"):
            answer = who.get(f"/incidents/{incident}{path}")
            assert answer.status_code in {401, 403, 404}, path
            assert "秘密の件名" not in answer.text


# -------------------------------------------------------------------------------------------------- DFIR-IRIS


@pytest.mark.parametrize("field", ["note", "measure", "reason"])
def test_dfir_iris_cve_2023_30615_notes_show_text_as_text(desk: Desk, visit: Visit, someone: Make, field: str) -> None:
    incident, officer = opened(desk), someone("k.sato")
    if field == "note":
        officer.post(f"/incidents/{incident}/notes", {"text": SCRIPT})
    elif field == "measure":
        officer.post(f"/incidents/{incident}/measures", {"text": SCRIPT, "owner": "ciso", "due": "2027-03-31"})
    else:
        officer.post(f"/incidents/{incident}/level", {"level": 1, "reason": SCRIPT})
    me = visit("k.sato")
    for path in (f"/incidents/{incident}", "/measures", "/audit"):
        assert is_harmless(me.text(path)), path


def test_dfir_iris_cve_2023_50712_names_of_files_are_shown_as_text(desk: Desk, officer: Someone, visit: Visit) -> None:
    incident = opened(desk)
    attached(officer, incident, f"{SCRIPT}.txt".replace('"', ""), b"x")
    assert is_harmless(visit("k.sato").text(f"/incidents/{incident}"))


def test_dfir_iris_cve_2024_25640_what_sensors_send_is_text(desk: Desk, officer: Someone, visit: Visit) -> None:
    line = {"title": SCRIPT, "severity": 9, "host": SCRIPT, "time": "2026-11-22T05:00:00Z"}
    officer.client.post(
        "/api/v1/detections?format=csirt.detection.v1", json=line, headers={"X-CSRF-Token": officer.csrf}
    )
    drive(desk)
    me = visit("k.sato")
    for path in ("/", "/waiting", "/sources"):
        assert is_harmless(me.text(path)), path


@pytest.mark.parametrize("payload", ["{{ 7*7 }}", "{% for x in ().__class__ %}{% endfor %}", "${7*7}", "#{7*7}"])
def test_dfir_iris_cve_2024_25624_text_of_people_is_no_template(desk: Desk, visit: Visit, payload: str) -> None:
    incident = opened(desk, f"a{payload}b", payload)
    page = visit("k.sato").text(f"/incidents/{incident}")
    assert escape(f"a{payload}b") in page
    assert "a49b" not in page
    _, body = TemplateRenderer().render("page", "ja", {"number": payload, "link": "https://x.example/"})
    assert "49" not in body.replace(payload, "")


@pytest.mark.parametrize("name", ["../../../../tmp/x", "/etc/passwd", "..\\..\\x", "a/../../b", "\0x", ".."])
def test_dfir_iris_cve_2024_34060_a_files_name_leads_nowhere(desk: Desk, officer: Someone, name: str) -> None:
    incident = opened(desk)
    before = {path for path in desk.settings.data.parent.rglob("*") if desk.settings.data not in path.parents}
    attached(officer, incident, name, b"content")
    after = {path for path in desk.settings.data.parent.rglob("*") if desk.settings.data not in path.parents}
    assert after == before
    assert not Path("/tmp/x").exists()  # noqa: S108 - that is the point
    inside = [path for path in desk.settings.evidence.rglob("*") if path.is_file()]
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]+", path.name) for path in inside)


def models(kind: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for one in kind.__subclasses__():
        yield one
        yield from models(one)


def test_dfir_iris_cve_2026_22783_no_input_takes_fields_that_are_not_its_own(desk: Desk, officer: Someone) -> None:
    inputs = list(models(Taken))
    assert len(inputs) >= 10
    assert all(one.model_config.get("extra") == "forbid" for one in inputs)
    incident = opened(desk)
    for more in ({"path": "/etc/passwd"}, {"id": "i-1"}, {"author": "p-1"}):
        answer = officer.post(f"/incidents/{incident}/notes", {"text": "x", **more})
        assert (answer.status_code, answer.json()["error"]) == (422, "field_unknown")


def test_dfir_iris_cve_2026_42540_what_was_recorded_is_altered_by_no_address(app: FastAPI) -> None:
    methods = {(method, path) for path, item in app.openapi()["paths"].items() for method in item}
    assert not [one for one in methods if one[0] in {"put", "patch"}]
    ends = {"/api/v1/incidents/{name}/seal/readers/{person}"}  # a right to read ends; nothing recorded is altered
    assert {path for method, path in methods if method == "delete" and "/incidents" in path} == ends


# ---------------------------------------------------------------------------------------------------- Dispatch


def test_dispatch_cve_2023_40171_no_error_tells_a_secret(
    desk: Desk, someone: Make, caplog: pytest.LogCaptureFixture
) -> None:
    secrets = [path.read_text().strip() for path in desk.settings.keys.glob("*.key")]
    assert secrets
    me = someone("k.sato")
    with caplog.at_level(logging.DEBUG):
        answers = [
            me.client.get("/api/v1/session", headers={"Cookie": "csirt=" + "x" * 5000}),
            me.client.post("/api/v1/session", content=b"{"),
            me.client.get("/api/v1/incidents/'\"; DROP TABLE incident"),
            me.client.post("/api/v1/detections", headers={"Authorization": "Bearer eyJhbGciOiJub25lIn0.e30."}),
        ]
    with pytest.raises(ValidationError) as caught:
        Settings(data=desk.settings.data, ldap_bind_password=["hunter2"])
    told = "".join(answer.text for answer in answers) + caplog.text + str(caught.value)
    assert not [one for one in [*secrets, "hunter2", me.csrf] if one in told]


# ----------------------------------------------------------------------------------------------------- OpenCTI


@pytest.mark.parametrize(
    "headers",
    [
        {"X-User": "k.sato"},
        {"X-Remote-User": "k.sato"},
        {"X-Forwarded-User": "k.sato"},
        {"Remote-User": "k.sato"},
        {"Authorization": "Basic ay5zYXRvOg=="},
        {"Authorization": "Bearer k.sato"},
        {"Authorization": "Bearer null"},
        {"Cookie": "csirt=; csirt=k.sato"},
        {"X-Original-URL": "/api/v1/health"},
    ],
)
def test_opencti_cve_2026_27960_nobody_is_somebody_by_a_header(someone: Make, headers: dict[str, str]) -> None:
    answer = someone().get("/incidents", headers=headers)
    assert answer.status_code in {401, 403}


def test_opencti_cve_2026_21887_the_address_in_a_request_is_asked_by_nobody(officer: Someone) -> None:
    with listening() as (port, came):
        for path in ("/sign-in?back=", "/audit?incident=", "/step-up?back="):
            officer.client.get(f"{path}http://127.0.0.1:{port}/", follow_redirects=False)
    assert came == []


def test_opencti_cve_2026_44730_nobody_gives_themselves_a_role(app: FastAPI, someone: Make) -> None:
    """Roles come from the directory only: no address takes one."""
    schemas = app.openapi()["components"]["schemas"]
    taken = {name for kind, one in schemas.items() if kind.endswith("Taken") for name in one.get("properties", {})}
    assert "password" in taken
    assert not taken & {"role", "roles", "posts", "permissions"}
    me = someone("k.sato")
    answer = me.client.post(
        "/api/v1/session", json={"uid": "k.sato", "password": "k.sato-naruto", "roles": ["administrator"]}
    )
    assert answer.status_code == 422


def test_opencti_cve_2024_45404_codes_are_not_guessed_without_end(desk: Desk, someone: Make, visit: Visit) -> None:
    assert guesses(desk, someone)[-1] == 429
    me = visit()
    way = me.sign_in("k.sato").headers["location"]
    assert me.send(way, "/sign-in/code", code="000000").status_code == 429


# ---------------------------------------------------------------------------------------------- MISP, FlowIntel


def test_misp_cve_2026_56424_what_is_authorised_is_what_is_changed(desk: Desk, officer: Someone) -> None:
    """A step is set aside in the case that the address names, and in no other one that has a step of that name."""
    first, second = opened(desk, "一件目", kind=IncidentType.RANSOMWARE), opened(desk, "二件目")
    asked = [one for one in desk.look(work.assignments) if one.incident == first]
    assert asked
    for one in asked:
        before = desk.look(timeline.head)
        answer = officer.post(f"/incidents/{second}/steps/{one.step}/cancel", {"reason": "x"})
        assert answer.status_code in {404, 409, 422}
        assert desk.look(timeline.head) == before
        assert desk.look(work.assignment, one.id).closed_at is None


def test_flowintel_cve_2026_9813_there_is_no_probe_for_an_address(app: FastAPI, desk: Desk, officer: Someone) -> None:
    paths = {getattr(route, "path", "") for route in app.routes}
    assert not [path for path in paths if re.search("probe|fetch|preview|proxy|webhook", path)]
    with listening() as (port, came):
        note: dict[str, Any] = {"text": f"![x](http://127.0.0.1:{port}/x.png)"}
        officer.post(f"/incidents/{opened(desk)}/notes", note)
    assert came == []


# ----------------------------------------------------------------------------------------------------- Prefect


@pytest.mark.parametrize("suffix", ["health", "ready", "/health", "/ready", "?x=/health", ";/health", "%2Fhealth"])
def test_prefect_cve_2026_3514_no_ending_of_an_address_opens_it(desk: Desk, someone: Make, suffix: str) -> None:
    incident = opened(desk, "秘密の件名")
    for path in ("/incidents", f"/incidents/{incident}", "/record", "/people"):
        answer = someone().get(f"{path}{suffix}")
        assert answer.status_code in {401, 404}, path
        assert "秘密の件名" not in answer.text


def test_prefect_cve_2026_7723_no_websocket_and_prefect_behind_a_secret(app: FastAPI, tmp_path: Path) -> None:
    assert not [route for route in app.routes if type(route).__name__.endswith("WebSocketRoute")]
    child = prefect_child(tmp_path)
    environment = child.environment()
    assert environment["PREFECT_SERVER_API_AUTH_STRING"]
    assert "127.0.0.1" in child.command()
    assert tuple(int(part) for part in version("prefect").split(".")[:3]) >= (3, 6, 22)


def test_all_28_have_their_test() -> None:
    products = ("thehive", "dfir_iris", "dispatch", "opencti", "misp", "flowintel", "prefect")
    named = [name for name in globals() if name.startswith(tuple(f"test_{product}_" for product in products))]
    assert len(named) == 28

"""Every address, for everybody, on an incident that is plain, sealed for them, or sealed from them: real answers."""

from collections.abc import Callable, Iterator

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from csirt.bootstrap import Desk
from csirt.model.authority import Permission, may
from csirt.model.incident import IncidentType
from csirt.model.people import Actor, Role
from csirt.response import evidence, incidents, reports, secrecy
from csirt.response.incidents import Report
from csirt.store.queries.work import assignments
from csirt.web.pages import routes as pages
from tests.response.seals import who
from tests.web.authorisation import ANYBODY, ERASERS, KEEPERS, ONESELF, PROVED, ROWS, SOURCES
from tests.web.conftest import Someone, drive
from tests.web.test_api_permissions import SAMPLES

Make = Callable[..., Someone]
EVERYBODY = {
    "k.sato": Role.OFFICER, "y.tanaka": Role.RESPONDER, "m.takahashi": Role.SYSTEM_MANAGER,
    "s.watanabe": Role.CSIRT_HEAD, "t.nakamura": Role.DIRECTOR, "a.kobayashi": Role.CISO,
    "r.kato": Role.PRIVACY_OFFICER, "d.yoshida": Role.PUBLIC_RELATIONS, "f.yamada": Role.AUDITOR,
    "o.sasaki": Role.ADMINISTRATOR, "t.uzushio": None,
}  # fmt: skip
ANY_OF = {
    KEEPERS: (Permission.ADMINISTER, Permission.RESET_SECOND_FACTOR),
    ERASERS: (Permission.PROPOSE_ERASURE, Permission.APPROVE_ERASURE),
    PROVED: (Permission.INGEST,),
    SOURCES: (Permission.READ_INCIDENTS, Permission.TRY_SOURCE),
}
ENDS_THE_SESSION = ("DELETE /api/v1/session", "DELETE /api/v1/session/all", "POST /account/sign-out", "POST /sign-out")
# One form for every page: whoever may not send it is to be told so, whatever stands in it.
FIELDS = (
    "text=x reason=x owner=ciso due=2027-03-31 title=x body=x choice=yes to=x into=R8-9 level=2 type=restore_test "
    "disposition=benign basis=other whole=on found=x effective=yes state=done post=poc on=2027-04-01 holder=x "
    "uid=h.suzuki act=skip version=2 form=city_report channel=phone at=2026-11-22T00:00 day=2026-11-20 calls=3 "
    "outlet=web ground=other held_on=2026-12-01 well=x cause=x who=p-x agree=yes decision=approve person=x "
    "office=mic-cyber incident=R8-1 kind=ignore until=2027-01-01T00:00 stamp=approve spoke_with=x read_back=x "
    "date=2026-11-22"
)
FORM = dict(pair.split("=") for pair in FIELDS.split())


def addresses(app: FastAPI) -> Iterator[str]:
    """Every address of the API by its own description, and every page."""
    for path, item in app.openapi()["paths"].items():
        yield from (f"{method.upper()} {path}" for method in item)
    for part in pages.PARTS:
        for route in part.router.routes:
            assert isinstance(route, APIRoute)
            yield from (f"{method} {route.path}" for method in sorted(route.methods or ()))


def parts_of(desk: Desk, incident: str) -> dict[str, str]:
    """Something of an incident for every part of an address."""
    actor = who(desk, "k.sato")
    with desk.custody.begin(incident) as writer:
        kept = writer.keep()
    piece = desk.commit(actor, evidence.collect, incident, kept, "log.txt")
    report = desk.commit(actor, reports.draft, incident, "city_report")
    asked = desk.look(assignments, incident=incident)[0]
    return {
        "name": incident, "id": asked.id, "form": "csv", "evidence": piece, "step": asked.step, "act": "skip",
        "fact": "occurred", "playbook": "malware_mail", "chain": "police", "uid": "h.suzuki", "person": "x",
        "report": report, "suffix": "xlsx", "mapping": "pref", "office": "mic-cyber", "token": "x", "key": "k" * 12,
        "group": "time", "seq": "0", "size": "1", "note": "x", "channel": "mail",
    }  # fmt: skip


def opened(desk: Desk) -> str:
    report = Report(title="件名", type=IncidentType.RANSOMWARE)
    incident = desk.commit(who(desk, "k.sato"), incidents.open_by_report, report)
    drive(desk)
    return incident


def asked_of(row: str, parts: dict[str, str]) -> str:
    path = row.partition(" ")[2]
    if path.startswith(("/chains/{name}", "/playbooks/{name}")):
        parts = {**parts, "name": "police" if "chains" in path else "ransomware"}
    if "incidents/new/{key}/{step}" in path:
        parts = {**parts, "step": "what"}
    return path.format(**{**parts, "id": parts["evidence"] if path.endswith("hand-over") else parts["id"]})


def ask(reader: Someone, row: str, parts: dict[str, str]) -> httpx.Response:
    method, _, path = row.partition(" ")
    address, headers = asked_of(row, parts), {"X-CSRF-Token": reader.csrf}
    answer: httpx.Response
    if method == "GET":
        answer = reader.client.get(address, headers={"Accept": "text/html"}, follow_redirects=False)
    elif path.startswith("/api/"):
        answer = reader.client.request(method, address, json=SAMPLES.get(path), headers=headers)
    else:
        typed = {**FORM, "csrf": reader.csrf}
        answer = reader.client.post(address, data=typed, headers=headers, follow_redirects=False)
    return answer


def is_allowed(actor: Actor, row: str) -> bool:
    needs = ROWS[row]
    if needs in {ANYBODY, ONESELF}:
        return True
    if needs == ERASERS and Role.AUDITOR in actor.roles:
        return True
    wanted = ANY_OF[needs] if not isinstance(needs, Permission) else (needs,)
    return any(may(actor, one) for one in wanted)


def outcome(answer: httpx.Response) -> str:
    """`refused` for want of a permission, `absent`, or `in`: what is refused for another reason was permitted."""
    if answer.status_code == 404:
        return "absent"
    if answer.status_code != 403:
        return "in"
    if answer.headers["content-type"].startswith("application/json"):
        return "refused" if answer.json()["error"] == "not_permitted" else "in"
    return "refused" if "<code>not_permitted</code>" in answer.text else "in"


def is_right(answer: httpx.Response, row: str, *, allowed: bool) -> bool:
    """Whoever may not changes nothing and reads nothing; they may be told that a thing is not there."""
    found = outcome(answer)
    if answer.status_code == 500 or (answer.status_code == 401 and ROWS[row] not in {ANYBODY, ONESELF}):
        return False
    if allowed:
        return found != "refused"
    return answer.status_code == 403 or (found == "absent" and not row.startswith("GET"))


def test_every_address_has_a_row_and_every_row_an_address(app: FastAPI) -> None:
    found = set(addresses(app))
    assert sorted(found - set(ROWS)) == []
    assert sorted(set(ROWS) - found) == []
    assert len(ROWS) > 200


def test_every_permission_stands_behind_an_address_or_a_command(app: FastAPI) -> None:
    """What only commands on the machine do has no row; nothing else may be without one."""
    assert set(Permission) - set(ROWS.values()) == {
        Permission.SKIP_MANDATORY_STEP,
    }  # fmt: skip


@pytest.mark.parametrize("uid", ["", *EVERYBODY])
def test_who_may_is_let_in_and_who_may_not_is_refused(app: FastAPI, desk: Desk, someone: Make, uid: str) -> None:
    parts, reader = parts_of(desk, opened(desk)), someone(uid)
    actor = who(desk, uid) if uid else None
    wrong: list[str] = []
    rows = [row for row in ROWS if row not in ENDS_THE_SESSION and "/live" not in row]
    for row in sorted(rows, key=lambda one: is_allowed(actor, one) if actor else True):  # what changes things last
        answer = ask(reader, row, parts)
        if actor is None:
            right = ROWS[row] == ANYBODY or answer.status_code in {401, 303}
            led_in = answer.status_code == 303 and not answer.headers["location"].startswith("/sign-in")
            right = right and not (led_in and ROWS[row] != ANYBODY)
        else:
            right = is_right(answer, row, allowed=is_allowed(actor, row))
        if not right:
            wrong.append(f"{row} {answer.status_code}")
    assert wrong == []


@pytest.mark.parametrize("uid", [uid for uid in EVERYBODY if uid != "o.sasaki"])
def test_a_sealed_incident_is_there_for_its_readers_only(app: FastAPI, desk: Desk, someone: Make, uid: str) -> None:
    """For whoever was not named every address of it is as good as not there; named, they may what they may."""
    hidden, shown = opened(desk), opened(desk)
    of_hidden, of_shown = parts_of(desk, hidden), parts_of(desk, shown)
    director, ciso = who(desk, "t.nakamura"), who(desk, "a.kobayashi")
    other, by = (ciso, ciso) if uid != "a.kobayashi" else (director, director)
    desk.commit(by, secrecy.seal, hidden, [other.id])
    desk.commit(by, secrecy.seal, shown, [other.id, who(desk, uid).id])
    reader, actor, wrong = someone(uid), who(desk, uid), list[str]()
    for row in ROWS:
        if "/incidents/{name}" not in row or row.endswith(("/live", "/break-glass")):
            continue
        if row.startswith("GET") and is_allowed(actor, row):
            answer = ask(reader, row, of_shown)
            if answer.status_code not in {200, 303}:
                wrong.append(f"named: {row} {answer.status_code}")
        answer = ask(reader, row, of_hidden)
        expected = {404} if is_allowed(actor, row) else {403, 404}
        if answer.status_code not in expected:
            wrong.append(f"not named: {row} {answer.status_code}")
    assert wrong == []

"""Tokens of programs: what each is good for and nothing else, from where it says, until its day."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlmodel import SQLModel

from csirt.bootstrap import Desk
from csirt.clock import FixedClock
from csirt.model.authority import SCOPES, Permission, Scope, may
from csirt.model.people import LOCAL, Actor
from csirt.model.source import Source
from csirt.record.entry import EntryKind
from csirt.response import incidents, tokens
from csirt.response.incidents import Report
from csirt.store.queries import timeline
from tests.cli.calling import call
from tests.response.seals import sealed, who
from tests.web.conftest import Someone
from tests.web.databases import desk
from tests.web.test_api_permissions import addresses

__all__ = ["desk"]

Make = Callable[..., Someone]
YEAR = timedelta(days=365)
LINE = b'{"schema": "csirt.detection.v1", "title": "t", "host": "pc-1"}\n'


def made(desk: Desk, *scopes: str, name: str = "statistics", **more: Any) -> str:
    return desk.commit(LOCAL, tokens.make, name, scopes, lives=more.pop("lives", YEAR), **more)[1]


def ask(someone: Make, token: str, path: str, method: str = "GET", **more: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"}
    answer: httpx.Response = someone().client.request(method, f"/api/v1{path}", headers=headers, **more)
    return answer


def test_a_token_that_reads_sees_incidents_and_never_a_sealed_one(desk: Desk, someone: Make) -> None:
    plain = desk.commit(who(desk, "k.sato"), incidents.open_by_report, Report(title="件名"))
    hidden, token = sealed(desk), made(desk, "read")
    listed = ask(someone, token, "/incidents")
    assert [one["id"] for one in listed.json()] == [plain]
    assert ask(someone, token, f"/incidents/{plain}").status_code == 200
    assert ask(someone, token, f"/incidents/{hidden}").status_code == 404
    assert ask(someone, token, "/record").json()["error"] == "not_permitted"
    assert ask(someone, token, f"/incidents/{plain}/erasable").json()["error"] == "not_permitted"


def test_no_token_changes_anything(app: FastAPI, desk: Desk, someone: Make) -> None:
    token, before = made(desk, "read", "health"), desk.look(timeline.head)
    wrong = {}
    for method, path in addresses(app):
        if method == "GET" or path == "/api/v1/session":
            continue
        filled = path.removeprefix("/api/v1").replace("{", "").replace("}", "")
        answer = ask(someone, token, filled, method, json={})
        if answer.status_code not in {401, 403, 422}:
            wrong[method, path] = answer.status_code
    assert wrong == {}
    assert desk.look(timeline.head) == before


def test_a_token_for_intake_brings_in_and_reads_nothing(desk: Desk, someone: Make) -> None:
    token = made(desk, "intake")
    assert ask(someone, token, "/detections", "POST", content=LINE).json()["detections"] == 1
    assert ask(someone, token, "/incidents").json()["error"] == "not_permitted"
    reads = made(desk, "read", name="reads")
    assert ask(someone, reads, "/detections", "POST", content=LINE).json()["error"] == "not_permitted"


def test_a_token_for_health_says_more_than_nobody_is_told(desk: Desk, someone: Make) -> None:
    assert ask(someone, made(desk, "health"), "/health").json()["parts"]
    assert ask(someone, made(desk, "read", name="reads"), "/health").json()["parts"] is None


def test_it_opens_no_page(desk: Desk, someone: Make) -> None:
    headers = {"Authorization": f"Bearer {made(desk, 'read')}"}
    assert someone().client.get("/audit", headers=headers, follow_redirects=False).status_code in {303, 401}


def test_it_ends_on_its_day_and_counts_from_where_it_says(desk: Desk, someone: Make, clock: FixedClock) -> None:
    elsewhere = made(desk, "read", name="elsewhere", addresses=["192.0.2.0/24"])
    assert ask(someone, elsewhere, "/incidents").json()["error"] == "token_refused"
    short = made(desk, "read", name="short", lives=timedelta(hours=1))
    assert ask(someone, short, "/incidents").status_code == 200
    clock.forward(timedelta(hours=1))
    assert ask(someone, short, "/incidents").json()["error"] == "token_refused"


def test_an_exchange_lets_both_count_for_a_while(desk: Desk, someone: Make, clock: FixedClock) -> None:
    id_, old = desk.commit(LOCAL, tokens.make, "both", ["read"], lives=YEAR)
    _, new = desk.commit(LOCAL, tokens.rotate, id_, lives=YEAR, overlap=timedelta(hours=2))
    assert {ask(someone, one, "/incidents").status_code for one in (old, new)} == {200}
    clock.forward(timedelta(hours=2))
    assert ask(someone, old, "/incidents").status_code == 403
    assert ask(someone, new, "/incidents").status_code == 200


def everything(desk: Desk) -> bytes:
    """What lies in the database: its files, or all rows of all tables."""
    if desk.door.database.writer.dialect.name == "sqlite":
        return b"".join(path.read_bytes() for path in sorted(desk.settings.data.glob("csirt.sqlite*")))
    with desk.read() as session:
        rows = [row for table in SQLModel.metadata.sorted_tables for row in session.execute(table.select())]
    return repr(rows).encode()


def test_it_is_kept_hashed_and_its_secret_is_in_no_entry(desk: Desk) -> None:
    token = made(desk, "read")
    kept = everything(desk)
    assert b"statistics" in kept
    assert token.split("_")[2].encode() not in kept
    (entry,) = desk.look(timeline.explore, kind=EntryKind.TOKEN_ISSUED.value)
    assert entry.out["scopes"] == ("read",) or list(entry.out["scopes"]) == ["read"]


@pytest.mark.parametrize("token", ["csa_statistics_" + "0" * 64 + "_00000000", "csa_x", "csa_statistics_" + "0" * 64])
def test_a_made_up_one_is_refused(someone: Make, token: str) -> None:
    assert ask(someone, token, "/incidents").status_code in {401, 403}


def test_more_questions_than_a_source_may_send_wait(app: FastAPI, desk: Desk, someone: Make) -> None:
    token = made(desk, "read")
    ask(someone, token, "/incidents")
    app.state.throttle.add(Source("api:statistics", ""), 10**9, desk.clock.now())
    answer = ask(someone, token, "/incidents")
    assert (answer.status_code, answer.json()["error"]) == (429, "source_too_fast")
    assert int(answer.headers["retry-after"]) > 0


def test_scopes_give_what_they_say() -> None:
    for scope in Scope:
        actor = Actor("api:x", "api", scopes=frozenset({scope}))
        assert {one for one in Permission if may(actor, one)} == SCOPES[scope]


def test_an_administrator_makes_exchanges_and_revokes_on_the_page(desk: Desk, someone: Make, clock: FixedClock) -> None:
    me, page = someone("o.sasaki"), {"Accept": "text/html"}
    form = {"csrf": me.csrf, "name": "statistics", "scopes": ["read", "health"], "days": "30", "addresses": ""}
    shown = me.client.post("/access/tokens", data=form, headers=page)
    assert shown.status_code == 200
    token = shown.text.split('<code class="secret">')[1].split("<")[0]
    assert ask(someone, token, "/incidents").status_code == 200
    again = me.client.get("/access/tokens", headers=page)
    assert token not in again.text
    (row,) = desk.look(tokens.all_of)
    wrong = me.client.post("/access/tokens", data={**form, "name": "X", "days": "0"}, headers=page)
    assert wrong.status_code == 422
    assert me.client.post(f"/access/tokens/{row.id}/rotation", data={"csrf": me.csrf}, headers=page).status_code == 200
    assert (
        me.client.post(f"/access/tokens/{row.id}/revocation", data={"csrf": me.csrf}, headers=page).status_code == 200
    )
    assert ask(someone, token, "/incidents").status_code == 403
    clock.forward(timedelta(minutes=6))
    late = me.client.post("/access/tokens", data={**form, "name": "late"}, headers=page)
    assert late.status_code == 403
    assert not any(one.name == "late" for one in desk.look(tokens.all_of))


def test_the_api_and_the_command_do_the_same(desk: Desk, someone: Make) -> None:
    me = someone("o.sasaki")
    new = me.post("/access/tokens", {"name": "by-api", "scopes": ["read"]}).json()
    assert ask(someone, new["token"], "/incidents").status_code == 200
    changed = me.post(f"/access/tokens/{new['id']}/rotation", {"overlap_hours": 0}).json()
    assert ask(someone, new["token"], "/incidents").status_code == 403
    assert [one["live"] for one in me.get("/access/tokens").json()].count(True) == 1
    assert me.delete(f"/access/tokens/{changed['id']}").status_code == 204
    data = desk.settings.data
    said = call("tokens", "make", "by-hand", "--scope", "read", "--data", data).out
    assert "csa_by-hand_" in said
    assert "by-hand" in call("tokens", "list", "--data", data).out

"""The fields of an answer on the page of its step: the right input for each, and nothing typed is lost."""

import re
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from csirt.playbook import File, Responder, Role
from tests.plays import entries, play_of, start
from tests.web.visitor import Visit, lead, played, visit
from tests.world import World

__all__ = ["played", "visit"]


class Damage(BaseModel):
    """What a form asks."""

    persons: Annotated[int, Field(ge=0)]
    found_at: datetime
    since: date | None = None
    kind: Literal["yes", "unknown"] = "unknown"
    note: str = ""
    log: File | None = None


def asked(world: World) -> tuple[str, str]:
    incident = start(world, play_of(_ask))
    world.work()
    return incident, f"/assignments/{world.waiting(incident)['damage'].id}"


def _ask(respond: Responder) -> None:
    respond.ask("damage", who=Role.OFFICER, fields=Damage)


def test_each_field_has_the_input_that_fits_it(visit: Visit, played: World) -> None:
    _, page = asked(played)
    shown = visit("k.sato").text(page)
    kinds = dict(re.findall(r'<input id="field\.(\w+)"[^>]*? type="([\w-]+)"', shown))
    assert kinds == {"persons": "number", "found_at": "datetime-local", "since": "text"}
    assert re.findall(r'<select id="field\.(\w+)"', shown) == ["kind", "log"]
    assert '<textarea id="field.note"' in shown
    assert '<option value="unknown">不明・調査中</option>' in shown
    assert "令和8年11月24日" in shown


def test_a_faulty_field_is_named_and_what_was_typed_stays(visit: Visit, played: World) -> None:
    incident, page = asked(played)
    me = visit("k.sato")
    typed: dict[str, str | list[str]] = {
        "choice": "yes", "field.persons": "-3", "field.found_at": "2026-11-24T10:03", "field.note": "調査中のメモ",
    }  # fmt: skip
    faulty = me.send(page, page, **typed)
    assert faulty.status_code == 422
    assert 'href="#field.persons"' in faulty.text
    assert "0以上の数を入力してください。" in faulty.text
    for kept in ('value="-3"', 'value="2026-11-24T10:03"', "調査中のメモ"):
        assert kept in faulty.text
    assert lead(me.send(page, page, **{**typed, "field.persons": "3", "field.since": "R8.11.20"})) == (
        f"/incidents/{incident}"
    )
    told = entries(played, incident, "STEP_ANSWERED")[0].texts["value"]
    assert '"persons": 3' in told
    assert '"since": "2026-11-20"' in told


def test_the_api_says_what_each_field_takes_and_takes_json(visit: Visit, played: World) -> None:
    incident, page = asked(played)
    client = visit("k.sato").client
    token = client.get("/api/v1/session").json()["csrf"]
    one = client.get(f"/api/v1{page}").json()
    assert [field["kind"] for field in one["fields"]] == ["number", "time", "day", "choice", "text", "file"]
    assert one["fields"][0] == {
        "name": "persons", "text": "persons", "kind": "number", "required": True, "options": [], "least": 0,
        "most": None,
    }  # fmt: skip
    headers = {"X-CSRF-Token": token}
    sent = {"choice": "yes", "fields": {"persons": "many", "found_at": "2026-11-24T01:03:00Z"}}
    refused = client.post(f"/api/v1{page}/answer", json=sent, headers=headers)
    assert (refused.status_code, refused.json()["params"]["field"]) == (422, "persons")
    sent["fields"] = {"persons": 12, "found_at": "2026-11-24T01:03:00Z"}
    assert client.post(f"/api/v1{page}/answer", json=sent, headers=headers).status_code == 200
    assert '"2026-11-24T10:03+09:00"' in entries(played, incident, "STEP_ANSWERED")[0].texts["value"]

"""A sealed incident leaves no trace for whoever was not named: every route, page and list is walked and searched."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from sqlmodel import SQLModel

from csirt.bootstrap import Desk
from csirt.model.fact import FactSource, FactState, Statement
from csirt.model.incident import IncidentType
from csirt.model.people import SYSTEM
from csirt.readers import formats
from csirt.response import (
    evidence,
    facts,
    incidents,
    indexing,
    intake,
    measures,
    tail,
    triggers,
)
from csirt.response.incidents import Report
from csirt.store.queries import cases, timeline, work
from csirt.store.sight import columns_of
from csirt.web.pages import routes as pages
from tests.cli.calling import call
from tests.house.tree import ROOT
from tests.response.seals import who
from tests.web.conftest import Someone, drive

Make = Callable[..., Someone]
CANARY = "QXCANARYXQ"
NOT_NAMED = (
    "y.tanaka", "m.takahashi", "s.watanabe", "t.nakamura", "r.kato", "d.yoshida", "f.yamada", "o.sasaki", "t.uzushio",
)  # fmt: skip
SAMPLE = ROOT / "csirt/city_data/sample/detections/suricata.ndjson"


@pytest.fixture
def traces(desk: Desk) -> dict[str, str]:
    """A sealed incident with something in every table: names of address parts, and what stands for them."""
    officer, ciso = who(desk, "k.sato"), who(desk, "a.kobayashi")
    desk.commit(officer, incidents.open_by_report, Report(title="だれでも見られる"))
    said = Report(title=CANARY, type=IncidentType.RANSOMWARE, account=CANARY, host=CANARY, sealed=True,
                  readers=(ciso.id,))  # fmt: skip
    incident = desk.commit(officer, incidents.open_by_report, said)
    drive(desk)
    desk.commit(officer, incidents.add_note, incident, CANARY)
    measure = desk.commit(officer, measures.add, incident, CANARY, "ciso", desk.clock.now().date())
    stated = [Statement("occurred", FactState.UNKNOWN, None, FactSource.REPORT, None)]
    desk.commit(officer, facts.state, incident, stated)
    with desk.custody.begin(incident) as writer:
        kept = writer.keep()
    piece = desk.commit(officer, evidence.collect, incident, kept, f"{CANARY}.txt")
    desk.commit(SYSTEM, triggers.start, incident, "police")
    records = list(formats.read(SAMPLE.read_bytes().replace(b"naruto", CANARY.encode())))
    desk.commit(SYSTEM, intake.accept, records, source="ids", form="suricata_eve")
    (asked, *_) = desk.look(work.assignments, incident=incident)
    return {
        "name": incident, "id": asked.id, "evidence": piece, "measure": measure, "step": asked.step, "form": "csv",
        "fact": "occurred", "playbook": "ransomware", "chain": "police", "person": "x", "act": "skip", "token": "x",
        "climb": desk.look(work.escalations, incident=incident)[0].id,
        "uid": "k.sato", "note": "x", "size": "1", "report": "x", "suffix": "pdf", "key": "k" * 12, "mapping": "x",
        "seq": str(desk.look(timeline.timeline, incident)[-1].seq),
    }  # fmt: skip


def secrets_of(traces: dict[str, str]) -> list[str]:
    """What nobody may find: texts and ids."""
    return [CANARY, *(traces[name] for name in ("name", "id", "evidence", "measure", "climb"))]


def read_routes(app: FastAPI) -> Iterator[str]:
    """Every address that is read: those of the API by its own description, and the pages."""
    yield from (path for path, item in app.openapi()["paths"].items() if "get" in item)
    for part in pages.PARTS:
        for route in part.router.routes:
            endless = isinstance(route, APIRoute) and route.path.endswith("/live")  # its first word is of no incident
            if isinstance(route, APIRoute) and "GET" in (route.methods or ()) and not endless:
                yield route.path


def found_in(answer: httpx.Response, path: str, traces: dict[str, str]) -> list[str]:
    """Secrets in an answer, besides those that the question held itself."""
    return [secret for secret in secrets_of(traces) if secret in answer.text and secret not in path]


@pytest.mark.parametrize("uid", NOT_NAMED)
def test_no_address_shows_it_to_who_was_not_named(
    app: FastAPI, someone: Make, traces: dict[str, str], uid: str
) -> None:
    paths = sorted(set(read_routes(app)))
    assert len(paths) > 60
    leaks: list[tuple[str, list[str]]] = []
    reader = someone(uid)
    for path in paths:
        asked = path.format(**{**traces, "id": traces["evidence" if "evidence" in path else "id"]})
        by_number = asked.replace(traces["name"], "R8-2")  # the roles differ in what they may, not in how they ask
        for one in {asked, by_number} if uid == NOT_NAMED[0] else {asked}:
            answer = reader.client.get(one, headers={"Accept": "text/html"}, follow_redirects=False)
            leaks += [(one, found)] if (found := found_in(answer, one, traces)) else []
            if "{name}" in path:
                assert answer.status_code in {403, 404}, (one, answer.status_code)
    assert leaks == []


def test_those_who_were_named_see_it_on_every_page_that_should_show_it(
    app: FastAPI, someone: Make, traces: dict[str, str]
) -> None:
    """The same walk finds it as its reader: so the search above would have seen it."""
    reader = someone("a.kobayashi")
    seen = {
        path
        for path in set(read_routes(app))
        if CANARY in reader.client.get(path.format(**traces), headers={"Accept": "text/html"}).text
    }
    assert {
        "/", "/incidents/{name}", "/measures", "/api/v1/incidents", "/api/v1/incidents/{name}", "/api/v1/measures",
        "/api/v1/incidents/{name}/notes", "/api/v1/incidents/{name}/timeline", "/api/v1/record", "/audit",
        "/incidents/{name}/timeline.{form}",
    } <= seen  # fmt: skip
    assert reader.get(f"/incidents/{traces['name']}").status_code == 200


def test_counts_do_not_count_it(desk: Desk, traces: dict[str, str]) -> None:
    named, other = who(desk, "a.kobayashi"), who(desk, "s.watanabe")
    assert desk.seen_by(named).look(cases.counts)["open"] == desk.seen_by(other).look(cases.counts)["open"] + 1
    assert desk.seen_by(other).look(cases.counts)["listed"] == 1


def test_search_finds_it_for_those_who_were_named_only(desk: Desk, someone: Make, traces: dict[str, str]) -> None:
    """Its title, its notes and its detections; also for those who may search everything else."""
    while desk.commit(SYSTEM, indexing.catch_up)[0]:
        pass
    for address in (f"/search?q={CANARY}", f"/api/v1/search?q={CANARY}"):
        named = someone("a.kobayashi").client.get(address)
        assert (named.status_code, traces["name"] in named.text) == (200, True)
        for uid in NOT_NAMED:
            answer = someone(uid).client.get(address)
            assert traces["name"] not in answer.text, (uid, address)
            assert CANARY not in answer.text.replace(f'value="{CANARY}"', "").replace(f"q={CANARY}", ""), uid


def a_body(app: FastAPI, call: dict[str, Any]) -> Any:
    """An input that has the right shape, made of the description."""
    content = call.get("requestBody", {}).get("content", {}).get("application/json", {})
    return a_value(app, content["schema"]) if content else "x"


def a_value(app: FastAPI, shape: dict[str, Any]) -> Any:
    """A value of a shape: the least that it takes."""
    if "$ref" in shape:
        return a_value(app, app.openapi()["components"]["schemas"][shape["$ref"].rpartition("/")[2]])
    if options := shape.get("enum") or shape.get("anyOf") or shape.get("const"):
        return options if isinstance(options, str) else a_value(app, options[0]) if "anyOf" in shape else options[0]
    if shape.get("type") == "object":
        fields = shape.get("properties", {})
        return {name: a_value(app, fields[name]) for name in shape.get("required", ())}
    if shape.get("type") == "array":
        return [a_value(app, shape["items"])] if shape.get("minItems") else []
    told = {"date-time": "2026-11-22T00:00+09:00", "date": "2027-03-31"}.get(shape.get("format", ""), "x")
    return {"integer": 1, "number": 1, "boolean": True}.get(shape.get("type", ""), told)


def test_nobody_changes_what_they_do_not_see(app: FastAPI, someone: Make, traces: dict[str, str]) -> None:
    """Every unsafe address of the API: an incident that is hidden is as good as not there."""
    head = someone("s.watanabe")
    ids = {"evidence": traces["evidence"], "measures": traces["measure"], "escalations": traces["climb"]}
    ids["assignments"] = traces["id"]
    answered = {}
    for path, item in app.openapi()["paths"].items():
        for method in sorted(set(item) - {"get"}):
            if not re.search(r"\{(name|id)\}", path) or "break-glass" in path or "/sources/" in path:
                continue
            kind = path.split("/")[3]
            if "{name}" not in path and kind not in ids:  # an id of something that this incident has none of
                continue
            asked = path.format(**{**traces, "id": ids.get(kind, traces["id"])})
            body = a_body(app, item[method])
            headers = {"X-CSRF-Token": head.csrf}
            answered[method, path] = head.client.request(method, asked, json=body, headers=headers)
    assert len(answered) >= 18
    wrong = {key: answer.text for key, answer in answered.items() if answer.status_code != 404}
    assert wrong == {}
    assert all(CANARY not in answer.text for answer in answered.values())


def test_every_table_that_names_an_incident_is_covered(desk: Desk) -> None:
    """A new table is covered by its column; one that tells of an incident by another name must be thought of."""
    covered = {row.__tablename__ for row, _ in columns_of()}
    pointing = {
        table.name
        for table in SQLModel.metadata.tables.values()
        for key in table.foreign_keys
        if key.column.table.name == "incident"
    }
    by_name = {
        table.name
        for table in SQLModel.metadata.tables.values()
        if {"incident", "inc"} & {c.name for c in table.columns}
    }
    assert pointing | by_name | {"incident"} <= covered


def test_the_log_of_the_record_says_only_that_something_happened(desk: Desk, traces: dict[str, str]) -> None:
    lines = [line for line in desk.look(tail.entries_after, -1) if line.get("csirt.incident") == traces["name"]]
    assert len(lines) > 5
    for line in lines:
        assert set(line) == {
            "@timestamp", "event.kind", "event.action", "event.sequence", "user.id", "service.name",
            "csirt.incident", "csirt.incident_sequence",
        } or line["csirt.incident_sequence"] == 0, line  # fmt: skip
        assert line["event.action"] == "sealed"
    whole = json.dumps(desk.look(tail.entries_after, -1))
    assert CANARY not in whole


def test_no_command_and_no_export_shows_it(desk: Desk, traces: dict[str, str], tmp_path: Path) -> None:
    data, name, secrets = desk.settings.data, traces["name"], secrets_of(traces)
    lists = (
        "incidents", "measures", "assignments", "quarantine", "evidence list", "playbooks list", "health",
        "chains list", "absence list", "sources list", "seals list",
    )  # fmt: skip
    for words in lists:
        said = call(*words.split(), "--data", data, "--json").out
        assert [secret for secret in secrets if secret in said] == [], words
    for words in ("incident", "timeline", "facts", "duties", "chains called-for"):
        called = call(*words.split(), name, "--data", data)
        assert called.code == 4, (words, called)
        assert CANARY not in called.out + called.err
    assert call("export", tmp_path / "out", "--data", data).code == 0
    held = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert [(path.name, one) for path, raw in held.items() for one in secrets if one.encode() in raw] == []
    assert b'{"leaf":"' in held[tmp_path / "out" / "entries.jsonl"]

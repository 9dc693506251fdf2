"""Detections through the API: accepted once, counted whole, bounded, decided on by the officer."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from sqlalchemy import event

from csirt.bootstrap import Desk
from csirt.founding import SAMPLE_CITY
from csirt.model.people import SYSTEM, Actor
from csirt.response import access, intake, triage
from csirt.store.queries.timeline import explore
from tests.web.conftest import Someone

Make = Callable[..., Someone]
SURICATA = (SAMPLE_CITY.parent / "detections" / "suricata.ndjson").read_bytes()
MIB = 1024 * 1024


@pytest.fixture
def sensor(someone: Make, desk: Desk) -> Callable[..., httpx.Response]:
    token = desk.commit(Actor("p-test", "local"), access.issue_token, "ids-1")
    client = someone().client

    def send(data: Any, key: str = "", form: str = "auto", **headers: str) -> httpx.Response:
        more = {"Authorization": f"Bearer {token}"} | ({"Idempotency-Key": key} if key else {}) | headers
        answer: httpx.Response = client.post(f"/api/v1/detections?format={form}", content=data, headers=more)
        return answer

    return send


def natives(number: int, level: int = 1) -> bytes:
    rows = (
        {"schema": "csirt.detection.v1", "title": f"t{n}", "host": f"pc-{n % 7}", "id": n, "level": level}
        for n in range(number)
    )
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def test_every_record_ends_in_exactly_one_bucket(sensor: Callable[..., httpx.Response], desk: Desk) -> None:
    counted = sensor(SURICATA).json()
    buckets = ("detections", "duplicates", "not_detections", "quarantined")
    assert counted["records"] == sum(counted[name] for name in buckets) == len(SURICATA.splitlines())
    assert counted["detections"] > 0
    entry = desk.look(explore, kind="DETECTIONS_ACCEPTED")[0]
    assert (entry.actor, entry.out["source"]) == ("sensor:ids-1", "sensor:ids-1")


def test_the_same_request_again_gives_the_same_answer_and_stores_nothing(
    sensor: Callable[..., httpx.Response], desk: Desk
) -> None:
    data = natives(2500)
    first = sensor(data, key="k-1")
    assert first.json() == {"records": 2500, "detections": 2500, "duplicates": 0, "not_detections": 0, "quarantined": 0}
    assert sensor(data, key="k-1").json() == first.json()
    assert len(desk.look(explore, kind="DETECTIONS_ACCEPTED")) == 3
    assert sensor(data, key="k-2").json()["duplicates"] == 2500


def test_a_request_cut_short_is_completed_by_its_repetition(sensor: Callable[..., httpx.Response], desk: Desk) -> None:
    sensor(natives(1000), key="k")  # the first batch, and no more: there the machine stopped
    assert sensor(natives(2500), key="k").json()["detections"] == 2500
    assert len(desk.look(explore, kind="DETECTIONS_ACCEPTED")) == 3


def test_a_key_used_for_something_else_loses_nothing(sensor: Callable[..., httpx.Response]) -> None:
    sensor(natives(999), key="k")
    counted = sensor(natives(2500), key="k").json()
    assert (counted["detections"], counted["duplicates"]) == (1501, 999)


def test_who_showed_a_token_lately_is_known_before_the_commit(
    sensor: Callable[..., httpx.Response], desk: Desk
) -> None:
    asked: list[str] = []
    event.listen(desk.door.database.reader, "before_cursor_execute", lambda _c, _cu, what, *_: asked.append(what))
    assert sensor(natives(1), form="native").status_code == 200
    assert asked
    asked.clear()
    assert sensor(natives(2), form="native").json()["duplicates"] == 1
    assert not asked


def test_a_token_that_was_revoked_meanwhile_takes_nothing_in(sensor: Callable[..., httpx.Response], desk: Desk) -> None:
    assert sensor(natives(1)).status_code == 200  # from now on it is remembered
    desk.commit(Actor("p-test", "local"), access.revoke_token, "ids-1")
    for data in (natives(2), natives(2000)):  # at once, and in a thread
        refused = sensor(data)
        assert (refused.status_code, refused.json()["error"]) == (403, "token_refused")
    assert len(desk.look(explore, kind="DETECTIONS_ACCEPTED")) == 1


def test_who_is_signed_in_may_bring_a_file(officer: Someone) -> None:
    assert officer.post("/detections?format=suricata", content=SURICATA).json()["detections"] > 0


@pytest.mark.parametrize(
    ("data", "form"), [(b"", "auto"), (b"\x00\x01", "auto"), (SURICATA, "nonsense"), (b"x", "a%0Ab")]
)
def test_a_format_that_nobody_knows(sensor: Callable[..., httpx.Response], data: bytes, form: str) -> None:
    answer = sensor(data, form=form)
    assert (answer.status_code, answer.json()["error"]) == (422, "format_unknown")
    assert "nonsense" not in answer.text


def test_no_more_than_fits_is_taken_whatever_the_length_says(
    sensor: Callable[..., httpx.Response], officer: Someone, desk: Desk
) -> None:
    said = sensor(b"{}", **{"Content-Length": str(65 * MIB)})
    assert (said.status_code, said.json()["error"]) == (413, "input_too_large")

    def chunks() -> Iterator[bytes]:
        for _ in range(65):
            yield b" " * MIB

    unsaid = sensor(chunks())
    assert (unsaid.status_code, unsaid.json()["error"]) == (413, "input_too_large")
    elsewhere = officer.post("/incidents", {"title": "x", "account": "x" * 2 * MIB})
    assert (elsewhere.status_code, elsewhere.json()["error"]) == (413, "input_too_large")
    assert desk.look(explore, kind="DETECTIONS_ACCEPTED") == []


def test_the_officer_decides_on_what_waits(sensor: Callable[..., httpx.Response], someone: Make, desk: Desk) -> None:
    officer = someone("k.sato")
    sensor(natives(14))
    desk.commit(SYSTEM, triage.triage)
    groups = officer.get("/detections/waiting").json()
    assert (len(groups), {one["count"] for one in groups}) == (7, {2})
    opened = officer.post("/detections/waiting/open", {"keys": groups[0]["keys"], "title": "怪しい", "type": "ddos"})
    assert opened.status_code == 201
    found = officer.get(f"/incidents/{opened.json()['id']}/detections").json()
    assert sorted(one["id"] for one in found) == sorted(groups[0]["keys"])
    refused = officer.post("/detections/waiting/ignore", {"keys": groups[1]["keys"], "reason": " "})
    assert refused.json()["error"] == "reason_missing"
    ignored = officer.post("/detections/waiting/ignore", {"keys": groups[1]["keys"], "reason": "誤検知"})
    assert ignored.json() == {"count": 2}
    again = officer.post("/detections/waiting/open", {"keys": groups[1]["keys"]})
    assert (again.status_code, again.json()["error"]) == (404, "detections_not_waiting")
    assert len(officer.get("/detections/waiting").json()) == 5


@pytest.mark.parametrize("keys", [[], ["1; DROP"], [2**70], [-1], None])
def test_keys_are_numbers(officer: Someone, keys: Any) -> None:
    assert officer.post("/detections/waiting/open", {"keys": keys}).status_code == 422


def test_what_could_not_be_read_is_listed_with_the_reason(
    sensor: Callable[..., httpx.Response], officer: Someone
) -> None:
    sensor(natives(1) + b'{"title": 1, "title": 2}\n', form="csirt.detection.v1")
    found = officer.get("/quarantine").json()
    assert [one["code"] for one in found] == ["duplicate_key"]
    assert intake.BATCH_LIMIT == 1000

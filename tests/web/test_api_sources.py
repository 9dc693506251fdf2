"""The doors of sources: their tokens, signatures, addresses and rates, and what is missed when they fall silent."""

import hashlib
import hmac
import json
import shutil
import tomllib
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from csirt.bootstrap import Desk, wire
from csirt.chores import Chores
from csirt.clock import FixedClock
from csirt.errors import Conflict, Forbidden, Invalid, NotFound
from csirt.model.people import Actor
from csirt.model.source import is_among, networks_from, sources_from
from csirt.response import sources
from csirt.settings import Settings
from csirt.store.queries.timeline import explore
from csirt.store.queries.tokens import hash_of, live_tokens
from csirt.wellness import check
from tests.web.conftest import Someone

Make = Callable[..., Someone]
LOCAL = Actor("local", "local")
DECLARED = """
[[source]]
name = "edr"
owner = "csirt-head"
mapping = "vendor.toml"
silent_after = "2 h"

[[source]]
name = "ids"
owner = "csirt-head"
per_minute = 10
flood_from = 7
ignore_fields = ["id", "time"]

[[source]]
name = "far"
owner = "ciso"
addresses = ["192.0.2.0/24"]
"""
MAPPING = """
format = "vendor"
name = "Vendor"
[[recognise]]
has = ["alarm"]
[fields]
title = ["alarm"]
host = ["machine"]
"""
ALARM = json.dumps({"alarm": "Mimikatz", "machine": "pc-7"}).encode()


@pytest.fixture
def desk(founded: Path, tmp_path: Path, clock: FixedClock) -> Iterator[Desk]:
    data = Path(shutil.copytree(founded, tmp_path / "data"))
    (data / "sources.toml").write_text(DECLARED)
    (data / "mappings").mkdir()
    (data / "mappings" / "vendor.toml").write_text(MAPPING)
    made = wire(Settings(data=data), "web", clock)
    yield made
    made.close()


def a_token(desk: Desk, name: str, **more: Any) -> str:
    return desk.commit(LOCAL, sources.add_token, name, **({"lives": timedelta(days=1)} | more))[1]


@pytest.fixture
def send(someone: Make) -> Callable[..., httpx.Response]:
    client = someone().client

    def post(name: str, data: bytes = ALARM, token: str = "", **headers: str) -> httpx.Response:
        more = ({"Authorization": f"Bearer {token}"} if token else {}) | {
            k.replace("_", "-"): v for k, v in headers.items()
        }
        answer: httpx.Response = client.post(f"/api/v1/sources/{name}", content=data, headers=more)
        return answer

    return post


def test_a_source_is_read_by_its_own_mapping_at_its_door_and_at_the_common_one(
    send: Callable[..., httpx.Response], desk: Desk, someone: Make
) -> None:
    token = a_token(desk, "edr")
    assert send("edr", token=token).json()["detections"] == 1
    headers = {"Authorization": f"Bearer {token}"}
    again = someone().client.post("/api/v1/detections", content=ALARM, headers=headers)
    assert again.json()["duplicates"] == 1
    entry = desk.look(explore, kind="DETECTIONS_ACCEPTED")[0]
    assert (entry.actor, entry.out["source"]) == ("sensor:edr", "sensor:edr")
    row = someone("k.sato").get("/sources").json()[0]
    assert (row["name"], row["owner_name"], row["way"]) == ("edr", "CSIRT責任者", "web")
    assert (row["day"]["records"], row["day"]["detections"], row["tokens"][0]["signs"]) == (2, 1, False)
    assert token not in json.dumps(row)
    agreed = {row["name"]: (row["per_minute"], row["flood_from"], row["ignore_fields"]) for row in _listed(someone)}
    assert agreed["ids"] == (10, 7, ["id", "time"])
    assert agreed["edr"] == (60_000, 30, [])


def _listed(someone: Make) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = someone("k.sato").get("/sources").json()
    return found


def test_a_token_opens_the_door_of_its_source_only_and_ends(
    send: Callable[..., httpx.Response], desk: Desk, clock: FixedClock
) -> None:
    token = a_token(desk, "edr")
    for name in ("ids", "nobody", "x" * 300):
        answer = send(name, token=token)
        assert (answer.status_code, answer.json()["error"]) == (403, "token_refused")
    clock.forward(timedelta(days=1))
    assert send("edr", token=token).json()["error"] == "token_refused"


def test_a_token_is_changed_without_a_gap(send: Callable[..., httpx.Response], desk: Desk, clock: FixedClock) -> None:
    old = a_token(desk, "edr", lives=None)
    new_id, new = desk.commit(LOCAL, sources.add_token, "edr", lives=None, overlap=timedelta(hours=1))
    assert [send("edr", token=one).status_code for one in (old, new)] == [200, 200]
    clock.forward(timedelta(hours=1))
    assert [send("edr", token=one).status_code for one in (old, new)] == [403, 200]
    desk.commit(LOCAL, sources.revoke_token, new_id)
    assert send("edr", token=new).status_code == 403
    with pytest.raises(NotFound, match="token_unknown"):
        desk.commit(LOCAL, sources.revoke_token, new_id)


def test_the_common_door_remembers_a_token_no_longer_than_it_counts(
    desk: Desk, someone: Make, clock: FixedClock
) -> None:
    client = someone().client
    token, signing = a_token(desk, "ids"), a_token(desk, "ids", signs=True)

    def post(shown: str) -> int:
        body = b'{"title": "t", "src_ip": "192.0.2.1"}'
        headers = {"Authorization": f"Bearer {shown}"}
        answer: httpx.Response = client.post("/api/v1/detections?format=native", content=body, headers=headers)
        return answer.status_code

    assert (post(token), post(token), post(signing)) == (200, 200, 403)
    clock.forward(timedelta(days=1))
    assert post(token) == 403
    fresh = a_token(desk, "ids")
    with desk.read() as session:
        found = live_tokens(session, {hash_of(one) for one in (token, signing, fresh)}, clock.now())
    assert found == {hash_of(fresh)}


def test_addresses_of_token_and_source_count(send: Callable[..., httpx.Response], desk: Desk) -> None:
    assert send("edr", token=a_token(desk, "edr", addresses=["198.51.100.7"])).status_code == 403
    assert send("far", token=a_token(desk, "far")).status_code == 403
    assert is_among("::ffff:192.0.2.9", networks_from(["192.0.2.0/24"]))
    assert not is_among("192.0.3.9", networks_from(["192.0.2.0/24"]))


def signed(secret: str, text: bytes) -> str:
    return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


def test_a_body_may_be_signed_instead(send: Callable[..., httpx.Response], desk: Desk, clock: FixedClock) -> None:
    secret = a_token(desk, "edr", signs=True)
    stamp = str(int(clock.now().timestamp()))
    good = {"x_csirt_timestamp": stamp, "x_csirt_signature": "v1=" + signed(secret, stamp.encode() + b"." + ALARM)}
    assert send("edr", **good).json()["detections"] == 1
    assert send("edr", **good).json() == send("edr", **good).json()
    assert send("edr", ALARM + b" ", **good).json()["error"] == "token_refused"
    assert send("ids", **good).json()["error"] == "token_refused"
    assert send("edr", token=secret).json()["error"] == "token_refused"  # it signs, it is never sent
    clock.forward(sources.STAMP_AGE + timedelta(seconds=1))
    assert send("edr", **good).json()["error"] == "token_refused"
    for bad in ("v1=", "x", "v1=zz", "0" * 5000):
        assert send("edr", x_csirt_timestamp=stamp, x_csirt_signature=bad).status_code == 403


def test_a_signature_without_a_time_counts_once(send: Callable[..., httpx.Response], desk: Desk) -> None:
    secret = a_token(desk, "edr", signs=True)
    hub = {"x_hub_signature_256": "sha256=" + signed(secret, ALARM)}
    assert send("edr", **hub).json()["detections"] == 1
    assert send("edr", **hub, idempotency_key="another").json()["detections"] == 1  # the same answer, nothing counted
    assert len(desk.look(explore, kind="DETECTIONS_ACCEPTED")) == 1


def test_who_sends_more_than_agreed_waits(
    send: Callable[..., httpx.Response], desk: Desk, clock: FixedClock, someone: Make
) -> None:
    token = a_token(desk, "ids")
    rows = b"".join(json.dumps({"title": f"t{n}", "schema": "csirt.detection.v1"}).encode() + b"\n" for n in range(15))
    assert send("ids", rows, token).json()["records"] == 15
    answer = send("ids", rows, token)
    assert (answer.status_code, answer.json()["error"]) == (429, "source_too_fast")
    assert int(answer.headers["Retry-After"]) == answer.json()["params"]["seconds"] == 31
    common = someone().client.post("/api/v1/detections", content=rows, headers={"Authorization": f"Bearer {token}"})
    assert common.status_code == 429
    clock.forward(timedelta(seconds=31))
    assert send("ids", rows, token).json()["duplicates"] == 15


def test_what_is_grave_passes_a_full_bucket_and_nothing_is_counted_as_sent_that_was_refused(
    send: Callable[..., httpx.Response], desk: Desk, clock: FixedClock
) -> None:
    token = a_token(desk, "ids")

    def rows(first: int, level: int) -> bytes:
        told = [{"title": f"t{n}", "schema": "csirt.detection.v1", "level": level} for n in range(first, first + 12)]
        return b"".join(json.dumps(one).encode() + b"\n" for one in told)

    assert send("ids", rows(0, 1), token).json()["records"] == 12
    grave = json.dumps({"title": "grave", "schema": "csirt.detection.v1", "level": 4}).encode() + b"\n"
    assert send("ids", grave, token).json()["detections"] == 1  # nothing was left, so nothing is asked for again
    mixed = grave.replace(b"grave", b"crisis") + rows(20, 1)
    assert send("ids", mixed, token).status_code == 429
    clock.forward(timedelta(minutes=2))
    answer = send("ids", mixed, token).json()
    assert (answer["detections"], answer["duplicates"]) == (12, 1)


def test_a_silent_source_is_missed_and_heard_again(
    send: Callable[..., httpx.Response], desk: Desk, clock: FixedClock, someone: Make
) -> None:
    chores, token = Chores(desk), a_token(desk, "edr", lives=None)

    def pass_(hours: float) -> list[str]:
        clock.forward(timedelta(hours=hours))
        chores.keep_house()
        return [entry.kind for entry in reversed(desk.look(explore)) if entry.kind.startswith("SOURCE_")]

    def missed() -> list[str]:
        return [one.name for one in check(desk) if one.part == "source"]

    assert pass_(0) == ["SOURCE_WATCHED"]
    assert pass_(1.9) == ["SOURCE_WATCHED"]
    assert pass_(0.2)[1:] == ["SOURCE_SILENT"]
    assert pass_(5)[1:] == ["SOURCE_SILENT"]  # said once
    assert missed() == ["edr"]
    assert someone("k.sato").get("/sources").json()[0]["silent_since"]
    send("edr", token=token)
    assert pass_(0.1)[1:] == ["SOURCE_SILENT", "SOURCE_HEARD"]
    assert missed() == []


def test_who_is_signed_in_brings_in_what_a_source_left(someone: Make) -> None:
    officer, auditor = someone("k.sato"), someone("f.yamada")
    assert officer.post("/sources/edr", content=ALARM).json()["detections"] == 1
    assert officer.get("/sources").json()[0]["day"]["detections"] == 1
    assert officer.post("/sources/nobody", content=ALARM).json()["error"] == "source_unknown"
    assert auditor.post("/sources/edr", content=ALARM).json()["error"] == "not_permitted"


def test_tokens_are_issued_by_whoever_may(desk: Desk) -> None:
    with pytest.raises(Forbidden):
        desk.commit(Actor("p-1", "ldap"), sources.add_token, "edr", lives=None)
    with pytest.raises(NotFound, match="source_unknown"):
        a_token(desk, "nobody")
    with pytest.raises(Invalid, match="network_malformed"):
        a_token(desk, "edr", addresses=["example.com"])
    for _ in range(sources.MOST_TOKENS):
        a_token(desk, "edr")
    with pytest.raises(Conflict, match="tokens_too_many"):
        a_token(desk, "edr")


@pytest.mark.parametrize(
    ("row", "key"),
    [
        ('owner = "x"', "source[1].name"),
        ('name = "A"\nowner = "x"', "source[1].name"),
        ('name = "a"\nowner = "x"\nper_minute = 0', "source[1].per_minute"),
        ('name = "a"\nowner = "x"\nper_minute = true', "source[1].per_minute"),
        ('name = "a"\nowner = "x"\nsilent_after = "soon"', "source[1].silent_after"),
        ('name = "a"\nowner = "x"\naddresses = ["x"]', "source[1].addresses"),
        ('name = "a"\nowner = "x"\nmapping = "../x.toml"', "source[1].mapping"),
        ('name = "a"\nowner = "x"\nway = "pigeon"', "source[1].way"),
        ('name = "a"\nowner = "x"\nmaping = "x.toml"', "source[1].maping"),
    ],
)
def test_a_wrong_declaration_is_named(row: str, key: str) -> None:

    with pytest.raises(Invalid) as raised:
        sources_from(tomllib.loads(f"[[source]]\n{row}\n"), "sources.toml")
    assert (raised.value.params["file"], raised.value.params["key"]) == ("sources.toml", key)

"""A data folder of an older version goes on in this one, with its open cases; and the way back is what lay beside it.

`0038.tar.xz` was made by the product as it was when its newest migration bore that number: a city with a session, two
tokens, an open case, a sealed one, evidence, detections, and a backup with its keys. `notes.json` says what was seen.
"""

import json
import shutil
import sqlite3
from base64 import b64decode
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from csirt.bootstrap import Desk, wire
from csirt.clock import FixedClock
from csirt.record.verify_record import Checkpoint
from csirt.response import audit
from csirt.settings import Settings
from csirt.store.migrate import newest
from csirt.web.app import create_app
from tests.cli.calling import call
from tests.web.conftest import HOST, Someone, drive

MADE = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
OLD = "0038"
LINE = b'{"schema": "csirt.detection.v1", "title": "t", "host": "pc-9"}\n'


@dataclass(frozen=True, slots=True)
class Before:
    """The folder as the older version left it."""

    folder: Path
    notes: dict[str, Any]

    @property
    def data(self) -> Path:
        return self.folder / "data"


@pytest.fixture
def before(tmp_path: Path) -> Before:
    shutil.unpack_archive(Path(__file__).with_name(f"{OLD}.tar.xz"), tmp_path / "old")
    return Before(tmp_path / "old", json.loads((tmp_path / "old" / "notes.json").read_bytes()))


@contextmanager
def opened(data: Path) -> Iterator[tuple[Desk, TestClient]]:
    """The web process of this version on a folder, two minutes after it was left."""
    desk = wire(Settings(data=data), "web", FixedClock(MADE + timedelta(minutes=2)))
    try:
        with TestClient(create_app(desk), base_url=f"http://{HOST}") as client:
            yield desk, client
    finally:
        desk.close()


def revision(data: Path) -> str:
    with closing(sqlite3.connect(data / "csirt.sqlite")) as database:
        return str(database.execute("SELECT version_num FROM alembic_version").fetchone()[0])


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def is_as_before(client: TestClient, notes: dict[str, Any]) -> None:
    """What was seen in the older version: the case, its timeline, what waits, the evidence."""
    incident = notes["incident"]
    told = client.get(f"/api/v1/incidents/{incident}/timeline?limit=1000").json()
    assert [entry["kind"] for entry in told][: len(notes["timeline"])] == notes["timeline"]
    assert any("古い版で書いたメモ" in entry["text"] for entry in told)
    assert sorted(one["id"] for one in client.get("/api/v1/assignments").json()) == notes["assignments"]
    assert client.get(f"/api/v1/evidence/{notes['evidence']}/content").content == b"old evidence"


def test_sessions_tokens_cases_and_the_record_go_on(before: Before) -> None:
    notes = before.notes
    assert revision(before.data) == OLD
    with opened(before.data) as (desk, client):
        assert revision(before.data) == newest()
        client.cookies.update(notes["cookies"])
        session = client.get("/api/v1/session").json()
        assert session["person"]["id"] == notes["person"]
        is_as_before(client, notes)
        assert client.get(f"/api/v1/incidents/{notes['sealed']}").status_code == 200  # its reader still sees it
        signed = b64decode(notes["verified"]["root"])
        found = desk.look(audit.verify, checkpoints=[Checkpoint("old", notes["verified"]["size"], signed)])
        assert found.ok, found
        officer = Someone(client)
        officer.csrf = session["csrf"]
        answer = officer.post(f"/assignments/{notes['assignments'][0]}/answer", {"choice": "yes", "reason": "理由"})
        assert answer.status_code == 200, answer.text
        drive(desk)
        assert desk.look(audit.verify).ok
        kinds = [one["kind"] for one in officer.get(f"/incidents/{notes['incident']}/timeline?limit=1000").json()]
        assert kinds.count("STEP_ANSWERED") == 1
        assert kinds.count("STEP_OPENED") > notes["timeline"].count("STEP_OPENED")


def test_tokens_and_passwords_still_count_and_seals_still_hide(before: Before) -> None:
    notes = before.notes
    with opened(before.data) as (_, client):
        reads = {"Authorization": f"Bearer {notes['api_token']}"}
        assert [one["id"] for one in client.get("/api/v1/incidents", headers=reads).json()] == [notes["incident"]]
        sends = {"Authorization": f"Bearer {notes['sensor_token']}"}
        assert client.post("/api/v1/detections", content=LINE, headers=sends).json()["detections"] == 1
        other = Someone(client)
        assert other.sign_in("y.tanaka").status_code == 200
        assert other.get(f"/incidents/{notes['incident']}").status_code == 200
        assert other.get(f"/incidents/{notes['sealed']}").status_code == 404


def test_the_copy_made_before_is_the_way_back(before: Before, tmp_path: Path) -> None:
    """Whatever the newer version did, what was put aside is whole: at its revision, with everything as it was."""
    aside = tmp_path / "aside"
    shutil.copytree(before.data, aside)
    was = files(aside)
    with opened(before.data) as (desk, client):
        assert Someone(client).sign_in("k.sato").status_code == 200
        assert desk.look(audit.verify).size > before.notes["verified"]["size"]
    assert files(aside) == was
    assert revision(aside) == OLD
    with opened(aside) as (desk, client):  # and it goes up again from there
        assert desk.look(audit.verify).size == before.notes["verified"]["size"] + 1  # the backup that was taken
        client.cookies.update(before.notes["cookies"])
        is_as_before(client, before.notes)


def test_a_backup_of_the_older_version_is_for_that_version(before: Before, tmp_path: Path) -> None:
    """The newer one refuses it, names both, and leaves nothing: it is restored by the old one, as the how-to says."""
    (folder,) = (before.folder / "backups").iterdir()
    (keys,) = (before.folder / "keys").iterdir()
    there, was = tmp_path / "there", files(folder)
    back = call("restore", folder, "--keys", keys, "--data", there, "--json")
    assert (back.code, json.loads(back.err)["error"]) == (2, "backup_other_version")
    assert json.loads(back.err)["params"] == {"revision": OLD, "ours": newest()}
    assert not there.exists() or not files(there)
    assert files(folder) == was

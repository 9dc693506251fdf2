"""The API on PostgreSQL: one way through it, with what the two databases see differently."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from csirt.bootstrap import Desk, wire
from csirt.clock import FixedClock
from csirt.settings import Settings
from csirt.store.queries.timeline import WINDOW
from csirt.web.app import create_app
from tests.web.conftest import HOST, Someone, drive

pytestmark = pytest.mark.postgres


@pytest.fixture
def desk(founded: Path, tmp_path: Path, clock: FixedClock, fresh_postgres: Callable[[], str]) -> Iterator[Desk]:
    shutil.copytree(founded, tmp_path / "data")
    made = wire(Settings(data=tmp_path / "data", database_url=fresh_postgres()), "web", clock)
    yield made
    made.close()


def test_from_report_to_answer(desk: Desk) -> None:
    with TestClient(create_app(desk), base_url=f"http://{HOST}") as client:
        officer = Someone(client)
        assert officer.sign_in("k.sato", "wrong").status_code == 401
        assert officer.sign_in("k.sato").status_code == 200
        taken = {"title": "脅迫文\x00", "type": "ransomware", "account": "見たままに\x00"}
        incident = officer.post("/incidents", taken, headers={"Idempotency-Key": "k"}).json()["id"]
        drive(desk)
        asked = officer.get("/assignments?mine=true").json()[0]
        given = officer.post(f"/assignments/{asked['id']}/answer", {"choice": "yes", "reason": "理由\x00"})
        assert given.status_code == 200
        drive(desk)
        detections = b'{"schema": "csirt.detection.v1", "title": "t", "host": "pc-1"}\n'
        assert officer.post("/detections", content=detections).json()["detections"] == 1
        assert officer.get("/incidents/a%00b").json()["error"] == "nul"
        assert officer.get(f"/incidents/{incident}/timeline.csv").status_code == 200
        assert len(officer.get(f"/record?actor={officer.id}&since=2026-01-01T00:00:00Z").json()) in range(3, WINDOW)
        assert officer.get("/record/verify").json()["sound"] is True

"""What is recorded of reading: sealed incidents, personal data on purpose, files, all that an auditor opens."""

from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from sqlalchemy import event

from csirt.bootstrap import Desk
from csirt.clock import FixedClock
from csirt.errors import Unavailable
from csirt.model.people import SYSTEM, Role
from csirt.record.entry import EntryKind
from csirt.response import incidents
from csirt.response.incidents import Report
from csirt.store.queries import cases, timeline
from csirt.store.queries.timeline import TimelineEntry
from csirt.web.pages import routes as pages
from csirt.web.reading import _PERSONAL, whys
from csirt.web.session import Asked
from tests.response.seals import sealed, who
from tests.web.conftest import Someone, drive
from tests.web.databases import desk

__all__ = ["desk"]

Make = Callable[..., Someone]
AS_PAGE = {"Accept": "text/html"}


def read(desk: Desk) -> list[TimelineEntry]:
    """The readings on record, oldest first."""
    return desk.look(timeline.explore, kind=EntryKind.RECORD_READ.value)[::-1]


def told(desk: Desk) -> list[tuple[str, str | None, Any]]:
    return [(entry.actor, entry.incident, entry.out["why"]) for entry in read(desk)]


def opened(desk: Desk, title: str = "だれでも") -> str:
    incident = desk.commit(who(desk, "k.sato"), incidents.open_by_report, Report(title=title))
    drive(desk)
    return incident


def test_who_reads_a_sealed_incident_stands_in_it_once_in_ten_minutes(
    desk: Desk, someone: Make, clock: FixedClock
) -> None:
    hidden, plain = sealed(desk), opened(desk)
    ciso = someone("a.kobayashi")
    for _ in range(3):
        assert ciso.client.get(f"/incidents/{hidden}", headers=AS_PAGE).status_code == 200
        assert ciso.get(f"/incidents/{plain}").status_code == 200
    assert told(desk) == [(ciso.id, hidden, "sealed")]
    clock.forward(timedelta(minutes=10))
    assert ciso.get(f"/incidents/{hidden}").status_code == 200
    assert told(desk) == [(ciso.id, hidden, "sealed")] * 2


def test_a_page_that_asks_by_itself_is_no_new_reading_but_no_way_round_either(
    desk: Desk, someone: Make, clock: FixedClock
) -> None:
    hidden, ciso = sealed(desk), someone("a.kobayashi")
    by_itself = {"X-Desk-Live": "1"}
    assert ciso.get(f"/incidents/{hidden}", headers=by_itself).status_code == 200  # whoever claims it at once
    assert told(desk) == [(ciso.id, hidden, "sealed")]
    clock.forward(timedelta(minutes=10))
    assert ciso.get(f"/incidents/{hidden}", headers=by_itself).status_code == 200
    assert len(read(desk)) == 1


@pytest.mark.parametrize("address", ["/", "/incidents/{name}", "/api/v1/incidents", "/api/v1/incidents/{name}/notes"])
def test_lists_that_show_a_sealed_incident_count_as_well(desk: Desk, someone: Make, address: str) -> None:
    hidden = sealed(desk)
    desk.commit(who(desk, "k.sato"), incidents.add_note, hidden, "x")
    ciso, other = someone("a.kobayashi"), someone("y.tanaka")
    assert ciso.client.get(address.format(name=hidden), headers=AS_PAGE).status_code == 200
    assert told(desk) == [(ciso.id, hidden, "sealed")]
    other.client.get(address.format(name=hidden), headers=AS_PAGE)
    assert len(read(desk)) == 1  # who was not named read nothing of it


def test_everything_an_auditor_opens_stands_in_the_record(desk: Desk, someone: Make) -> None:
    incident, auditor = opened(desk), someone("f.yamada")
    for address in ("/audit", "/measures", f"/incidents/{incident}", f"/incidents/{incident}/facts"):
        assert auditor.client.get(address, headers=AS_PAGE).status_code == 200
    assert [(entry.incident, entry.out["address"]) for entry in read(desk)] == [
        (None, "/audit"),
        (None, "/measures"),
        (incident, "/incidents/[name]"),
        (incident, "/incidents/[name]/facts"),
    ]
    assert {entry.actor for entry in read(desk)} == {auditor.id}
    assert "監査人が閲覧した" in auditor.client.get(f"/incidents/{incident}", headers=AS_PAGE).text


def test_no_page_and_no_route_escapes_the_auditors_trace(app: FastAPI) -> None:
    """Every address that is read, but for what is of nobody's case."""
    paths = {path for path, item in app.openapi()["paths"].items() if "get" in item}
    for part in pages.PARTS:
        paths |= {one.path for one in part.router.routes if isinstance(one, APIRoute) and "GET" in (one.methods or ())}
    assert len(paths) > 80
    assert paths >= _PERSONAL - {"/incidents/{name}/erasable"}
    free = {path for path in paths if not whys(Asked(path, {}), {Role.AUDITOR})}
    assert free == {
        "/account", "/live", "/incidents/{name}/live", "/health", "/healthz", "/sign-in", "/sign-in/code",
        "/second-factor", "/api/v1/health", "/api/v1/session", "/api/v1/session/all", "/sign-in/oidc",
        "/sign-in/oidc/back",
    }  # fmt: skip


def test_what_an_auditor_was_refused_was_not_read(desk: Desk, someone: Make) -> None:
    auditor, hidden = someone("f.yamada"), sealed(desk)
    assert auditor.client.get(f"/incidents/{hidden}", headers=AS_PAGE).status_code == 404
    assert auditor.get("/access/sessions").status_code == 403
    assert auditor.get("/session").status_code == 200
    assert read(desk) == []


def test_nothing_that_was_typed_gets_into_the_entry(desk: Desk, someone: Make) -> None:
    auditor = someone("f.yamada")
    auditor.client.get("/search?q=山田太郎", headers=AS_PAGE)
    auditor.client.get("/playbooks/yamada-taro", headers=AS_PAGE)
    auditor.client.get("/incidents/yamada", headers=AS_PAGE)
    assert [entry.out for entry in read(desk)] == [{"why": "audit", "address": "/search"}]


def test_what_leaves_as_a_file_is_recorded_of_everybody(desk: Desk, officer: Someone) -> None:
    incident = opened(desk)
    assert officer.get(f"/incidents/{incident}/timeline.csv").status_code == 200
    assert officer.get("/measures.xlsx").status_code == 200
    assert told(desk) == [(officer.id, incident, "export"), (officer.id, None, "export")]


def test_personal_data_that_is_opened_on_purpose_is_recorded(desk: Desk, someone: Make) -> None:
    incident, head = opened(desk), someone("s.watanabe")
    assert head.get(f"/incidents/{incident}/erasable").status_code == 200
    assert told(desk) == [(head.id, incident, "personal")]


def fill_up(desk: Desk, incident: str) -> None:
    """From now on the database takes nothing more: it cannot grow, or PostgreSQL may only be read, as a standby."""
    writer = desk.door.database.writer

    if writer.dialect.name == "postgresql":
        event.listen(writer, "begin", lambda connection: connection.exec_driver_sql("SET TRANSACTION READ ONLY"))
        with pytest.raises(Unavailable):
            add_notes(desk, incident)
        return

    def stop(connection: Any, _record: object) -> None:
        (size,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count={size}")

    event.listen(writer, "connect", stop, insert=True)
    writer.dispose()
    with pytest.raises(Unavailable):
        add_notes(desk, incident)


def add_notes(desk: Desk, incident: str) -> None:
    for _ in range(10_000):
        desk.commit(SYSTEM, incidents.add_note, incident, "x" * 200)


def test_a_full_disk_blinds_the_auditor_and_not_who_responds(
    desk: Desk, someone: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    hidden, plain = sealed(desk), opened(desk)
    ciso, auditor = someone("a.kobayashi"), someone("f.yamada")
    fill_up(desk, plain)
    seen = ciso.get(f"/incidents/{hidden}")
    assert (seen.status_code, seen.json()["id"]) == (200, hidden)
    refused = auditor.get(f"/incidents/{plain}")
    assert (refused.status_code, refused.json()["error"]) == (503, "database_unavailable")
    assert plain not in refused.text
    assert read(desk) == []
    assert desk.look(cases.counts)["open"] == 2


def test_many_who_read_at_once_have_one_entry_each(desk: Desk, someone: Make) -> None:
    hidden, ciso = sealed(desk), someone("a.kobayashi")
    again = Someone(ciso.client)
    numbers = count()
    for _ in range(20):
        assert again.client.get(f"/incidents/{hidden}?detections={next(numbers) + 1}").status_code == 200
    assert len(read(desk)) == 1

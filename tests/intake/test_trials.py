"""What would become of a file if a source sent it: told as it would be, and nothing is kept."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from csirt.bootstrap import Desk
from csirt.cli.ingesting import sort_new
from csirt.cli.opening import refresh_people
from csirt.errors import Forbidden, NotFound
from csirt.model.people import LOCAL, Actor, Role
from csirt.response import people, secrecy, sources
from csirt.store.queries.timeline import explore
from csirt.taking import take_in
from csirt.trying import try_input
from tests.cli.calling import call
from tests.intake.declared import a_desk

DECLARED = """
[[source]]
name = "edr"
owner = "csirt-head"
mapping = "vendor.toml"
ignore_fields = ["id", "time"]

[[source]]
name = "drop"
owner = "csirt-head"
way = "folder"
per_minute = 2
"""


def alarm(title: str, machine: str) -> bytes:
    return json.dumps({"alarm": title, "machine": machine}).encode() + b"\n"


def native(title: str, host: str = "pc-1", **more: object) -> bytes:
    fields = {"schema": "csirt.detection.v1", "title": title, "host": host, "level": 2} | more
    return json.dumps(fields).encode() + b"\n"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = a_desk(tmp_path, DECLARED)
    yield made
    made.close()


def everything(desk: Desk) -> str:
    """All rows of all tables."""
    with desk.read() as session:
        connection = session.connection()
        tables = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").all()
        return "".join(str(connection.exec_driver_sql(f'SELECT * FROM "{name}"').all()) for (name,) in tables)  # noqa: S608


def sent(desk: Desk, name: str, data: bytes) -> None:
    source = desk.door.city.sources[name]
    take_in(desk, sources.actor_for(source), data, "auto", None)
    sort_new(desk)


def test_nothing_is_kept_and_what_is_told_comes_to_pass(desk: Desk) -> None:
    sent(desk, "drop", native("first", level=3))
    data = native("second") + native("third", "pc-2", level=1) + native("fourth", "pc-3") + b"{broken\n"
    before = everything(desk)
    trial = try_input(desk, LOCAL, "drop", data + native("first", level=3))
    assert everything(desk) == before
    assert [(one.fate.value, one.title) for one in trial.tried] == [
        ("joins", "second"), ("waits", "third"), ("opens", "fourth"), ("quarantined", ""), ("repeats", "first"),
    ]  # fmt: skip
    joins, _, opens, broken, repeats = trial.tried
    assert (joins.joined_by, joins.joined_over, joins.number) == ("same_host", "pc-1", repeats.number)
    assert (opens.opens, opens.number, broken.why, repeats.count) == (1, None, "not_json", 2)
    assert (trial.format, trial.let_in, trial.too_many, trial.left) == ("csirt.detection.v1", True, True, 0)
    opened = len(desk.look(explore, kind="INCIDENT_OPENED"))
    sent(desk, "drop", data)
    assert len(desk.look(explore, kind="INCIDENT_OPENED")) == opened + 1


def test_it_is_read_as_is_agreed_with_the_source(desk: Desk) -> None:
    trial = try_input(desk, LOCAL, "edr", alarm("Mimikatz", "pc-7") + alarm("Mimikatz", "PC-7") + alarm("x", "pc-7"))
    assert (trial.format, trial.tokens, trial.let_in) == ("vendor", 0, False)
    assert [one.fate.value for one in trial.tried] == ["waits", "repeats", "waits"]
    desk.commit(LOCAL, sources.add_token, "edr", lives=timedelta(days=1))
    assert try_input(desk, LOCAL, "edr", alarm("x", "pc-7")).let_in


def test_a_sealed_incident_is_told_to_nobody(desk: Desk) -> None:
    sent(desk, "drop", native("first", level=3))
    (opened,) = desk.look(explore, kind="INCIDENT_OPENED")
    assert opened.incident
    refresh_people(desk)
    reader = next(iter(desk.look(lambda look: people.roster(look.session, look.vault)).people))
    desk.commit(LOCAL, secrecy.seal, opened.incident, (reader,), "人事に関わる")
    for data, host in ((native("second"), "pc-1"), (native("first", level=3), "pc-1")):
        (told,) = try_input(desk, LOCAL, "drop", data).tried
        assert (told.fate.value, told.attacked, told.joined_by, told.number) == ("opens", host, "new", None)


def test_who_may_not_is_refused_and_who_reads_no_incidents_is_told_no_number(desk: Desk) -> None:
    sent(desk, "drop", native("first", level=3))
    with pytest.raises(Forbidden):
        try_input(desk, Actor("p-1", "ldap", "", frozenset({Role.AUDITOR})), "drop", native("x"))
    with pytest.raises(NotFound, match="source_unknown"):
        try_input(desk, LOCAL, "nobody", native("x"))
    admin = Actor("p-1", "ldap", "", frozenset({Role.ADMINISTRATOR}))
    (told,) = try_input(desk, admin, "drop", native("second")).tried
    assert (told.fate.value, told.number) == ("joins", None)


def test_the_command_tells_it_in_words_and_as_json(desk: Desk, tmp_path: Path) -> None:
    sent(desk, "drop", native("first", level=3))
    data, file = desk.settings.data, tmp_path / "some.ndjson"
    file.write_bytes(native("second") + b"{broken\n")
    told = call("sources", "test", "drop", file, "--data", data)
    assert told.code == 0
    assert (
        "同じ日（日本時間）に同じ端末「pc-1」で検知" in told.out.replace("\n", "").replace(" ", "")
        or "pc-1" in told.out
    )
    row = call("sources", "test", "drop", file, "--json", "--data", data).row
    assert (row["joins"], row["quarantined"], row["let_in"], row["format"]) == (1, 1, True, "csirt.detection.v1")
    assert row["records"][0]["fate_text"].endswith("第1号に加わる（同じ日（日本時間）に同じ端末「pc-1」で検知）")
    assert call("sources", "test", "nobody", file, "--data", data).code == 4
    assert call("sources", "test", "drop", tmp_path / "none", "--data", data).code == 4
    file.write_bytes(b"{broken\n")
    assert call("sources", "test", "edr", file, "--data", data).code == 2
    file.write_bytes(b"")
    assert call("sources", "test", "edr", file, "--data", data).code == 2

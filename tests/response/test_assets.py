"""A detection on an asset knows its layer, its owner and what it is worth there."""

import pytest
from sqlmodel import select

from csirt import founding
from csirt.errors import Forbidden
from csirt.ledgers import take_ledger
from csirt.model.asset import Asset, AssetRule, Layer, gravest, level_on
from csirt.model.incident import Level
from csirt.model.people import SYSTEM, Actor, Role
from csirt.response import triage
from csirt.store.queries import assets, cases, timeline
from csirt.store.tables.cases import IncidentRow
from tests.readers.ledgers import ROWS, table, workbook
from tests.response.test_triage import detect, seen, stored
from tests.world import World

LOCAL = Actor("local", "local")
AUDITOR = Actor("p-audit", "ldif", roles=frozenset({Role.AUDITOR}))


def imported(world: World, data: bytes | None = None) -> dict[str, object]:
    return take_ledger(world.desk, LOCAL, data or workbook()).plain()["imported"]  # type: ignore[no-any-return]


def test_an_import_makes_the_ledger_what_the_file_says(world: World) -> None:
    assert imported(world) == {"assets": 4, "added": 4, "changed": 0, "removed": 0}
    assert imported(world, table()) == {"assets": 4, "added": 0, "changed": 0, "removed": 0}
    changed: list[list[object]] = [[*ROWS[0][:2], "デジタル課", *ROWS[0][3:]], *ROWS[1:3]]
    assert imported(world, table(changed)) == {"assets": 3, "added": 0, "changed": 1, "removed": 1}
    assert imported(world) == {"assets": 4, "added": 1, "changed": 1, "removed": 0}
    found = world.desk.look(assets.assets)
    assert [one.asset.number for one in found] == ["S-001", "S-002", "S-003", "S-004"]
    assert found[0].asset.owner == "市民課"
    assert len(world.desk.look(timeline.explore, kind="ASSETS_IMPORTED")) == 3
    assert [one.asset.number for one in world.desk.look(assets.assets, search="juki-sv02")] == ["S-001"]
    assert world.desk.look(assets.count_assets, search="課") == 4


def test_who_keeps_no_ledger_may_not_import_it(world: World) -> None:
    with pytest.raises(Forbidden):
        take_ledger(world.desk, AUDITOR, workbook())
    assert world.desk.look(assets.count_assets) == 0


@pytest.mark.parametrize(
    ("host", "src", "level", "number", "worth"),
    [
        ("JUKI-SV02", None, 2, "S-001", 3),  # 個人番号利用事務系
        ("juki-sv01.city.naruto.example", None, 1, "S-001", 2),
        ("DOC-SV01", None, 2, None, 2),  # the ledger names it with its domain; another may have the short name
        ("doc-sv01.city.naruto.example.", None, 2, "S-002", 3),
        (None, "10.20.8.44", 1, "S-004", 2),  # in a network of the ledger
        (None, "192.0.2.80", 1, "S-003", 1),
        ("pc-unknown", None, 2, None, 2),
        ("JUKI-SV01", None, 0, "S-001", 0),  # what its source calls harmless stays so
    ],
)  # fmt: skip
def test_a_detection_knows_its_asset(
    world: World, host: str | None, src: str | None, level: int, number: str | None, worth: int
) -> None:
    imported(world)
    detect(world, seen("x", host=host, dst=src, level=level))
    row = stored(world)["x"]
    known = world.desk.look(assets.by_id, [row.asset])
    assert (known[row.asset].number if row.asset else None) == number
    assert (row.level, row.own_level) == (worth, level if worth > level else None)


def test_the_level_on_an_asset_opens_an_incident_and_proposes_its_level(world: World) -> None:
    imported(world)
    detect(world, seen("small", host="juki-sv01", level=1), seen("elsewhere", host="pc-9", level=1))
    with world.desk.read() as session:
        (case,) = session.exec(select(IncidentRow)).all()
    assert case.proposed_level == Level.SERIOUS
    (waits,) = world.desk.look(cases.waiting)
    assert waits.attacked == "pc-9"


def test_what_waits_is_looked_at_again_once_the_ledger_is_there(world: World) -> None:
    detect(world, seen("small", host="juki-sv01", level=1))
    assert stored(world)["small"].state == "waiting"
    imported(world)
    world.desk.commit(SYSTEM, triage.triage)
    assert stored(world)["small"].state == "sorted"


def test_of_several_assets_on_a_host_the_one_with_most_to_lose_counts() -> None:
    low, high = Asset("1", "a", layer=Layer.LGWAN, confidentiality=3), Asset("2", "b", layer=Layer.MY_NUMBER)
    assert gravest([low, high]) is high
    assert gravest([Asset("2", "b"), Asset("1", "a")]).number == "1"
    rules = [AssetRule(Level.MINOR, Level.SERIOUS, layer=Layer.LGWAN, confidentiality=2)]
    assert [level_on(one, 1, rules) for one in (low, high)] == [2, 1]
    assert level_on(low, 4, rules) == 4


def test_the_shipped_rules_name_their_source() -> None:
    table = founding.read_toml(founding.SAMPLE_CITY.parents[1] / "triage.toml")
    assert len(table["asset_rule"]) >= 4
    assert all(rule["source"] for rule in table["asset_rule"])

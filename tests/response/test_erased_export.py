"""An export says which texts were erased, and one whose key was destroyed behind the record's back does not pass."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from csirt import erasing as carrying_out
from csirt.response import audit
from tests.cli.calling import call
from tests.response.test_erasing import OTHER, SECRET, behind_its_back, chosen, noted, propose
from tests.world import World, found_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = found_world(tmp_path)
    with closing(made.desk):
        yield made


@pytest.fixture
def incident(world: World) -> str:
    """One of its texts was erased."""
    made = noted(world, SECRET, OTHER)
    proposed = propose(world, made, chosen(world, made, SECRET))
    carrying_out.approve(world.desk, world.person("a.kobayashi"), proposed)
    return made


def erased_in(folder: Path) -> list[str]:
    return [c for line in (folder / "erased.jsonl").read_bytes().splitlines() for c in json.loads(line)["c"]]


@pytest.mark.parametrize("part", [(), ("--incident", "I")])
def test_what_was_erased_is_listed_with_the_entry_that_says_so(
    world: World, incident: str, tmp_path: Path, part: tuple[str, ...]
) -> None:
    which = [incident if word == "I" else word for word in part]
    assert call("export", tmp_path / "out", "--data", world.desk.settings.data, "--json", *which).code == 0
    (line,) = (tmp_path / "out" / "erased.jsonl").read_bytes().splitlines()
    named = json.loads(json.loads(line)["entry"])
    assert (named["kind"], named["inc"]) == ("PERSONAL_DATA_ERASED", incident)
    (c,) = erased_in(tmp_path / "out")
    entries = (tmp_path / "out" / "entries.jsonl").read_text().splitlines()
    assert [json.loads(one)["kind"] for one in entries if c in one] == ["NOTE_ADDED"]
    assert c not in (tmp_path / "out" / "payloads.jsonl").read_text()


def test_where_nothing_was_erased_there_is_no_list(world: World, tmp_path: Path) -> None:
    noted(world, OTHER)
    assert call("export", tmp_path / "out", "--data", world.desk.settings.data, "--json").code == 0
    assert not (tmp_path / "out" / "erased.jsonl").exists()


def test_a_key_destroyed_without_an_erasure_has_its_export_refused(world: World, tmp_path: Path) -> None:
    noted(world, OTHER)
    behind_its_back(world, "UPDATE vault_key SET wrapped = NULL WHERE scope LIKE 'incident:%'")
    refused = call("export", tmp_path / "out", "--data", world.desk.settings.data, "--json")
    assert refused.code == 70
    assert refused.error["params"]["why"] == "erasure_unrecorded"


def test_an_erasure_that_is_not_sealed_yet_is_not_told(world: World, incident: str) -> None:
    size = world.desk.look(audit.verify).size
    assert world.desk.look(lambda look: list(audit.erasures(look, size)))
    assert world.desk.look(lambda look: list(audit.erasures(look, size - 1))) == []

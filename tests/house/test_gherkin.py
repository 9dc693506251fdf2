"""No acceptance criterion is lost on the way.

In the Japanese dialect `例:` means Examples. Below `ルール:` it is swallowed as a description: no error, and nothing
runs. So every feature is read with the reference parser, and what it finds must be what pytest collects.
"""

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from gherkin.dialect import Dialect
from gherkin.parser import Parser

from tests.house.tree import ROOT, name_of, python_files

FEATURES = sorted((ROOT / "tests").rglob("*.feature"))
Node = Mapping[str, Any]


def read_feature(path: Path) -> Node:
    """The syntax tree of a feature file."""
    document: Node = Parser().parse(path.read_text(encoding="utf-8"))
    return document


def blocks(feature: Node) -> Iterator[tuple[str, Node]]:
    """Every rule, scenario and background below `feature`, with what it is."""
    for child in feature["children"]:
        for kind, node in child.items():
            yield kind, node
            if kind == "rule":
                yield from blocks(node)


def swallowed_keywords(document: Node) -> list[str]:
    """Lines of descriptions that begin like a block of their own; a full-width colon is as bad."""
    feature = document["feature"]
    dialect = Dialect.for_name(feature["language"])
    assert dialect is not None
    lists = (
        dialect.rule_keywords,
        dialect.background_keywords,
        dialect.scenario_keywords,
        dialect.scenario_outline_keywords,
        dialect.examples_keywords,
        ["Rule", "Background", "Scenario", "Scenario Outline", "Example", "Examples"],
    )
    words = "|".join(re.escape(word) for words in lists for word in words)
    begins = re.compile(rf"^\s*(?:{words})\s*[:：]")
    descriptions = [feature["description"], *(node["description"] for _, node in blocks(feature))]
    return [line.strip() for text in descriptions for line in text.splitlines() if begins.match(line)]


def empty_blocks(document: Node) -> list[str]:
    """Rules without a scenario, scenarios without a step, outlines without a row."""
    found = [] if list(blocks(document["feature"])) else [document["feature"]["name"]]
    for kind, node in blocks(document["feature"]):
        if kind == "rule" and not any("scenario" in child for child in node["children"]):
            found.append(node["name"])
        if kind == "scenario" and not node["steps"]:
            found.append(node["name"])
        if kind == "scenario" and any(not table["tableBody"] for table in node["examples"]):
            found.append(node["name"])
    return found


def test_there_are_features() -> None:
    if not (ROOT / "tests" / "features").is_dir():
        pytest.skip("no acceptance criteria written yet")
    assert FEATURES


@pytest.mark.parametrize("path", FEATURES, ids=name_of)
def test_nothing_is_swallowed_as_a_description(path: Path) -> None:
    assert swallowed_keywords(read_feature(path)) == []


@pytest.mark.parametrize("path", FEATURES, ids=name_of)
def test_rules_have_scenarios_and_scenarios_have_steps(path: Path) -> None:
    assert empty_blocks(read_feature(path)) == []


def test_every_scenario_is_collected() -> None:
    if not FEATURES:
        pytest.skip("no acceptance criteria written yet")
    written: Counter[tuple[str, str]] = Counter()
    for path in FEATURES:
        for kind, node in blocks(read_feature(path)["feature"]):
            if kind == "scenario":
                rows = sum(len(table["tableBody"]) for table in node["examples"])
                written[path.name, node["name"]] += rows or 1
    users = [
        name_of(path)
        for path in python_files("tests")
        if re.search(r"\bscenarios?\(", path.read_text(encoding="utf-8"))
    ]
    listing = subprocess.run(
        [sys.executable, "-m", "tests.house.scenario_listing", *users],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert listing.returncode == 0, listing.stdout + listing.stderr
    collected = Counter(tuple(pair) for pair in json.loads(listing.stdout.splitlines()[-1]))
    assert written - collected == Counter()
    assert set(collected) == set(written)


SWALLOWED = """# language: ja
機能: 連絡
  ルール: 夜間も連絡する
    例: 夜中に届いた検知
      前提 夜中である
"""


def test_the_guard_sees_a_swallowed_example(tmp_path: Path) -> None:
    path = tmp_path / "lost.feature"
    path.write_text(SWALLOWED, encoding="utf-8")
    document = read_feature(path)
    assert swallowed_keywords(document) == ["例: 夜中に届いた検知"]
    assert empty_blocks(document) == ["夜間も連絡する"]


def test_the_guard_sees_a_scenario_without_steps(tmp_path: Path) -> None:
    path = tmp_path / "empty.feature"
    path.write_text("# language: ja\n機能: 連絡\n  シナリオ: 何もしない\n", encoding="utf-8")
    assert empty_blocks(read_feature(path)) == ["何もしない"]

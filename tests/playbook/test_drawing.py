"""The picture of a playbook: well-formed, whole, and fit for a page under a strict content policy."""

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from csirt.bootstrap import load_playbooks
from csirt.gallery import PlaybookWords, Shelf
from csirt.model.people import Roster
from csirt.playbook.drawing import width_of, wrapped
from csirt.texts.catalogs import catalog
from csirt.texts.naming import Naming
from tests.cli.calling import call
from tests.house.tree import ROOT

SHELF = Shelf.shipped()


def words(key: tuple[str, int], language: str = "ja") -> PlaybookWords:
    return PlaybookWords(SHELF, SHELF.walk(*key), Naming(Roster({}, {}), {}, catalog(language)))


def test_a_picture_is_the_same_in_every_process() -> None:
    """Two processes hash texts differently: an order taken from a set would name other outcomes in each."""
    code = (
        "from csirt.gallery import Shelf; from csirt.playbook.charts import chart_of;"
        "print(chart_of(Shelf.shipped().walk('ddos', 1)))"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(told) == 1


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("key", load_playbooks())
def test_a_picture_shows_every_step_inside_its_frame_and_needs_no_style(key: tuple[str, int], language: str) -> None:
    told = words(key, language)
    picture = told.svg()
    tree = ET.fromstring(picture)  # noqa: S314 - our own drawing
    assert "style" not in picture
    assert "script" not in picture
    _, _, wide, high = map(float, tree.attrib["viewBox"].split())
    for box in tree.iter("{http://www.w3.org/2000/svg}rect"):
        x, y, w, h = (float(box.attrib[name]) for name in ("x", "y", "width", "height"))
        assert x >= 0
        assert y >= 0
        assert x + w <= wide
        assert y + h <= high + 1
    text = "".join(tree.itertext()).replace(" ", "")
    for step in told.told():
        assert f"{step.number}.{step.title}".replace(" ", "") in text
    assert told.title(told.told()[0].key) in told.mermaid()
    assert "prefers-color-scheme:dark" in told.svg(alone=True)


def test_lines_fit_into_their_box() -> None:
    lines = wrapped("標的型メール・マルウェアメール (Malware by mail) を確認し、再接続を承認してください。", 200)
    assert len(lines) > 3
    assert all(width_of(line) <= 200 + 14 for line in lines)
    assert not any(line[0] in "、。" for line in lines)


def test_commands_show_walk_compare_and_draw(tmp_path: Path) -> None:
    data = ("--data", str(tmp_path / "nothing"))
    assert call("playbooks", "check", "--json", *data).rows == []
    rows = call("playbooks", "show", "malware_mail", "--version", "1", "--json", *data).rows
    assert list(dict.fromkeys(row["number"] for row in rows)) == list(range(1, len({row["key"] for row in rows}) + 1))
    changed = call("playbooks", "diff", "malware_mail", "1", "2", "--json", *data).rows
    assert ("warn_outside", "added") in {(row["step"], row["what"]) for row in changed}
    assert ("opened_or_received", "choices") in {(row["step"], row["what"]) for row in changed}
    walked = call("playbooks", "dry-run", "ransomware", "--choose", "is_it_an_incident=no", "--json", *data)
    assert [way["end"] for way in json.loads(walked.out)["ways"]] == ["closed:false_positive"]
    told = call("playbooks", "dry-run", "malware_mail", "--lang", "en", *data)
    assert "Closed (" in told.out
    drawn = call("playbooks", "show", "ransomware", "--svg", str(tmp_path / "r.svg"), *data)
    assert (drawn.code, (tmp_path / "r.svg").read_text(encoding="utf-8")[:4]) == (0, "<svg")
    assert call("playbooks", "show", "ransomware", "--mermaid", *data).out.startswith("flowchart TD")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (("show", "no_such"), 4),
        (("show", "ransomware", "--version", "99"), 4),
        (("diff", "malware_mail", "1", "9"), 4),
        (("dry-run", "ransomware", "--choose", "nonsense"), 2),
        (("dry-run", "ransomware", "--choose", "is_it_an_incident=perhaps"), 2),
        (("show", "ransomware", "--svg", "/no/such/folder/r.svg"), 2),
    ],
)
def test_commands_refuse_what_is_not_there(given: tuple[str, ...], code: int, tmp_path: Path) -> None:
    assert call("playbooks", *given, "--json", "--data", str(tmp_path / "nothing")).code == code

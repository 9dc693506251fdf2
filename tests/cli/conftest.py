"""A city in which something has happened, made once and copied for each test."""

import shutil
from pathlib import Path

import pytest

from csirt.model.people import Actor
from csirt.readers import formats
from csirt.response import access, incidents, intake
from tests.house.tree import ROOT
from tests.world import found_world


@pytest.fixture(scope="session")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Detections of the sample city, two incidents, answers, a token: some forty entries."""
    folder = tmp_path_factory.mktemp("lived-in")
    world = found_world(folder)
    sample = ROOT / "csirt/city_data/sample/detections"
    for name in ("suricata.ndjson", "edr.cef"):
        records = list(formats.read((sample / name).read_bytes()))
        world.desk.commit(Actor("local", "local"), intake.accept, records, source="file", form=name.rpartition(".")[2])
    world.work()
    (ransomware,) = (view.incident for view in world.waiting().values())
    world.answer("is_it_an_incident", "k.sato", "yes")
    world.work()
    world.desk.commit(Actor("local", "local"), access.issue_token, "ids")
    world.desk.commit(world.person("k.sato"), incidents.add_note, ransomware, "端末を隔離した。")
    world.open(title="電話による申告")
    world.work()
    world.desk.commit(Actor("local", "local"), access.issue_token, "edr")
    world.desk.close()
    return folder / "data"


@pytest.fixture
def data(lived_in: Path, tmp_path: Path) -> Path:
    """A copy of that city's data folder."""
    return Path(shutil.copytree(lived_in, tmp_path / "data"))

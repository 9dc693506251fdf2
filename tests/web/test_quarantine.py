"""What lies in quarantine is kept whole and read again once its mapping is mended: by API, by command, by button."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from csirt.bootstrap import Desk, wire
from csirt.clock import FixedClock
from csirt.model.people import Actor
from csirt.response import quarantine
from csirt.settings import Settings
from csirt.store.queries.timeline import explore
from csirt.taking import take_in
from csirt.wellness import check
from tests.cli.calling import call
from tests.intake.declared import MAPPING
from tests.web.conftest import Someone
from tests.web.visitor import Visitor

Make = Callable[..., Someone]
LOCAL = Actor("local", "local")
BROKEN = 'required = ["machinery"]\n' + MAPPING


@pytest.fixture
def desk(founded: Path, tmp_path: Path, clock: FixedClock) -> Iterator[Desk]:
    data = Path(shutil.copytree(founded, tmp_path / "data"))
    (data / "sources.toml").write_text('[[source]]\nname = "edr"\nowner = "csirt-head"\nmapping = "vendor.toml"\n')
    (data / "mappings").mkdir()
    (data / "mappings" / "vendor.toml").write_text(BROKEN)
    made = wire(Settings(data=data), "web", clock)
    yield made
    made.close()


def bring(desk: Desk, number: int = 3) -> None:
    rows = b"".join(json.dumps({"alarm": f"a{n}", "machine": f"pc-{n}"}).encode() + b"\n" for n in range(number))
    source = desk.door.city.sources["edr"]
    assert take_in(desk, LOCAL, rows + b"not json\n", "auto", None, source).quarantined == number + 1


def mend(desk: Desk) -> None:
    (desk.settings.data / "mappings" / "vendor.toml").write_text(MAPPING)


def test_it_is_kept_whole_and_read_after_the_mapping_is_mended(desk: Desk, someone: Make) -> None:
    bring(desk, 1500)
    officer, auditor = someone("k.sato"), someone("f.yamada")
    rows = officer.get("/quarantine?limit=500").json()
    assert len(rows) == 500
    kept = {one.id: one.raw for one in desk.look(quarantine.held, limit=5000)}
    assert len(kept) == 1501
    assert all(json.loads(raw)["machine"].startswith("pc-") for raw in kept.values() if raw != b"not json")
    assert auditor.post("/quarantine/retry", {}).json()["error"] == "not_permitted"
    assert officer.post("/quarantine/retry", {"ids": [rows[1]["id"]]}).json() == {"read": 0, "still": 1}
    mend(desk)
    assert officer.post("/quarantine/retry", {"ids": [rows[1]["id"]]}).json() == {"read": 1, "still": 0}
    assert officer.post("/quarantine/retry", {}).json() == {"read": 1499, "still": 1}
    assert officer.post("/quarantine/retry", {}).json() == {"read": 0, "still": 1}
    (left,) = officer.get("/quarantine").json()
    assert left["code"] == "not_json"
    assert [one.params for one in check(desk) if one.part == "quarantine"] == [{"number": 1}]
    entry = desk.look(explore, kind="QUARANTINE_READ")[0]
    assert set(entry.out) == {"batch", "index", "code"}


@pytest.mark.parametrize("ids", [["x"], [0], [-1], [2**60], "all"])
def test_ids_are_numbers(someone: Make, ids: object) -> None:
    assert someone("k.sato").post("/quarantine/retry", {"ids": ids}).status_code == 422


def test_the_command_lists_and_reads_again(desk: Desk) -> None:
    bring(desk)
    data = desk.settings.data
    assert len(call("quarantine", "list", "--json", "--data", data).rows) == 4
    assert call("quarantine", "retry", "--json", "--data", data).row == {"read": 0, "still": 4}
    mended = data / "other.toml"
    mended.write_text(MAPPING)
    found = call("quarantine", "retry", "1", "--mapping", mended, "--json", "--data", data)
    assert found.row == {"read": 1, "still": 0}
    mend(desk)
    assert call("quarantine", "retry", "--json", "--data", data).row == {"read": 2, "still": 1}
    assert "not_json" in call("quarantine", "list", "--json", "--data", data).out


def test_the_page_has_a_button_for_it(desk: Desk, someone: Make) -> None:
    bring(desk)
    mend(desk)
    visitor = Visitor(someone().client)
    visitor.client.follow_redirects = False
    visitor.sign_in("k.sato")
    answer = visitor.send("/waiting", "/quarantine/retry")
    assert (answer.status_code, answer.headers["location"]) == (303, "/waiting#quarantine")
    page = visitor.text("/waiting")
    assert "隔離した記録を読み直しました" in page
    assert page.count("JSON") == 1
    assert "edr" in visitor.text("/sources")
    auditor = Visitor(someone().client)
    auditor.client.follow_redirects = False
    auditor.sign_in("f.yamada")
    assert "/quarantine/retry" not in auditor.text("/waiting")

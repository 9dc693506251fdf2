"""The leaflet for an outage: contacts, playbooks, open deadlines; no scripts, no titles, nothing of sealed cases."""

import io
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pikepdf
import pytest

from csirt.errors import Conflict
from csirt.leaflets import PAGE, PDF, write_leaflet
from csirt.model.health import PartState
from csirt.model.incident import IncidentType
from csirt.reports.leaflet import Leaflet, LeafletSection, LeafletTable, leaflet_html, leaflet_pdf
from csirt.response import incidents
from csirt.response.incidents import Report
from csirt.wellness import check
from tests.cli.calling import call
from tests.reports.documents import HOSTILE
from tests.world import World, world

__all__ = ["world"]


def lived(world: World) -> None:
    world.open(title="撫養さんの端末が暗号化された")
    report = Report(
        title="会計課での疑い", type=IncidentType.DDOS, sealed=True, readers=(world.person("a.kobayashi").id,)
    )
    world.desk.commit(world.person("k.sato"), incidents.open_by_report, report)
    world.work()


@pytest.mark.parametrize("language", ["ja", "en"])
def test_it_holds_what_a_call_needs_and_no_more(world: World, tmp_path: Path, language: str) -> None:
    lived(world)
    write_leaflet(world.desk, tmp_path / "leaflet", "ja" if language == "ja" else "en")
    page = (tmp_path / "leaflet" / PAGE).read_text()
    for words in ("088-555-0106", "取扱注意" if language == "ja" else "Leaflet"):
        assert words in page, words
    for hidden in ("撫養さん", "暗号化された", "会計課での疑い"):
        assert hidden not in page, hidden
    if language == "ja":
        for words in (
            "令和8年度",
            "渡辺 慎一",
            "すぐに",
            "対応中の事案は1件です",
            "見られる事案が1件",
            "手順書「",
            "令和8年11月24日",
        ):
            assert words in page, words
        assert "令和8年度 第2号" not in page
    assert not re.search(r"<script|javascript:|https?://|src=|@import|url\(", page)
    with pikepdf.open(tmp_path / "leaflet" / PDF) as pdf, pdf.open_metadata() as metadata:
        assert (metadata["pdfaid:conformance"], metadata["pdfuaid:part"]) == ("A", "1")
        assert len(pdf.pages) > 3


def test_it_is_replaced_whole_and_nothing_else_is_touched(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "leaflet"
    write_leaflet(world.desk, folder, "ja")
    world.clock.forward(timedelta(days=1))
    write_leaflet(world.desk, folder, "ja")
    assert {path.name for path in tmp_path.iterdir() if "leaflet" in path.name} == {"leaflet"}
    assert "11月25日" in (folder / PAGE).read_text()
    assert folder.stat().st_mode & 0o077 == 0
    (folder / "mine.txt").write_text("x")
    with pytest.raises(Conflict, match="folder_not_ours"):
        write_leaflet(world.desk, folder, "ja")


def test_the_worker_makes_it_daily_and_health_knows_its_age(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "leaflet"
    assert [one for one in check(world.desk) if one.part == "bundle"] == []
    world.desk.settings.__dict__["bundle_folder"] = folder

    def found() -> tuple[PartState, str]:
        (one,) = [one for one in check(world.desk) if one.part == "bundle"]
        return one.state, one.code

    assert found() == (PartState.LATE, "bundle_missing")
    world.chores.keep_house()
    world.chores.do_daily()
    made = datetime.fromtimestamp((folder / PAGE).stat().st_mtime, UTC)
    world.clock.forward(made - world.clock.now() + timedelta(hours=1))
    assert found() == (PartState.OK, "")
    world.clock.forward(timedelta(hours=31))
    assert found() == (PartState.LATE, "bundle_old")


def test_hostile_texts_stay_texts() -> None:
    rows = tuple((text, "x") for text in HOSTILE)
    table = LeafletTable("</script><script>alert(1)</script>", ("<b>", "b"), rows)
    leaflet = Leaflet("t", "c", "h", ("<w>",), (LeafletSection("<s>", "<l>", (table,)),), "ja",
                      datetime(2026, 11, 22, tzinfo=UTC))  # fmt: skip
    page = leaflet_html(leaflet).decode()
    assert "<script" not in page
    assert "<b>" not in page
    with pikepdf.open(io.BytesIO(leaflet_pdf(leaflet))) as pdf:
        assert len(pdf.pages) >= 1


def test_the_command_says_where_it_lies(world: World, tmp_path: Path) -> None:
    if world.desk.settings.database_url:
        return
    made = call("bundle", tmp_path / "out", "--data", world.desk.settings.data, "--json").row
    assert Path(made["page"]).is_file()
    assert Path(made["pdf"]).is_file()

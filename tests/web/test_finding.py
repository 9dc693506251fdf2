"""Search: folded, inside words, on both databases, and blind to whoever has the database alone."""

import pytest
from sqlalchemy import text

from csirt.model.people import SYSTEM
from csirt.response import incidents, indexing
from csirt.response.incidents import Report
from csirt.store import search
from csirt.store.queries.found import found
from csirt.store.words import folded, phrases_of, words_of
from csirt.taking import take_in
from tests.web.test_pages_board import ALERT, SENSOR
from tests.web.visitor import Visit, played, visit
from tests.world import World, world

__all__ = ["played", "visit", "world"]


def make_findable(one: World) -> None:
    while one.desk.commit(SYSTEM, indexing.catch_up)[0]:
        pass


def a_case(one: World) -> str:
    officer = one.person("k.sato")
    report = Report(title="税務課のバックアップサーバーが暗号化された", account="ＬｏｃｋＢｉｔの脅迫文。")
    incident = one.desk.commit(officer, incidents.open_by_report, report)
    one.desk.commit(officer, incidents.add_note, incident, "業者の田中様に電話した。")
    take_in(one.desk, SENSOR, (ALERT % (7, 1)).encode(), "suricata-eve", None)
    make_findable(one)
    return incident


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("バックアップ", "incidents"), ("ばっくあっぷ", "incidents"), ("ﾊﾞｯｸｱｯﾌﾟ", "incidents"),
        ("クアップサーバ", "incidents"), ("lockbit", "incidents"), ("LOCKBIT 税務課", "incidents"),
        ("田中様", "notes"), ("業者　電話", "notes"), ("ＰＯＬＩＣＹ lookup", "detections"), ("10.9.9.7", "detections"),
    ],
)  # fmt: skip
def test_it_finds_whatever_the_width_and_the_kana(world: World, query: str, kind: str) -> None:
    a_case(world)
    got = world.desk.look(found, query)
    assert [len(getattr(got, one)) for one in ("incidents", "notes", "detections")] == [
        int(one == kind) for one in ("incidents", "notes", "detections")
    ]


@pytest.mark.parametrize("query", ["アップバック", "田中様 税務課", "10.9.9.8", "", '"', "' OR 1=1", "( & |"])
def test_it_finds_nothing_else(world: World, query: str) -> None:
    a_case(world)
    got = world.desk.look(found, query)
    assert (got.incidents, got.notes, got.detections) == ((), (), ())


def test_the_index_holds_no_word_that_can_be_read_and_is_made_anew(world: World) -> None:
    incident = a_case(world)
    with world.desk.read() as session:
        rows = [str(row) for row in session.connection().execute(text("SELECT * FROM search_index"))]
    assert rows
    for told in ("lockbit", "税務", "policy"):
        assert not any(told in row for row in rows)
    world.desk.commit(SYSTEM, indexing.begin_anew)
    assert world.desk.look(found, "lockbit").incidents == ()
    make_findable(world)
    assert [view.id for view in world.desk.look(found, "lockbit").incidents] == [incident]


def test_what_was_taken_away_is_not_found(world: World) -> None:
    incident = a_case(world)
    world.desk.commit(SYSTEM, lambda tx: search.take_away(tx.session, "incident", [incident]))
    assert world.desk.look(found, "lockbit").incidents == ()


def test_the_page_and_the_api_find_alike(visit: Visit, played: World) -> None:
    incident = a_case(played)
    me = visit("k.sato")
    page = me.text("/search?q=ばっくあっぷ")
    assert f"/incidents/{incident}" in page
    assert "バックアップサーバー" in page
    assert "見つかりませんでした" in me.text("/search?q=存在しない")
    assert me.client.get("/api/v1/search?q=田中様").json()["notes"][0]["incident"] == incident
    refused = me.get("/search?q=123456789018")
    assert refused.status_code == 422
    assert "123456789018" not in refused.text
    assert visit("o.sasaki").get("/search?q=lockbit").status_code == 403


def test_words_are_folded_and_paired() -> None:
    assert folded("ﾃｽﾄＰＣ") == "てすとpc"
    assert words_of("端末PC-017、港") == ["端末", "pc", "017", "港"]
    assert words_of("辻󠄀") == ["辻"]
    assert phrases_of("脅迫文 10.1.2.3") == [["脅迫", "迫文"], ["10", "1", "2", "3"]]

"""Search: folded, inside words, on both databases, and blind to whoever has the database alone."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlmodel import Session

from csirt.model.people import SYSTEM
from csirt.response import incidents, indexing
from csirt.response.incidents import Report
from csirt.store import search
from csirt.store.queries.found import found
from csirt.store.words import folded, phrases_of, words_of
from csirt.taking import take_in
from tests.response.seals import sealed, who
from tests.web.test_pages_board import ALERT, SENSOR
from tests.web.visitor import Visit, played, visit
from tests.world import World, found_world, world

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


def test_hidden_hits_do_not_push_out_those_that_may_be_seen(world: World) -> None:
    officer = who(world.desk, "k.sato")
    seen, hidden = world.open(), sealed(world.desk)
    world.desk.commit(officer, incidents.add_note, seen, "業者の田中様に電話した。")
    for number in range(130):
        world.desk.commit(officer, incidents.add_note, hidden, f"田中様から聞いた。{number}")
    make_findable(world)
    told = world.desk.seen_by(who(world.desk, "y.tanaka")).look(found, "田中様").notes
    assert [one.incident for one in told] == [seen]
    told = world.desk.seen_by(officer).look(found, "田中様").notes
    assert [one.incident for one in told] == [hidden] * 25
    assert told[0].note.text.endswith("129")


@pytest.mark.parametrize("newest", [1, 7, 40, 1000])
def test_the_newest_hits_come_first_wherever_they_lie(
    world: World, monkeypatch: pytest.MonkeyPatch, newest: int
) -> None:
    monkeypatch.setattr(search, "_NEWEST", newest)
    said = [f"通信 n{n}" + " 古い" * (n < 30) + " たまに" * (n % 9 == 0) for n in range(60)]
    docs = [("note" if n % 5 == 0 else "detection", str(n), one) for n, one in enumerate(said)]
    world.desk.commit(SYSTEM, lambda tx: search.put(tx.session, tx.vault, docs))
    for kind in ("detection", "note"):
        for query in ("通信", "古い", "たまに", "たまに 古い", "n44", "n45", "通信信"):
            words = query.split()
            expected = [ref for one, ref, told in docs if one == kind and set(words) <= set(told.split())][::-1]
            with world.desk.read() as session:
                assert in_pages(session, world, kind, query, 4) == expected, (kind, query)


def in_pages(session: Session, world: World, kind: str, query: str, limit: int) -> list[str]:
    """Everything that is found, a few hits at a time."""
    told: list[str] = []
    hits = search.find(session, world.desk.door.vault, kind, query, limit=limit)
    while hits:
        told += [ref for _, ref in hits]
        hits = search.find(session, world.desk.door.vault, kind, query, limit=limit, before=hits[-1][0])
    return told


MANY_DOCS = """INSERT INTO search_doc (id, kind, ref)
    SELECT n, CASE WHEN n < 2000 THEN 'incident' ELSE 'detection' END, n FROM generate_series(1, :many) n"""
MANY_WORDS = """INSERT INTO search_index (id, words) SELECT id, to_tsvector('simple', 'kind' || kind || ' ' ||
    CASE WHEN id < 2000 THEN :policy WHEN id < 4000 THEN :old ELSE :lookup END) FROM search_doc"""


@pytest.mark.postgres
def test_a_common_word_makes_no_question_read_everything(fresh_postgres: Callable[[], str], tmp_path: Path) -> None:
    many = 40_000
    world = found_world(tmp_path, fresh_postgres())
    told = {word: world.desk.door.vault.blind(word) for word in ("lookup", "old", "policy")} | {"many": many}
    with world.desk.door.database.writer.begin() as connection:
        connection.execute(text(MANY_DOCS), told)
        connection.execute(text(MANY_WORDS), told)
        connection.exec_driver_sql("ANALYZE search_index")
    try:
        with world.desk.read() as session:
            session.connection().exec_driver_sql("SET LOCAL enable_seqscan = off")  # as with many more rows than here
            for asked, query, number in (
                ("incident", "lookup", 0), ("incident", "policy", 25), ("detection", "lookup", 25),
                ("detection", "old", 25), ("detection", "policy", 0), ("note", "lookup", 0),
            ):  # fmt: skip
                with rows_read(session) as read:
                    hits = search.find(session, world.desk.door.vault, asked, query, limit=25)
                assert len(hits) == number, (asked, query)
                assert sum(read) < many / 2, (asked, query, read)
    finally:
        world.desk.close()


@contextmanager
def rows_read(session: Session) -> Iterator[list[float]]:
    """How many rows of the index of words the server reads for each question, as it says itself."""
    read: list[float] = []
    connection = session.connection()

    def explain(_conn: Any, cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + statement, parameters)
        read.append(scanned(cursor.fetchone()[0][0]["Plan"]))

    event.listen(connection, "before_cursor_execute", explain)
    try:
        yield read
    finally:
        event.remove(connection, "before_cursor_execute", explain)


def scanned(plan: Any) -> float:
    """Rows that a plan reads of the index of words."""
    own = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0) + plan.get("Rows Removed by Index Recheck", 0)
    mine = own * plan["Actual Loops"] if plan.get("Relation Name") == "search_index" else 0.0
    return mine + sum(map(scanned, plan.get("Plans", ())))


def test_a_storm_is_made_findable_in_commits_of_bounded_size(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "MOST", 2)
    for number in range(5):
        take_in(world.desk, SENSOR, (ALERT % (number, 1)).encode(), "suricata-eve", None)
    found_after = []
    more = True
    while more:
        more, _ = world.desk.commit(SYSTEM, indexing.catch_up)
        found_after.append(len(world.desk.look(found, "policy").detections))
    assert found_after == [2, 4, 5]

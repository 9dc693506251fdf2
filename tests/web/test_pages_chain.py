"""The page of one contact chain, and the same by the API: what is weak, who would be called when, and rehearsals."""

from datetime import timedelta

from csirt.response import absences
from tests.web.visitor import Visit, played, visit
from tests.world import World

__all__ = ["played", "visit"]


def test_a_chain_has_a_page_of_its_own(visit: Visit) -> None:
    me = visit("k.sato")
    assert 'href="/chains/national"' in me.text("/chains")
    page = me.text("/chains/national")
    for words in (
        "C1 ", "県を経て国へ", "点検", "今後14日間に呼ばれる人", "開始から",
        "総務省 サイバーセキュリティ対策室に60分以内", "応答率の根拠", "影響の大きい単一の障害",
    ):  # fmt: skip
        assert words in page, words
    assert page.count('<svg class="drawing"') == 2  # the ladder, and the rehearsal
    assert "Single failures that hurt most" in visit("k.sato", "en").text("/chains/national")


def test_it_is_rehearsed_as_the_form_asks(visit: Visit) -> None:
    me = visit("f.yamada")  # who only reads may rehearse, too: nobody is called
    page = me.text("/chains/national?at=2026-12-31T23:00&silent=post:ciso&down=phone&within=240&runs=1000")
    assert "令和8年12月31日(木) 23時00分" in page
    assert "240分以内に伝わる確率" in page
    assert '<input type="checkbox" name="silent" value="post:ciso" checked>' in page
    assert '<input type="checkbox" name="down" value="phone" checked>' in page
    assert '<option value="240" selected>' in page


def test_what_cannot_be_rehearsed_is_said_beside_its_field(visit: Visit) -> None:
    me = visit("k.sato")
    for query, words in (
        ("at=tomorrow", 'id="at-error"'),
        ("within=7", 'id="within-error"'),
        ("runs=9999999", 'id="runs-error"'),
        ("goal=post:mayor", 'role="alert"'),
        ("silent=!", 'role="alert"'),
    ):
        answer = me.get(f"/chains/national?{query}")
        assert answer.status_code == 422, query
        assert words in answer.text, query
        assert "今後14日間に呼ばれる人" in answer.text
    assert me.get("/chains/nobody").status_code == 404


def test_who_will_be_away_is_not_expected_to_come(visit: Visit, played: World) -> None:
    me, now = visit("k.sato"), played.desk.clock.now()
    sato = played.person("k.sato")
    before = me.get("/api/v1/chains/municipal/hours").json()
    assert {row["from_at"] for row in before} == {before[0]["from_at"]}
    played.desk.commit(sato, absences.enter, sato.id, now + timedelta(days=2), now + timedelta(days=3))
    rows = [row for row in me.get("/api/v1/chains/municipal/hours").json() if row["party"] == "post:poc"]
    called = [tuple(one["party"] for one in row["people"]) for row in rows if row["tier"] == 1]
    assert called[0] == called[2] == (sato.id,)
    assert sato.id not in called[1]
    page = me.text("/chains/municipal")
    assert page.count('<article class="card" aria-labelledby="pattern-') == 2
    assert "当てはまる時間帯（2）" in page


def test_a_rehearsal_knows_who_is_away_on_its_day(visit: Visit, played: World) -> None:
    me, day = visit("k.sato"), played.desk.clock.now() + timedelta(days=2)

    def called() -> set[str]:
        at = day.strftime("%Y-%m-%dT%H:%M:%SZ")
        found = me.get(f"/api/v1/chains/municipal/rehearsal?runs=50&at={at}").json()
        return {one["party"] for one in found["reached"]}

    assert "post:poc" in called()
    for person in played.desk.directory.posts()["poc"].acting_order:
        absence = person, day - timedelta(hours=1), day + timedelta(hours=1)
        played.desk.commit(played.person("k.sato"), absences.enter, *absence)
    assert "post:poc" not in called()


def test_the_api_lists_checks_and_rehearses(visit: Visit) -> None:
    me = visit("k.sato")
    chains = me.get("/api/v1/chains").json()
    assert [chain["code"] for chain in chains] == [f"C{n}" for n in range(10)]
    one = me.get("/api/v1/chains/national").json()
    assert one == chains[1]
    assert one["routes"][0]["tiers"][0]["call"][0]["party"] == "office:pref-security"
    assert {weak["severity"] for chain in chains for weak in chain["weaknesses"]} <= {"warning"}
    asked = "at=2026-12-31T23:00%2B09:00&silent=ciso&down=lgwan-mail&runs=300"
    found = me.get(f"/api/v1/chains/national/rehearsal?{asked}").json()
    assert found == me.get(f"/api/v1/chains/national/rehearsal?{asked}").json()
    assert (found["goal"], found["runs"], found["at"]) == ("office:mic-cyber", 300, "2026-12-31T14:00:00Z")
    assert found["weakest"][0] == {"kind": "down", "key": "phone", "probability": 0.0}
    for query, status in (("runs=1000000", 422), ("down=pigeon", 404), ("silent=!", 422), ("goal=mayor", 404)):
        assert me.get(f"/api/v1/chains/national/rehearsal?{query}").status_code == status, query
    assert me.get("/api/v1/chains/nobody/hours").status_code == 404

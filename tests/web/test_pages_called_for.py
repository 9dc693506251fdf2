"""The page of an incident names the chains that the rules call for; a button begins one, once; so does the API."""

from csirt.model.incident import IncidentType
from csirt.store.queries import work
from tests.web.visitor import Visit, lead, played, visit
from tests.world import World

__all__ = ["played", "visit"]


def test_a_chain_is_begun_by_its_button_once(visit: Visit, played: World) -> None:
    incident = played.open(IncidentType.LOSS_THEFT)
    page, action = f"/incidents/{incident}", f"/incidents/{incident}/chains/police"
    me = visit("k.sato")
    before = me.text(page)
    assert before.index("条件に当てはまる連絡網") < before.index(action)
    typed = me.form(page, action)
    for _ in range(2):
        assert lead(me.post(action, typed)) == f"{page}#escalations"
    assert action not in me.text(page)
    assert "連絡中" in me.text(page)
    assert [one.chain for one in played.desk.look(work.escalations, incident=incident)] == ["police"]
    assert "Contact chains that the rules call for" in visit("k.sato", "en").text(page)


def test_who_only_reads_sees_no_button(visit: Visit, played: World) -> None:
    incident = played.open(IncidentType.LOSS_THEFT)
    page = visit("f.yamada").text(f"/incidents/{incident}")
    assert "条件に当てはまる連絡網" in page
    assert "/chains/police" not in page


def test_the_api_names_and_begins_them(visit: Visit, played: World) -> None:
    incident = played.open(IncidentType.LOSS_THEFT)
    me = visit("k.sato")
    found = {one["chain"]: one for one in me.get(f"/api/v1/incidents/{incident}/chains").json()}
    assert found["police"] == {
        "chain": "police", "firing": "yes", "automatic": False, "climbs": 0, "under_way": False,
    }  # fmt: skip
    token = str(me.form("/", "/sign-out")["csrf"])
    path = f"/api/v1/incidents/{incident}/chains/police"
    made = [me.client.post(path, headers={"X-CSRF-Token": token}) for _ in range(2)]
    assert [answer.status_code for answer in made] == [201, 409]
    assert "chain_begun" in made[1].text

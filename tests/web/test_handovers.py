"""The page of hand-overs, the button that confirms contact data, and the same by the API."""

from datetime import timedelta

from csirt.era import jst_date
from tests.web.visitor import Visit, played, visit
from tests.world import World

__all__ = ["played", "visit"]


def test_a_hand_over_is_entered_shown_and_cancelled_and_the_coming_fortnight_follows(
    visit: Visit, played: World
) -> None:
    me, new = visit("k.sato"), played.person("m.takahashi").id
    on = jst_date(played.desk.clock.now()) + timedelta(days=3)
    wrong = me.send("/handovers", "/handovers", post="poc", on="soon", holder=new, keep="named")
    assert wrong.status_code == 422
    assert 'id="on-error"' in wrong.text
    assert 'id="deputy1-error"' in wrong.text
    sent = {"post": "poc", "on": on.isoformat(), "holder": new, "keep": "keep"}
    assert me.send("/handovers", "/handovers", **sent).status_code == 303
    page = me.text("/handovers")
    assert "名簿のまま" in page
    (row,) = me.get("/api/v1/people/handovers").json()
    assert (row["post"], row["on"], row["holder"], row["deputies"]) == ("poc", on.isoformat(), new, None)
    rows = [one for one in me.get("/api/v1/chains/municipal/hours").json() if one["party"] == "post:poc"]
    called = [one["people"][0]["party"] for one in rows if one["tier"] == 1]
    assert called == [played.person("k.sato").id, new]
    assert me.send("/handovers", "/handovers", **sent).status_code == 422  # a post changes hands once a day
    assert me.send("/handovers", f"/handovers/{row['id']}/cancel").status_code == 303
    assert me.get("/api/v1/people/handovers").json() == []


def test_whoever_only_reads_sees_no_form_and_may_not_send_one(visit: Visit, played: World) -> None:
    me = visit("f.yamada")
    assert 'action="/handovers"' not in me.text("/handovers")
    key = me.form("/", "/sign-out")
    on = jst_date(played.desk.clock.now()).isoformat()
    sent = key | {"post": "poc", "on": on, "holder": played.person("m.takahashi").id}
    assert me.post("/handovers", sent).status_code == 403
    assert me.post("/chains/national/confirmation", key | {"office": "mic-cyber"}).status_code == 403
    assert "CONTACT_CONFIRMED" not in played.kinds()
    assert "HANDOVER_ENTERED" not in played.kinds()
    assert "/confirmation" not in me.text("/chains/national")


def test_a_button_confirms_contact_data_today(visit: Visit, played: World) -> None:
    me = visit("k.sato")
    assert 'action="/chains/national/confirmation"' in me.text("/chains/national")
    forms = me.form("/chains/national", "/chains/national/confirmation")
    assert me.post("/chains/national/confirmation", forms | {"office": "mic-cyber"}).status_code == 303
    today = jst_date(played.desk.clock.now())
    assert f'datetime="{today.isoformat()}"' in me.text("/chains/national")
    assert played.kinds()[-1] == "CONTACT_CONFIRMED"


def test_a_deputy_chosen_beside_another_answer_is_not_dropped_in_silence(visit: Visit, played: World) -> None:
    me, new, deputy = visit("k.sato"), played.person("m.takahashi").id, played.person("h.suzuki").id
    on = jst_date(played.desk.clock.now()) + timedelta(days=3)
    sent = {"post": "poc", "on": on.isoformat(), "holder": new, "deputy1": deputy}
    for keep in ("keep", "nobody"):
        refused = me.send("/handovers", "/handovers", **sent, keep=keep)
        assert (refused.status_code, 'id="deputy1-error"' in refused.text) == (422, True)
    typed = me.form("/handovers", "/handovers") | sent
    for _ in range(2):  # pressed twice
        assert me.post("/handovers", typed).status_code == 303
    (row,) = me.get("/api/v1/people/handovers").json()
    assert row["deputies"] == [deputy]
    cancel = me.form("/handovers", f"/handovers/{row['id']}/cancel")
    for _ in range(2):
        assert me.post(f"/handovers/{row['id']}/cancel", cancel).status_code == 303

"""不在: entered by oneself, after seeing who is called meanwhile."""

from datetime import timedelta

from csirt.clock import JST
from tests.web.visitor import Visit, lead, played, visit
from tests.world import World

__all__ = ["played", "visit"]


def test_one_sees_who_is_called_instead_before_it_is_saved(visit: Visit, played: World) -> None:
    post = played.desk.directory.posts()["ciso"]
    people = played.desk.directory.people()
    assert post.holder
    me = visit(people[post.holder].uid)
    now = played.clock.now().astimezone(JST).replace(tzinfo=None)
    typed = me.form("/absences", "/absences") | {
        "from": (now + timedelta(hours=1)).isoformat(timespec="minutes"),
        "until": (now + timedelta(hours=9)).isoformat(timespec="minutes"),
    }
    shown = me.post("/absences", typed | {"act": "look"})
    assert shown.status_code == 200
    assert people[post.deputies[0]].name in shown.text
    assert "ABSENCE_ENTERED" not in played.kinds()
    for _ in range(2):  # pressed twice
        assert lead(me.post("/absences", typed | {"act": "enter"})) == "/absences"
    assert played.kinds().count("ABSENCE_ENTERED") == 1
    (row,) = me.get("/api/v1/people/absences").json()
    end = me.form("/absences", f"/absences/{row['id']}/end")
    for _ in range(2):
        assert lead(me.post(f"/absences/{row['id']}/end", end)) == "/absences"
    assert me.get("/api/v1/people/absences").json() == []


def test_a_span_that_is_none_comes_back(visit: Visit, played: World) -> None:
    me = visit("k.sato")
    typed = me.form("/absences", "/absences") | {"from": "2026-12-02T09:00", "until": "2026-12-01T09:00"}
    answer = me.post("/absences", typed | {"act": "look"})
    assert (answer.status_code, 'id="until-error"' in answer.text) == (422, True)
    assert me.post("/absences", typed | {"until": ""}).status_code == 422


def test_the_page_says_who_stands_in_by_rule_before_and_after_it_is_entered(visit: Visit, played: World) -> None:
    post, people = played.desk.directory.posts()["ciso"], played.desk.directory.people()
    me = visit(people[post.holder or ""].uid)
    page = me.text("/absences")
    order = page[page.index("自分の職の代理の順") : page.index("登録されている不在")]
    names = [people[one].name for one in post.acting_order]
    assert [order.index(name) for name in names] == sorted(order.index(name) for name in names)
    assert 'href="/handovers"' in order
    now = played.clock.now().astimezone(JST).replace(tzinfo=None)
    typed = me.form("/absences", "/absences") | {
        "from": now.isoformat(timespec="minutes"), "act": "enter",
        "until": (now + timedelta(hours=9)).isoformat(timespec="minutes"),
    }  # fmt: skip
    assert me.post("/absences", typed).status_code == 303
    listed = visit("k.sato").text("/absences").partition("登録されている不在")[2]
    assert names[0] in listed
    assert f"代わりに{names[1]}" in listed

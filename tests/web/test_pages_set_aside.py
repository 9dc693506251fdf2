"""An open step is skipped or cancelled on its page, by API and by whoever may; branches are shown as they go on."""

from urllib.parse import quote

from csirt.playbook import Responder, Role
from tests.plays import agree, entries, play_of, start
from tests.web.visitor import Visit, lead, played, visit
from tests.world import World

__all__ = ["played", "visit"]


def test_a_head_skips_a_step_with_a_reason(visit: Visit, played: World) -> None:
    incident = played.open()
    played.work()
    page = f"/incidents/{incident}/steps/is_it_an_incident/set-aside"
    me = visit("s.watanabe")
    assert page in me.text(f"/incidents/{incident}")
    faulty = me.send(page, page, act="skip", reason=" ")
    assert faulty.status_code == 422
    assert "理由" in faulty.text
    form = me.form(page, page) | {"act": "skip", "reason": "電話で確かめた。"}
    assert lead(me.post(page, form)) == f"/incidents/{incident}"
    shown = me.text(f"/incidents/{incident}")
    assert "手順の省略・取消しを記録しました。" in shown
    assert "電話で確かめた。" in shown
    assert [entry.step for entry in entries(played, incident, "STEP_SKIPPED")] == ["is_it_an_incident"]
    assert lead(me.post(page, form)) == f"/incidents/{incident}"  # pressed twice
    assert len(entries(played, incident, "STEP_SKIPPED")) == 1


def test_who_may_not_is_told_so_and_finds_no_form(visit: Visit, played: World) -> None:
    incident = played.open()
    played.work()
    page = f"/incidents/{incident}/steps/is_it_an_incident/set-aside"
    me = visit("m.takahashi")
    assert page not in me.text(f"/incidents/{incident}")
    shown = me.text(page)
    assert 'name="act"' not in shown
    assert "あなたの権限では" in shown


def test_branches_are_shown_as_they_go_on(visit: Visit, played: World) -> None:
    def contain(respond: Responder) -> None:
        respond.side_by_side(lambda r: agree(r, "one"), lambda r: agree(r, "two"))

    def report(respond: Responder) -> None:
        respond.for_each(["pc-1", "pc-2"], lambda r, _: r.ask("isolate", who=Role.OFFICER))

    incident = start(played, play_of(lambda respond: respond.side_by_side(contain, report)))
    played.work()
    me = visit("k.sato")
    shown = me.text(f"/incidents/{incident}")
    assert shown.count('class="branch"') == 6
    assert "<h3>pc-1</h3>" in shown
    played.answer("one", "k.sato", "yes")
    played.work()
    assert me.text(f"/incidents/{incident}").count('class="branch"') == 4
    address = f"/incidents/{incident}/steps/{quote('isolate[pc-1]')}/set-aside"
    assert address in me.text(f"/incidents/{incident}")
    assert "isolate[pc-1]" in me.text(address)

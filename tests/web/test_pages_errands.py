"""Work beside the playbook, on its pages: asked for, answered, waived; no text is lost."""

from datetime import timedelta

from csirt.clock import JST
from tests.web.visitor import Visit, lead, played, visit
from tests.world import World

__all__ = ["played", "visit"]


def test_something_is_asked_of_a_person_and_done(visit: Visit, played: World) -> None:
    incident = played.open()
    played.work()
    me, form, place = visit("k.sato"), f"/incidents/{incident}/errands/new", f"/incidents/{incident}/errands"
    assert form in me.text(f"/incidents/{incident}")
    wrong = me.send(form, place, text="機器室の鍵を借りる", who="", due="2020-01-01T00:00")
    assert (wrong.status_code, "機器室の鍵を借りる" in wrong.text) == (422, True)
    until = (played.clock.now() + timedelta(hours=1)).astimezone(JST).strftime("%Y-%m-%dT%H:%M")
    asked = {"text": "機器室の鍵を借りる", "who": played.person("n.ito").id, "due": until, "necessary": "yes"}
    typed = me.form(form, place) | asked
    for _ in range(2):  # pressed twice
        assert lead(me.post(place, typed)) == f"/incidents/{incident}#errands"
    assert played.kinds().count("ERRAND_ASKED") == 1
    ito = visit("n.ito")
    assert "機器室の鍵を借りる" in ito.text("/assignments")
    assert "終結に必要" in ito.text(f"/incidents/{incident}")
    (errand,) = [one for one in played.waiting(incident).values() if one.kind == "errand"]
    page = f"/assignments/{errand.id}"
    assert lead(ito.send(page, page, choice="done", reason="借りた。")) == f"/incidents/{incident}"
    assert "借りた。" in me.text(f"/incidents/{incident}")


def test_it_is_waived_with_a_reason_and_others_get_no_form(visit: Visit, played: World) -> None:
    incident = played.open()
    me, place = visit("k.sato"), f"/incidents/{incident}/errands"
    assert visit("n.ito").get(f"{place}/new").status_code == 403
    assert lead(me.send(f"{place}/new", place, text="鍵を借りる", who="role:system_manager"))
    (errand,) = [one for one in played.waiting(incident).values() if one.kind == "errand"]
    page = f"/assignments/{errand.id}"
    typed = me.form(page, f"{page}/waiver") | {"reason": "別の鍵があった。"}
    for _ in range(2):
        assert lead(me.post(f"{page}/waiver", typed)) == page
    assert played.kinds().count("ERRAND_WAIVED") == 1
    assert "別の鍵があった。" in me.text(page)

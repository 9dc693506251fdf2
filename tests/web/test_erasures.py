"""Erasing personal data by page, API and command: two people, and what the reader sees afterwards."""

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import text

from csirt.response import incidents
from csirt.store.queries.found import found
from tests.cli.calling import call
from tests.cli.conftest import data, lived_in
from tests.web.conftest import Someone
from tests.web.test_api_incidents import open_case
from tests.web.test_finding import make_findable
from tests.web.visitor import Visit, lead, played, visit
from tests.world import World

__all__ = ["data", "lived_in", "played", "visit"]
SECRET = "鳴門 太郎さんの病歴"


def noted(world: World) -> str:
    incident = world.open(title="誤送信")
    world.desk.commit(world.person("k.sato"), incidents.add_note, incident, SECRET)
    return incident


def test_one_person_proposes_another_approves_and_nobody_sees_it_again(visit: Visit, played: World) -> None:
    incident = noted(played)
    page = f"/incidents/{incident}/erasure"
    privacy, ciso = visit("r.kato"), visit("a.kobayashi")
    assert page in privacy.text(f"/incidents/{incident}")
    seen = privacy.text(page)
    at = seen.index(SECRET)
    c = seen[:at].rpartition('name="texts" value="')[2].partition('"')[0].replace("&#43;", "+")
    nothing = privacy.send(page, page, basis="person_asked", reason="本人の請求")
    assert nothing.status_code == 422
    assert "消去するものを選んでください" in nothing.text
    kept = privacy.send(page, page, texts=c, basis="person_asked", reason="")
    assert (kept.status_code, f'value="{c}" checked' in kept.text.replace("&#43;", "+")) == (422, True)
    assert lead(privacy.send(page, page, texts=c, basis="person_asked", reason="本人の請求")) == page
    assert "/approval" not in privacy.text(page)
    waits = ciso.text(page)
    action = "/erasures/" + waits.partition('action="/erasures/')[2].partition('"')[0]
    assert SECRET in waits
    assert lead(ciso.send(page, action)) == page
    for path in (page, f"/incidents/{incident}", "/audit"):
        assert SECRET not in ciso.text(path)
    assert visit("k.sato").get(page).status_code == 403


def test_what_was_erased_is_found_by_nobody_and_what_was_not_still_is(visit: Visit, played: World) -> None:
    incident = noted(played)
    played.desk.commit(played.person("k.sato"), incidents.add_note, incident, "端末を隔離した")
    make_findable(played)
    assert len(played.desk.look(found, "病歴").notes) == 1
    page = f"/incidents/{incident}/erasure"
    privacy, ciso = visit("r.kato"), visit("a.kobayashi")

    def erased(**chosen: str) -> None:
        privacy.send(page, page, basis="person_asked", reason="本人の請求", **chosen)
        action = "/erasures/" + ciso.text(page).partition('action="/erasures/')[2].partition('"')[0]
        assert lead(ciso.send(page, action)) == page

    seen = privacy.text(page)
    note = seen[: seen.index(SECRET)].rpartition('name="texts" value="')[2].partition('"')[0].replace("&#43;", "+")
    before = words_in_the_index(played)
    erased(texts=note)
    assert words_in_the_index(played) == before - 1, "in the same commit, before any worker came by"
    make_findable(played)
    assert played.desk.look(found, "病歴").notes == ()
    assert len(played.desk.look(found, "隔離").notes) == 1
    assert [one.id for one in played.desk.look(found, "誤送信").incidents] == [incident]
    erased(whole="yes")
    assert words_in_the_index(played) == 0
    make_findable(played)
    assert played.desk.look(found, "誤送信").incidents == ()


def words_in_the_index(world: World) -> int:
    with world.desk.read() as session:
        return int(session.connection().execute(text("SELECT count(*) FROM search_index")).scalar_one())


def test_every_page_of_a_case_that_was_erased_whole_can_still_be_opened(visit: Visit, played: World) -> None:
    incident = noted(played)
    page = f"/incidents/{incident}/erasure"
    assert lead(visit("r.kato").send(page, page, whole="yes", basis="retention_ended", reason="保存期間満了"))
    ciso = visit("a.kobayashi")
    action = "/erasures/" + ciso.text(page).partition('action="/erasures/')[2].partition('"')[0]
    assert lead(ciso.send(page, action)) == page
    for path in ("/", f"/incidents/{incident}", f"/incidents/{incident}/facts", f"/incidents/{incident}/duties", page):
        assert ciso.get(path).status_code == 200, path
    officer = visit("k.sato")
    for form in ("csv", "xlsx", "pdf"):
        assert officer.get(f"/incidents/{incident}/timeline.{form}").status_code in {200, 404}


def test_the_api_erases_and_names_what_is_wrong(officer: Someone, someone: Callable[..., Someone]) -> None:
    incident = open_case(officer)
    officer.post(f"/incidents/{incident}/notes", {"text": SECRET})
    privacy, ciso = someone("r.kato"), someone("a.kobayashi")
    assert officer.get(f"/incidents/{incident}/erasable").status_code == 403
    (c,) = [one["c"] for one in privacy.get(f"/incidents/{incident}/erasable").json() if one["text"] == SECRET]
    body = {"texts": [c], "basis": "wrongly_recorded", "reason": "誤って書いた"}
    wrong = privacy.post(f"/incidents/{incident}/erasures", {**body, "texts": []})
    assert (wrong.status_code, wrong.json()["error"]) == (422, "erasure_empty")
    keyed = {"Idempotency-Key": "erase-12345"}
    first, again = (privacy.post(f"/incidents/{incident}/erasures", body, headers=keyed).json() for _ in range(2))
    assert first == again
    assert privacy.post(f"/erasures/{first['id']}/approval").json()["error"] == "not_permitted"
    assert ciso.post(f"/erasures/{first['id']}/approval").status_code == 204
    assert SECRET not in privacy.get(f"/incidents/{incident}/erasable").text
    (done,) = ciso.get(f"/incidents/{incident}/erasures").json()
    assert (done["state"], done["basis_text"]) == ("done", "誤って記録した")


def test_commands_do_the_same(data: Path) -> None:
    incident = call("incidents", "--data", data, "--json").rows[-1]["number"]
    assert call("note", incident, "--as", "k.sato", "--text", SECRET, "--data", data).code == 0
    rows = call("erase", "texts", incident, "--data", data, "--json").rows
    (seq,) = [row["seq"] for row in rows if row["text"] == SECRET]
    told = ("--as", "r.kato", "--basis", "person_asked", "--reason", "本人の請求", "--data", data, "--json")
    assert call("erase", "propose", incident, "x", *told).error["error"] == "erasure_entry_malformed"
    assert call("erase", "propose", incident, "99999", *told).error["error"] == "erasure_text_unknown"
    made = call("erase", "propose", incident, seq, *told).row
    same = call("erase", "approve", made["id"], "--as", "r.kato", "--data", data, "--json")
    assert (same.code, same.error["error"]) == (3, "four_eyes")
    assert call("erase", "approve", made["id"], "--as", "a.kobayashi", "--data", data, "--json").code == 0
    assert SECRET not in call("timeline", incident, "--data", data, "--json").out
    assert call("erase", "list", incident, "--data", data, "--json").row["state"] == "done"
    assert call("erase", "rotate-keys", "--data", data, "--json").row["destroyed"] == 1
    assert call("verify", "--data", data, "--json").code == 0

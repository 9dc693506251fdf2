"""The gallery of playbooks, and moving a run to another version, by page and API."""

from collections.abc import Callable

import pytest

from csirt.bootstrap import Desk
from csirt.model.incident import IncidentType
from tests.web.conftest import Someone, drive
from tests.web.visitor import Visit, lead, played, visit
from tests.world import World

__all__ = ["played", "visit"]


def on_version_one(desk: Desk, world: World) -> str:
    """An incident that runs version 1 of a playbook that has two."""
    newest = desk.door.city.playbooks
    object.__setattr__(desk.door.city, "playbooks", {**newest, IncidentType.MALWARE_MAIL: ("malware_mail", 1)})
    incident = world.open(IncidentType.MALWARE_MAIL, "不審なメール")
    object.__setattr__(desk.door.city, "playbooks", newest)
    drive(desk)
    return incident


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_playbook_is_shown_as_picture_and_list(visit: Visit, desk: Desk, language: str) -> None:
    reader = visit("k.sato", language)
    listed = reader.text("/playbooks")
    for name in {name for name, _ in desk.playbooks}:
        assert f'href="/playbooks/{name}"' in listed
        page = reader.text(f"/playbooks/{name}")
        assert '<svg class="chart"' in page
        assert 'class="recipe-step' in page
    assert reader.get("/playbooks/no_such").status_code == 404
    assert reader.get("/playbooks/ransomware?version=99").status_code == 404


def test_versions_tell_their_differences_and_who_runs_them(visit: Visit, desk: Desk, played: World) -> None:
    incident = on_version_one(desk, played)
    page = visit("k.sato").text("/playbooks/malware_mail")
    assert "住民・取引先への注意喚起" in page
    assert f'href="/incidents/{incident}/move"' in page
    assert f'href="/incidents/{incident}/move"' not in visit("y.tanaka").text("/playbooks/malware_mail")


def test_a_run_is_moved_after_a_look(visit: Visit, desk: Desk, played: World) -> None:
    incident = on_version_one(desk, played)
    officer, path = visit("k.sato"), f"/incidents/{incident}/move"
    assert "移る先の版" in officer.text(path)
    preview = f"{path}?version=2"
    assert "記録済みの手順はすべて合います" in officer.text(preview)
    empty = officer.send(preview, path, reason=" ")
    assert (empty.status_code, "理由" in empty.text) == (422, True)
    form = officer.form(preview, path) | {"reason": "新しい版で進める"}
    assert (
        officer.post(path, form | {"version": "9" * 5000}).status_code == 422
    )  # more digits than Python makes a number of
    for _ in range(2):  # a double click counts once
        assert lead(officer.post(path, form)) == f"/incidents/{incident}"
    assert played.kinds(incident).count("RUN_MOVED") == 1
    assert "第2版" in officer.text(f"/incidents/{incident}")
    assert visit("y.tanaka").get(path).status_code == 403


def test_the_api_lists_compares_and_moves(someone: Callable[..., Someone], desk: Desk, played: World) -> None:
    incident = on_version_one(desk, played)
    officer = someone("k.sato")
    listed = officer.get("/playbooks").json()
    assert [one["open_runs"] for one in listed if (one["name"], one["version"]) == ("malware_mail", 1)] == [[incident]]
    told = officer.get("/playbooks/malware_mail", params={"version": 1}).json()
    assert (told["version"], told["mermaid"][:9]) == (1, "flowchart")
    changed = officer.get("/playbooks/malware_mail/differences", params={"old": 1, "new": 2}).json()
    assert "warn_outside" in {one["step"] for one in changed}
    seen = officer.get(f"/incidents/{incident}/move", params={"version": 2}).json()
    assert (seen["fits"], seen["drifting"], seen["to"]) == (True, [], 2)
    assert someone("y.tanaka").post(f"/incidents/{incident}/move", {"version": 2, "reason": "x"}).status_code == 403
    assert officer.post(f"/incidents/{incident}/move", {"version": 2, "reason": ""}).status_code == 422
    assert officer.post(f"/incidents/{incident}/move", {"version": 2, "reason": "新しい版"}).status_code == 204
    assert officer.post(f"/incidents/{incident}/move", {"version": 2, "reason": "新しい版"}).status_code == 409
    assert officer.get("/playbooks/no_such").status_code == 404

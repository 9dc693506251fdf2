"""Cases that no playbook leads: people say what kind they are, and close them."""

import pytest

from csirt.errors import Conflict, Forbidden, Invalid
from csirt.model.incident import Disposition, IncidentStatus, IncidentType
from csirt.model.people import Actor, Role
from csirt.response import by_hand
from csirt.store.queries import cases, work
from tests.web.visitor import Visit, lead, played, visit
from tests.world import WITHOUT_PLAYBOOK, World

__all__ = ["played", "visit"]


def test_an_undecided_case_gets_its_type_and_with_it_its_playbook(visit: Visit, played: World) -> None:
    incident = played.open(IncidentType.UNDECIDED, "画面がおかしい")
    me, page = visit("k.sato"), f"/incidents/{incident}/by-hand"
    assert page in me.text(f"/incidents/{incident}")
    assert "対応手順「ランサムウェア」が始まる" in me.text(page)
    typed = me.form(page, f"/incidents/{incident}/type") | {"type": "ransomware"}
    assert "理由を入力してください。" in me.post(f"/incidents/{incident}/type", typed).text
    typed["reason"] = "脅迫文が見つかった。"
    for _ in range(2):
        assert lead(me.post(f"/incidents/{incident}/type", typed)) == f"/incidents/{incident}"
    played.work()
    assert played.kinds(incident).count("INCIDENT_TYPE_SET") == 1
    assert played.desk.look(cases.incident, incident).playbook == "ransomware"
    assert played.desk.look(work.assignments, incident=incident)
    assert page not in me.text(f"/incidents/{incident}")


def test_a_case_without_a_playbook_is_closed_with_a_reason_once(visit: Visit, played: World) -> None:
    incident = played.open(IncidentType.UNDECIDED, "勘違いの電話")
    me, page = visit("k.sato"), f"/incidents/{incident}/by-hand"
    typed = me.form(page, f"/incidents/{incident}/closing") | {"reason": "利用者の勘違いだった。"}
    assert "どれか1つを選んでください。" in me.post(f"/incidents/{incident}/closing", typed).text
    typed["disposition"] = "benign"
    for _ in range(2):
        assert lead(me.post(f"/incidents/{incident}/closing", typed)) == f"/incidents/{incident}"
    assert played.desk.look(cases.incident, incident).status is IncidentStatus.CLOSED
    assert played.kinds(incident).count("INCIDENT_CLOSED") == 1


def test_a_playbook_that_runs_is_not_passed_by(played: World) -> None:
    incident = played.open()
    officer = played.person("k.sato")
    with pytest.raises(Conflict, match="playbook_runs"):
        played.desk.commit(officer, by_hand.set_type, incident, WITHOUT_PLAYBOOK, "x")
    with pytest.raises(Conflict, match="playbook_runs"):
        played.desk.commit(officer, by_hand.close, incident, Disposition.BENIGN, "x")


def test_who_may_not_decide_does_not_and_no_real_case_becomes_a_drill(visit: Visit, played: World) -> None:
    incident = played.open(IncidentType.UNDECIDED)
    assert '<form method="post" action="/incidents' not in visit("f.yamada").text(f"/incidents/{incident}/by-hand")
    responder = Actor("p-1", "ldif", "", frozenset({Role.RESPONDER}))
    with pytest.raises(Forbidden):
        played.desk.commit(responder, by_hand.set_type, incident, WITHOUT_PLAYBOOK, "x")
    with pytest.raises(Forbidden):
        played.desk.commit(responder, by_hand.close, incident, Disposition.BENIGN, "x")
    with pytest.raises(Invalid, match="type_of_drill"):
        played.desk.commit(played.person("k.sato"), by_hand.set_type, incident, IncidentType.DRILL, "x")

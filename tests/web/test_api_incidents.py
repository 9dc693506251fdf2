"""Incidents from the first report to the answers of people, through the API alone."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from csirt.bootstrap import Desk
from csirt.chores import Chores
from csirt.clock import FixedClock
from csirt.store.queries.cases import counts
from csirt.store.queries.timeline import head, timeline
from tests.web.conftest import Someone, drive

Make = Callable[..., Someone]
HOSTILE = (
    "<script>alert(1)</script>",
    "{{ 7 * 7 }} %(title)s %s",
    '=HYPERLINK("http://evil.example")',
    "'; DROP TABLE incident; --",
    "\u202egnp.exe",
    "改行\r\nX-Header: 1\x00終わり",
    "𠮷野家👨\u200d👩\u200d👧",
)


def open_case(who: Someone, **more: Any) -> str:
    answer = who.post("/incidents", {"title": "税務課の端末に脅迫文", "type": "ransomware", **more})
    assert answer.status_code == 201, answer.text
    found: str = answer.json()["id"]
    return found


def waiting(who: Someone, incident: str) -> dict[str, dict[str, Any]]:
    return {one["step"]: one for one in who.get(f"/assignments?incident={incident}").json()}


def answer(who: Someone, desk: Desk, incident: str, step: str, choice: str, **fields: Any) -> Any:
    found = waiting(who, incident)[step]
    given = who.post(f"/assignments/{found['id']}/answer", {"choice": choice, "reason": "理由", "fields": fields})
    drive(desk)
    return given


def test_an_incident_can_be_named_by_number(officer: Someone) -> None:
    made = officer.post("/incidents", {"title": "x", "occurred": "2026-11-22T10:00:00+09:00"}).json()
    assert made["number"] == "令和8年度 第1号"
    assert made["clocks"]["occurred"] == "2026-11-22T01:00:00Z"
    for name in (made["id"], "R8-1", "令和8年度 第1号", "FY2026 No. 1"):
        found = officer.get(f"/incidents/{name}")
        assert (found.status_code, found.json()["id"]) == (200, made["id"])
    assert officer.get("/incidents/R8-2").json()["error"] == "incident_unknown"


def test_the_same_request_twice_opens_one_incident(someone: Make, desk: Desk) -> None:
    me, other = someone("k.sato"), someone("y.tanaka")
    ids = {me.post("/incidents", {"title": "x"}, headers={"Idempotency-Key": "k"}).json()["id"] for _ in range(3)}
    assert len(ids) == 1
    ids.add(other.post("/incidents", {"title": "x"}, headers={"Idempotency-Key": "k"}).json()["id"])
    assert len(ids) == desk.look(counts)["incidents"] == 2


@pytest.mark.parametrize("title", HOSTILE)
def test_a_hostile_title_is_data(officer: Someone, title: str) -> None:
    incident = open_case(officer, title=title)
    shown = officer.get(f"/incidents/{incident}").json()["title"]
    assert "\n" not in shown
    assert "\x00" not in shown
    assert len(shown) >= len(title) - 3
    assert shown in officer.get(f"/incidents/{incident}/timeline").json()[0]["text"]
    for form in ("pdf", "xlsx", "csv"):
        assert officer.get(f"/incidents/{incident}/timeline.{form}").status_code == 200


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, "title", "field_missing"),
        ({"title": " "}, "title", "title_missing"),
        ({"title": "x" * 201}, "title", "field_invalid"),
        ({"title": "x", "level": 4}, "level", "field_unknown"),
        ({"title": "x", "type": "nonsense"}, "type", "field_invalid"),
        ({"title": "x", "channel": "sensor"}, "channel", "field_invalid"),
        ({"title": "x", "occurred": "2026-11-22T10:00:00"}, "occurred", "field_invalid"),
        ({"title": "x", "occurred": "0001-01-01T00:00:00+09:00"}, "occurred", "field_invalid"),
        ({"title": 7}, "title", "field_invalid"),
        ({"title": "個人番号は 123456789018 です"}, "title", "my_number_refused"),
        ({"title": "x", "account": "マイナンバー 1234-5678-9018"}, "account", "my_number_refused"),
    ],
)
def test_a_report_that_cannot_be_taken_names_the_field(officer: Someone, body: Any, field: str, code: str) -> None:
    refused = officer.post("/incidents", body)
    assert refused.status_code == 422
    said = refused.json()
    assert (said["error"], said["params"]["field"]) == (code, field)
    assert "9018" not in refused.text
    assert officer.get("/incidents").json() == []


@pytest.mark.parametrize(
    "body", [b"{", b'{"title": "\\ud800"}', b"[" * 100_000, b"\xff\xfe", b'{"title": NaN}', b"null"]
)
def test_what_is_no_proper_json_is_refused(officer: Someone, body: bytes) -> None:
    headers = {"X-CSRF-Token": officer.csrf, "Content-Type": "application/json"}
    refused = officer.client.post("/api/v1/incidents", content=body, headers=headers)
    assert refused.status_code == 422
    assert refused.json()["error"] in {"not_json", "field_invalid", "field_missing"}


def test_a_nul_in_an_address_is_refused(officer: Someone) -> None:
    for path in ("/incidents/a%00b", "/record?actor=a%00b"):
        assert officer.get(path).json()["error"] == "nul"


def test_a_list_comes_in_pages(officer: Someone, clock: FixedClock) -> None:
    ids = []
    for _ in range(5):
        clock.forward(timedelta(minutes=1))
        ids.append(open_case(officer, type="ddos"))
    pages = [officer.get(f"/incidents?status=open&offset={at}&limit=2").json() for at in (0, 2, 4)]
    assert [one["id"] for page in pages for one in page] == ids[::-1]
    assert officer.get("/incidents?limit=0").status_code == 422
    assert officer.get("/incidents?status=nonsense").status_code == 422


# ------------------------------------------------------------------------------------------------- answering


def test_an_assignment_shows_what_it_asks(officer: Someone, desk: Desk) -> None:
    incident = open_case(officer)
    drive(desk)
    listed = waiting(officer, incident)["is_it_an_incident"]
    assert listed["may_answer"]
    shown = officer.get(f"/assignments/{listed['id']}?lang=en").json()
    assert shown["title"] == "Is it an incident?"
    assert {one["code"] for one in shown["choices"]} >= {"yes", "no"}
    assert all(one["text"] != one["code"] for one in shown["choices"])
    assert "gather_facts" in shown["shown"]
    assert shown["answer"] is None
    assert [one["id"] for one in officer.get("/assignments?mine=true").json()] == [listed["id"]]


def test_the_second_answer_comes_too_late(someone: Make, desk: Desk) -> None:
    me = someone("k.sato")
    others = [someone("k.sato") for _ in range(4)]
    incident = open_case(me)
    drive(desk)
    path = f"/assignments/{waiting(me, incident)['is_it_an_incident']['id']}/answer"
    with ThreadPoolExecutor(5) as pool:
        found = list(pool.map(lambda who: who.post(path, {"choice": "yes", "reason": who.csrf}), [me, *others]))
    assert sorted(one.status_code for one in found) == [200, 409, 409, 409, 409]
    late = next(one for one in found if one.status_code == 409)
    assert (late.json()["error"], late.json()["params"]) == ("already_answered", {"step": "is_it_an_incident"})
    assert len([one for one in desk.look(timeline, incident) if one.kind == "STEP_ANSWERED"]) == 1


def test_an_answer_is_told_in_the_timeline(officer: Someone, desk: Desk) -> None:
    incident = open_case(officer)
    drive(desk)
    given = answer(officer, desk, incident, "is_it_an_incident", "yes").json()
    assert (given["choice"], given["answer"]["reason"]) == ("yes", "理由")
    lines = officer.get(f"/incidents/{incident}/timeline").json()
    line = next(one for one in lines if one["kind"] == "STEP_ANSWERED")
    assert line["text"] == "「インシデントかどうかの判断」に回答: インシデントである（理由: 理由）"
    assert line["actor_name"] == "佐藤 和也（情報担当係長）"
    later = officer.get(f"/incidents/{incident}/timeline?after={line['seq']}&limit=2").json()
    assert [one["seq"] for one in later] == [line["seq"] + 1, line["seq"] + 2]


def test_who_proposed_does_not_approve(someone: Make, desk: Desk) -> None:
    head_of_csirt = someone("s.watanabe")
    incident = open_case(head_of_csirt)
    drive(desk)
    officer = someone("k.sato")
    answer(officer, desk, incident, "is_it_an_incident", "yes")
    answer(officer, desk, incident, "propose_level", "level_3")
    asked = waiting(officer, incident)["confirm_level"]
    refused = officer.post(f"/assignments/{asked['id']}/answer", {"choice": "approve"})
    assert (refused.status_code, refused.json()["error"]) == (403, "not_your_assignment")


def test_four_eyes(someone: Make, desk: Desk) -> None:
    """山本 has the role that proposes to reconnect and deputises for the post that approves: one of them, not both."""
    holders = ("a.kobayashi", "t.nakamura")  # who look back at what their deputies decided
    people = {uid: someone(uid) for uid in ("k.sato", "e.yamamoto", "m.takahashi", "r.kato", *holders)}
    officer, proposer = people["k.sato"], people["e.yamamoto"]
    incident = open_case(officer)
    drive(desk)
    answer(officer, desk, incident, "is_it_an_incident", "yes")
    answer(officer, desk, incident, "propose_level", "level_3")
    answer(proposer, desk, incident, "confirm_level", "approve")
    chores = Chores(desk)
    while "approve_reconnection" not in waiting(officer, incident):
        while chores.act_slowly():
            pass
        drive(desk)
        for one in officer.get(f"/assignments?incident={incident}").json():
            who = proposer if one["step"] == "propose_reconnection" else _somebody(people, one["id"])
            agree(who, one["id"])
            drive(desk)
    asked = waiting(officer, incident)["approve_reconnection"]
    refused = proposer.post(f"/assignments/{asked['id']}/answer", {"choice": "approve"})
    assert (refused.status_code, refused.json()["error"]) == (403, "four_eyes")


def agree(who: Someone, assignment: str) -> None:
    shown = who.get(f"/assignments/{assignment}").json()
    some = {"number": 1, "time": "2026-11-24T10:00", "day": "2026-11-24", "text": "文"}
    asked = {one["name"]: (one["options"] or [some.get(one["kind"])])[0] for one in shown["fields"]}
    fields = {"spoke_with": "担当の方", "read_back": "復唱あり"} if shown["kind"] == "call" else asked
    given = {"choice": shown["choices"][0]["code"], "reason": "理由", "fields": fields}
    assert who.post(f"/assignments/{assignment}/answer", given).status_code == 200


def _somebody(people: dict[str, Someone], assignment: str) -> Someone:
    return next(who for who in people.values() if who.get(f"/assignments/{assignment}").json()["may_answer"])


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"choice": "perhaps"}, "choice_unknown"),
        ({"choice": "no"}, "reason_missing"),
        ({"choice": "yes", "fields": {"nonsense": 1}}, "field_unknown"),
        ({"choice": "no", "reason": "個人番号 123456789018"}, "my_number_refused"),
        ({"choice": "no", "reason": "x" * 4001}, "text_too_long"),
        ({"choice": "yes", "by": "p-other"}, "field_unknown"),
    ],
)
def test_an_answer_that_cannot_be_taken(officer: Someone, desk: Desk, body: Any, code: str) -> None:
    incident = open_case(officer)
    drive(desk)
    before = desk.look(head)
    path = f"/assignments/{waiting(officer, incident)['is_it_an_incident']['id']}/answer"
    refused = officer.post(path, body)
    assert (refused.status_code, refused.json()["error"]) == (422, code)
    assert desk.look(head) == before


def test_a_call_is_acknowledged_by_who_was_called(someone: Make, desk: Desk) -> None:
    officer = someone("k.sato")
    incident = open_case(officer)
    drive(desk)
    chain = officer.get("/escalations").json()[0]
    assert (chain["incident"], chain["called_me"]) == (incident, True)
    assert {call["channel"] for call in chain["calls"]} == {"mail"}
    assert "address" not in chain["calls"][0]
    refused = someone("r.kato").post(f"/escalations/{chain['id']}/acknowledge")
    assert (refused.status_code, refused.json()["error"]) == (403, "not_called")
    assert officer.post(f"/escalations/{chain['id']}/acknowledge").status_code == 204
    assert officer.post("/escalations/e-none/acknowledge").json()["error"] == "escalation_unknown"
    kinds = [one["kind"] for one in officer.get(f"/incidents/{incident}/timeline").json()]
    assert "CALL_ACKNOWLEDGED" in kinds


# ------------------------------------------------------------------------------------- notes and measures


def test_notes_are_kept_with_their_author(officer: Someone) -> None:
    incident = open_case(officer, type="ddos")
    assert officer.post("/incidents/R8-1/notes", {"text": "電話あり\n折り返す"}).status_code == 201
    note = officer.get(f"/incidents/{incident}/notes").json()[0]
    assert (note["text"], note["by_name"]) == ("電話あり\n折り返す", "佐藤 和也（情報担当係長）")
    assert officer.post("/incidents/R8-1/notes", {"text": " "}).json()["error"] == "text_missing"


def test_a_measure_lives_until_it_is_ended(officer: Someone) -> None:
    incident = open_case(officer, type="ddos")
    taken = {"text": "多要素認証を入れる", "owner": "system-manager", "due": "2027-03-31"}
    id_ = officer.post(f"/incidents/{incident}/measures", taken).json()["id"]
    listed = officer.get("/measures?state=open").json()
    assert [(one["id"], one["due"], one["number"]) for one in listed] == [(id_, "2027-03-31", "令和8年度 第1号")]
    assert listed[0]["owner_name"] != "system-manager"
    assert officer.post(f"/measures/{id_}/end", {"state": "dropped"}).json()["error"] == "reason_missing"
    assert officer.post(f"/measures/{id_}/end", {"state": "open"}).json()["error"] == "field_invalid"
    assert officer.post(f"/measures/{id_}/end", {"state": "done"}).status_code == 204
    assert officer.post(f"/measures/{id_}/end", {"state": "done"}).json()["error"] == "measure_ended"
    assert officer.get(f"/incidents/{incident}/measures").json()[0]["state"] == "done"
    assert officer.get("/measures?state=open").json() == []


@pytest.mark.parametrize("change", [{"owner": "nobody"}, {"due": "0001-01-01"}, {"due": "soon"}, {"text": ""}])
def test_a_measure_needs_owner_and_day(officer: Someone, change: dict[str, str]) -> None:
    incident = open_case(officer, type="ddos")
    taken = {"text": "x", "owner": "ciso", "due": "2027-03-31", **change}
    assert officer.post(f"/incidents/{incident}/measures", taken).status_code == 422


def test_posts_name_who_holds_them(officer: Someone, desk: Desk) -> None:
    posts = {one["id"]: one for one in officer.get("/people/posts").json()}
    assert posts["ciso"]["holder_name"] in {person.name for person in desk.directory.people().values()}
    assert set(posts["ciso"]) == {"id", "name_ja", "name_en", "holder", "holder_name"}


def test_a_drill_is_opened_as_such(officer: Someone) -> None:
    made = officer.post("/incidents", {"title": "x", "drill": True}).json()
    assert (made["number"], made["drill"]) == ("訓練-2026-001", True)
    assert officer.get("/incidents/訓練-2026-001").json()["id"] == made["id"]
    assert officer.post("/incidents", {"title": "x", "type": "drill"}).json()["drill"] is True
    assert officer.post("/incidents", {"title": "x"}).json()["number"] == "令和8年度 第1号"

"""The fact sheet through pages, API and commands, in both languages."""

from collections.abc import Callable
from pathlib import Path

from tests.cli.calling import call
from tests.web.conftest import Someone
from tests.web.test_api_incidents import open_case
from tests.web.visitor import Visit, lead, played, visit
from tests.world import World

__all__ = ["played", "visit"]


def test_facts_are_stated_and_read_through_the_api(officer: Someone) -> None:
    incident = open_case(officer)
    said = [
        {"fact": "head_count", "state": "estimated", "value": 1780, "source": "logs"},
        {"fact": "leak", "state": "confirmed", "value": "suspected"},
        {"fact": "cause_text", "state": "investigating"},
    ]
    assert officer.post(f"/incidents/{incident}/facts", {"facts": said}).json() == {"stated": 3}
    sheet = {one["fact"]: one for one in officer.get(f"/incidents/{incident}/facts").json()}
    assert (sheet["head_count"]["value"], sheet["head_count"]["value_text"]) == (1780, "1,780人")
    assert (sheet["leak"]["value_text"], sheet["leak"]["state_text"]) == ("おそれがある", "確定")
    assert sheet["cause_text"]["value"] is None
    again = [{"fact": "head_count", "state": "confirmed", "value": 1781}]
    officer.post(f"/incidents/{incident}/facts", {"facts": again})
    versions = officer.get(f"/incidents/{incident}/facts/head_count").json()
    assert [(one["version"], one["value"]) for one in versions] == [(1, 1780), (2, 1781)]


def test_the_same_request_counts_once_and_errors_name_the_field(officer: Someone) -> None:
    incident = open_case(officer)
    said = {"facts": [{"fact": "leak", "state": "confirmed", "value": "yes"}]}
    for _ in range(2):
        made = officer.post(f"/incidents/{incident}/facts", said, headers={"Idempotency-Key": "abc-12345"})
        assert made.json() == {"stated": 1}
    wrong = officer.post(f"/incidents/{incident}/facts", {"facts": [{"fact": "known", "state": "confirmed"}]})
    assert (wrong.status_code, wrong.json()["error"]) == (422, "fact_value_missing")
    assert wrong.json()["params"]["field"] == "known"
    assert officer.get(f"/incidents/{incident}/facts/nothing").status_code == 422


def test_the_catalogue_names_every_fact_in_the_language_of_the_reader(someone: Callable[..., Someone]) -> None:
    me = someone()
    me.sign_in("k.sato", language="en")
    found = {one["name"]: one for one in me.get("/facts").json()}
    assert found["head_count"]["label"] == "Number of persons"
    assert {"code": "lgwan", "label": "LGWAN layer"} in found["layers"]["options"]


def test_the_page_shows_the_sheet_and_takes_one_part_at_a_time(visit: Visit, played: World) -> None:
    incident = played.open()
    me = visit("k.sato")
    page = me.text(f"/incidents/{incident}/facts")
    assert "市が知った時刻" in page
    assert "起票時の申告" in page
    typed = {"v.head_count": "1,780", "s.head_count": "estimated", "v.leak": "suspected", "s.leak": "confirmed"}
    assert lead(me.send(f"/incidents/{incident}/facts", f"/incidents/{incident}/facts/data", **typed))
    page = me.text(f"/incidents/{incident}/facts")
    assert "事実を記録しました。" in page
    assert "1,780人" in page
    assert "1,780人" in me.text(f"/incidents/{incident}")


def test_a_value_without_certainty_comes_back_with_what_was_typed(visit: Visit, played: World) -> None:
    incident = played.open()
    me = visit("k.sato")
    typed = {"v.head_count": "千人", "s.head_count": "confirmed", "v.leak": "yes"}
    answer = me.send(f"/incidents/{incident}/facts", f"/incidents/{incident}/facts/data", **typed)
    assert answer.status_code == 422
    assert "確からしさ（確定・推定・調査中・不明）を選んでください。" in answer.text
    assert 'value="千人"' in answer.text
    assert '<option value="yes" selected>' in answer.text


def test_an_auditor_reads_the_sheet_and_finds_no_form(visit: Visit, played: World) -> None:
    incident = played.open()
    page = visit("f.yamada").text(f"/incidents/{incident}/facts")
    assert "市が知った時刻" in page
    assert "この欄を記録する" not in page


def test_commands_state_and_show_facts(tmp_path: Path, played: World) -> None:
    data = played.desk.settings.data
    incident = played.open()
    said = ("--fact", "head_count=71", "--fact", "layers=lgwan,internet", "--as", "k.sato", "--data", data)
    assert call("state", incident, *said, "--json").row == {"incident": incident, "stated": 2}
    rows = {row["fact"]: row for row in call("facts", incident, "--data", data, "--json").rows}
    assert (rows["head_count"]["value"], rows["layers"]["value_text"]) == (71, "LGWAN接続系、インターネット接続系")
    wrong = call("state", incident, "--fact", "leak=maybe", "--as", "k.sato", "--data", data, "--json")
    assert (wrong.code, wrong.error["error"]) == (2, "fact_value_malformed")
    assert call("facts", incident, "--data", data, "--lang", "en").out.count("71 persons") == 1

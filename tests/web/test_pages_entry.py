"""監査: one entry with its proof, the extract as a file; each is recorded where something leaves the house."""

import csv
import io
import json
import re

import openpyxl
import pikepdf
import pytest

from csirt.checkpoints import checkpoints_of
from csirt.model.incident import Level
from csirt.readers import formats
from csirt.record.verify_record import open_proof
from csirt.response import audit, incidents
from csirt.store.queries.timeline import explore
from tests.signer.signing import Seal
from tests.web.visitor import Visit, played, visit
from tests.world import World

__all__ = ["played", "visit"]
FORMS = ("xlsx", "csv", "jsonl", "timesketch", "pdf")


def seq_of(world: World, kind: str) -> int:
    return world.desk.look(explore, kind=kind)[0].seq


def test_an_entry_says_who_before_after_why_and_its_proof(visit: Visit, played: World) -> None:
    incident = played.open(title="一件目")
    played.desk.commit(played.person("s.watanabe"), incidents.set_level, incident, Level.SERIOUS, "窓口が止まった")
    seq, me = seq_of(played, "LEVEL_SET"), visit("f.yamada")
    assert "署名された控えがまだありません" in me.text(f"/audit/entries/{seq}")
    assert me.get(f"/audit/entries/{seq}/proof").status_code == 404
    Seal(played).sign()
    page = me.text(f"/audit/entries/{seq}")
    for words in (
        "渡辺 慎一",
        "前",
        "後",
        "重大度",
        "窓口が止まった",
        "いま計算して確かめました",
        f"/audit/entries/{seq - 1}",
    ):
        assert words in page, words
    key = checkpoints_of(played.desk.settings).key()
    assert key is not None
    raw = me.get(f"/audit/entries/{seq}/proof").content
    _, line = open_proof(raw, key)
    assert (json.loads(line)["seq"], json.loads(line)["kind"]) == (seq, "LEVEL_SET")
    assert me.get("/audit/entries/999999").status_code == 404
    assert "まだ控えに含まれていません" in later(me, played)


def later(me: object, played: World) -> str:
    """The page of an entry that came after the newest checkpoint."""
    played.open(title="二件目")
    return me.text(f"/audit/entries/{seq_of(played, 'INCIDENT_OPENED')}")  # type: ignore[attr-defined, no-any-return]


def test_an_entry_that_was_rewritten_is_called_so(visit: Visit, played: World) -> None:
    played.open(title="一件目")
    seal, seq = Seal(played), seq_of(played, "INCIDENT_OPENED")
    seal.sign()
    seal.intrude(
        "UPDATE ledger_entry SET canonical = CAST(replace(CAST(canonical AS TEXT), '2026-11-22', '2026-11-21') AS BLOB)"
        " WHERE seq = :seq",
        seq=seq,
    )
    page = visit("f.yamada").text(f"/audit/entries/{seq}")
    assert "一致しません" in page
    assert 'role="alert"' in page


def test_a_stored_hash_of_any_type_proves_nothing(visit: Visit, played: World) -> None:
    played.open(title="一件目")
    seal, seq = Seal(played), seq_of(played, "INCIDENT_OPENED")
    seal.sign()
    seal.intrude("UPDATE ledger_entry SET leaf = 'text' WHERE seq <> :seq", seq=seq)
    assert "一致しません" in visit("f.yamada").text(f"/audit/entries/{seq}")


def test_the_filter_by_step_finds_the_items_of_a_step_too(visit: Visit, played: World) -> None:
    incident = played.open(title="一件目")
    played.work()
    step = next(one.step for one in played.desk.look(explore, incident=incident) if one.step)
    name = str(step).partition("[")[0]
    page = visit("f.yamada").text(f"/audit?step={name}")
    assert f'<option value="{name}" selected>' in page
    assert "条件に合う記録はありません" not in page
    assert "条件に合う記録はありません" in visit("f.yamada").text("/audit?step=no_such_step")


def test_what_is_looked_for_is_saved_in_every_form_and_that_is_recorded(visit: Visit, played: World) -> None:
    played.open(title="=1+1 一件目")
    played.open(title="二件目")
    me = visit("f.yamada")
    page = me.text("/audit?kind=INCIDENT_OPENED")
    assert [one for one in FORMS if f"/audit/export/{one}?kind=INCIDENT_OPENED" in page] == list(FORMS)
    files = {form: me.get(f"/audit/export/{form}?kind=INCIDENT_OPENED").content for form in FORMS}
    rows = list(csv.reader(io.StringIO(files["csv"].decode("utf-8-sig"))))
    assert files["csv"].startswith(b"\xef\xbb\xbf")
    assert len(rows) == 3
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)
    lines = [json.loads(line) for line in files["jsonl"].splitlines()]
    assert [one["kind"] for one in lines] == ["INCIDENT_OPENED"] * 2
    assert lines[0]["seq"] < lines[1]["seq"]
    sketch = list(csv.DictReader(io.StringIO(files["timesketch"].decode("utf-8-sig"))))
    assert list(sketch[0])[:3] == ["message", "datetime", "timestamp_desc"]
    assert sketch[0]["datetime"].endswith("+00:00")
    assert formats.choose(files["timesketch"][:4096]).format == "timesketch-csv"
    book = openpyxl.load_workbook(io.BytesIO(files["xlsx"]))
    cells = [cell for sheet in book for row in sheet for cell in row]
    assert all(cell.data_type == "s" for cell in cells if cell.value is not None)
    assert any("一件目" in str(cell.value) for cell in cells)
    book.close()
    with pikepdf.open(io.BytesIO(files["pdf"])) as pdf, pdf.open_metadata() as metadata:
        assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"], metadata["pdfuaid:part"]) == ("2", "A", "1")
    kept = played.desk.look(explore, kind="RECORD_EXPORTED")
    assert [(one.out["form"], one.out["number"], one.out["kind"]) for one in kept] == [
        (form, 2, "INCIDENT_OPENED") for form in reversed(FORMS)
    ]
    assert "記録の抜粋（2件、csv）を書き出した" in me.text("/audit?kind=RECORD_EXPORTED")


def test_an_extract_has_bounds_and_its_filters_are_checked(
    visit: Visit, played: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    played.open()
    me = visit("f.yamada")
    assert me.get("/audit/export/exe").status_code == 404
    assert me.get("/audit/export/csv?since=x").status_code == 422
    monkeypatch.setattr("csirt.extracting.MOST_LINES", 1)
    answer = me.get("/audit/export/csv")
    assert answer.status_code == 422
    assert "条件を絞ってください" in answer.text


def test_who_only_reads_the_record_gets_no_file(visit: Visit, played: World) -> None:
    played.open()
    me = visit("a.kobayashi")  # the CISO reads the record, and exports nothing
    assert "/audit/export/" not in me.text("/audit")
    assert me.get("/audit/export/csv").status_code == 403


def test_what_was_typed_as_a_filter_never_reaches_the_record(played: World) -> None:
    auditor = played.person("f.yamada")
    played.desk.commit(
        auditor,
        audit.extract,
        "csv",
        0,
        "",
        {"step": "山田 太郎 123456789018", "kind": "1234-5678-9018", "person": "p-1"},
    )
    (entry,) = played.desk.look(explore, kind="RECORD_EXPORTED")
    assert entry.out == {"scope": "extract", "form": "csv", "number": 0, "person": "p-1"}


def test_the_api_gives_an_entry_with_its_proof(visit: Visit, played: World) -> None:
    incident = played.open(title="一件目")
    Seal(played).sign()
    me = visit("f.yamada")
    seq = seq_of(played, "INCIDENT_OPENED")
    told = me.get(f"/api/v1/record/entries/{seq}").json()
    assert (told["incident"], told["proof"]["state"]) == (incident, "holds")
    status = next(one for one in told["changes"] if one["value"] == "状況")
    assert (status["of"], status["before"]) == ("事案", "–")
    assert re.fullmatch(r"[A-Za-z0-9+/]{43}=", told["leaf"])
    assert me.get(f"/api/v1/record/entries/{seq}/proof").content.startswith(b"c2sp.org/tlog-proof@v1\n")
    assert me.get("/api/v1/record/export.csv?kind=INCIDENT_OPENED").content.startswith(b"\xef\xbb\xbf")
    assert me.get("/api/v1/record/export.exe").status_code == 404
    assert me.get("/api/v1/record?step=none").json() == []


@pytest.mark.parametrize("path", ["/api/v1/incidents/{}", "/incidents/{}", "/api/v1/chains/{}", "/audit?incident={}"])
def test_no_error_repeats_a_number_that_was_typed_into_an_address(visit: Visit, path: str) -> None:
    answer = visit("f.yamada").get(path.format("9832-0567-3214"))
    assert answer.status_code in {404, 422}
    said = answer.text.split("<main", 1)[-1]
    assert "9832-0567-3214" not in re.sub(r'value="[^"]*"', "", said)

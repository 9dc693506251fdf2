"""The asset ledger by API, page and command."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from csirt.bootstrap import Desk
from tests.cli.calling import call
from tests.readers.ledgers import ROWS, table, workbook
from tests.web.conftest import Someone
from tests.web.visitor import Visitor

Make = Callable[..., Someone]


def post(who: Someone, data: bytes, path: str = "/assets/import") -> dict[str, Any]:
    headers = {"X-CSRF-Token": who.csrf}
    return who.client.post(f"/api/v1{path}", content=data, headers=headers).json()  # type: ignore[no-any-return]


def test_the_api_tries_imports_and_lists(someone: Make) -> None:
    officer, auditor = someone("k.sato"), someone("f.yamada")
    tried = post(officer, workbook(), "/assets/import?dry_run=true")
    assert (tried["assets"], tried["imported"], tried["remarks"]) == (4, None, [])
    assert officer.get("/assets").json() == []
    assert post(officer, table())["imported"] == {"assets": 4, "added": 4, "changed": 0, "removed": 0}
    assert post(officer, b"no ledger")["error"] == "asset_headings_missing"
    found = auditor.get("/assets?search=10.20.8").json()
    assert [(one["number"], one["layer"], one["networks"]) for one in found] == [
        ("S-004", "mynumber", ["10.20.8.0/24"])
    ]
    assert post(auditor, table())["error"] == "not_permitted"


def upload(visitor: Visitor, data: bytes, do: str, csrf: str) -> str:
    answer = visitor.client.post("/assets", data={"csrf": csrf, "do": do}, files={"file": ("台帳.xlsx", data)})
    return str(answer.text)


def test_the_page_tries_and_imports_and_says_what_it_could_not_read(someone: Make) -> None:
    visitor = Visitor(someone().client)
    visitor.sign_in("k.sato")
    csrf = visitor.text("/assets").partition('name="csrf" value="')[2].partition('"')[0]
    broken: list[list[object]] = [[*ROWS[0][:4], "庁内", *ROWS[0][5:]], *ROWS[1:]]
    page = upload(visitor, workbook(broken), "try", csrf)
    assert "まだ取り込んでいません" in page
    assert "4行目 ネットワーク区分" in page
    assert "追加4件" in upload(visitor, workbook(), "import", csrf)
    assert "住民記録システム" in visitor.text("/assets?search=juki")
    assert "見出しが見付かりません" in upload(visitor, b"nothing", "import", csrf)
    assert upload(visitor, b"", "import", csrf).count("台帳のファイル") > 0
    auditor = Visitor(someone().client)
    auditor.sign_in("f.yamada")
    assert "住民記録システム" in auditor.text("/assets")
    assert 'type="file"' not in auditor.text("/assets")


def test_the_command_checks_imports_and_lists(desk: Desk, tmp_path: Path) -> None:
    data, file = desk.settings.data, tmp_path / "台帳.xlsx"
    file.write_bytes(workbook())
    assert call("assets", "check", file, "--json", "--data", data).row["imported"] is None
    assert "まだ取り込んでいません" in call("assets", "check", file, "--data", data).out
    assert call("assets", "import", file, "--json", "--data", data).row["imported"]["added"] == 4
    rows = call("assets", "list", "--search", "juki", "--json", "--data", data).rows
    assert [(one["number"], one["layer"], one["classes_text"]) for one in rows] == [
        ("S-001", "mynumber", "機密性3 完全性2 可用性2")
    ]
    file.write_bytes(b"nothing")
    assert call("assets", "import", file, "--data", data).code == 2

"""The page on which a source is tried out: what was pasted or uploaded is read, told, and not kept."""

import re
from collections.abc import Callable

import httpx

from csirt.bootstrap import Desk
from csirt.store.queries.timeline import explore
from tests.web.conftest import Someone
from tests.web.test_api_sources import ALARM, desk
from tests.web.visitor import Visitor

__all__ = ["desk"]
Make = Callable[..., Someone]
PAGE = "/sources/edr/test"


def send(visitor: Visitor, record: str = "", data: bytes = b"", csrf: str = "") -> httpx.Response:
    csrf = csrf or visitor.text(PAGE).partition('name="csrf" value="')[2].partition('"')[0]
    files = {"file": ("a.json", data) if data else ("", b"")}
    answer: httpx.Response = visitor.client.post(PAGE, data={"csrf": csrf, "record": record}, files=files)
    return answer


def seen(answer: httpx.Response) -> str:
    return re.sub(r"\s+", " ", answer.text)


def test_an_administrator_tries_a_source_and_nothing_is_kept(someone: Make, desk: Desk) -> None:
    visitor = Visitor(someone().client)
    visitor.sign_in("o.sasaki")
    assert PAGE in visitor.text("/sources")
    before = len(desk.look(explore, kind="DETECTIONS_ACCEPTED"))
    for answer in (send(visitor, record=ALARM.decode()), send(visitor, data=ALARM + b"\n" + ALARM)):
        assert answer.status_code == 200
        assert "対応表 vendor.toml" in seen(answer)
        assert "担当者の判断を待つ" in seen(answer)
        assert "有効なトークンがない" in seen(answer)
    assert "繰り返し1件" in seen(answer)
    assert len(desk.look(explore, kind="DETECTIONS_ACCEPTED")) == before


def test_what_cannot_be_tried_is_said_beside_the_field(someone: Make) -> None:
    visitor = Visitor(someone().client)
    visitor.sign_in("k.sato")
    assert send(visitor).status_code == 422
    assert 'class="field field-wrong"' in send(visitor).text
    assert send(visitor, record="x", csrf="wrong").status_code == 403
    assert visitor.get("/sources/nobody/test").status_code == 404


def test_others_see_no_form(someone: Make) -> None:
    visitor = Visitor(someone().client)
    visitor.sign_in("f.yamada")
    assert PAGE not in visitor.text("/sources")
    assert visitor.get(PAGE).status_code == 403

"""The page behind the link in a message: opening changes nothing, the button acknowledges, nothing else is possible."""

from dataclasses import replace
from datetime import timedelta

import pytest

from csirt.bootstrap import Desk
from csirt.model.contact import ContactChain, Need, Route, Tier
from csirt.model.people import SYSTEM
from csirt.response import escalations
from csirt.store.queries import timeline
from tests.response.test_climbing_on import use_chains
from tests.response.test_outbox import Line
from tests.web.visitor import Visit, lead, played, visit
from tests.world import World

__all__ = ["played", "visit"]

ADDRESS = "http://127.0.0.1:8765"


@pytest.fixture
def links(played: World, desk: Desk) -> dict[str, str]:
    """Paths of the links that were sent, by party."""
    object.__setattr__(desk, "wording", replace(desk.wording, ack_url=ADDRESS))
    tier = Tier(timedelta(), ("post:poc", "post:ciso", "office:pref-security"), ("mail", "lgwan-mail"), Need.ALL)
    use_chains(played, ContactChain("c", (Route("a", (tier,), wait=timedelta(hours=1)),)))
    desk.commit(SYSTEM, escalations.start, played.open(), None, "is_it_an_incident", "c", "page")
    line = Line([])
    object.__setattr__(desk, "channels", {"mail": line, "lgwan-mail": line})
    played.chores.send()
    return {sent.recipient.party: str(sent.facts["ack_link"]).removeprefix(ADDRESS) for sent in line.seen}


def test_opening_the_page_changes_nothing(links: dict[str, str], visit: Visit, desk: Desk) -> None:
    before = desk.look(timeline.head)
    page = visit().text(links["post:poc"])
    assert "令和8年度 第1号" in page
    assert "確認しました" in page
    assert desk.look(timeline.head) == before
    assert visit().client.head(links["post:poc"]).status_code in {200, 405}
    assert desk.look(timeline.head) == before


def test_the_button_acknowledges_and_the_page_says_who_else_has(links: dict[str, str], visit: Visit) -> None:
    me, other = visit(), visit()
    assert "まだ誰も確認していません" in me.text(links["post:poc"])
    assert lead(me.post(links["post:poc"], {})) == links["post:poc"]
    page = me.text(links["post:poc"])
    assert "あなたが確認したことを記録しました" in page
    assert f'action="{links["post:poc"]}"' not in page
    seen = other.text(links["post:ciso"])
    assert "インシデント受付窓口" in seen or "窓口" in seen
    assert "佐藤" not in seen
    for party in ("post:ciso", "office:pref-security"):
        other.post(links[party], {})
    assert "この連絡は終わっています" in me.text(links["post:poc"])


def test_it_shows_nothing_of_the_case(links: dict[str, str], visit: Visit) -> None:
    page = visit().text(links["office:pref-security"])
    assert "拡張子が変わった" not in page
    assert "/incidents/" not in page
    assert "/assignments/" not in page
    assert "/assignments/" in visit().text(links["post:ciso"]) or "/incidents/" in visit().text(links["post:ciso"])


def test_it_speaks_english_too(links: dict[str, str], visit: Visit) -> None:
    assert "I have seen it" in visit(language="en").text(links["post:ciso"])


def test_an_unknown_link_says_what_to_do(links: dict[str, str], visit: Visit) -> None:
    for answer in (visit().get("/acknowledge/" + "0" * 26), visit().post("/acknowledge/" + "0" * 26, {})):
        assert answer.status_code == 404
        assert "CSIRTへ電話で連絡" in answer.text


def test_the_link_is_no_sign_in(links: dict[str, str], visit: Visit) -> None:
    me = visit()
    me.post(links["post:ciso"], {})
    assert me.get("/").status_code == 303
    assert "session" not in {cookie.name for cookie in me.client.cookies.jar}
    assert me.client.get("/api/v1/incidents").status_code == 401


def test_another_site_cannot_press_the_button(links: dict[str, str], visit: Visit, desk: Desk) -> None:
    before = desk.look(timeline.head)
    answer = visit().client.post(links["post:poc"], headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert desk.look(timeline.head) == before

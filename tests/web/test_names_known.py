"""Chains, routes and posts are shown by the names that people know: on pages, in the record, in pictures."""

import re
from datetime import timedelta

import pytest

from csirt.bootstrap import Desk
from tests.web.visitor import Visit, played, visit
from tests.world import World

__all__ = ["played", "visit"]

_TAGS = re.compile(r"<script.*?</script>|<option.*?</option>|<[^>]+>", re.DOTALL)
_CODED = re.compile(r" \[[^]]*\]|［[^］]*］")  # for an auditor the code stands behind the name
_CODES = re.compile(r"\b(post|role|office):\w|(?<![\w-])(municipal|response|direct|escalate)(?![\w-])")


def codes(page: str) -> list[str]:
    """What nobody should have to read: names of chains and routes, ids of posts, with what stands around them."""
    text = _CODED.sub("", _TAGS.sub(" ", page[page.index("<main") :]))
    return [text[max(0, hit.start() - 60) : hit.end() + 30] for hit in _CODES.finditer(text)]


def test_a_case_names_chains_and_routes(visit: Visit, played: World) -> None:
    incident = played.open()
    played.forward(timedelta(hours=3))
    page = visit("k.sato").text(f"/incidents/{incident}")
    assert codes(page) == []
    assert "連絡を終えた（庁内の連絡: 全員応答なし）" in page
    assert "経路: 庁内の連絡" in page


def test_the_record_names_them_and_keeps_the_code_beside(visit: Visit, played: World) -> None:
    played.open()
    played.forward(timedelta(hours=3))
    auditor = visit("f.yamada")
    page = auditor.text("/audit?kind=PERSON_CALLED")
    assert codes(page) == []
    assert "庁内の連絡［response］" in page
    assert re.search(r"［post:ciso］", page)
    assert "庁内の連絡［response:exhausted］" in auditor.text("/audit?kind=ESCALATION_ENDED")


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_version_of_a_playbook_is_told_in_words(visit: Visit, desk: Desk, language: str) -> None:
    reader = visit("k.sato", language)
    for name, version in desk.playbooks:
        page = reader.text(f"/playbooks/{name}?version={version}")
        assert codes(page) == [], (name, version)

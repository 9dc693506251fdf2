"""Every page is drawn from sample views with strict catalogs, and its HTML is looked through."""

import hashlib
import re
from dataclasses import replace
from datetime import timedelta
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import ClassVar

import pytest
from jinja2 import UndefinedError

import csirt.texts.catalogs
from csirt.errors import Invalid
from csirt.model.incident import FourClocks, IncidentStatus, IncidentType, Level
from csirt.texts.catalogs import LANGUAGES, read_catalog
from csirt.web.look import STATIC, View, draw, draw_with, environment
from csirt.web.views import board, frame
from csirt.web.views.incident import NOT_RELATED
from csirt.web.views.levels import NO_LEVELS
from tests.web.cases import an_incident
from tests.web.cast import NOW, Words, a_frame
from tests.web.duties import an_assignment
from tests.web.samples import every_page

CATALOGS = Path(csirt.texts.catalogs.__file__).parent
STRICT = {language: environment(read_catalog(CATALOGS, language, strict=True)) for language in LANGUAGES}
PAGES = [(language, name) for language in LANGUAGES for name, _, _ in every_page(language)]
HOSTILE = "<img src=x onerror=alert(1)>\"'{{ 7*7 }}%(name)s"


class Elements(HTMLParser):
    """Every start tag with its attributes, and the ids in use."""

    def __init__(self, page: str) -> None:
        """Read a page."""
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep it."""
        self.found.append((tag, {name: value or "" for name, value in attrs}))

    def all(self, *tags: str) -> list[dict[str, str]]:
        """The attributes of every element with one of these tags."""
        return [attributes for tag, attributes in self.found if tag in tags]


@cache
def drawn(language: str, name: str) -> str:
    """A sample page, drawn strictly."""
    around, view = next((around, view) for page, around, view in every_page(language) if page == name)
    return draw_with(STRICT[language], around, view)


def show(view: View, around: frame.Frame | None = None) -> str:
    """A page drawn as at work, in Japanese."""
    return draw(around or a_frame("ja"), view)


@pytest.mark.parametrize(("language", "name"), PAGES)
def test_a_page_keeps_the_strict_content_policy(language: str, name: str) -> None:
    """No script but our own file, no inline style, no handler, no address outside; texts come from catalogs only."""
    elements = Elements(drawn(language, name))
    assert [one.get("src") for one in elements.all("script")] == ["/static/desk.js"]
    assert elements.all("style", "iframe", "img") == []
    for _, attributes in elements.found:
        assert [key for key in attributes if key == "style" or key.startswith("on")] == []
        for key in ("href", "src", "action"):
            assert attributes.get(key, "/").startswith(("/", "#", "?"))
            assert not attributes.get(key, "/").startswith("//")


@pytest.mark.parametrize(("language", "name"), PAGES)
def test_a_page_is_well_built(language: str, name: str) -> None:
    """Language, one first heading, ids that are unique, labels that point at something, a way past the navigation."""
    elements = Elements(drawn(language, name))
    ids = [attributes["id"] for _, attributes in elements.found if "id" in attributes]
    assert elements.all("html")[0]["lang"] == language
    assert len(elements.all("h1")) == 1
    assert sorted(ids) == sorted(set(ids))
    pointers = [(key, attributes[key]) for _, attributes in elements.found
                for key in ("for", "aria-describedby", "aria-labelledby") if key in attributes]  # fmt: skip
    assert [pointer for pointer in pointers if not set(pointer[1].split()) <= set(ids)] == []
    inside = [link["href"][1:] for link in elements.all("a") if link["href"].startswith("#")]
    assert set(inside) <= set(ids)
    assert "main" in inside


@pytest.mark.parametrize(("language", "name"), PAGES)
def test_every_form_that_changes_something_carries_the_token(language: str, name: str) -> None:
    """Against forged requests; and, where doing it twice would matter, an idempotency key."""
    page = drawn(language, name)
    forms = re.findall(r'<form method="post" action="([^"]+)".*?</form>', page, re.DOTALL)
    assert page.count('name="csrf"') == len(forms) == page.count('method="post"')


def test_what_people_typed_is_text_and_nothing_else() -> None:
    """In titles, names, facts, typed fields, and in codes that come from configuration."""
    view = an_incident(Words("ja"))
    call = replace(view.escalations[0].ladders[0].rungs[0].calls[0], channel=HOSTILE, name=HOSTILE)
    rung = replace(view.escalations[0].ladders[0].rungs[0], calls=(call,), parties=(HOSTILE, HOSTILE))
    part = replace(view.escalations[0], ladders=(replace(view.escalations[0].ladders[0], rungs=(rung,)),))
    entry = replace(view.timeline[0], who=HOSTILE, what=HOSTILE)
    view = replace(view, title=HOSTILE, opened_by=HOSTILE, escalations=(part,), timeline=(entry,), stopped_by=HOSTILE,
                   measure_form=frame.Form(typed={"text": HOSTILE}, errors={"text": HOSTILE}))  # fmt: skip
    page = show(view, replace(a_frame("ja"), name=HOSTILE, city=HOSTILE))
    assert "<img" not in page
    assert page.count("{{ 7*7 }}%(name)s") > 12


def test_a_form_that_comes_back_keeps_everything_typed() -> None:
    """Beside the errors; a password alone is never sent back."""
    page = drawn("ja", "open_incident_wrong")
    assert 'value="画面がおかしい"' in page
    assert "1234 5678 9018</textarea>" in page
    assert '<option value="ransomware" selected>' in page
    typed = frame.Form(typed={"uid": "muya", "password": "secret"}, errors={"form": "sign_in_failed"})
    around = a_frame("ja", "", signed_in=False)
    again = draw(around, frame.SignIn(form=typed))
    assert 'value="muya"' in again
    assert "secret" not in again
    assert "エラー: " not in drawn("ja", "sign_in")


@pytest.mark.parametrize("name", ["sign_in_wrong", "open_incident_wrong", "incident_closed", "assignment_conflict"])
def test_an_error_is_said_in_the_title_and_takes_the_focus(name: str) -> None:
    """A screen reader hears it first, without any script."""
    page = drawn("ja", name)
    assert "<title>エラー: " in page
    assert 'role="alert" tabindex="-1" autofocus' in page


def test_who_was_slower_sees_the_answer_and_keeps_the_text() -> None:
    """The answer that stands, in words, and one's own words to copy."""
    page = drawn("ja", "assignment_conflict")
    assert "被害の拡大を防ぐため。" in page
    assert "窓口が混んでいるため</textarea>" in page
    assert "承認しない</textarea>" in page
    assert '<button class="button">記録する' not in page


def test_dates_are_those_of_public_documents() -> None:
    """Era, weekday and clock of Japan, whatever the zone of the value; English where English is read."""
    assert '令和8年11月22日(日)</span> <span class="whole">14時05分' in drawn("ja", "board")
    assert '22 Nov 2026 (Sun)</span> <span class="whole">14:05' in drawn("en", "board")
    assert 'datetime="2026-11-22T14:05:00+09:00"' in drawn("ja", "board")


def test_a_state_is_a_word_and_a_shape() -> None:
    """Never colour alone: every tag holds an icon and a word."""
    for language, name in PAGES:
        for tag in re.findall(r'<span class="tag[^"]*">(.*?)</span></span>', drawn(language, name), re.DOTALL):
            assert tag.startswith("<svg")
            assert re.search(r"<span>\s*\S", tag)


def test_a_proposed_level_is_told_from_one_that_was_set() -> None:
    """By a word and by its border."""
    view = replace(an_incident(Words("ja")), related=NOT_RELATED, levels=NO_LEVELS)  # which have levels of their own
    assert "レベル3 深刻 （提案）" in show(view)
    assert "（提案）" not in show(replace(view, level=Level.GRAVE))


def test_only_the_entries_of_the_navigation_that_one_may_use_are_shown() -> None:
    """An auditor cannot report an incident from there."""
    page = show(an_incident(Words("ja")), replace(a_frame("ja"), nav=("board", "audit")))
    assert 'href="/audit"' in page
    assert 'href="/incidents/new"' not in page


def test_someone_who_may_not_answer_is_given_no_form() -> None:
    """They may read it."""
    page = show(replace(an_assignment(Words("ja")), may_answer=False))
    assert 'action="/assignments/a-1"' not in page


@pytest.mark.parametrize(("minutes", "shown"), [(0, "0分"), (59, "59分"), (60, "1時間"), (61, "1時間 1分"),
                                                (1440, "1日"), (1500, "1日 1時間"), (1441, "1日")])  # fmt: skip
def test_a_span_is_said_in_its_two_largest_parts(minutes: int, shown: str) -> None:
    """Days and hours, hours and minutes."""
    row = board.IncidentRow(
        id="i", fiscal_year=2026, ordinal=1, title="t", type=IncidentType.DDOS, level=None, proposed_level=Level.EVENT,
        status=IncidentStatus.OPEN, opened_at=NOW, waiting_for=("x",), waiting_since=NOW - timedelta(minutes=minutes),
    )  # fmt: skip
    assert f"{shown}前から" in show(board.Board(counts=(), incidents=(row,)))


def test_a_view_that_lacks_something_is_no_page() -> None:
    """Nothing undefined is passed over in silence."""

    class Broken:
        template: ClassVar[str] = "board.html"

    with pytest.raises(UndefinedError):
        show(Broken())


def test_an_unknown_language_is_refused() -> None:
    """Languages are a closed list."""
    with pytest.raises(Invalid):
        draw(replace(a_frame("ja"), language="de"), frame.SignIn())


def test_clocks_that_are_not_known_are_being_looked_into() -> None:
    """An unknown time is said, not left empty."""
    view = replace(an_incident(Words("ja")), clocks=FourClocks(received=NOW), facts=())
    assert show(view).count("調査中") == 3


def test_vendored_files_name_their_source_and_licence() -> None:
    """Each with version, source, licence, and the digest of what is unchanged."""
    notice = (STATIC / "vendor" / "NOTICE.md").read_text(encoding="utf-8")
    for folder in (STATIC / "vendor").iterdir():
        if folder.is_dir():
            assert "Permission is hereby granted" in (folder / "LICENSE.txt").read_text(encoding="utf-8")
            assert f"{folder.name}/LICENSE.txt" in notice
    digest = hashlib.sha256((STATIC / "vendor" / "design-tokens" / "tokens.css").read_bytes()).hexdigest()
    assert digest in notice


def test_whom_folded_calls_were_for_is_one_sentence_in_both_languages() -> None:
    assert "To: Contact point, CSIRT head and 3 more<" in drawn("en", "incident")
    assert "CSIRT責任者 ほか3者<" in drawn("ja", "incident")

"""What says the same for the same values is put into templates when they are compiled, or kept."""

import pytest

from csirt.model.incident import Level
from csirt.texts.catalogs import LANGUAGES, catalog
from csirt.web.look import environment


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_stands_in_a_template_is_put_in_when_it_is_compiled(language: str) -> None:
    """A text, an icon, and a sign made of both: drawing the page calls nothing for them."""
    made, words = environment(catalog(language)), catalog(language)
    source = '{{ _("incident.level") }} {{ tag("done", "eye", _("nav.board")) }}'
    code = made.compile(source, raw=True)
    assert "context.call" not in code
    drawn = made.from_string(source).render()
    assert drawn.startswith(f"{words.gettext('incident.level')} <span class=")
    assert words.gettext("nav.board") in drawn


def test_what_is_not_known_beforehand_is_asked_for_and_escaped() -> None:
    made = environment(catalog("ja"))
    source = '{{ _("<b>" ~ code) }} {{ _("board.number", n=number) }} {{ icon(name) }}'
    drawn = made.from_string(source).render(code="<i>", number="<5>", name="eye")
    assert "&lt;b&gt;&lt;i&gt;" in drawn
    assert "&lt;5&gt;" in drawn
    assert "<svg" in drawn


def test_a_kept_sign_is_that_of_its_values() -> None:
    """The number 1 and the level 1, and what is set and what is proposed, are not taken for one another."""
    level = environment(catalog("ja")).globals["level"]
    assert callable(level)
    assert level(Level.GRAVE, Level.MINOR) != level(None, Level.MINOR) != level(None, Level.GRAVE)
    assert level(None, Level.MINOR, "<b>") != level(None, Level.MINOR)
    assert "<b>" not in level(None, Level.MINOR, "<b>")

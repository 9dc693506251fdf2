"""Ladders as pictures: words are escaped, long ones are folded, rungs that were reached are filled."""

from xml.etree import ElementTree as ET

from csirt.reports.drawing import TEXT, WIDTH, em, folded
from csirt.reports.ladder_svg import Rail, Rung, draw_ladder

NAME = "見本県 自治体情報セキュリティクラウド 運用監視センター（当直） <b>&"
RAILS = (
    Rail("県を経て国へ", (Rung("すぐに", (NAME,), reached=True), Rung("30分後", ("危機管理課",))), state="連絡中"),
    Rail("最後の連絡先", (Rung("応答がないとき", ("市長",)),)),
)


def test_a_ladder_says_everything_and_nothing_breaks_out_of_it() -> None:
    svg = ET.fromstring(draw_ladder("連絡網", "説明", RAILS, alone=True))  # noqa: S314 - our own
    words = "".join(svg.itertext())
    assert NAME.replace(" ", "") in words.replace(" ", "")
    assert "県を経て国へ – 連絡中" in words
    assert "<b>" not in draw_ladder("x", "", RAILS)
    assert "style=" not in draw_ladder("x", "", RAILS)


def test_rungs_that_were_reached_are_filled() -> None:
    dots = [part for part in draw_ladder("x", "", RAILS).split("<") if part.startswith("circle")]
    assert ['fill-opacity="1"' in dot for dot in dots] == [True, False, False]


def test_long_words_are_folded_and_lose_nothing() -> None:
    lines = folded(NAME * 3, WIDTH - 40)
    assert "".join(lines).replace(" ", "") == (NAME * 3).replace(" ", "")
    assert all(em(line) * TEXT <= WIDTH - 40 + TEXT for line in lines)
    assert folded("あ" * 10 + "。", TEXT * 10) == ["あ" * 10 + "。"]


def test_a_latin_word_stays_whole_where_a_line_has_room_for_it() -> None:
    said = "After 10 min / outside office hours after 5 min [Phone, Mail]"
    for width in range(60, 400, 7):
        assert " ".join(folded(said, width)).split() == said.split(), width
    assert "".join(folded("a" * 90, 100)) == "a" * 90  # one that has none is broken, not cut

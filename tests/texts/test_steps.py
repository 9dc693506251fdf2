"""Step texts: read from TOML, spoken in both languages, and missing ones found."""

from pathlib import Path

import pytest

from csirt.errors import Invalid
from csirt.texts.steps import StepText, read_step_texts

PHISHING = """
[playbook]
title.ja = "不審なメール"
title.en = "Phishing"

[step.is_it_phishing]
title.ja = "不審なメールかどうかを判断する"
title.en = "Decide whether it is phishing"
instruction.ja = "リンクは開かないでください。"

[step.is_it_phishing.choice.yes]
ja = "不審なメールである"
en = "It is"

[step.is_it_phishing.field.count]
ja = "受け取った人数"
en = "How many received it"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one playbook's texts."""
    (tmp_path / "phishing.toml").write_text(PHISHING, encoding="utf-8")
    return tmp_path


def test_a_step_speaks_the_readers_language(folder: Path) -> None:
    """Title, choices and fields; the other language where one is missing."""
    texts = read_step_texts(folder)
    assert texts.step_text("phishing", "is_it_phishing", "en") == StepText(
        title="Decide whether it is phishing",
        instruction="リンクは開かないでください。",
        choices={"yes": "It is"},
        fields={"count": "How many received it"},
    )
    assert texts.playbook_title("phishing", "ja") == "不審なメール"


def test_a_step_for_each_item_has_the_text_of_its_name(folder: Path) -> None:
    """The item is given along."""
    step = read_step_texts(folder).step_text("phishing", "is_it_phishing[mail-7]", "ja")
    assert (step.title, step.item) == ("不審なメールかどうかを判断する", "mail-7")


@pytest.mark.parametrize(("playbook", "key"), [("phishing", "no_such"), ("no_such", "is_it_phishing")])
def test_a_step_without_a_text_shows_its_key(folder: Path, playbook: str, key: str) -> None:
    """A person still sees what waits."""
    assert read_step_texts(folder).step_text(playbook, key, "ja") == StepText(title=key)


def test_what_is_missing_is_found(folder: Path) -> None:
    """By playbook, step, part and language."""
    texts = read_step_texts(folder)
    assert texts.missing({"phishing": ["is_it_phishing"]}) == ("phishing.is_it_phishing.instruction.en",)
    assert texts.missing({"other": ["cut"]}) == (
        "other.title.ja", "other.title.en", "other.cut.title.ja", "other.cut.title.en",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("[step", "step_text_unreadable", "bad.toml"),
        ("step = 1", "step_text_malformed", "step"),
        ("[step.cut]\ntitel.ja = 'x'", "step_text_malformed", "step.cut.titel"),
        ("[step.cut]\ntitle.de = 'x'", "step_text_malformed", "step.cut.title.de"),
        ("[step.cut]\ntitle.ja = 7", "step_text_malformed", "step.cut.title.ja"),
        ("[step.cut.choice]\nyes = 'x'", "step_text_malformed", "step.cut.choice.yes"),
    ],
)
def test_a_faulty_file_is_named_with_the_place(tmp_path: Path, text: str, code: str, place: str) -> None:
    """So that whoever wrote it finds it."""
    (tmp_path / "bad.toml").write_text(text, encoding="utf-8")
    with pytest.raises(Invalid, match=code) as caught:
        read_step_texts(tmp_path)
    assert place in caught.value.params.values()


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    """Shift_JIS by mistake."""
    (tmp_path / "bad.toml").write_bytes("[playbook]\ntitle.ja = '表'".encode("cp932"))
    with pytest.raises(Invalid, match="step_text_unreadable"):
        read_step_texts(tmp_path)

"""What playbooks say to people: titles, instructions, choices and fields of their steps, in both languages.

One TOML file a playbook, named like it::

    [playbook]
    title.ja = "…"
    title.en = "…"

    [step.is_it_phishing]
    title.ja = "…"
    title.en = "…"
    instruction.ja = "…"
    instruction.en = "…"

    [step.is_it_phishing.choice.yes]
    ja = "…"
    en = "…"

    [step.is_it_phishing.field.count]
    ja = "…"
    en = "…"

    [branch.contain]
    ja = "…"
    en = "…"

A `[branch.NAME]` names a function that goes side by side with others. `common.toml` holds steps that playbooks share,
and `[choice.CODE]` and `[field.NAME]` for every step without own words.

A step inside `for_each` has its item in brackets (`isolate[pc-17]`); its text is that of the name before the bracket.
Inside `repeat` the title may hold `{number}`: `第{number}報の送付`.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from csirt.errors import Invalid
from csirt.model.step import StepKind
from csirt.texts.catalogs import Catalog

LANGUAGES = ("ja", "en")
_STEP_PARTS = frozenset({"title", "instruction", "choice", "field"})

Words = Mapping[str, str]  # language -> text


@dataclass(frozen=True, slots=True)
class StepText:
    """The texts of one step in one language. `item` is what stood in brackets, empty outside `for_each`."""

    title: str
    instruction: str = ""
    item: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)


def titled(title: str, kind: StepKind, words: Catalog, text: str = "") -> str:
    """A step's title; of what a holder is to see it says so, of an errand (`text`) what is asked, in one line."""
    if kind is StepKind.ERRAND:
        first = text.strip().partition("\n")[0]
        return f"{first[:60]}…" if len(first) > 60 else first or words.gettext("step_kind.errand")
    return words.say("review.of", {"step": title}) if kind is StepKind.REVIEW else title


@dataclass(frozen=True, slots=True)
class _Step:
    title: Words
    instruction: Words
    choices: Mapping[str, Words]
    fields: Mapping[str, Words]


@dataclass(frozen=True, slots=True)
class _Playbook:
    title: Words
    steps: Mapping[str, _Step]
    choices: Mapping[str, Words] = field(default_factory=dict)
    fields: Mapping[str, Words] = field(default_factory=dict)
    branches: Mapping[str, Words] = field(default_factory=dict)


COMMON = "common"
NUMBER = "{number}"  # in the title of a step inside `repeat`
_NO_STEP = _Step({}, {}, {}, {})
_NOTHING = _Playbook({}, {})


@dataclass(frozen=True, slots=True)
class StepTexts:
    """All step texts, by playbook. Read once with `read_step_texts`."""

    playbooks: Mapping[str, _Playbook]
    titles: Mapping[str, Words] = field(default_factory=dict)  # of steps that no playbook asks, by their whole key

    def step_text(self, playbook: str, key: str, language: str) -> StepText:
        """The texts of a step; a step without texts has its key as title, so that a person still sees what waits."""
        name, _, rest = key.partition("[")
        item = rest.removesuffix("]")
        common = self.playbooks.get(COMMON, _NOTHING)
        step = self.playbooks.get(playbook, _NOTHING).steps.get(name) or common.steps.get(name) or _NO_STEP
        title = _in(step.title, language)
        numbered = NUMBER in title  # 第{number}報: the title says which one it is
        return StepText(
            title=title.replace(NUMBER, item.rpartition(".")[2]) or _in(self.titles.get(key, {}), language) or key,
            instruction=_in(step.instruction, language),
            item="" if numbered or key in self.titles else item,
            choices=_spoken({**common.choices, **step.choices}, language),
            fields=_spoken({**common.fields, **step.fields}, language),
        )

    def branch_title(self, playbook: str, name: str, language: str) -> str:
        """The title of a branch, or nothing where it has none."""
        for file in (playbook, COMMON):
            if words := self.playbooks.get(file, _NOTHING).branches.get(name):
                return _in(words, language)
        return ""

    def playbook_title(self, playbook: str, language: str) -> str:
        """The title of a playbook, or its name where it has none."""
        known = self.playbooks.get(playbook)
        return (_in(known.title, language) if known else "") or playbook

    def every_step(self, language: str) -> list[tuple[str, str]]:
        """The key and the title of every step of every playbook, by title; a key that several share once."""
        titles = {key: step.title for play in self.playbooks.values() for key, step in play.steps.items()}
        said = {key: _in(words, language) or key for key, words in {**self.titles, **titles}.items()}
        return sorted(said.items(), key=lambda one: one[1])

    def lacking(self, playbook: str, key: str, choices: Iterable[str], fields: Iterable[str]) -> list[str]:
        """Which texts this step lacks, as `title.en`, `choice.cut.ja`; without a key, those of the playbook itself."""
        known, common = self.playbooks.get(playbook, _NOTHING), self.playbooks.get(COMMON, _NOTHING)
        if not key:
            return [f"title.{language}" for language in _lacking(known.title)]
        name = key.partition("[")[0]
        step = known.steps.get(name) or common.steps.get(name) or _NO_STEP
        gaps = [f"title.{language}" for language in _lacking(step.title)]
        for part, codes, tables in (
            ("choice", choices, (step.choices, common.choices)),
            ("field", fields, (step.fields, common.fields)),
        ):
            said = {code: words for table in reversed(tables) for code, words in table.items()}
            gaps += [f"{part}.{code}.{language}" for code in codes for language in _lacking(said.get(code, {}))]
        return gaps

    def missing(self, steps: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
        """Which of these steps (playbook -> names) lack a text, as `playbook.step.title.en`."""
        gaps: list[str] = []
        for playbook, names in steps.items():
            known = self.playbooks.get(playbook, _NOTHING)
            shared = self.playbooks.get(COMMON, _NOTHING).steps
            gaps += [f"{playbook}.title.{language}" for language in _lacking(known.title)]
            for name in names:
                gaps += [f"{playbook}.{gap}" for gap in _gaps(name, known.steps.get(name) or shared.get(name))]
        return tuple(gaps)


def read_step_texts(*folders: Path) -> StepTexts:
    """Read every `*.toml` of the folders; the file's name is the playbook's, and a later folder's goes before.

    Raises:
        Invalid: `step_text_unreadable` (not TOML), `step_text_malformed` (names file and key).
    """
    return StepTexts({file.stem: _read_playbook(file) for folder in folders for file in sorted(folder.glob("*.toml"))})


def _read_playbook(file: Path) -> _Playbook:
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid("step_text_unreadable", file=file.name) from error
    about = _table(data.get("playbook", {}), file, "playbook")
    steps = _table(data.get("step", {}), file, "step")
    return _Playbook(
        title=_words(about.get("title", {}), file, "playbook.title"),
        steps={name: _read_step(value, file, f"step.{name}") for name, value in steps.items()},
        choices=_word_table(data.get("choice", {}), file, "choice"),
        fields=_word_table(data.get("field", {}), file, "field"),
        branches=_word_table(data.get("branch", {}), file, "branch"),
    )


def _read_step(value: object, file: Path, place: str) -> _Step:
    table = _table(value, file, place)
    for part in table.keys() - _STEP_PARTS:
        raise Invalid("step_text_malformed", file=file.name, key=f"{place}.{part}")
    return _Step(
        title=_words(table.get("title", {}), file, f"{place}.title"),
        instruction=_words(table.get("instruction", {}), file, f"{place}.instruction"),
        choices=_word_table(table.get("choice", {}), file, f"{place}.choice"),
        fields=_word_table(table.get("field", {}), file, f"{place}.field"),
    )


def _word_table(value: object, file: Path, place: str) -> Mapping[str, Words]:
    return {code: _words(words, file, f"{place}.{code}") for code, words in _table(value, file, place).items()}


def _words(value: object, file: Path, place: str) -> Words:
    table = _table(value, file, place)
    for language, text in table.items():
        if language not in LANGUAGES or not isinstance(text, str):
            raise Invalid("step_text_malformed", file=file.name, key=f"{place}.{language}")
    return {language: str(text).strip() for language, text in table.items()}


def _table(value: object, file: Path, place: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise Invalid("step_text_malformed", file=file.name, key=place)
    return value


def _spoken(table: Mapping[str, Words], language: str) -> dict[str, str]:
    return {code: _in(words, language) for code, words in table.items()}


def _in(words: Words, language: str) -> str:
    """The text in this language, else in the other one: a wrong language helps more than a code."""
    return words.get(language) or next((words[other] for other in LANGUAGES if words.get(other)), "")


def _lacking(words: Words) -> list[str]:
    return [language for language in LANGUAGES if not words.get(language)]


def _gaps(name: str, step: _Step | None) -> list[str]:
    if step is None:
        return [f"{name}.title.{language}" for language in LANGUAGES]
    gaps = [f"{name}.title.{language}" for language in _lacking(step.title)]
    gaps += [f"{name}.instruction.{language}" for language in _lacking(step.instruction) if step.instruction]
    for part, table in (("choice", step.choices), ("field", step.fields)):
        gaps += [f"{name}.{part}.{code}.{language}" for code, words in table.items() for language in _lacking(words)]
    return gaps

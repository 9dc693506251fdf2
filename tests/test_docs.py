"""The documentation is true: what it names is there, what it shows can be run, and nothing is left out."""

import ast
import importlib.util
import json
import re
import shlex
import tomllib
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest
import typer
import typer.main

from csirt.cli.main import app
from csirt.clock import SystemClock
from csirt.directory.ldif import LdifDirectory
from csirt.directory.roles import read_roles
from csirt.founding import SAMPLE_CITY, second_factor_from
from csirt.model.asset import headings_from
from csirt.model.chains import chain_from, offices_from
from csirt.model.reminder import reminders_from
from csirt.model.source import sources_from
from csirt.model.triage import rules_from
from csirt.playbook import Action, Playbook
from csirt.playbook.connectors import Systems
from csirt.playbook.systems import read_systems
from csirt.readers.mapping_files import read_mapping
from csirt.record.entry import EntryKind
from csirt.settings import Settings
from csirt.texts.steps import read_step_texts
from notifications.folder import FolderChannel
from tests.house.tree import ROOT
from tests.texts.test_catalogs import RAISED, sources

DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"
MOST_OF_A_PICTURE = 300 * 1024
DECISION = ("## Context", "## Decision", "## Consequences")
TWINS = (("README.md", "README.ja.md"), ("docs/tutorial.md", "docs/tutorial.ja.md"))

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(!?)\[[^\]\n]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
_NOT_IN_AN_ANCHOR = re.compile(r"[^\w\- ]")


class Block(NamedTuple):
    """A fenced block: where it stands, its language, its text."""

    file: str
    language: str
    text: str


def texts() -> Iterator[Path]:
    """Every page of the documentation."""
    yield from (ROOT / name for name in ("README.md", "README.ja.md", "CHANGELOG.md"))
    yield from sorted(DOCS.rglob("*.md"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def blocks(*languages: str) -> list[Block]:
    """Fenced blocks in these languages, of all pages."""
    found = [
        Block(name_of(path), language, body)
        for path in texts()
        for language, body in _FENCE.findall(path.read_text(encoding="utf-8"))
    ]
    return [block for block in found if block.language in languages]


def headings(path: Path) -> list[str]:
    """The headings of a page, without what only looks like one inside a fence."""
    return _HEADING.findall(_FENCE.sub("", path.read_text(encoding="utf-8")))


def anchor(heading: str) -> str:
    """How a heading is linked to."""
    return _NOT_IN_AN_ANCHOR.sub("", heading.strip().lower()).replace(" ", "-")


# -------------------------------------------------------------------------------------------------------- the reference


@cache
def generator() -> ModuleType:
    """docs/reference.py, loaded as a module."""
    spec = importlib.util.spec_from_file_location("docs_reference", DOCS / "reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_reference_is_up_to_date() -> None:
    """After a change of the source: `.venv/bin/python docs/reference.py`."""
    assert sorted(generator().stale()) == []


def test_every_setting_has_its_heading() -> None:
    assert headings(REFERENCE / "settings.md")[1:] == list(Settings.model_fields)


def test_every_command_has_its_heading() -> None:
    assert set(headings(REFERENCE / "commands.md")[1:]) == {f"csirt {name}" for name in commands()}


def test_every_address_of_the_api_has_its_heading() -> None:
    described = generator().api_described()["paths"]
    wanted = {f"{way.upper()} {path}" for path, ways in described.items() for way in ways}
    assert wanted
    assert wanted <= set(headings(REFERENCE / "routes.md"))


def test_every_error_code_has_its_heading() -> None:
    """Found here as the catalogs' test finds them: by the words of the source, not by its syntax."""
    raised = {code for text in sources("csirt/**/*.py", "notifications/**/*.py", "playbooks/**/*.py")
              for code in RAISED.findall(text)}  # fmt: skip
    assert len(raised) > 100
    assert raised <= set(headings(REFERENCE / "errors.md"))


def test_every_kind_of_entry_has_its_heading() -> None:
    assert headings(REFERENCE / "ledger-kinds.md")[1:] == [kind.value for kind in EntryKind]


# ------------------------------------------------------------------------------------------------------ links, pictures


def links() -> list[tuple[str, str, str]]:
    """Page, target and anchor of every link that stays in the project."""
    found = [
        (path, target.partition("#")[0], target.partition("#")[2])
        for path in texts()
        for _, target in _LINK.findall(_FENCE.sub("", path.read_text(encoding="utf-8")))
        if "://" not in target
    ]
    return [(name_of(path), name_of((path.parent / to).resolve() if to else path), part) for path, to, part in found]


def test_links_lead_somewhere() -> None:
    found = links()
    assert len(found) > 50
    pictures = "docs/pictures/"  # the next test looks at those
    assert [(page, to) for page, to, _ in found if not (ROOT / to).exists() and not to.startswith(pictures)] == []
    parts = [(page, to, part) for page, to, part in found if part and to.endswith(".md")]
    assert [one for one in parts if one[2] not in map(anchor, headings(ROOT / one[1]))] == []


@pytest.mark.parametrize("readme", ["README.md", "README.ja.md"])
def test_both_readmes_show_the_board_and_an_incident(readme: str) -> None:
    pictures = [target for mark, target in _LINK.findall((ROOT / readme).read_text(encoding="utf-8")) if mark]
    assert pictures == ["docs/pictures/board.png", "docs/pictures/incident.png"]
    for picture in pictures:
        assert (ROOT / picture).read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
        assert (ROOT / picture).stat().st_size < MOST_OF_A_PICTURE


def test_every_page_can_be_reached_from_a_readme() -> None:
    reached, todo = set[str](), ["README.md", "README.ja.md"]
    while todo:
        page = todo.pop()
        reached.add(page)
        todo += [to for at, to, _ in links() if at == page and to.endswith(".md") and to not in reached]
    assert {name_of(path) for path in texts()} - reached == set()


# -------------------------------------------------------------------------------------------------------- fenced blocks


@pytest.mark.parametrize("block", blocks("python"), ids=lambda block: block.file)
def test_python_compiles_and_playbooks_and_actions_are_what_they_say(block: Block) -> None:
    code = compile(ast.parse(block.text), block.file, "exec")
    if "@playbook" not in block.text and "@action" not in block.text:
        return
    held: dict[str, Any] = {"__name__": "example"}
    exec(code, held)  # noqa: S102 - our own example; what it defines must be a playbook or an action
    assert [one for one in held.values() if isinstance(one, Playbook | Action)]


def _as_step_texts(text: str, folder: Path) -> None:
    (folder / "common.toml").write_text("", encoding="utf-8")
    (folder / "example.toml").write_text(text, encoding="utf-8")
    read_step_texts(folder)


def _as_roles(text: str, folder: Path) -> None:
    (folder / "roles.toml").write_text(text, encoding="utf-8")
    assert read_roles(folder / "roles.toml").groups


def _as_systems(text: str, folder: Path) -> None:
    """Wired as at work; only the certificates of the example are nobody's."""
    lines = [line for line in text.splitlines() if not line.startswith("ca_file")]
    (folder / "systems.toml").write_text("\n".join(lines), encoding="utf-8")
    channels = {"mail": FolderChannel("mail", folder, sender="csirt@city.example")}
    file = read_systems(folder / "systems.toml")
    assert Systems.of(file, clock=SystemClock(), channels=channels, data=folder).ways


READ_AS: Mapping[str, Callable[[str, Path], object]] = {
    "plan": lambda text, _: reminders_from(tomllib.loads(text), "example.toml"),
    "route": lambda text, _: chain_from(tomllib.loads(text), "example.toml"),
    "office": lambda text, _: offices_from(tomllib.loads(text), "example.toml"),
    "playbook": _as_step_texts,
    "groups": _as_roles,
    "source": lambda text, _: sources_from(tomllib.loads(text), "example.toml"),
    "recognise": lambda text, _: read_mapping(text.encode(), "page"),
    "system": _as_systems,
    "hosts": lambda text, _: headings_from(tomllib.loads(text), "asset-headings.toml"),
    "asset_rule": lambda text, _: rules_from({"rule": [], "source": "x", **tomllib.loads(text)}, "triage.toml"),
    "files": lambda text, _: _as_city(tomllib.loads(text)),
    "sign_in": lambda text, _: second_factor_from(tomllib.loads(text)["sign_in"]),
}


def _as_city(table: Mapping[str, Any]) -> None:
    shipped = tomllib.loads(SAMPLE_CITY.read_text(encoding="utf-8"))
    assert table.keys() == shipped.keys()
    assert table["files"].keys() == shipped["files"].keys()


@pytest.mark.parametrize("block", blocks("toml"), ids=lambda block: block.file)
def test_toml_is_what_the_product_reads(block: Block, tmp_path: Path) -> None:
    """A chain, offices, step texts, roles, a city; whatever else is TOML stands in `csirt.toml`."""
    table = tomllib.loads(block.text)
    for mark, read in READ_AS.items():
        if mark in table:
            read(block.text, tmp_path)
            return
    assert Settings(data=tmp_path, **table).data == tmp_path


@pytest.mark.parametrize("block", blocks("json"), ids=lambda block: block.file)
def test_json_parses(block: Block) -> None:
    assert json.loads(block.text)


def test_settings_are_called_by_their_names() -> None:
    known = {f"CSIRT_{name.upper()}" for name in Settings.model_fields} | {"CSIRT_TOKEN", "CSIRT_CODE"}  # of one call
    named = {
        name for path in texts() for name in re.findall(r"(?<![.\w])CSIRT_[A-Z_]+", path.read_text(encoding="utf-8"))
    }
    assert named - known == set()


# ------------------------------------------------------------------------------------------------------------- commands


@cache
def commands() -> dict[str, Any]:
    """Every command by its words after `csirt`."""

    def below(words: tuple[str, ...], command: Any) -> Iterator[tuple[str, Any]]:
        if not hasattr(command, "list_commands"):
            yield " ".join(words), command
            return
        context = typer.Context(command)
        for word in command.list_commands(context):
            yield from below((*words, word), command.get_command(context, word))

    return dict(below((), typer.main.get_command(app)))


def shell_lines() -> list[tuple[str, list[str]]]:
    """Page and words of every command line that the documentation shows."""
    lines = [
        (block.file, line)
        for block in blocks("sh")
        for line in block.text.replace("\\\n", " ").splitlines()
        if line.strip()
    ]
    return [(file, shlex.split(line, comments=True)) for file, line in lines]


def wrong_with(words: list[str]) -> str:
    """What is wrong with a command line of ours; nothing if all is well."""
    program, *rest = [word for word in words if not re.match(r"[A-Z_]+=", word)]
    if program in {"./run", "./test"}:
        told = (ROOT / program).read_text(encoding="utf-8")
        return next((word for word in rest if word.startswith("-") and f"{word} " not in told), "")
    if not program.endswith("/csirt"):
        return ""
    found = next((name for name in (" ".join(rest[:2]), *rest[:1]) if name in commands()), None)
    if found is None:
        return " ".join(words)
    options = {name for one in commands()[found].params for name in (*one.opts, *one.secondary_opts)}
    return next((word for word in rest if word.startswith("--") and word not in options), "")


def test_commands_that_are_shown_exist_with_their_options() -> None:
    shown = shell_lines()
    assert len([words for _, words in shown if ".venv/bin/csirt" in words]) > 15
    assert [(file, wrong) for file, words in shown if (wrong := wrong_with(words))] == []


@pytest.mark.parametrize(
    "line", [".venv/bin/csirt fly", ".venv/bin/csirt verify --fast", "./run --no-such", "CSIRT_PORT=1 ./run --swift"]
)
def test_a_command_that_does_not_exist_would_be_found(line: str) -> None:
    assert wrong_with(shlex.split(line))


def _without_title(words: list[str]) -> list[str]:
    return ["…" if before == "--title" else word for before, word in zip(["", *words], words, strict=False)]


@pytest.mark.parametrize("twins", TWINS, ids=lambda twins: str(twins[0]))
def test_both_languages_show_the_same_commands(twins: tuple[str, str]) -> None:
    """A title is for people and differs."""
    shown = [[words for at, words in shell_lines() if at == page] for page in twins]
    ours = [[_without_title(words) for words in lines] for lines in shown]
    assert ours[0]
    assert ours[0] == ours[1]


@pytest.mark.parametrize("readme", ["README.md", "README.ja.md"])
def test_a_readme_begins_with_the_two_doors(readme: str) -> None:
    lines = [words for file, words in shell_lines() if file == readme]
    assert lines[:2] == [["./run"], ["./test"]]


@pytest.mark.parametrize("readme", ["README.md", "README.ja.md"])
def test_the_sample_accounts_of_a_readme_can_sign_in(readme: str) -> None:
    accounts = re.findall(r"^\| `([a-z]\.[a-z]+)` \|", (ROOT / readme).read_text(encoding="utf-8"), re.MULTILINE)
    city = LdifDirectory(SAMPLE_CITY.parent / "people.ldif", read_roles(SAMPLE_CITY.parents[1] / "roles.toml"), str)
    assert len(accounts) == 10
    assert [uid for uid in accounts if city.authenticate(uid, f"{uid}-naruto") is None] == []


# ----------------------------------------------------------------------------------------------------- decision records


def test_decision_records_are_numbered_without_gap_and_say_why() -> None:
    records = sorted((DOCS / "decisions").glob("[0-9]*.md"))
    assert [path.name[:4] for path in records] == [f"{number:04d}" for number in range(1, len(records) + 1)]
    for path in records:
        text = path.read_text(encoding="utf-8")
        assert text.startswith(f"# {path.name[:4]} ")
        assert re.search(r"^Status: ", text, re.MULTILINE)
        assert [part for part in DECISION if f"\n{part}\n" not in text] == [], path.name

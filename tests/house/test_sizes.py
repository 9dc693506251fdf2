"""Small files, small functions, names that say something: the limits of the house."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.house.tree import PRODUCT, functions, name_of, parsed, python_files

LINES_OF_A_FILE = 400
LINES_OF_A_FUNCTION = 40
SHIPPED_AS_ONE_FILE = {"csirt/record/verify_record.py": 660}  # whoever gets an export gets this file and nothing else
MOCKS_IN_A_THOUSAND_LINES = 2
NAMES_THAT_SAY_NOTHING = {"base", "helper", "helpers", "manager", "managers", "service", "services", "util", "utils"}
CLOCKS = {"now", "utcnow", "today"}


def is_migration(path: Path) -> bool:
    """Migrations are written once and never changed again."""
    return "migrations" in path.parts


def test_no_file_is_long() -> None:
    lengths = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in python_files()}
    assert lengths
    long = {
        name: length
        for name, length in lengths.items()
        if length > SHIPPED_AS_ONE_FILE.get(name, LINES_OF_A_FILE) and "/migrations/" not in name
    }
    assert long == {}


def test_no_function_is_long() -> None:
    long = {
        f"{name_of(path)}:{function.lineno} {function.name}": length
        for path in python_files()
        if not is_migration(path)
        for function in functions(path)
        if (length := (function.end_lineno or 0) - function.lineno + 1) > LINES_OF_A_FUNCTION
    }
    assert long == {}


def test_every_module_has_a_name_that_says_something() -> None:
    vague = [
        name_of(path)
        for path in python_files()
        if {path.stem, *(part.lower() for part in Path(name_of(path)).parts)} & NAMES_THAT_SAY_NOTHING
    ]
    assert vague == []


def test_package_files_are_empty_except_the_vocabulary() -> None:
    filled = [
        name_of(path) for path in python_files() if path.name == "__init__.py" and path.read_text(encoding="utf-8")
    ]
    assert [name for name in filled if name != "csirt/playbook/__init__.py"] == []


def imports_inside_functions(path: Path) -> Iterator[tuple[int, str]]:
    """Line number and text of every import that stands in a function."""
    lines = path.read_text(encoding="utf-8").splitlines()
    for function in functions(path):
        for node in ast.walk(function):
            if isinstance(node, ast.Import | ast.ImportFrom):
                yield node.lineno, lines[node.lineno - 1]


def test_an_import_inside_a_function_gives_its_reason() -> None:
    hidden = {
        f"{name_of(path)}:{number}"
        for path in python_files()
        for number, line in imports_inside_functions(path)
        if not re.search(r"#.*\blazy: \w+", line)
    }
    assert hidden == set()


def asked_for_the_time(path: Path) -> Iterator[int]:
    """Lines that call now(), utcnow() or today() of a date or datetime, whatever it was imported as."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Attribute) and node.attr in CLOCKS and ast.unparse(node.value).startswith("date"):
            yield node.lineno


def test_only_the_clock_asks_for_the_time() -> None:
    askers = {name_of(path) for path in python_files(*PRODUCT) if any(asked_for_the_time(path))}
    assert askers <= {"csirt/clock.py"}


def test_there_are_few_mocks() -> None:
    texts = [path.read_text(encoding="utf-8") for path in python_files("tests") if path != Path(__file__)]
    mocks = sum(len(re.findall(r"\b(?:MagicMock|AsyncMock|Mock|monkeypatch\.setattr|patch)\(", text)) for text in texts)
    lines = sum(text.count("\n") for text in texts)
    assert mocks <= MOCKS_IN_A_THOUSAND_LINES * max(1, lines // 1000)

"""Versions of playbooks: what a version's code is known by, which ones are published, and those of the city itself.

A run keeps the version it began with. So a published version never changes: its fingerprint stands in `published.toml`
beside it, and code that no longer has it is refused.
"""

import ast
import hashlib
import inspect
import textwrap
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from pydantic import BaseModel

from csirt.errors import CsirtError, Invalid
from csirt.model.step import AtDeadline, Choice
from csirt.playbook.forms import fields_of
from csirt.playbook.language import Action, Playbook

PUBLISHED = "published.toml"
TEXTS = "texts"
Key = tuple[str, int]
Lock = dict[str, dict[int, str]]
# What faulty code may raise while it is loaded or walked. Anything else is a fault of ours.
CODE_FAULTS = (ArithmeticError, AssertionError, AttributeError, ImportError, LookupError, NameError, RuntimeError,
               TypeError, ValueError)  # fmt: skip


def fingerprint(play: Playbook) -> str:
    """What a version is known by: SHA-256 over its code and that of everything of the wing that it uses.

    Comments, docstrings and layout do not count, nor does the file that a function stands in: an older version moves to
    `editions/`. Actions count by name: what they do may be mended.
    """
    parts = [("", f"{play.name} {play.handles.value}")]
    for function in functions_of(play).values():
        name = function.__qualname__
        parts.append((name, _plain_source(function)))
        parts += [(f"{name}.{used}", value) for used, value in _constants(function)]
    text = "\n\n".join(f"{name}\n{part}" for name, part in sorted(parts))
    return hashlib.sha256(text.encode()).hexdigest()


def functions_of(play: Playbook) -> dict[str, FunctionType]:
    """The body and every function of the wings that it uses, by module and name."""
    found: dict[str, FunctionType] = {}
    todo = [play.body]
    while todo:
        function = todo.pop()
        name = f"{function.__module__}.{function.__qualname__}"
        if isinstance(function, FunctionType) and name not in found:
            found[name] = function
            todo += [value for _, value in _used(function) if _is_of_a_playbook(value)]
    return found


def _is_of_a_playbook(value: object) -> bool:
    return isinstance(value, FunctionType) and not value.__module__.startswith("csirt.")


def _used(function: FunctionType) -> Iterator[tuple[str, Any]]:
    """What a function uses of its module's names; of a module among them, what it takes from there."""
    names = sorted(set(_names(function.__code__)))
    for name in names:
        value = function.__globals__.get(name)
        if isinstance(value, ModuleType) and not value.__name__.startswith("csirt"):
            yield from ((f"{name}.{part}", getattr(value, part)) for part in names if hasattr(value, part))
        elif value is not None:
            yield name, value


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _constants(function: FunctionType) -> Iterator[tuple[str, str]]:
    for name, value in _used(function):
        if isinstance(value, Action):
            yield name, repr(value.name)
        elif isinstance(value, type) and issubclass(value, BaseModel):
            yield name, repr(fields_of(value))
        elif isinstance(value, str | int | float | tuple | frozenset | timedelta | AtDeadline | Choice):
            yield name, repr(value)


def source_of(function: FunctionType) -> ast.AST:
    """The syntax of a function, with its line numbers in its file."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    return ast.increment_lineno(tree, function.__code__.co_firstlineno - 1)


def _plain_source(function: FunctionType) -> str:
    tree = source_of(function)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.decorator_list = []
            if ast.get_docstring(node, clean=False) is not None:
                node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree)


# -------------------------------------------------------------------------------------------------- publication


def read_published(folder: Path) -> Lock:
    """Name -> version -> fingerprint. Raises `Invalid` naming the file."""
    file = folder / PUBLISHED
    if not file.exists():
        return {}
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
        return {name: {int(version): str(one) for version, one in of.items()} for name, of in table.items()}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, AttributeError, ValueError) as error:
        raise Invalid("toml_malformed", file=PUBLISHED, where=str(error)[-60:]) from error


def write_published(folder: Path, lock: Lock) -> None:
    """Write it anew, whole or not at all."""
    lines = ["# Fingerprints of published versions. Written by `csirt playbooks publish`; a published version stays."]
    for name, versions in sorted(lock.items()):
        lines += ["", f"[{name}]", *(f'{version} = "{one}"' for version, one in sorted(versions.items()))]
    part = folder / f".{PUBLISHED}.part"
    part.write_text("\n".join(lines) + "\n", encoding="utf-8")
    part.replace(folder / PUBLISHED)


def unlike_published(plays: Iterable[Playbook], lock: Lock) -> list[CsirtError]:
    """Versions that are not published, are other than published, or are published and gone."""
    known = {(play.name, play.version): play for play in plays}
    found: list[CsirtError] = []
    for (name, version), play in sorted(known.items()):
        pinned = lock.get(name, {}).get(version)
        if pinned is None:
            found.append(Invalid("playbook_unpublished", playbook=name, version=version, file=file_of(play)))
        elif pinned != fingerprint(play):
            found.append(Invalid("playbook_changed", playbook=name, version=version, file=file_of(play)))
    gone = [(name, version) for name, versions in sorted(lock.items()) for version in versions]
    found += [
        Invalid("playbook_version_gone", playbook=name, version=version, file=PUBLISHED)
        for name, version in gone
        if (name, version) not in known
    ]
    return found


def file_of(play: Playbook) -> str:
    """The name of the file that a playbook stands in."""
    body = play.body
    return Path(body.__code__.co_filename).name if isinstance(body, FunctionType) else ""


# -------------------------------------------------------------------------------------------------- the city's own ones


@dataclass(frozen=True, slots=True)
class Loaded:
    """Playbooks of a folder, and what kept others out."""

    playbooks: Mapping[Key, Playbook]
    faults: tuple[CsirtError, ...] = ()


def load_file(path: Path) -> list[Playbook]:
    """The playbooks of a file that was found sound. Runs its code: the city trusts it as it trusts its configuration.

    Raises:
        Invalid: its code fails (`playbook_breaks`), or it holds no playbook (`playbook_none`).
    """
    module = ModuleType(f"city_playbooks.{path.stem}")
    module.__file__ = str(path)
    try:
        exec(compile(path.read_bytes(), str(path), "exec"), module.__dict__)  # noqa: S102 - see above
    except CsirtError as error:
        raise Invalid("playbook_breaks", file=path.name, error=error.code) from error
    except CODE_FAULTS as error:
        raise Invalid("playbook_breaks", file=path.name, error=type(error).__name__) from error
    found = [value for value in vars(module).values() if isinstance(value, Playbook)]
    own = [play for play in found if isinstance(play.body, FunctionType) and play.body.__module__ == module.__name__]
    if not own:
        raise Invalid("playbook_none", file=path.name)
    return own


def files_of(folder: Path) -> list[Path]:
    """The playbook files of a folder, older versions in `editions/` too."""
    return [*sorted(folder.glob("*.py")), *sorted((folder / "editions").glob("*.py"))]

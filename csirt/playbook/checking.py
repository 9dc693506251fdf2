"""Whether a playbook may be published: its source, every path through it, its texts, and whom it calls.

Each fault is an `Invalid` that names file, line and step where they are known.
"""

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType

from csirt.errors import CsirtError, Invalid, Param
from csirt.model.city import City
from csirt.playbook.editions import (
    CODE_FAULTS,
    Loaded,
    Lock,
    file_of,
    files_of,
    functions_of,
    load_file,
    source_of,
    unlike_published,
)
from csirt.playbook.imagining import Described
from csirt.playbook.language import Playbook
from csirt.playbook.walking import Fork, Walk, Way, walk

ALLOWED_IMPORTS = ("csirt.playbook", "csirt.model", "playbooks", "collections.abc", "typing", "enum", "dataclasses",
                   "functools", "pydantic", "__future__")  # fmt: skip
FORBIDDEN_CALLS = frozenset(
    {"__import__", "breakpoint", "compile", "delattr", "eval", "exec", "exit", "globals", "hash", "help", "id", "input",
     "locals", "open", "print", "quit", "setattr", "vars"}
)  # fmt: skip
_NAMING = {"ask": 0, "approve": 0, "wait": 0, "tell": 0}  # verbs whose first argument is the step's name
# playbook, step, its choices, its fields -> what lacks a text, such as `title.en`
Lacking = Callable[[str, str, Sequence[str], Sequence[str]], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Around:
    """What a playbook is checked against. `chains` and `posts` are None where there is no city to ask."""

    city: City
    lacking: Lacking
    chains: frozenset[str] | None = None
    posts: frozenset[str] | None = None


# -------------------------------------------------------------------------------------------------------------- source


def source_faults(path: Path) -> list[CsirtError]:
    """What a playbook's source may not hold: it is replayed, so there is no clock, no chance, no world outside."""
    try:
        tree = ast.parse(path.read_bytes(), str(path))
    except (SyntaxError, ValueError) as error:
        return [Invalid("playbook_syntax", file=path.name, line=getattr(error, "lineno", None) or 0)]
    return [fault for node in ast.walk(tree) for fault in _node_faults(node, path.name)]


def _node_faults(node: ast.AST, file: str) -> Iterator[CsirtError]:
    line = getattr(node, "lineno", 0)
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
        yield from (Invalid("playbook_import", file=file, line=line, name=name) for name in names if not _allowed(name))
    elif isinstance(node, ast.ImportFrom):
        name = "." * node.level + (node.module or "")
        if not _allowed(name):
            yield Invalid("playbook_import", file=file, line=line, name=name)
    elif isinstance(node, ast.Name) and node.id in FORBIDDEN_CALLS:
        yield Invalid("playbook_call", file=file, line=line, name=node.id)
    elif isinstance(node, ast.Attribute) and node.attr.startswith("__"):
        yield Invalid("playbook_call", file=file, line=line, name=node.attr)
    elif isinstance(node, ast.ExceptHandler) and _swallows(node):
        yield Invalid("playbook_swallows", file=file, line=line)
    elif isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.Global):
        yield Invalid("playbook_call", file=file, line=line, name=type(node).__name__.lower())


def _allowed(name: str) -> bool:
    return any(name == one or name.startswith(f"{one}.") for one in ALLOWED_IMPORTS)


def _swallows(handler: ast.ExceptHandler) -> bool:
    """A bare `except` would swallow the signal that a branch rests."""
    return handler.type is None or "BaseException" in ast.unparse(handler.type)


# --------------------------------------------------------------------------------------------------------------- paths


def faults_of(play: Playbook, around: Around) -> tuple[Walk | None, list[CsirtError]]:
    """Walk every path; what is wrong with what was met."""
    at: dict[str, Param] = {"playbook": play.name, "version": play.version, "file": file_of(play)}
    try:
        walked = walk(play, around.city)
    except CsirtError as error:
        return None, [Invalid("playbook_breaks", error=error.code, **at)]
    except CODE_FAULTS as error:
        return None, [Invalid("playbook_breaks", error=type(error).__name__, line=_line_of(error, play), **at)]
    found = [_end_fault(end, at) for end in sorted(set(_bad_ends(walked.ways)))]
    for step in walked.steps.values():
        found += _step_faults(play.name, step, around)
    found += [
        Invalid("playbook_text_missing", file=f"{play.name}.toml", line=0, step="", playbook=play.name, text=text)
        for text in around.lacking(play.name, "", (), ())
    ]
    return walked, found


def _line_of(error: Exception, play: Playbook) -> int:
    """The line of the playbook's file where its code broke."""
    line, trace = 0, error.__traceback__
    while trace:
        if Path(trace.tb_frame.f_code.co_filename).name == file_of(play):
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _bad_ends(ways: Iterable[Way]) -> Iterator[str]:
    for way in ways:
        if way.end == "cut" or (way.end.startswith("failed:") and way.end != "failed:deadline_passed"):
            yield way.end
        for item in way.items:
            if isinstance(item, Fork):
                for branch in item.branches:
                    yield from _bad_ends(branch)


def _end_fault(end: str, at: Mapping[str, Param]) -> CsirtError:
    if end == "cut":
        return Invalid("playbook_endless", **at)
    code = end.removeprefix("failed:")
    return Invalid("playbook_step_twice", **at) if code == "playbook_drift" else Invalid(
        "playbook_breaks", error=code, **at)  # fmt: skip


def _step_faults(playbook: str, step: Described, around: Around) -> Iterator[CsirtError]:
    at: dict[str, Param] = {"file": Path(step.file).name, "line": step.line, "step": step.key, "playbook": playbook}
    choices = [choice.code for choice in step.choices]
    for text in around.lacking(playbook, step.key, choices, step.fields):
        yield Invalid("playbook_text_missing", text=text, **at)
    if around.chains is not None and step.chain and step.chain not in around.chains:
        yield Invalid("playbook_chain_unknown", chain=step.chain, **at)
    law, facts = around.city.law, around.city.facts
    if law.rules and step.duty and not law.has(step.duty):
        yield Invalid("playbook_duty_unknown", duty=step.duty, **at)
    if facts.facts and step.fact and step.fact not in facts.facts:
        yield Invalid("playbook_fact_unknown", fact=step.fact, **at)
    parties = [*step.who.split(", "), step.by_hand]
    for party in parties:
        if around.posts is not None and party.startswith("post:") and party.split(":")[1] not in around.posts:
            yield Invalid("playbook_post_unknown", post=party, **at)


def unreachable(walked: Iterable[tuple[Playbook, Walk]]) -> list[CsirtError]:
    """Steps that stand in the source of these playbooks, and that no path comes to."""
    reached: set[str] = set()
    written: dict[tuple[str, int, str], str] = {}
    for play, found in walked:
        reached |= {key.partition("[")[0] for key in found.steps}
        for function in functions_of(play).values():
            for line, name in _written(function):
                written.setdefault((Path(function.__code__.co_filename).name, line, name), play.name)
    return [
        Invalid("playbook_step_unreachable", file=file, line=line, step=name, playbook=playbook)
        for (file, line, name), playbook in sorted(written.items())
        if name not in reached
    ]


def _written(function: FunctionType) -> Iterator[tuple[int, str]]:
    """Line and name of each step that a function names."""
    for node in ast.walk(source_of(function)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        named = next((one.value for one in node.keywords if one.arg == "name"), None)
        if named is None and node.func.attr in _NAMING and node.args:
            named = node.args[0]
        if isinstance(named, ast.Constant) and isinstance(named.value, str):
            yield node.lineno, named.value


# ------------------------------------------------------------------------------------------------------------- together


def check(plays: Sequence[Playbook], around: Around, lock: Lock) -> list[CsirtError]:
    """Everything that is wrong with these playbooks, publication included."""
    found, walked = [], []
    for path in sorted({Path(play.body.__code__.co_filename) for play in plays if isinstance(play.body, FunctionType)}):
        found += source_faults(path)
    for play in plays:
        one, faults = faults_of(play, around)
        found += faults
        if one:
            walked.append((play, one))
    return [*found, *unreachable(walked), *_twice(plays), *unlike_published(plays, lock)]


def _twice(plays: Sequence[Playbook]) -> list[CsirtError]:
    seen: set[tuple[str, int]] = set()
    found: list[CsirtError] = []
    for play in plays:
        if (play.name, play.version) in seen:
            found.append(Invalid("playbook_twice", playbook=play.name, version=play.version, file=file_of(play)))
        seen.add((play.name, play.version))
    return found


def load_folder(folder: Path) -> tuple[list[Playbook], list[CsirtError]]:
    """The playbooks of a city's own folder whose source is sound, and what is wrong with the others."""
    plays: list[Playbook] = []
    faults: list[CsirtError] = []
    for path in files_of(folder):
        if found := source_faults(path):
            faults += found
            continue
        try:
            plays += load_file(path)
        except Invalid as error:
            faults.append(error)
    return plays, faults


def load_published(folder: Path, lock: Lock, taken: Iterable[tuple[str, int]]) -> Loaded:
    """Those of a city's folder that are published and unchanged; the others are left out, each with its reason."""
    plays, faults = load_folder(folder)
    faults += unlike_published(plays, lock)
    bad = {(fault.params.get("playbook"), fault.params.get("version")) for fault in faults}
    shipped = set(taken)
    faults += [
        Invalid("playbook_twice", playbook=play.name, version=play.version, file=file_of(play))
        for play in plays
        if (play.name, play.version) in shipped
    ]
    good = [play for play in plays if (play.name, play.version) not in bad | shipped]
    return Loaded({(play.name, play.version): play for play in good}, tuple(faults))

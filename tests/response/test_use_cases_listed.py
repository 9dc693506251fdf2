"""No use case without a row: what takes a commit is listed by who reaches it, and the code is asked whether that holds.

Where a use case is committed is read off the code outside of `csirt.response`: whatever is handed on by name there.
"""

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import csirt
from csirt import response
from csirt.model.authority import NEEDS_STEP_UP, Permission
from tests.response.use_cases import MACHINE, ONESELF, PARTS, ROWS

ROOT = Path(csirt.__file__).parents[1]
HANDS = ("csirt/playbook/", "csirt/showing.py", "csirt/worker.py", "csirt/chores.py", "csirt/sending.py")
"""Where only the system commits: the worker, and what performs a playbook for it."""


@cache
def use_cases() -> frozenset[str]:
    """`module.function` of every public function of the use cases that is given a commit."""
    found = set()
    for module in pkgutil.iter_modules(response.__path__):
        code = importlib.import_module(f"csirt.response.{module.name}")
        for name, one in vars(code).items():
            is_own = inspect.isfunction(one) and one.__module__ == code.__name__ and not name.startswith("_")
            if is_own and next(iter(inspect.signature(one).parameters), "") == "tx":
                found.add(f"{module.name}.{name}")
    return frozenset(found)


def named(tree: ast.AST) -> dict[str, str]:
    """What names of the use cases' modules stand for in a file."""
    return {
        one.asname or one.name: f"{found.module}.{one.name}".removeprefix("csirt.response.")
        for found in ast.walk(tree)
        if isinstance(found, ast.ImportFrom) and (found.module or "").startswith("csirt.response")
        for one in found.names
    }


def meant(node: ast.expr, names: dict[str, str]) -> str:
    """Which use case an expression names, if any."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in names:
        return f"{names[node.value.id]}.{node.attr}"
    return names.get(node.id, "") if isinstance(node, ast.Name) else ""


def outside() -> Iterator[tuple[str, ast.AST]]:
    """Every file that knows use cases and is none itself."""
    for wing in ("csirt", "playbooks", "notifications"):
        for path in sorted((ROOT / wing).rglob("*.py")):
            file, text = path.relative_to(ROOT).as_posix(), path.read_text("utf-8")
            if "csirt.response" in text and not file.startswith("csirt/response/"):
                yield file, ast.parse(text)


@cache
def handed_on() -> tuple[tuple[str, str, str], ...]:
    """Each use case that code outside hands on by name: which, in which file, and in whose name if that is said."""
    found = []
    for file, tree in outside():
        names, nodes = named(tree), list(ast.walk(tree))
        calls = [node for node in nodes if isinstance(node, ast.Call)]
        called = {id(call.func) for call in calls}
        by = {id(one): call.args[0] for call in calls for one in call.args}
        for node in nodes:
            if not isinstance(node, ast.Attribute | ast.Name) or id(node) in called:
                continue
            if which := meant(node, names):
                found.append((which, file, ast.unparse(by[id(node)]) if id(node) in by else ""))
    return tuple(found)


def test_every_use_case_is_listed_once() -> None:
    lists = [set(ROWS), set(ONESELF), set(MACHINE), set(PARTS)]
    listed = set().union(*lists)
    assert sorted(use_cases() - listed) == []
    assert sorted(listed - use_cases()) == []
    assert sum(map(len, lists)) == len(listed)
    assert len(use_cases()) > 200


def test_what_is_a_part_of_others_is_committed_by_nobody_outside() -> None:
    found = {(which, file) for which, file, _ in handed_on() if which in PARTS}
    assert found == {("door.follow", "csirt/bootstrap.py")}  # the end of every commit


def test_what_the_machine_does_is_committed_in_its_name_only() -> None:
    wrong = [
        (which, file, by) for which, file, by in handed_on()
        if which in MACHINE and by != "SYSTEM" and not file.startswith(HANDS)
    ]  # fmt: skip
    assert wrong == []


def test_every_row_is_reached_from_outside_and_every_permission_stands_behind_a_row() -> None:
    reached = {which for which, _, _ in handed_on()}
    assert sorted(set(ROWS) - reached - {"access.revoke_token"}) == []  # whose command was exchanged for `csirt tokens`
    asked = {one for row in ROWS.values() for one in (row.needs, row.own)}
    # Some steps ask for more than their row: mandatory ones, calls to be made. What only reads is asked at the door.
    of_steps = {Permission.SKIP_MANDATORY_STEP, Permission.FILL_CALL_SHEET}
    left = {*of_steps, Permission.READ_INCIDENTS, Permission.TRY_SOURCE}
    assert {one for one in Permission if one not in asked} == left


def test_the_list_of_grave_permissions_is_the_one_of_the_rows() -> None:
    assert {name for name, row in ROWS.items() if row.needs in NEEDS_STEP_UP and not row.fresh} == set()

"""The floors in pyproject.toml are complete, and hold what the contracts cannot see."""

import re
import subprocess
import sys
import tomllib

import pytest

from tests.house.tree import ROOT

LINTER = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]


def test_every_module_of_csirt_has_its_floor() -> None:
    layers = next(contract["layers"] for contract in LINTER["contracts"] if contract["type"] == "layers")
    named = set(re.findall(r"csirt\.(\w+)", " ".join(layers)))
    there = {path.stem for path in (ROOT / "csirt").glob("*.py")} - {"__init__"}
    there |= {path.parent.name for path in (ROOT / "csirt").glob("*/__init__.py")}
    assert there - named == set()


@pytest.mark.parametrize(
    "module", ["csirt.cli.main", "csirt.bootstrap", "csirt.playbook", "csirt.web.app", "csirt.worker"]
)
def test_prefect_is_not_loaded_where_no_flow_is_needed(module: str) -> None:
    if not (ROOT / module.replace(".", "/")).is_dir() and not (ROOT / (module.replace(".", "/") + ".py")).exists():
        pytest.skip(f"{module} is not there")
    code = f"import sys, {module}; sys.exit('prefect' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


EARLY = re.compile(r"^(?:from|import) (?:prefect\b|csirt\.(?:pool|showing|worker|playbook\.flow)\b)", re.MULTILINE)


def test_no_test_loads_prefect_while_tests_are_collected() -> None:
    """Its client reads the server's address once in a process: loaded too early, it asks a server that is not there."""
    early = [path.name for path in (ROOT / "tests").rglob("*.py") if EARLY.search(path.read_text(encoding="utf-8"))]
    assert early == []

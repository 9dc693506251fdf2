"""Calls the real commands: in this process by the console entry's own group, or as a process of their own."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from csirt.cli.main import app
from tests.house.tree import ROOT

SAMPLES = ROOT.parent / "shared" / "samples"


@dataclass(frozen=True)
class Called:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def row(self) -> dict[str, Any]:
        (row,) = self.rows
        return row

    @property
    def error(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.err)
        return found


def call(*arguments: object, given: bytes | None = None) -> Called:
    """Call a command here; whatever it raises beyond our errors is raised."""
    result = CliRunner().invoke(app, [str(one) for one in arguments], input=given, catch_exceptions=False)
    return Called(result.exit_code, result.stdout, result.stderr)


def start(*arguments: object, **environment: str) -> subprocess.Popen[str]:
    """Start a command as a process."""
    return subprocess.Popen(
        [sys.executable, "-m", "csirt.cli.main", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(*arguments: object, **environment: str) -> Called:
    """Run a command as a process, to its end."""
    process = start(*arguments, **environment)
    out, err = process.communicate(timeout=120)
    return Called(process.returncode, out, err)


def city(folder: Path) -> Path:
    """A data folder with the sample city."""
    data = folder / "data"
    assert call("init", "--city", ROOT / "csirt/city_data/sample/city.toml", "--data", data).code == 0
    return data

"""Recorded runs: a file each, with the playbook, its version, the steps as they were recorded, and how the run ended.

A file is never changed. `python -m tests.histories.record NAME PLAYBOOK VERSION step=choice …` records another one.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from csirt.model.step import StepKind, StepState
from csirt.response.runs import RecordedStep

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class History:
    """One recorded run; steps in the order in which they were first reached."""

    name: str
    playbook: str
    version: int
    steps: dict[str, RecordedStep]
    end: str


def histories() -> list[History]:
    """All of them."""
    return [read(file) for file in sorted(FOLDER.glob("*.json"))]


def read(file: Path) -> History:
    """One of them."""
    table: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    steps = {
        one["key"]: RecordedStep(StepKind(one["kind"]), StepState(one["state"]), one["attempts"], one["value"])
        for one in table["steps"]
    }
    return History(file.stem, table["playbook"], table["version"], steps, table["end"])

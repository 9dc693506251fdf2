"""One input of our own making for each format, and what must come out of it (tests/readers/examples)."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from csirt.readers.formats import names

FOLDER = Path(__file__).parent / "examples"


@cache
def examples() -> dict[str, tuple[bytes, list[Any]]]:
    """By format: the bytes of an input, and for each of its records a part of its row or its bucket."""
    found = {}
    for file in sorted(FOLDER.glob("*.json")):
        example = json.loads(file.read_text("utf-8"))
        given = example["given"]
        text = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
        found[file.stem] = (text.encode(), example["expected"])
    return found


def given(name: str) -> bytes:
    """The input of one format."""
    return examples()[name][0]


def formats() -> list[str]:
    """The names of all formats, each of which must have an example."""
    return list(names())

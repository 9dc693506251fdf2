"""Outside systems, and the file that names them."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from csirt.clock import SystemClock
from csirt.playbook.connectors import Systems
from csirt.playbook.systems import FILE, read_systems
from tests.systems.outside import SECRET, Outside, outside

Make = Callable[..., Systems]


@pytest.fixture
def cloud() -> Iterator[Outside]:
    with outside() as running:
        yield running


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """`make(toml)`: the systems of a file. `$URL` becomes `cloud`'s, which is allowed."""
    monkeypatch.setenv("TEST_CLOUD_KEY", SECRET.decode())

    def made(toml: str, url: str = "") -> Systems:
        allowed = re.sub(r"^\w+://", "", url)
        text = f'[allow]\nhosts = ["{allowed}"]\n' if url and "[allow]" not in toml else ""
        (tmp_path / FILE).write_text(text + toml.replace("$URL", url), encoding="utf-8")
        return Systems.of(read_systems(tmp_path / FILE), clock=SystemClock(), channels={}, data=tmp_path)

    return made

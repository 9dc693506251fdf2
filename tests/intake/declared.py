"""A sample city with sources of its own."""

from pathlib import Path

from csirt import founding
from csirt.bootstrap import Desk, wire
from csirt.clock import Clock
from csirt.settings import Settings
from csirt.store.queries import sources
from csirt.store.queries.sources import SourceView

MAPPING = """
format = "vendor"
name = "Vendor"
[[recognise]]
has = ["alarm"]
[fields]
title = ["alarm"]
host = ["machine"]
"""


def a_desk(folder: Path, declared: str, clock: Clock | None = None) -> Desk:
    """The desk of a new city with these sources."""
    data = folder / "data"
    if not founding.is_founded(data):
        founding.found(data, founding.SAMPLE_CITY)
        (data / "sources.toml").write_text(declared, encoding="utf-8")
        (data / "mappings").mkdir()
        (data / "mappings" / "vendor.toml").write_text(MAPPING, encoding="utf-8")
    return wire(Settings(data=data), "test", clock)


def counted(desk: Desk, name: str = "drop") -> SourceView:
    """What came of a source."""
    return next(
        one
        for one in desk.look(sources.sources, desk.door.city.sources, desk.clock.now())
        if one.source.name == name
    )  # fmt: skip

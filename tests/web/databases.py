"""The desk of tests about the web on both databases: a test module imports `desk` from here in place of the usual."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from csirt.bootstrap import Desk, wire
from csirt.clock import FixedClock
from csirt.model.people import SYSTEM
from csirt.response import people
from csirt.settings import Settings


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def desk(request: pytest.FixtureRequest, founded: Path, tmp_path: Path, clock: FixedClock) -> Iterator[Desk]:
    """The sample city; on PostgreSQL in a database of its own, with the people that the copied folder knows."""
    url = request.getfixturevalue("fresh_postgres")() if request.param == "postgresql" else ""
    shutil.copytree(founded, tmp_path / "data")
    made = wire(Settings(data=tmp_path / "data", database_url=url), "web", clock)
    if url:
        made.commit(SYSTEM, people.refresh, made.directory.people(), made.directory.posts())
    yield made
    made.close()

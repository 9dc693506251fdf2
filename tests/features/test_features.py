"""The acceptance criteria, each on both databases."""

from collections.abc import Iterator

import pytest
from pytest_bdd import scenarios

from tests.steps.story import Story
from tests.world import World

pytest_plugins = (
    "tests.steps.given",
    "tests.steps.when",
    "tests.steps.worker",
    "tests.steps.calling",
    "tests.steps.facts",
    "tests.steps.mail",
    "tests.steps.nights",
    "tests.steps.then",
    "tests.steps.obligations",
    "tests.steps.reports",
    "tests.steps.together",
)


@pytest.fixture(autouse=True)
def story(world: World) -> Iterator[Story]:
    """A scenario's memory; at the end of each the record is verified."""
    told = Story(world)
    yield told
    told.end()


scenarios(".")

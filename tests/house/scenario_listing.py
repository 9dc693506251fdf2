"""Prints, as JSON, which scenarios pytest would run: `python -m tests.house.scenario_listing FILE...`."""

import json
import sys
from pathlib import Path

import pytest
from pytest_bdd.scenario import scenario_wrapper_template_registry


class Listing:
    """A pytest plug-in that remembers the scenario of every collected test."""

    def __init__(self) -> None:
        """Start with an empty list."""
        self.scenarios: list[tuple[str, str]] = []

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep feature file and scenario name, once for each example."""
        for item in items:
            template = (
                scenario_wrapper_template_registry.get(item.function) if isinstance(item, pytest.Function) else None
            )
            if template is not None:
                self.scenarios.append((Path(template.feature.filename).name, template.name))


def main(files: list[str]) -> int:
    """Collect `files` without running anything; the last line of the output is the list."""
    listing = Listing()
    # pytest-bdd is imported above, before pytest would: that matters for its own assertions only.
    quiet = ["--collect-only", "--quiet", "-p", "no:randomly", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
    code = pytest.main([*quiet, *files], plugins=[listing])
    sys.stdout.write(json.dumps(listing.scenarios) + "\n")
    return int(code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Migrations are one line, each behind the one before it: two of one number would leave a database half made."""

import re

from tests.house.tree import ROOT

VERSIONS = ROOT / "csirt" / "store" / "migrations" / "versions"
NAMED = re.compile(r'^(revision|down_revision) = "?(\w+)"?$', re.MULTILINE)


def test_migrations_are_one_line() -> None:
    before = "None"
    for path in sorted(VERSIONS.glob("[0-9]*.py")):
        said = dict(NAMED.findall(path.read_text(encoding="utf-8")))
        assert (said["revision"], said["down_revision"]) == (path.name[:4], before), path.name
        before = said["revision"]

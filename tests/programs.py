"""Where the real programs are that tests start. Under `./test` a missing one is a failure; plain pytest skips."""

import os
import shutil
from pathlib import Path

import pytest

# Debian keeps servers where an ordinary user's PATH does not look.
BESIDE_PATH = "/usr/sbin:/usr/local/sbin:/sbin"


def find_program(*names: str, folders: str = "") -> Path:
    """The first of `names` found in `folders` or on PATH.

    Skips the test if there is none, or fails it if `./test` has promised that all tools are there.
    """
    places = os.pathsep.join(part for part in (folders, os.environ.get("PATH", os.defpath), BESIDE_PATH) if part)
    for name in names:
        if found := shutil.which(name, path=places):
            return Path(found)
    reason = f"not installed: {' or '.join(names)}"
    if os.environ.get("CSIRT_TEST_TOOLS") == "required":
        pytest.fail(reason)
    pytest.skip(reason)

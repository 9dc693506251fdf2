"""What holds for every test: a home of its own, no telemetry, no network beyond this machine."""

import gc
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.postgres import fresh_postgres, postgres_server
from tests.prefect_server import city, prefect_server
from tests.world import world

__all__ = ["city", "fresh_postgres", "postgres_server", "prefect_server", "world"]

HOME = Path(tempfile.mkdtemp(prefix="csirt-test-home-"))
LOOPBACK = ("127.", "::1", "localhost", "0.0.0.0")  # noqa: S104 - "any address" connects to this machine
MARK_OF_FIXTURE = {"browser": "browser", "postgres_server": "postgres"}

for name in [name for name in os.environ if name.startswith(("CSIRT_", "PREFECT_")) and name != "CSIRT_TEST_TOOLS"]:
    del os.environ[name]
for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
    os.environ.pop(name, None)
os.environ |= {
    "DO_NOT_TRACK": "1",
    "NO_PROXY": "*",
    "PREFECT_HOME": str(HOME / "prefect"),
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "XDG_DATA_HOME": str(HOME / "data"),
}

# A busy machine is slow, not wrong.
settings.register_profile("house", deadline=None, database=None)
settings.load_profile("house")


class LeftThisMachineError(AssertionError):
    """A test tried to reach another machine."""


def stay_on_this_machine(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse every connection and name look-up that leaves this machine. An audit hook: it cannot be taken away."""
    if event == "socket.connect":
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else ""
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    text = host.decode() if isinstance(host, bytes) else host or ""
    if text and not text.startswith(LOOPBACK):
        raise LeftThisMachineError(text)


sys.addaudithook(stay_on_this_machine)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a browser or PostgreSQL by the fixture it asks for; let Prefect's client forget its sockets."""
    for item in items:
        for fixture, mark in MARK_OF_FIXTURE.items():
            if fixture in getattr(item, "fixturenames", ()):
                item.add_marker(mark)
        if item.get_closest_marker("prefect"):
            item.add_marker(pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"))


@pytest.fixture(autouse=True)
def sockets_are_found_where_they_were_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Collect what a Prefect test left while its warnings are still off, not in whatever test comes next."""
    yield
    if request.node.get_closest_marker("prefect"):
        gc.collect()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave nothing behind."""
    shutil.rmtree(HOME, ignore_errors=True)

"""The system's Chromium, without any traffic of its own."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.programs import find_program

SWITCHES = (
    "--no-sandbox", "--disable-background-networking", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
    "--disable-component-update", "--disable-sync", "--no-default-browser-check",
)  # fmt: skip


@contextmanager
def chromium() -> Iterator[Browser]:
    """Started, and closed at the end; without one the test is skipped, or fails where tools are required."""
    program = find_program("chromium", "google-chrome", "chromium-headless-shell")
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=program, args=list(SWITCHES))
        yield started
        started.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for all tests of a file."""
    with chromium() as started:
        yield started

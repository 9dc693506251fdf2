"""The sample city behind the real application."""

from tests.web.conftest import app, clock, founded, someone

__all__ = ["app", "clock", "founded", "someone"]

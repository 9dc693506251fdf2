"""The sample city behind the real application."""

from tests.web.conftest import app, clock, desk, founded, officer, someone
from tests.web.visitor import played, visit

__all__ = ["app", "clock", "desk", "founded", "officer", "played", "someone", "visit"]

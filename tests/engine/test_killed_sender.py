"""A sender is killed at its system calls before a real mail server: nothing is lost, a repeat says that it is one."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.killing_sender import DISK, LINE, kill_and_go_on, make_template, points_of_a_whole_run
from tests.notifications.worlds import MailServer, mail_server

POINTS = 24  # of each kind

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("strace") is None, reason="strace is what kills it, and it is not here"
)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, MailServer]]:
    folder = tmp_path_factory.mktemp("sender")
    with mail_server() as server:
        make_template(folder, server)
        yield folder, server


@pytest.mark.slow
@pytest.mark.parametrize("calls", [LINE, DISK], ids=["line", "disk"])
def test_killed_at_its_system_calls(template: tuple[Path, MailServer], calls: tuple[str, ...], tmp_path: Path) -> None:
    made, server = template
    points = points_of_a_whole_run(made, tmp_path / "whole", server, calls)
    chosen = [points[len(points) * n // POINTS] for n in range(POINTS)]
    found = [kill_and_go_on(made, tmp_path / f"{call}-{nth}", server, (call, nth)) for call, nth in chosen]
    assert sum(outcome.killed for outcome in found) >= 20
    assert {outcome.lost for outcome in found} == {0}
    assert max(outcome.repeats for outcome in found) <= 1
    assert {outcome.unlabelled for outcome in found} == {0}
    assert all(outcome.sound for outcome in found)

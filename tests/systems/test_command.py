"""Commands on the host: no shell, no environment, no way to hang, nothing that others could have changed."""

import os
import pwd
import time
from pathlib import Path

import pytest

from csirt.errors import Invalid, Unavailable
from csirt.model.order import Order, OrderKind
from csirt.playbook.command_connector import OUTPUT_MOST
from csirt.playbook.connectors import Systems
from tests.systems.conftest import Make


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A script that only we may change, in a folder that others may pass."""
    file = tmp_path / "act"
    file.write_text("#!/bin/sh\n")
    file.chmod(0o700)
    return file


def command(make: Make, program: Path, body: str, *, arguments: str = '"{targets}"', more: str = "") -> Systems:
    program.write_text(f"#!/bin/sh\n{body}\n")
    return make(f"""
[allow]
programs = ["{program}"]

[[system]]
name = "firewall"
kind = "command"
does = ["block"]
timeout = 1
{more}
run.block = ["{program}", {arguments}]
""")


def run(systems: Systems, *targets: str) -> dict[str, str]:
    said = systems.act(Order(OrderKind.BLOCK, targets or ("203.0.113.9",), "i-1", "r-1:block"))
    detail = said["systems"][0]["detail"]  # type: ignore[index, call-overload]
    assert isinstance(detail, dict)
    return {name: str(text) for name, text in detail.items()}


def test_arguments_arrive_as_they_are_and_no_shell_reads_them(make: Make, program: Path) -> None:
    arguments = '"--order", "{order}", "--key", "{key}", "$(id)", "; id", "{targets}"'
    systems = command(make, program, 'printf "%s\\n" "$@"', arguments=arguments)
    out = run(systems, "203.0.113.9", "evil.example")["out"].splitlines()
    assert out == ["--order", "block", "--key", "r-1:block:firewall", "$(id)", "; id", "203.0.113.9", "evil.example"]


def test_the_environment_is_empty(make: Make, program: Path) -> None:
    os.environ["CSIRT_TEST_CANARY"] = "canary-in-the-environment"
    try:
        out = run(command(make, program, "env; pwd; umask; ls -l /proc/self/fd | wc -l"))["out"]
    finally:
        del os.environ["CSIRT_TEST_CANARY"]
    assert "canary" not in out
    names = {line.partition("=")[0] for line in out.splitlines() if "=" in line}
    assert names <= {"PATH", "LANG", "PWD", "SHLVL", "_", "OLDPWD"}
    assert "\n/\n0077\n" in out


def test_a_program_that_hangs_is_killed_with_all_that_it_started(make: Make, program: Path, tmp_path: Path) -> None:
    left = tmp_path / "left"
    systems = command(make, program, f"(sleep 30; touch {left}) & echo $! > {left}.pid; sleep 30")
    begun = time.monotonic()
    with pytest.raises(Unavailable, match="command_outcome_unknown"):
        run(systems)
    assert time.monotonic() - begun < 4
    child = int(Path(f"{left}.pid").read_text())
    for _ in range(100):
        if not Path(f"/proc/{child}/status").exists() or "zombie" in Path(f"/proc/{child}/status").read_text():
            break
        time.sleep(0.02)
    else:
        pytest.fail("it lives on")


def test_output_without_end_is_bounded(make: Make, program: Path) -> None:
    said = run(command(make, program, "head -c 3000000 /dev/zero | tr '\\\\0' x; head -c 100000 /dev/zero >&2"))
    assert len(said["out"]) == OUTPUT_MOST
    assert len(said["err"]) == OUTPUT_MOST
    with pytest.raises(Unavailable, match="command_outcome_unknown"):
        run(command(make, program, "yes"))


@pytest.mark.parametrize(("status", "permanent"), [(1, True), (75, False)])
def test_a_failure_is_said_with_its_status(make: Make, program: Path, status: int, permanent: bool) -> None:
    with pytest.raises(Unavailable, match="command_failed") as caught:
        run(command(make, program, f"echo secret >&2; exit {status}"))
    assert (caught.value.permanent, caught.value.params["reply"]) == (permanent, status)
    assert "secret" not in str(caught.value)


def test_a_program_that_others_may_change_is_not_run(make: Make, program: Path) -> None:
    systems = command(make, program, "echo ran")
    program.chmod(0o722)
    with pytest.raises(Unavailable, match="program_unsafe"):
        run(systems)
    assert [one.code for one in systems.check()] == ["program_unsafe"]
    program.unlink()
    with pytest.raises(Unavailable, match="command_not_started"):
        run(systems)


def test_only_programs_of_the_list_are_taken(make: Make, program: Path) -> None:
    entry = '[[system]]\nname = "x"\nkind = "command"\ndoes = ["block"]\nrun.block = [{}]\n'
    for first, code in ((f'"{program}"', "program_not_allowed"), ('"sh", "-c"', "program_not_allowed"), ("", "system_"),
                        (f'"{program}", "a{{targets}}b"', "system_malformed|program_not_allowed")):  # fmt: skip
        with pytest.raises(Invalid, match=code):
            make(entry.format(first))
    with pytest.raises(Invalid, match="system_malformed"):
        make(f'[allow]\nprograms = ["{program}"]\n' + entry.format(f'"{program}", "a{{targets}}b"'))
    with pytest.raises(Invalid, match="system_malformed"):
        make('[[system]]\nname = "x"\nkind = "command"\ndoes = ["block"]\n')


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")
def test_it_runs_as_the_user_that_it_is_told_to(make: Make, program: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    shown = Path("/usr/bin/id")
    systems = make(f"""
[allow]
programs = ["{shown}"]

[[system]]
name = "firewall"
kind = "command"
does = ["block"]
user = "nobody"
run.block = ["{shown}", "-G"]
""")
    assert run(systems)["out"].split() == [str(nobody.pw_gid)]


def test_a_check_runs_nothing_unless_told_so(make: Make, program: Path, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    systems = command(make, program, f"touch {mark}")
    assert [(one.ok, one.code) for one in systems.check()] == [(True, "program_found")]
    assert not mark.exists()
    systems = command(make, program, f"touch {mark}", more=f'check = ["{program}", "--dry-run"]')
    assert [one.code for one in systems.check()] == ["exit_0"]
    assert mark.exists()

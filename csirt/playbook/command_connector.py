"""A command on this host, as a restricted user: for systems that only a program of their own speaks to."""

import os
import pwd
import selectors
import signal
import stat
import subprocess
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import IO

from csirt.errors import Invalid, Unavailable
from csirt.model.order import Done, Order
from csirt.playbook.systems import System

OUTPUT_MOST = 32 * 1024  # bytes of each stream that are kept; the rest is read and thrown away
TRY_LATER = 75  # EX_TEMPFAIL of sysexits.h: the program asks to be called again
SUDO = "/usr/bin/sudo"
_PLACES = frozenset({"{targets}", "{key}", "{incident}", "{order}"})


class CommandConnector:
    """Runs a program from a list of arguments, never through a shell.

    In `run.ORDER`, `{targets}` becomes one argument a target; `{key}`, `{incident}` and `{order}` what they name. The
    environment is empty but for `PATH` and `LANG`. With `user` it runs as that user (by `sudo -n` unless we are root).
    When time is up the whole process group is killed.

    Raises:
        Invalid: `system_malformed`, `program_not_allowed`.
    """

    def __init__(self, system: System, programs: Collection[str]) -> None:
        self.name = system.name
        self._system = system
        self._user = system.text("user") if "user" in system.options else ""
        table = system.table("run")
        self._run = {kind: _arguments(system, value, programs) for kind, value in table.items()}
        if missing := next((kind for kind in system.does if kind.value not in self._run), None):
            raise system.wrong(f"run.{missing.value}")
        self._check = _arguments(system, system.options["check"], programs) if "check" in system.options else ()

    def act(self, order: Order) -> Done:
        """Run the program of this order; status 0 means done.

        Raises:
            Unavailable: `command_failed` (may be tried again after status 75), `command_outcome_unknown`,
                `program_unsafe`, `command_not_started`.
        """
        fill = {"{key}": order.key, "{incident}": order.incident, "{order}": order.kind.value}
        arguments: list[str] = []
        for one in self._run[order.kind.value]:
            arguments += order.targets if one == "{targets}" else [fill.get(one, one)]
        out, err = self._ran(arguments)
        return Done("exit_0", {"out": out, "err": err})

    def check(self) -> str:
        """Are the programs there and safe? Runs `check`, if the system names one. Raises as `act`."""
        for arguments in self._run.values():
            self._see(arguments[0])
        if not self._check:
            return "program_found"
        self._ran(list(self._check))
        return "exit_0"

    def _see(self, program: str) -> None:
        """Nobody but root and ourselves may be able to change what we run."""
        try:
            found = Path(program).stat()
        except OSError:
            raise Unavailable("command_not_started", permanent=True, system=self.name) from None
        ours = found.st_uid in {0, os.geteuid()} and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
        if not ours or not stat.S_ISREG(found.st_mode):
            raise Unavailable("program_unsafe", permanent=True, system=self.name)

    def _ran(self, arguments: list[str]) -> tuple[str, str]:
        self._see(arguments[0])
        as_root = os.geteuid() == 0
        if self._user and not as_root:
            arguments = [SUDO, "-n", "-u", self._user, "--", *arguments]
        try:
            process = subprocess.Popen(  # noqa: S603 - an argument list from an allow-list; targets were checked
                arguments,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd="/", umask=0o077,
                env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}, start_new_session=True,
                user=self._user if self._user and as_root else None,
                group=_group(self._user) if self._user and as_root else None,
                extra_groups=[] if self._user and as_root else None,
            )  # fmt: skip
        except (OSError, LookupError, subprocess.SubprocessError):
            raise Unavailable("command_not_started", permanent=True, system=self.name) from None
        out, err = self._watched(process)
        if process.returncode:
            permanent = process.returncode != TRY_LATER
            raise Unavailable("command_failed", permanent=permanent, system=self.name, reply=process.returncode)
        return out, err

    def _watched(self, process: subprocess.Popen[bytes]) -> tuple[str, str]:
        """What it said, until it ends or time is up; then it is killed with whatever it started."""
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            found = _read(process.stdout, process.stderr, time.monotonic() + self._system.timeout)
            if found is not None:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(1)
                    return found
            raise Unavailable("command_outcome_unknown", system=self.name)
        finally:
            _kill(process)
            process.stdout.close()
            process.stderr.close()
            with suppress(subprocess.TimeoutExpired):  # what sudo has made somebody else's may outlive us
                process.wait(1)


def _arguments(system: System, value: object, programs: Collection[str]) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(one, str) and one for one in value):
        raise system.wrong("run")
    first = value[0]
    if first not in programs or not first.startswith("/") or ".." in first.split("/"):
        raise Invalid("program_not_allowed", system=system.name)
    if any("{" in one and one not in _PLACES for one in value):
        raise system.wrong("run")
    return tuple(value)


def _group(user: str) -> int:
    return pwd.getpwnam(user).pw_gid


def _read(out: IO[bytes], err: IO[bytes], until: float) -> tuple[str, str] | None:
    """Both streams to their end, each bounded; None when time is up first."""
    kept = {out: bytearray(), err: bytearray()}
    with selectors.DefaultSelector() as waiting:
        for stream, held in kept.items():
            os.set_blocking(stream.fileno(), False)
            waiting.register(stream, selectors.EVENT_READ, held)
        while waiting.get_map():
            ready = waiting.select(max(0.0, until - time.monotonic()))
            if not ready and time.monotonic() >= until:
                return None
            for key, _ in ready:
                some = os.read(key.fd, 65_536)
                if not some:
                    waiting.unregister(key.fileobj)
                key.data.extend(some[: OUTPUT_MOST - len(key.data)])
            if time.monotonic() >= until:
                return None
    return kept[out].decode("utf-8", "replace"), kept[err].decode("utf-8", "replace")


def _kill(process: subprocess.Popen[bytes]) -> None:
    """The whole group: also what the program started and left behind."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)

"""Leases that say which process holds them, so that another on the same machine can prove that its holder is dead.

A lease is `l-7k2m9x4q1v8z@4f0c….1234.567890`: the machine's boot and the process namespace, the process, and its start.
A number of a process alone would prove nothing: it is given again. What cannot be seen from here (another host, another
container) is not known to be dead; such a lease runs out.
"""

import hashlib
import os
from functools import cache
from pathlib import Path

from csirt.store.tx import new_id

_PROC = Path("/proc")
_ENDED = {"Z", "X"}  # killed, and not yet asked for by its parent


def new_lease() -> str:
    """A lease of this process."""
    return f"{new_id('l')}{held_here()}{os.getpid()}.{_start(os.getpid()) or ''}"


@cache
def held_here() -> str:
    """What stands between a lease's own id and its process, in all leases of this machine's processes; else empty."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        seen = (_PROC / "self/ns/pid").readlink()
    except OSError:
        return "@-."  # nothing can be proven here: `is_proven_dead` never says so
    return f"@{hashlib.sha256(f'{boot} {seen}'.encode()).hexdigest()[:16]}."


def is_proven_dead(lease: str) -> bool:
    """Has the process that took this lease ended for certain? False whenever that cannot be seen from here."""
    here = held_here()
    _, mark, process = lease.partition(here)
    pid, _, start = process.partition(".")
    if here == "@-." or not mark or not pid.isascii() or not pid.isdigit() or not start:
        return False
    return _is_gone(int(pid)) or _start(int(pid)) not in {start, None}


def _is_gone(pid: int) -> bool:
    """Is there no process of this number, or only what its parent has not asked for yet?"""
    try:
        os.kill(pid, 0)  # asks only; `/proc` may hide the processes of other accounts
    except (ProcessLookupError, OverflowError):
        return True
    except PermissionError:
        return False
    return _state_and_start(pid)[0] in _ENDED


def _start(pid: int) -> str | None:
    """When a process began, in clock ticks since the boot; None: that cannot be seen."""
    return _state_and_start(pid)[1]


def _state_and_start(pid: int) -> tuple[str, str | None]:
    try:
        stat = (_PROC / str(pid) / "stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return "", None
    after_name = stat.rpartition(")")[2].split()
    return after_name[0], after_name[19]

"""Kills a sender at one of its system calls, before a real mail server, and looks at what came of it.

The sender is a process of its own that is stopped before it begins; `strace` is put on it and kills it at the n-th
call of a kind. Afterwards another sender goes on. Used by a test (some points) and by a benchmark (many).
"""

import email
import os
import re
import shutil
import signal
import subprocess
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from email.policy import default
from pathlib import Path

from csirt import founding
from csirt.bootstrap import wire
from csirt.clock import FixedClock
from csirt.model.message import Recipient
from csirt.model.people import SYSTEM
from csirt.response import audit, deliveries, escalations
from csirt.settings import Settings
from tests.notifications.worlds import MailServer
from tests.world import TUESDAY_MORNING, World

MESSAGES = 3
LEASE_IS_OVER = timedelta(seconds=61)
# The line to the mail server, and the database.
LINE = ("socket", "connect", "sendto", "recvfrom", "poll", "shutdown", "close")
DISK = ("pwrite64", "write", "fdatasync", "fsync", "ftruncate", "fcntl", "pread64")

_MADE = re.compile(r"^(\d+) +(\w+)\(", re.MULTILINE)
Point = tuple[str, int]  # a system call, and its how-manieth use by one thread


@dataclass(frozen=True)
class Outcome:
    """What one kill led to. `unlabelled` counts repeats that do not say that they may be one."""

    killed: bool
    lost: int
    repeats: int
    unlabelled: int
    sound: bool


def open_world(folder: Path, server: MailServer) -> World:
    """The city in this folder, with that mail server."""
    settings = Settings(data=folder / "data", smtp_host="127.0.0.1", smtp_port=server.port)
    clock = FixedClock(TUESDAY_MORNING)
    return World(wire(settings, "worker", clock), clock)


def make_template(folder: Path, server: MailServer) -> None:
    """A city with messages in its outbox, none of them sent; to be copied."""
    founding.found(folder / "data", founding.SAMPLE_CITY)
    world = open_world(folder, server)
    with closing(world.desk):
        incident = world.open()
        facts = world.desk.commit(SYSTEM, escalations.facts_of, incident, "x")
        for n in range(MESSAGES):
            to = Recipient("post:ciso", "名", f"{n}@city.example")
            world.desk.commit(SYSTEM, deliveries.queue, incident, "mail", to, "notice", facts)


def send_out(folder: Path, server: MailServer) -> None:
    """Send what is due; stops itself before it begins, so that a tracer can be put on it."""
    world = open_world(folder, server)
    os.kill(os.getpid(), signal.SIGSTOP)
    while world.chores.send():
        pass


def sender(folder: Path, server: MailServer) -> int:
    """The sender's process, stopped."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the server's thread holds nothing that the child needs
        pid = os.fork()
    if pid == 0:
        signal.alarm(60)
        try:
            send_out(folder, server)
        except BaseException:  # noqa: BLE001 - this process must not come back into its parent's work
            traceback.print_exc()
        os._exit(0)
    os.waitpid(pid, os.WUNTRACED)
    return pid


def traced(pid: int, calls: Sequence[str], *more: str, log: Path) -> subprocess.Popen[bytes]:
    """`strace` on a stopped process; returns once it is attached, and lets the process go on."""
    strace = shutil.which("strace")
    assert strace
    command = [strace, "-f", "-o", str(log), "-e", f"trace={','.join(calls)}", *more, "-p", str(pid)]
    tracer = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 10
    while "TracerPid:\t0\n" in Path(f"/proc/{pid}/status").read_text() and time.monotonic() < until:
        time.sleep(0.002)
    os.kill(pid, signal.SIGCONT)
    return tracer


def points_of_a_whole_run(template: Path, folder: Path, server: MailServer, calls: Sequence[str]) -> list[Point]:
    """Every point at which an undisturbed sender could be killed: `strace` counts each call for each thread."""
    shutil.copytree(template, folder)
    pid, log = sender(folder, server), folder / "strace.log"
    tracer = traced(pid, calls, log=log)
    os.waitpid(pid, 0)
    tracer.wait()
    made = Counter(_MADE.findall(log.read_text(errors="replace")))
    shutil.rmtree(folder)
    busiest = {call: max(n for (_, name), n in made.items() if name == call) for _, call in made}
    return [(call, nth) for call in calls for nth in range(1, busiest.get(call, 0) + 1)]


def kill_and_go_on(template: Path, folder: Path, server: MailServer, point: Point) -> Outcome:
    """Kill a sender at this point, let another one go on, and count what arrived."""
    call, nth = point
    server.mails.clear()
    shutil.copytree(template, folder)
    pid = sender(folder, server)
    tracer = traced(pid, [call], "-e", f"inject={call}:signal=KILL:when={nth}", log=Path(os.devnull))
    _, status = os.waitpid(pid, 0)
    tracer.wait()
    world = open_world(folder, server)
    with closing(world.desk):
        for _ in range(4):
            world.clock.forward(LEASE_IS_OVER)
            while world.chores.send():
                pass
        sound = world.desk.look(audit.verify).ok
    shutil.rmtree(folder)
    return _counted(server, killed=os.WIFSIGNALED(status), sound=sound)


def _counted(server: MailServer, *, killed: bool, sound: bool) -> Outcome:
    seen: Counter[str] = Counter()
    unlabelled = 0
    for envelope in list(server.mails):
        mail = email.message_from_bytes(envelope.original_content or b"", policy=default)
        name = str(mail["Message-ID"])
        unlabelled += bool(seen[name]) and mail["X-Csirt-Repeat"] is None
        seen[name] += 1
    repeats = sum(seen.values()) - len(seen)
    return Outcome(killed, MESSAGES - len(seen), repeats, unlabelled, sound)

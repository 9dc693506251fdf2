"""Kill, or let fail, every system call by which the record is written and signed, one after another, and count.

    .venv/bin/python -m benchmarks.faults [--database sqlite] [--most 400] [--every 1]

A child appends entries, or signs, while strace (attached before it begins) ends it by SIGKILL at its n-th call of a
kind, or lets that call and all after it fail: no room (ENOSPC), a bad disk (EIO, that one call), a disk that turned
read-only (EROFS). On PostgreSQL the line breaks after the n-th message and stays so (`benchmarks/line.py`).
n = 1, 2, 3 … until a child comes to its end unhurt. After each: every entry that was acknowledged is there once, the
record is sound to its head, the newest checkpoint is whole, signed, and covers what was told to be signed, and the next
one who appends and signs succeeds. At the end a writer holds the lock until the others give up. One JSON object a line;
exits 1 if something does not hold. Needs strace.
"""

import argparse
import itertools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from sqlalchemy import text

from benchmarks.line import Line
from benchmarks.stand import show
from csirt.bootstrap import wire
from csirt.checkpoints import checkpoints_of
from csirt.clock import SystemClock
from csirt.errors import CsirtError
from csirt.founding import SAMPLE_CITY, found
from csirt.model.people import SYSTEM
from csirt.record.entry import EntryKind
from csirt.record.verify_record import check_entries
from csirt.settings import Settings
from csirt.signer import Signer, SignerLoop, reading_engine
from csirt.store.database import engine_for
from csirt.store.queries import timeline
from csirt.store.tx import Look, Tx
from tests.postgres import QUICK_NOT_SAFE, PostgresServer, running_server

EACH = 4  # entries, or rounds of the signer, of one child
KILL, FULL, BAD, READ_ONLY, CUT = "signal=KILL", "error=ENOSPC", "error=EIO", "error=EROFS", "line broken"
_DISK = ("pwrite64", "fdatasync", "ftruncate", "unlink")
_FILES = ("write", "fsync", "rename")
_LINE: dict[str, tuple[str, ...]] = {"sendto": (KILL,), "recvfrom": (KILL,), "message": (CUT,)}
# What is let go wrong: who works, and the calls with the faults that they can have.
PLANS: dict[tuple[str, str], dict[str, tuple[str, ...]]] = {
    ("append", "sqlite"): dict.fromkeys(_DISK, (KILL, FULL, BAD, READ_ONLY)),
    ("append", "postgresql"): _LINE,
    ("begin", "sqlite"): dict.fromkeys(_FILES, (KILL, FULL, BAD, READ_ONLY)),
    ("sign", "sqlite"): dict.fromkeys(_FILES, (KILL, FULL, BAD, READ_ONLY)),
    ("sign", "postgresql"): {**dict.fromkeys(_FILES, (KILL, FULL)), **_LINE},
}


def note(tx: Tx, name: str) -> None:
    """A use case of one entry."""
    tx.record(EntryKind.TOKEN_REVOKED, cid=name, out={"token": "t-fault"})


@dataclass
class Fault:
    """One child: what it was told, how it ended."""

    told: list[str]
    status: int

    @property
    def killed(self) -> bool:
        """Did it die of the signal?"""
        return os.WIFSIGNALED(self.status)

    @property
    def unhurt(self) -> bool:
        """Did nothing happen to it?"""
        return self.status == 0 and len(self.told) == EACH and "!" not in self.told


@dataclass
class Trial:
    """A city whose record is written and signed under faults."""

    data: Path
    url: str = ""
    line: Line | None = None
    promised: set[str] = field(default_factory=set)
    signed: int = 0
    wrong: list[str] = field(default_factory=list)
    number: Iterator[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        """The city is founded, and its desk not used yet: a child inherits no connection."""
        found(self.data, SAMPLE_CITY)
        self.settings = Settings(data=self.data, database_url=self.url)
        self.desk = wire(self.settings, "web")

    def close(self) -> None:
        """Give back connections, and the line."""
        self.desk.close()
        if self.line:
            self.line.close()

    # ------------------------------------------------------------------------------------------------ in the child

    def append(self, told: int) -> None:
        """Give entries one after another; tell the name of each that was acknowledged, else `!`."""
        prefix = f"f-{os.getpid()}"
        for turn in range(EACH):
            try:
                self.desk.commit(SYSTEM, note, f"{prefix}-{turn}")
            except CsirtError:
                _tell(told, "!")
            else:
                _tell(told, f"{prefix}-{turn}")

    def begin(self, told: int) -> None:
        """The signer's very first start: it makes its keys."""
        self.sign(told)

    def sign(self, told: int) -> None:
        """Sign as the signer's loop does; tell the size of each checkpoint, else `!`."""
        with closing(self.signer()) as one:
            loop = SignerLoop(one)
            for turn in range(EACH):
                signed: list[int] = []
                loop.outlive(partial(_sign, one, signed, full=turn == EACH - 1))
                _tell(told, str(signed[0]) if signed else "!")

    def signer(self) -> Signer:
        """A signer of this city."""
        engine = reading_engine(self.settings.database)
        return Signer(
            self.settings.signer, checkpoints_of(self.settings), engine, SystemClock(), "fault.example/record"
        )

    # ------------------------------------------------------------------------------------------------- afterwards

    def check(self, what: str) -> None:
        """Nothing that was promised is lost, nothing is torn, and work goes on."""
        name = f"after-{next(self.number)}"
        with closing(wire(self.settings, "cli")) as desk:
            desk.commit(SYSTEM, note, name)
            self.promised.add(name)
            result = check_entries(desk.look(lambda look: list(timeline.canonical_rows(look))))
            size, _ = desk.look(timeline.head)
            names = desk.look(_names)
        self._say(what, "entries", holds=result.first_bad is None and result.size == size)
        self._say(what, "lost", holds=self.promised <= set(names))
        self._say(what, "twice", holds=len(names) == len(set(names)))
        self._check_signing(what, size)

    def _check_signing(self, what: str, size: int) -> None:
        published = checkpoints_of(self.settings)
        try:
            before = published.head()
        except (CsirtError, ValueError) as error:
            self._say(what, f"checkpoint:{error}", holds=False)
            return
        self._say(what, "signed", holds=(before.size if before else 0) >= self.signed)
        with closing(self.signer()) as one:
            head = one.round(full=True)
        self._say(what, "refused", holds=head is not None and head.size == size and published.head() == head)
        self.signed = max(self.signed, size)

    def _say(self, what: str, finding: str, *, holds: bool) -> None:
        if not holds:
            self.wrong.append(f"{what}: {finding}")


def _sign(one: Signer, into: list[int], *, full: bool) -> None:
    if head := one.round(full=full):
        into.append(head.size)


def _names(look: Look) -> list[str]:
    query = text("SELECT cid FROM ledger_entry WHERE kind = 'TOKEN_REVOKED'")
    return [row[0] for row in look.session.execute(query)]


def _tell(told: int, word: str) -> None:
    os.writev(told, [f"{word}\n".encode()])  # not `write`, which may be what fails


def behind(line: Line, work: Callable[[int], None], messages: int) -> Fault:
    """Do it in a child whose line to the database breaks after so many messages; it is mended afterwards."""
    reading, telling = os.pipe()
    line.break_after(messages)
    pid = _fork(work, telling, None)
    os.close(telling)
    ended = _heard(pid, reading)
    line.mend()
    return ended


def _heard(pid: int, reading: int) -> Fault:
    """What a child told until it ended, and how."""
    with os.fdopen(reading) as pipe:
        told = pipe.read().split()
    return Fault(told, os.waitpid(pid, 0)[1])


def _fork(work: Callable[[int], None], telling: int, waiting: int | None) -> int:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # a thread that somebody left holds nothing we need
        pid = os.fork()
    if pid == 0:
        _in_the_child(work, telling, waiting)
    return pid


def under(work: Callable[[int], None], inject: str, call: str) -> Fault:
    """Do it in a child to whose system calls strace does what `inject` says."""
    reading, telling = os.pipe()
    waiting, go = os.pipe()
    pid = _fork(work, telling, waiting)
    os.close(telling)
    os.close(waiting)
    command = ["strace", "-f", "-p", str(pid), "-o", os.devnull, "-e", f"trace={call}", "-e", f"inject={call}:{inject}"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as watching:
        assert watching.stderr is not None
        attached = watching.stderr.readline()
        assert "attached" in attached, attached
        os.write(go, b"g")
        os.close(go)
        ended = _heard(pid, reading)
        watching.communicate()
    return ended


def _in_the_child(work: Callable[[int], None], telling: int, waiting: int | None) -> None:
    signal.alarm(120)
    code = 1
    try:
        if waiting is not None:
            os.read(waiting, 1)
        work(telling)
        code = 0
    except Exception:  # noqa: BLE001 - this process must not come back into its parent's work
        if "-v" in sys.argv:
            traceback.print_exc()
    finally:  # also where the trace itself cannot be written
        os._exit(code)


def sweep(trial: Trial, who: str, call: str, fault: str, points: Sequence[int]) -> int:
    """Every point in turn until a child comes to its end unhurt; how many were hurt."""
    work = {"append": trial.append, "sign": trial.sign, "begin": trial.begin}[who]
    hurt = 0
    for n in points:
        if who == "begin":
            for folder in (trial.settings.signer, trial.settings.checkpoints):
                shutil.rmtree(folder, ignore_errors=True)
            trial.signed = 0
        if fault == CUT:
            assert trial.line
            done = behind(trial.line, work, n)
        else:
            lasting = "+" if fault in {FULL, READ_ONLY} else ""
            done = under(work, f"{fault}:when={n}{lasting}", call)
        words = [word for word in done.told if word != "!"]
        if who == "append":
            trial.promised |= set(words)
        else:
            trial.signed = max(trial.signed, *map(int, words), 0)
        trial.check(f"{who} {call} {fault} {n}")
        if done.unhurt:
            break
        hurt += 1
    return hurt


def locked(trial: Trial) -> None:
    """Somebody holds the lock for longer than anybody waits: that is told, and nothing is lost."""
    engine = engine_for(trial.settings.database)
    with closing(wire(trial.settings, "cli")) as desk, engine.connect() as holder:
        holder.execute(text("SELECT 1" if not trial.url else "LOCK TABLE ledger_head IN EXCLUSIVE MODE"))
        began, refused = time.monotonic(), False
        try:
            desk.commit(SYSTEM, note, "locked")
        except CsirtError:
            refused = True
        took = time.monotonic() - began
        holder.rollback()
    engine.dispose()
    trial.check("locked")
    show(part="locked", refused=refused, after_s=round(took, 1))


@contextmanager
def place(database: str) -> Iterator[Trial]:
    """A trial on SQLite or PostgreSQL."""
    server_of: AbstractContextManager[PostgresServer | None] = (
        running_server(QUICK_NOT_SAFE) if database == "postgresql" else nullcontext()
    )
    with (
        tempfile.TemporaryDirectory(prefix="faults-") as folder,
        server_of as server,
        closing(trial_in(Path(folder), server)) as trial,
    ):
        yield trial


def trial_in(folder: Path, server: PostgresServer | None) -> Trial:
    """A trial on SQLite, or on a server behind a line whose socket comes into `folder`: its path has to be short."""
    if server is None:
        return Trial(folder / "data")
    line = Line(folder, server.folder)
    return Trial(folder / "data", server.fresh_database().replace(str(server.folder), str(folder)), line)


def main() -> int:
    """Sweep over everybody who writes, and every call and fault."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--most", type=int, default=400, help="points of one call")
    parser.add_argument("--every", type=int, default=1, help="only each so manieth point")
    parser.add_argument("-v", action="store_true", help="say what children raised")
    given = parser.parse_args()
    wrong: list[str] = []
    for (who, database), calls in PLANS.items():
        if database != given.database:
            continue
        for call, faults in calls.items():
            for fault in faults:
                with place(database) as trial:
                    began = time.monotonic()
                    hurt = sweep(trial, who, call, fault, range(1, given.most + 1, given.every))
                    show(
                        who=who, database=database, call=call, fault=fault, hurt=hurt, promised=len(trial.promised),
                        wrong=len(trial.wrong), seconds=round(time.monotonic() - began),
                    )  # fmt: skip
                    wrong += trial.wrong
    with place(given.database) as trial:
        locked(trial)
        wrong += trial.wrong
    show(wrong=wrong[:50], load=os.getloadavg()[0])
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

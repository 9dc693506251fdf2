"""How many entries a second the record takes for good, how fast it is verified, and whether each tampering is found.

    .venv/bin/python -m benchmarks.record [--database sqlite] [--parts avms] [--seconds 10] [--clients 64]

Parts: a durable appends, each a use case of its own from so many clients at once, as in the web process; v the offline
verifier over an export of so many entries, with memory; m seeded tamperings, each of which must be found with the right
first bad entry, and honest records, none of which may raise an alarm; s the signer: a walk over everything, and a
minute's delta. One JSON object a line, beside the disk's own rate and the load of the machine.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from random import Random

from benchmarks.stand import Stand, fsync_rate, quantile, show, stand
from csirt.bootstrap import wire
from csirt.checkpoints import checkpoints_of
from csirt.clock import SystemClock
from csirt.model.people import Actor
from csirt.record.checkpoint import paper_line, sign, verifier_line
from csirt.record.entry import EntryActor, EntryKind, LedgerEntry, canonical
from csirt.record.export import entry_line
from csirt.record.tree import Frontier
from csirt.record.verify_record import Checkpoint, b64, leaf_hash
from csirt.settings import Settings
from csirt.signer import Signer, reading_engine
from csirt.store.tx import Tx
from csirt.turns import take_short_turns
from tests.record.building import KEY, ORIGIN, START, honest, write_export, write_manifest
from tests.record.test_tampering import BESIDE, IN_ENTRIES, TEXTS, UNLISTED, look, undone

ACTOR = Actor("p-bench", "local")


def one_entry(tx: Tx) -> None:
    """A use case that records one entry."""
    tx.record(EntryKind.TOKEN_REVOKED, out={"token": "t-bench"})


def appends(at: Stand, clients: int, seconds: float) -> None:
    """Clients that each wait until their entry is on the disk, and then give the next one; threads as in the page."""
    take_short_turns()
    desk = wire(Settings(data=at.data, database_url=os.environ.get("CSIRT_DATABASE_URL", "")), "web")
    times: list[list[float]] = [[] for _ in range(clients)]
    end = time.monotonic() + seconds

    def work(mine: list[float]) -> None:
        while (began := time.monotonic()) < end:
            desk.commit(ACTOR, one_entry)
            mine.append(time.monotonic() - began)

    threads = [threading.Thread(target=work, args=(mine,)) for mine in times]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took, done = time.monotonic() - began, sorted(one for mine in times for one in mine)
    desk.close()
    show(
        part="appends", clients=clients, per_s=round(len(done) / took), p50_ms=round(quantile(done, 0.5) * 1000, 1),
        p99_ms=round(quantile(done, 0.99) * 1000, 1), load=os.getloadavg()[0],
    )  # fmt: skip


def large_export(folder: Path, size: int) -> None:
    """An export of so many entries of a hundred incidents, without texts."""
    folder.mkdir()
    frontier = Frontier()
    links: dict[str, tuple[int, str | None]] = {}
    actor = EntryActor("p-7k2m9x4q1v8z", "ldap", "s-41")
    write_export(folder, honest(1, 0))
    (folder / "payloads.jsonl").unlink()
    with (folder / "entries.jsonl").open("wb") as lines, (folder / "leaves.bin").open("wb") as leaves:
        for seq in range(size):
            inc = f"i-{seq % 100:012d}"
            number, prev = links.get(inc, (0, None))
            line = canonical(
                LedgerEntry(
                    seq, START, EntryKind.STEP_DONE, actor, inc, number, prev, run="r-1", step="isolate",
                    cid=f"c:{seq}", src="worker", out={"attempt": 1}, boot="6c1e84b3495a", mono=seq,
                )
            )  # fmt: skip
            leaf = leaf_hash(line)
            links[inc] = (number + 1, b64(leaf).decode())
            frontier = frontier.append(leaf)
            lines.write(entry_line(line))
            leaves.write(leaf)
    (folder / "checkpoint").write_bytes(sign(Checkpoint(ORIGIN, size, frontier.root()), KEY))
    write_manifest(folder)


def verifying(size: int) -> None:
    """The shipped verifier as a process of its own: seconds on one core, and memory."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "export"
        large_export(folder, size)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        began = time.monotonic()
        command = [sys.executable, "-I", str(folder / "verify_record.py"), str(folder)]
        done = subprocess.run(
            [*command, "--key", verifier_line(KEY.verifier)], capture_output=True, text=True, check=False
        )
        took = time.monotonic() - began
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        show(
            part="verifier", entries=size, passed=done.stdout.startswith("PASS"), seconds=round(took, 2),
            cpu_seconds=round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 2),
            memory_mb=round(after.ru_maxrss / 1024), load=os.getloadavg()[0],
        )  # fmt: skip


def tampering(rounds: int, honest_logs: int, seed: int) -> None:
    """Every tampering is found; the first bad entry is the right one; no honest record raises an alarm."""
    chance, done, wrong = Random(seed), Counter[str](), 0
    with tempfile.TemporaryDirectory() as place:
        logs = [honest(seed + number, 24) for number in range(50)]
        exports = [(write_export(Path(place) / str(number), log), log) for number, log in enumerate(logs)]
        for number in range(rounds):
            folder, log = exports[number % len(exports)]
            tamper = chance.choice((*IN_ENTRIES, *IN_ENTRIES, *BESIDE, *UNLISTED, TEXTS))
            with undone(folder):
                seq = tamper(chance, folder, log)
                if tamper not in (*UNLISTED, TEXTS) and chance.random() < 0.5:
                    write_manifest(folder)
                findings = look(folder)
            done[tamper.__name__] += 1
            wrong += not findings or (tamper in IN_ENTRIES and findings[0][1] != seq)
        alarms = 0
        for number in range(honest_logs):
            log = honest(seed + 1000 + number, chance.randrange(60))
            folder = write_export(Path(place) / "honest", log)
            alarms += bool(look(folder, paper_line(log.checkpoint(chance.randrange(len(log.lines) + 1)))))
    show(part="tampering", rounds=rounds, missed_or_misnamed=wrong, honest=honest_logs, false_alarms=alarms, seed=seed)


def fill(at: Stand, size: int) -> None:
    """So many entries, a thousand a commit."""

    def thousand(tx: Tx) -> None:
        for _ in range(1000):
            one_entry(tx)

    for _ in range(size // 1000):
        at.desk.commit(ACTOR, thousand)


def signer(at: Stand, size: int) -> None:
    """A walk over everything, and over what a minute brings."""
    fill(at, size)
    settings = at.desk.settings
    one = Signer(settings.signer, checkpoints_of(settings), reading_engine(settings.database), SystemClock(), "bench")
    took = []
    for _ in range(2):
        began = time.monotonic()
        one.round()
        took.append(round(time.monotonic() - began, 2))
        fill(at, 1000)
    one.close()
    show(part="signer", entries=size, everything_s=took[0], delta_of_1000_s=took[1], load=os.getloadavg()[0])


def main() -> None:
    """Run the parts that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--parts", default="avms")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--clients", type=int, nargs="*", default=[64])
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=100_000)
    parser.add_argument("--honest", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=20261129)
    given = parser.parse_args()
    if set(given.parts) & set("as"):
        with stand(given.database) as at:
            show(database=given.database, fsyncs_per_s=fsync_rate(at.folder), load=os.getloadavg()[0])
            for clients in given.clients if "a" in given.parts else ():
                appends(at, clients, given.seconds)
            if "s" in given.parts:
                signer(at, min(given.entries, 100_000))
    if "v" in given.parts:
        verifying(given.entries)
    if "m" in given.parts:
        tampering(given.rounds, given.honest, given.seed)


if __name__ == "__main__":
    main()

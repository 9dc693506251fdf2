"""A witness: a small process on another host, under somebody else's care, that cosigns checkpoints of our log.

It speaks C2SP tlog-witness (`POST /add-checkpoint`): who submits a checkpoint proves that it continues the one that was
cosigned before. It knows nothing of incidents; some kilobytes a minute cross the line. It keeps its key, the keys of
the logs that it knows and its memory in a folder of its own, and needs no database.
"""

import json
import re
import threading
from base64 import b64decode
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from csirt.checkpoints import write_durably
from csirt.clock import Clock
from csirt.errors import Conflict, CsirtError, Invalid, NotFound
from csirt.logs import log
from csirt.record.checkpoint import SigningKey, cosign, open_note, parse_verifier_key, verifier_line
from csirt.record.tree import verify_consistency
from csirt.record.verify_record import LOG, MAX_SMALL, WITNESS, Checkpoint, VerifierKey, b64

KEY, LOGS, STATE = "witness.key", "logs.txt", "state.json"
STALE = timedelta(minutes=5)  # a log signs each minute
MOST_PROOF = 63  # hashes, by the specification
_ASKED = re.compile(r"old (0|[1-9][0-9]{0,14})\n((?:[A-Za-z0-9+/]{43}=\n){0,63})").fullmatch


@dataclass(frozen=True, slots=True)
class Answer:
    """What a submitter is told: HTTP status, type and body."""

    status: int
    body: str = ""
    type: str = "text/plain"


@dataclass(frozen=True, slots=True)
class Watched:
    """The last checkpoint of one log; `at` is ISO 8601."""

    origin: str
    size: int
    root: str
    at: str


def found_witness(folder: Path, name: str, log_key: str) -> VerifierKey:
    """Make a witness's folder, or let it watch one more log; returns the witness's key.

    Raises:
        Invalid: a name or a key that cannot be understood.
    """
    watched = parse_verifier_key(log_key)
    if watched.kind != LOG:
        raise Invalid("key_malformed")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (folder / KEY).exists():
        write_durably(folder / KEY, SigningKey.generate(name, WITNESS).to_line().encode() + b"\n", 0o600)
    path = folder / LOGS
    before = path.read_text("ascii").splitlines() if path.exists() else []
    lines = dict.fromkeys([*before, verifier_line(watched)])
    write_durably(path, "".join(f"{line}\n" for line in lines).encode(), 0o600)
    return SigningKey.parse((folder / KEY).read_text("ascii")).verifier


class Witness:
    """What it has seen, and what it says to the next checkpoint."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        """Raises `NotFound` where the folder holds no witness, `Invalid` where it is damaged."""
        if not (folder / KEY).exists():
            raise NotFound("witness_missing", folder=folder.name)
        self.folder, self._clock = folder, clock
        self.key = SigningKey.parse((folder / KEY).read_text("ascii"))
        self._lock = threading.Lock()  # what was seen is compared and replaced in one act
        self._seen = self._read()

    def _read(self) -> dict[str, Watched]:
        try:
            rows: list[dict[str, Any]] = json.loads((self.folder / STATE).read_bytes())
            return {row["origin"]: Watched(**row) for row in rows}
        except FileNotFoundError:
            return {}
        except (ValueError, TypeError, KeyError) as error:
            raise Invalid("signer_state_malformed") from error

    def logs(self) -> list[VerifierKey]:
        """The keys of the logs that it watches; read anew each time, so that one can be added."""
        return [parse_verifier_key(line) for line in (self.folder / LOGS).read_text("ascii").splitlines()]

    def watched(self) -> list[Watched]:
        """The last checkpoint of each log."""
        return list(self._seen.values())

    def stale(self) -> list[str]:
        """The logs that have shown no checkpoint for too long, or never: each is an alarm."""
        now = self._clock.now()
        fresh = {one.origin for one in self._seen.values() if now - datetime.fromisoformat(one.at) < STALE}
        return sorted({key.name for key in self.logs()} - fresh)

    def add(self, body: bytes) -> Answer:
        """A checkpoint with its proof: the cosignature, or why not."""
        head, blank, note = body.decode("utf-8", "replace").partition("\n\n")
        asked = _ASKED(head + "\n") if blank else None
        if asked is None or len(body) > MAX_SMALL:
            return Answer(400)
        keys = [key for key in self.logs() if note.startswith(f"{key.name}\n")]
        if not keys:
            return Answer(404)
        checkpoint = _opened(note.encode(), keys)
        if checkpoint is None:
            return Answer(403)
        proof = [b64decode(line) for line in asked[2].splitlines()]
        with self._lock:
            refused = self._refuses(checkpoint, int(asked[1]), proof)
            return refused or self._take(checkpoint, note.encode())

    def _refuses(self, new: Checkpoint, old: int, proof: list[bytes]) -> Answer | None:
        seen = self._seen.get(new.origin, Watched(new.origin, 0, "", ""))
        if old > new.size:
            return Answer(400)
        if old != seen.size:
            return Answer(409, f"{seen.size}\n", "text/x.tlog.size")
        if old == 0:
            return Answer(422) if proof else None
        if old == new.size and b64(new.root).decode() != seen.root:
            log().error("witness.fork", origin=new.origin, size=new.size)
            return Answer(409, f"{seen.size}\n", "text/x.tlog.size")
        if not verify_consistency(old, new.size, proof, b64decode(seen.root), new.root):
            log().error("witness.not_consistent", origin=new.origin, old=old, size=new.size)
            return Answer(422)
        return None

    def _take(self, new: Checkpoint, note: bytes) -> Answer:
        """Remember, durably, then sign."""
        now = self._clock.now()
        seen = {**self._seen, new.origin: Watched(new.origin, new.size, b64(new.root).decode(), now.isoformat())}
        rows = [{"origin": one.origin, "size": one.size, "root": one.root, "at": one.at} for one in seen.values()]
        write_durably(self.folder / STATE, json.dumps(rows).encode(), 0o600)
        self._seen = seen
        text = cosign(note, self.key, int(now.timestamp())).decode()
        return Answer(200, text.splitlines(keepends=True)[-1])


def _opened(note: bytes, keys: list[VerifierKey]) -> Checkpoint | None:
    for key in keys:
        try:
            return open_note(note, key)
        except CsirtError:
            continue
    return None


class WitnessServer(ThreadingHTTPServer):
    """Listens for checkpoints."""

    daemon_threads = True

    def __init__(self, witness: Witness, host: str, port: int) -> None:
        """Raises `Conflict` where the port is taken."""
        self.witness = witness
        try:
            super().__init__((host, port), _Handler)
        except OSError as error:
            raise Conflict("port_taken", port=port) from error


class _Handler(BaseHTTPRequestHandler):
    server: WitnessServer
    timeout = 10  # seconds that a line may be silent
    server_version, sys_version = "witness", ""

    def do_POST(self) -> None:
        """Take a checkpoint."""
        length = self.headers.get("Content-Length", "")
        if self.path != "/add-checkpoint" or not length.isdecimal() or int(length) > MAX_SMALL:
            self._say(Answer(404 if self.path != "/add-checkpoint" else 400))
            return
        try:
            self._say(self.server.witness.add(self.rfile.read(int(length))))
        except (OSError, CsirtError) as error:  # a full disk: nothing was signed
            log().error("witness.broke", error=type(error).__name__)
            self._say(Answer(500))

    def _say(self, answer: Answer) -> None:
        content = answer.body.encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", f"{answer.type}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - named by the library
        """Requests are no news; what is refused is logged above."""

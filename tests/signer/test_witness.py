"""A witness cosigns what continues what it saw, in the words of C2SP tlog-witness, and nothing else."""

import os
import signal
import subprocess
import sys
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random

import httpx
import pytest

from csirt.clock import FixedClock
from csirt.errors import Conflict, Invalid, NotFound
from csirt.model.people import Actor
from csirt.record.checkpoint import SigningKey, sign, verifier_line
from csirt.record.tree import Tree
from csirt.record.verify_record import WITNESS, open_signed
from csirt.response import incidents
from csirt.signer import SignerLoop
from csirt.submitting import Submitter
from csirt.witness import Witness, WitnessServer, found_witness
from tests.cli.calling import call
from tests.record.building import KEY, ORIGIN, START, Log, honest
from tests.signer.signing import Seal

NAME = "witness.example/pref"


@dataclass
class Line:
    """A witness and a log that submits to it."""

    witness: Witness
    clock: FixedClock

    def submit(self, log: Log, size: int, old: int | None = None, key: SigningKey = KEY) -> tuple[int, str]:
        seen = next((one.size for one in self.witness.watched()), 0) if old is None else old
        tree = Tree(lambda start, end: log.leaves[start:end])
        proof = tree.consistency(seen, size) if 0 < seen < size else []
        return self.say(sign(log.checkpoint(size), key), seen, proof)

    def say(self, note: bytes, old: int, proof: list[bytes]) -> tuple[int, str]:
        lines = "".join(f"{b64encode(one).decode()}\n" for one in proof)
        answer = self.witness.add(f"old {old}\n{lines}\n".encode() + note)
        return answer.status, answer.body


@pytest.fixture
def line(tmp_path: Path) -> Line:
    found_witness(tmp_path / "witness", NAME, verifier_line(KEY.verifier))
    clock = FixedClock(START)
    return Line(Witness(tmp_path / "witness", clock), clock)


def test_it_cosigns_each_checkpoint_that_continues_the_last(line: Line) -> None:
    log = honest(1, 60)
    for size in (1, 2, 7, 8, 40, 40, 60):
        status, said = line.submit(log, size)
        assert status == 200
        note = sign(log.checkpoint(size), KEY) + said.encode()
        assert open_signed(note, line.witness.key.verifier) == (log.checkpoint(size), int(START.timestamp()))
        assert [one.size for one in line.witness.watched()] == [size]


def test_it_remembers_after_a_restart(line: Line) -> None:
    log = honest(1, 20)
    line.submit(log, 12)
    again = Line(Witness(line.witness.folder, line.clock), line.clock)
    assert again.submit(log, 20, old=0) == (409, "12\n")
    assert again.submit(log, 20)[0] == 200


def test_a_fork_a_rollback_and_another_past_are_refused(line: Line) -> None:
    log, other = honest(1, 40), honest(2, 60)
    assert line.submit(log, 30)[0] == 200
    assert line.submit(other, 30)[0] == 409
    assert line.submit(other, 50)[0] == 422
    assert line.submit(log, 20, old=20) == (409, "30\n")
    assert line.submit(log, 20, old=30)[0] == 400
    assert [one.size for one in line.witness.watched()] == [30]
    assert line.submit(log, 40)[0] == 200


def test_other_keys_and_other_logs_are_refused(line: Line) -> None:
    log = honest(1, 10)
    assert line.submit(log, 5, key=SigningKey.generate(ORIGIN))[0] == 403
    assert line.say(sign(log.checkpoint(5), KEY).replace(ORIGIN.encode(), b"elsewhere"), 0, [])[0] == 404
    assert line.say(sign(log.checkpoint(5), KEY), 0, [bytes(32)])[0] == 422


def test_hostile_requests_are_refused_and_change_nothing(line: Line) -> None:
    chance, log = Random(1), honest(1, 40)
    line.submit(log, 20)
    tree = Tree(lambda start, end: log.leaves[start:end])
    proof = "".join(f"{b64encode(one).decode()}\n" for one in tree.consistency(20, 40))
    whole = f"old 20\n{proof}\n".encode() + sign(log.checkpoint(40), KEY)
    for _ in range(500):
        bent = bytearray(whole)
        for _ in range(chance.randrange(1, 4)):
            bent[chance.randrange(len(bent))] ^= 1 << chance.randrange(8)
        assert line.witness.add(bytes(bent)).status != 200 or bytes(bent) == whole
        assert line.witness.add(whole[: chance.randrange(len(whole) - 1)]).status != 200
        assert line.witness.add(chance.randbytes(200)).status == 400
    assert [one.size for one in line.witness.watched()] == [20]
    assert line.witness.add(whole).status == 200


def test_a_log_that_falls_silent_is_an_alarm(line: Line) -> None:
    assert line.witness.stale() == [ORIGIN]
    line.submit(honest(1, 10), 10)
    assert line.witness.stale() == []
    line.clock.forward(timedelta(minutes=6))
    assert line.witness.stale() == [ORIGIN]
    called = call("witness", "status", line.witness.folder, "--json")
    assert called.code == 6
    assert '"witness_stale"' in called.err


def test_what_it_is_founded_with_is_checked(tmp_path: Path) -> None:
    with pytest.raises(Invalid):
        found_witness(tmp_path / "w", NAME, "rubbish")
    with pytest.raises(Invalid):
        found_witness(tmp_path / "w", NAME, verifier_line(SigningKey.generate("w", WITNESS).verifier))
    with pytest.raises(NotFound):
        Witness(tmp_path / "none", FixedClock(START))
    (tmp_path / "w").mkdir(exist_ok=True)
    found_witness(tmp_path / "w", NAME, verifier_line(KEY.verifier))
    (tmp_path / "w" / "state.json").write_text("[7]")
    with pytest.raises(Invalid):
        Witness(tmp_path / "w", FixedClock(START))
    for setting in ("", "ftp://x key", f"http://x {verifier_line(KEY.verifier)}", "http://x"):
        with pytest.raises(Invalid):
            Submitter.of(setting)


@contextmanager
def listening(witness: Witness) -> Iterator[str]:
    with WitnessServer(witness, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def test_the_signer_publishes_what_the_witness_signed(seal: Seal, tmp_path: Path) -> None:
    seal.sign()
    key = seal.published.key()
    assert key is not None
    mine = found_witness(tmp_path / "w", NAME, verifier_line(key))
    witness = Witness(tmp_path / "w", seal.world.clock)
    with listening(witness) as url, seal.signer() as one:
        submitter = Submitter.of(f"{url} {verifier_line(mine)}")
        loop = SignerLoop(one, [submitter])
        loop.look()
        for _ in range(2):
            seal.world.desk.commit(Actor("local", "local"), incidents.add_note, seal.world.notes["incident"], "続報")
            seal.published.order()
            loop.look()
            note, head = seal.published.latest(), seal.published.head()
            assert note is not None
            assert open_signed(note, mine)[0] == head
        status = seal.published.status()
        assert status is not None
        assert set(status.witnessed) == {NAME}
        # The signer comes back and knows nothing of what the witness has seen: it is told.
        again = Submitter.of(f"{url} {verifier_line(mine)}")
        seal.world.desk.commit(Actor("local", "local"), incidents.add_note, seal.world.notes["incident"], "続報")
        assert one.round() is not None
        one.witness([again])
        note = seal.published.latest()
        assert note is not None
        assert open_signed(note, mine)[0] == seal.published.head()
    assert submitter.submit(note, open_signed(note, mine)[0], lambda _old, _size: []) is None  # nobody listens any more


def test_the_port_speaks_http_and_nothing_else(line: Line) -> None:
    with listening(line.witness) as url:
        assert httpx.post(f"{url}/elsewhere", content=b"x", trust_env=False).status_code == 404
        assert httpx.post(f"{url}/add-checkpoint", content=b"x", trust_env=False).status_code == 400
        assert httpx.get(f"{url}/add-checkpoint", trust_env=False).status_code == 501
        with pytest.raises(Conflict):
            WitnessServer(line.witness, "127.0.0.1", int(url.rpartition(":")[2]))


def test_the_process_runs_by_command(tmp_path: Path) -> None:
    added = call("witness", "add", tmp_path / "w", verifier_line(KEY.verifier), "--name", NAME, "--json")
    key = added.row["key"]
    process = subprocess.Popen(
        [sys.executable, "-m", "csirt.cli.main", "witness", "run", str(tmp_path / "w"), "--port", "0"],
        stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, env=dict(os.environ), text=True,
    )  # fmt: skip
    try:
        assert process.stderr is not None
        said = next(text for text in process.stderr if "witness.listening" in text)
        port = int(said.split('"port": ')[1].split(",")[0].split("}")[0])
        log = honest(1, 9)
        note = sign(log.checkpoint(9), KEY)
        line = Submitter.of(f"http://127.0.0.1:{port} {key}").submit(note, log.checkpoint(9), lambda _old, _size: [])
        assert line is not None
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert process.returncode == 0
    assert call("witness", "status", tmp_path / "w", "--json").code == 0

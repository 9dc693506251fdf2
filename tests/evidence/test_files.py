"""Files of evidence on the disk: whole or not at all, in pieces, found by content, nothing to learn from outside."""

import hashlib
import os
import resource
import subprocess
import sys
import threading
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from csirt.errors import Invalid, Unavailable, Untrusted
from csirt.store import evidence_files
from csirt.store.evidence_files import PIECE, EvidenceFiles, Kept
from tests.house.tree import ROOT

KEY = b"k" * 32
GIB = 1024**3
SIZES = [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 3 * PIECE + 7]


@pytest.fixture
def files(tmp_path: Path) -> EvidenceFiles:
    return EvidenceFiles(tmp_path / "evidence", GIB)


def put(files: EvidenceFiles, content: bytes, incident: str = "i-1", at_once: int = 100_000) -> Kept:
    with files.begin(incident, KEY) as writer:
        for start in range(0, len(content), at_once):
            writer.write(content[start : start + at_once])
        return writer.keep()


def got(files: EvidenceFiles, kept: Kept, key: bytes = KEY) -> bytes:
    return b"".join(files.read("i-1", kept.address, key))


def stored(files: EvidenceFiles) -> list[Path]:
    return sorted(path for path in files.folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("size", SIZES)
def test_a_file_comes_back_as_it_went_in(files: EvidenceFiles, size: int) -> None:
    content = os.urandom(size)
    kept = put(files, content)
    assert (kept.size, kept.sha256) == (size, hashlib.sha256(content).hexdigest())
    assert got(files, kept) == content
    (path,) = stored(files)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_neither_content_nor_its_hash_can_be_seen_from_outside(files: EvidenceFiles) -> None:
    content = b"this very text " * 1000
    kept = put(files, content)
    (path,) = stored(files)
    raw = path.read_bytes()
    assert b"this very text" not in raw
    assert kept.sha256 not in str(path)
    assert hashlib.sha256(content).digest() not in raw


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_every_change_on_the_disk_is_found(files: EvidenceFiles, data: st.DataObject) -> None:
    content = bytes(range(256)) * 2 * (PIECE // 256)
    kept = put(files, content)
    (path,) = stored(files)
    raw = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(raw) - 1))
    how = data.draw(st.sampled_from(["flip", "cut", "insert", "delete", "append"]))
    if how == "flip":
        raw[place] ^= 1 << data.draw(st.integers(0, 7))
    elif how == "cut":
        del raw[place:]
    elif how == "insert":
        raw.insert(place, 0)
    elif how == "delete":
        del raw[place]
    else:
        raw += b"x"
    path.write_bytes(raw)
    with pytest.raises(Untrusted, match="evidence_changed"):
        got(files, kept)


def test_pieces_cannot_change_places_or_end_early(files: EvidenceFiles) -> None:
    kept = put(files, os.urandom(3 * PIECE))
    (path,) = stored(files)
    raw = path.read_bytes()
    head, sealed = len(raw) - 3 * (PIECE + 16), PIECE + 16
    first, second, third = (raw[head + n * sealed : head + (n + 1) * sealed] for n in range(3))
    for order in ((second, first, third), (first, second), (first, second, third, third), ()):
        path.write_bytes(raw[:head] + b"".join(order))
        with pytest.raises(Untrusted, match="evidence_changed"):
            got(files, kept)


def test_another_key_opens_nothing_and_a_file_that_is_gone_is_missing(files: EvidenceFiles) -> None:
    kept = put(files, b"x")
    with pytest.raises(Untrusted, match="evidence_changed"):
        got(files, kept, b"j" * 32)
    stored(files)[0].unlink()
    with pytest.raises(Untrusted, match="evidence_missing"):
        got(files, kept)


def test_the_same_content_lies_there_once_in_each_incident(files: EvidenceFiles) -> None:
    assert put(files, b"same") == put(files, b"same")
    put(files, b"same", "i-2")
    assert len(stored(files)) == 2


def test_many_at_once_with_the_same_content_all_succeed(files: EvidenceFiles) -> None:
    content = os.urandom(2 * PIECE + 5)
    kept: list[Kept] = []
    threads = [threading.Thread(target=lambda: kept.append(put(files, content))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(kept) == 8
    assert len(set(kept)) == len(stored(files)) == 1
    assert got(files, kept[0]) == content


def test_what_is_not_kept_leaves_nothing_behind(files: EvidenceFiles) -> None:
    small = EvidenceFiles(files.folder, 2 * PIECE)
    assert put(small, b"x" * 2 * PIECE).size == 2 * PIECE
    with pytest.raises(Invalid, match="evidence_too_large"):
        put(small, b"x" * (2 * PIECE + 1))
    with files.begin("i-2", KEY) as writer:
        writer.write(b"x" * PIECE * 3)
    assert len(stored(files)) == 1


FILLS_UP = """
import resource, sys
from pathlib import Path
from csirt.errors import Unavailable
from csirt.store.evidence_files import EvidenceFiles
files = EvidenceFiles(Path(sys.argv[1]), 1 << 30)
with files.begin("i-1", b"k" * 32) as writer:
    writer.write(b"a" * 1000)
    print(writer.keep().address)
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
try:
    with files.begin("i-1", b"k" * 32) as writer:
        for _ in range(100):
            writer.write(b"b" * 100_000)
        writer.keep()
except Unavailable as error:
    print(error.code)
"""


def test_a_disk_that_fills_up_is_said_and_nothing_kept_before_is_lost(tmp_path: Path) -> None:
    folder = tmp_path / "evidence"
    out = subprocess.run(
        [sys.executable, "-c", FILLS_UP, folder], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    ).stdout.split()
    assert out[1] == "disk_full"
    assert [path.name for path in stored(EvidenceFiles(folder, 1))] == [out[0]]


def test_evidence_leaves_room_for_the_record(files: EvidenceFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence_files, "RESERVE", 1 << 62)
    with pytest.raises(Unavailable, match="disk_full"):
        put(files, b"x")
    assert stored(files) == []


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "evidence").write_text("no folder")
    with pytest.raises(Unavailable, match="evidence_not_written"):
        put(EvidenceFiles(tmp_path / "evidence", 10), b"x")


def test_unfinished_uploads_are_swept_away_and_whole_files_stay(files: EvidenceFiles) -> None:
    kept = put(files, b"x")
    old = files.folder / "i-1" / ".part-abandoned"
    new = files.folder / "i-1" / ".part-under-way"
    for part in (old, new):
        part.write_bytes(b"")
    os.utime(old, (1000, 1000))
    os.utime(files.folder / "i-1" / kept.address, (1000, 1000))
    assert files.sweep(2000) == 1
    assert [path.name for path in stored(files)] == [".part-under-way", kept.address]
    assert files.listed("i-1") == {kept.address}
    assert files.listed("i-9") == set()


def test_memory_does_not_grow_with_the_file(files: EvidenceFiles) -> None:
    block = os.urandom(1024 * 1024)
    tracemalloc.start()
    with files.begin("i-1", KEY) as writer:
        for _ in range(64):
            writer.write(block)
        kept = writer.keep()
    assert sum(map(len, files.read("i-1", kept.address, KEY))) == 64 * len(block)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 8 * len(block)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > 0

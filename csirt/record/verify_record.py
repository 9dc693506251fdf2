"""Verify an exported record offline: `python verify_record.py DIR [--key KEY] [--checkpoint OLD] [--json]`.

An export holds the whole record, or all entries of one incident, or those of a stretch of time; the last two prove each
entry in the tree of the whole, and that nothing of the incident, or in between, is missing. DIR may also be a file
`entry-12.tlog-proof`, which holds one entry with its proof; it brings no key along.

One file, no network; needs Python 3.11 or newer and the package `cryptography`. Prints PASS and exits 0, or FAIL with
the first bad entry (where one can be named) and the reason, and exits 1. Take this file and the key from a source that
you trust, not from the folder you doubt. Rules: RFC 6962 (tree), C2SP signed-note and tlog-checkpoint (signature).
"""

import argparse
import functools
import hashlib
import hmac
import io
import json
import re
import sys
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from itertools import islice, repeat
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

try:  # an older library knows Ed25519 only
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey
except ImportError:
    MLDSA44PublicKey = None  # type: ignore[assignment,misc]

FORMAT = "csirt-record-2"
PROOF = "c2sp.org/tlog-proof@v1"
REQUIRED = frozenset({"entries.jsonl", "leaves.bin", "checkpoint", "key.pub", "verify_record.py", "README.txt"})
BULK = frozenset({"entries.jsonl", "leaves.bin", "payloads.jsonl", "erased.jsonl"})
ERASING = frozenset({"PERSONAL_DATA_ERASED", "DESK_RESTORED"})  # kinds of entries that name destroyed keys
ASIDE = frozenset({"documents", "tlog"})  # for people, and for other tools (C2SP tlog-tiles): nothing there is checked
MAX_ENTRY, MAX_OPENING, MAX_SMALL = 8192, 1 << 22, 1 << 20
MAX_ENTRIES, MAX_INT, PROGRESS_EVERY = 100_000_000, 2**53 - 1, 250_000

_CODE = r"[A-Za-z0-9._:/+=#\[\]-]"  # no blank, no quote, no @: free text and addresses cannot get in
_HASH = r"[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]="
_COUNT = r"(?:0|[1-9][0-9]{0,14})"
_TEXT = rf'"{_CODE}{{0,128}}"'
_VALUE = rf"(?:{_TEXT}|true|false|0|-?[1-9][0-9]{{0,15}}|\[(?:{_TEXT}(?:,{_TEXT})*)?\])"
_PAIR = rf'"[A-Za-z][A-Za-z0-9_.-]{{0,63}}":{_VALUE}'
_PAY = rf'\{{"alg":"hmac-sha256-v1","c":"{_HASH}","cls":"{_CODE}{{1,64}}","name":"{_CODE}{{1,64}}"\}}'
_TIME = r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z"
_OPTION = {name: rf'(?:"{name}":"{_CODE}{{1,200}}",)?' for name in ("boot", "cid", "run", "src", "step")}
# The grammar of an entry (v 1) is the canonical form itself: sorted keys, no blanks, no escapes, no floats. One match
# therefore proves form and fields, in linear time; what it cannot say (order of keys in `out`, 2^53) follows below.
_entry = re.compile(
    (
        rf'\{{"actor":\{{"auth":"{_CODE}{{1,64}}","id":"{_CODE}{{1,200}}"(?:,"sid":"{_CODE}{{1,200}}")?\}},'
        rf'{_OPTION["boot"]}{_OPTION["cid"]}(?:"inc":"({_CODE}{{1,200}})",(?:"inc_prev":"({_HASH})",)?'
        rf'"inc_seq":({_COUNT}),)?"kind":"[A-Z][A-Z0-9_]{{1,63}}",(?:"mono":{_COUNT},)?'
        rf'(?:"out":\{{({_PAIR}(?:,{_PAIR})*)\}},)?(?:"pay":\[{_PAY}(?:,{_PAY})*\],)?{_OPTION["run"]}'
        rf'"seq":({_COUNT}),{_OPTION["src"]}{_OPTION["step"]}"ts":"{_TIME}","v":1\}}'
    ).encode()
).fullmatch
_keys, _big = re.compile(rb'"([A-Za-z0-9_.-]+)":').findall, re.compile(rb'":-?([0-9]{16})').findall
_commitments = re.compile(rf'"c":"({_HASH})"'.encode()).findall
_NAME = r"[!-*,-~]{1,200}"  # of a key and its log: printable ASCII, no blank, no plus sign
_BODY = rf"({_NAME})\n({_COUNT})\n({_HASH})\n(?:[^\x00-\x1f]{{1,500}}\n){{0,16}}"
_note = re.compile(rf"({_BODY})\n((?:\u2014 {_NAME} [A-Za-z0-9+/=]{{8,9000}}\n){{1,16}})").fullmatch
_key = re.compile(rf"({_NAME})\+([0-9a-f]{{8}})\+([A-Za-z0-9+/]{{44,1752}}={{0,2}})\n?").fullmatch
LOG, WITNESS, QUANTUM = 1, 4, 6  # C2SP types of signatures: Ed25519, Ed25519 with a time, ML-DSA-44 with a time
_PUBLIC = {LOG: 32, WITNESS: 32, QUANTUM: 1312}  # bytes of a public key
_file = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}").fullmatch
HOSTILE = (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError)  # what bad input can raise
b64 = functools.partial(b2a_base64, newline=False)


class Bad(Exception):
    """A finding: a code in plain words, the entry (`seq`) if one can be named, the place (`where`), safe to print."""

    def __init__(self, code: str, seq: int | None = None, where: str = "") -> None:
        self.code, self.seq, self.where = code, seq, where
        super().__init__(code)


def leaf_hash(data: bytes) -> bytes:
    """RFC 6962 §2.1: hash of a leaf."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 6962 §2.1: hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def grow(edge: list[bytes], size: int, leaf: bytes) -> None:
    """Append a leaf hash to the right edge (roots of the perfect subtrees, largest first) of a tree of that size."""
    while size & 1:
        leaf = node_hash(edge.pop(), leaf)
        size >>= 1
    edge.append(leaf)


def root_of(edge: Sequence[bytes]) -> bytes:
    """The root of the tree that has this right edge."""
    root = edge[-1] if edge else hashlib.sha256().digest()
    for left in edge[-2::-1]:
        root = node_hash(left, root)
    return root


def root_from(leaves: Iterable[bytes]) -> bytes:
    """The root of the tree over these leaf hashes."""
    edge: list[bytes] = []
    for size, leaf in enumerate(leaves):
        grow(edge, size, leaf)
    return root_of(edge)


def root_by_path(leaf: bytes, index: int, size: int, path: Iterable[bytes]) -> bytes | None:
    """The root that an inclusion proof leads to (RFC 9162 §2.1.3.2), or None where it has another length."""
    node, last, found = index, size - 1, leaf
    for other in path:
        if last == 0:
            return None
        if node & 1 or node == last:
            found = node_hash(other, found)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found = node_hash(found, other)
        node, last = node >> 1, last >> 1
    return found if last == 0 else None


def commitment(salt: bytes, text: str) -> bytes:
    """What an entry holds instead of a text: base64 HMAC-SHA256(salt, UTF-8 text). Raises UnicodeEncodeError."""
    return b64(hmac.new(salt, text.encode(), "sha256").digest())


def match_entry(line: bytes) -> re.Match[bytes]:
    """One entry by itself: canonical, complete, small. Groups: inc, inc_prev, inc_seq, out, seq. Raises Bad."""
    match = _entry(line) if len(line) <= MAX_ENTRY else None
    if match is None:
        raise Bad("entry_not_canonical" if len(line) <= MAX_ENTRY else "entry_too_long")
    keys = _keys(match[4] or b"")
    if sorted(set(keys)) != keys or any(int(digits) > MAX_INT for digits in _big(match[4] or b"")):
        raise Bad("entry_not_canonical")
    return match


class Result(NamedTuple):
    """`size` and `root` of the good entries, `roots` at the sizes asked for; `first_bad` (seq) and `why` (a code)."""

    size: int
    root: bytes
    first_bad: int | None
    why: str | None
    roots: Mapping[int, bytes]


# An entry whose content whoever exported was not shown: only its leaf hash goes along. The root covers it all the same.
_withheld = re.compile(rf'\{{"leaf":"({_HASH})","v":1\}}'.encode()).fullmatch


class Walk:
    """A walk over entries from the first on: `size`, right edge, and inc_seq, leaf and seq of each incident's last."""

    def __init__(self) -> None:
        self.size = 0
        self.edge: list[bytes] = []
        self.links: dict[bytes, tuple[int, bytes, int]] = {}

    def step(self, seq: int, line: bytes, known: bytes = b"") -> None:
        """Take the next entry. Raises Bad, and takes nothing, if it does not fit."""
        match = match_entry(line)
        leaf = leaf_hash(line)
        if seq != self.size or int(match[5]) != self.size:
            raise Bad("seq_not_dense")
        if known and leaf != known:
            raise Bad("entry_changed")
        if match[1]:
            before, last, at = self.links.get(match[1], (-1, b"", None))
            if int(match[3]) != before + 1 or (match[2] is None) != (at is None):
                raise Bad("incident_not_dense")
            if at is not None and match[2] != b64(last):
                raise Bad("incident_link_broken", at)
            self.links[match[1]] = (before + 1, leaf, self.size)
        self.take(leaf)

    def take(self, leaf: bytes, known: bytes = b"") -> None:
        """Take a leaf hash, of an entry that was checked or is withheld. Raises Bad if another one is `known`."""
        if known and leaf != known:
            raise Bad("entry_changed")
        grow(self.edge, self.size, leaf)
        self.size += 1


def check_entries(
    rows: Iterable[tuple[int, bytes]],
    *,
    leaves: Iterable[bytes] = repeat(b""),
    at: Collection[int] = (),
    walk: Walk | None = None,
    exported: bool = False,
) -> Result:
    """Check (seq, canonical bytes), from a file or the database, up to the first bad entry; `at`: see Result.

    `leaves` are leaf hashes known to be right: with them a change is pinned to its entry. Without them a change that
    breaks a link names the entry linked to, and one that breaks none shows only in the root: compare that. `walk` goes
    on where an earlier one stands. In a file that was `exported` entries may be withheld; in a database none may.
    """
    walk = walk or Walk()
    roots = {walk.size: root_of(walk.edge)}
    first: int | None = None
    why: str | None = None
    try:
        for (seq, line), known in zip(rows, leaves, strict=False):
            if held := _withheld(line) if exported else None:
                walk.take(a2b_base64(held[1]), known)
            else:
                walk.step(seq, line, known)
            if walk.size in at:
                roots[walk.size] = root_of(walk.edge)
    except Bad as bad:
        first, why = walk.size if bad.seq is None else bad.seq, bad.code
    return Result(walk.size, root_of(walk.edge), first, why, roots)


class VerifierKey(NamedTuple):
    """A C2SP verifier key; the id is the start of SHA-256(name, newline, kind, public key)."""

    name: str
    id: bytes
    public: bytes
    kind: int = LOG

    @classmethod
    def of(cls, name: str, public: bytes, kind: int = LOG) -> "VerifierKey":
        """The key with its id."""
        return cls(name, hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4], public, kind)

    @classmethod
    def parse(cls, line: str) -> "VerifierKey":
        """Read `name+id+base64`. Raises Bad `key_malformed`."""
        match = _key(line)
        try:
            data = a2b_base64(match[3], strict_mode=True) if match else b""
        except ValueError:
            data = b""
        if match is None or len(data) != 1 + _PUBLIC.get(data[0] if data else 0, 0) or b64(data).decode() != match[3]:
            raise Bad("key_malformed")
        key = cls.of(match[1], data[1:], data[0])
        if key.id.hex() != match[2]:
            raise Bad("key_malformed")
        return key

    def covers(self, text: str, at: int) -> bytes:
        """The bytes that a signature by this key covers: of a checkpoint's body, at so many seconds since 1970."""
        if self.kind == LOG:
            return text.encode()
        if self.kind == WITNESS:
            return f"cosignature/v1\ntime {at}\n{text}".encode()
        head, name = Checkpoint.parse(text), self.name.encode()
        origin = head.origin.encode()
        numbers = bytes(8) + head.size.to_bytes(8, "big")
        named = bytes([len(name)]) + name + at.to_bytes(8, "big") + bytes([len(origin)]) + origin
        return b"subtree/v1\n\0" + named + numbers + head.root

    def verify(self, signature: bytes, text: str) -> int:
        """Check what stands behind the key's id in a signature; gives its time, 0 for none. Raises if it is wrong."""
        at = 0 if self.kind == LOG else int.from_bytes(signature[:8], "big")
        made = signature if self.kind == LOG else signature[8:]
        if self.kind == QUANTUM and MLDSA44PublicKey is None:
            raise Bad("signature_kind_unknown")
        public = MLDSA44PublicKey if self.kind == QUANTUM else Ed25519PublicKey
        public.from_public_bytes(self.public).verify(made, self.covers(text, at))
        return at


class Checkpoint(NamedTuple):
    """The head of a tree: whose it is, how many entries, their root."""

    origin: str
    size: int
    root: bytes

    @classmethod
    def parse(cls, body: str) -> "Checkpoint":
        """Read origin, size and base64 root, one a line. Raises Bad `checkpoint_malformed`."""
        match = re.fullmatch(_BODY, body)
        if match is None or int(match[2]) > MAX_ENTRIES:
            raise Bad("checkpoint_malformed")
        return cls(match[1], int(match[2]), a2b_base64(match[3]))


def open_signed(note: bytes, key: VerifierKey) -> tuple[Checkpoint, int]:
    """A checkpoint that `key` must have signed, and when (0: no time).

    Raises Bad `checkpoint_malformed` or `signature_wrong`.
    """
    match = _note(note.decode("utf-8", "replace")) if len(note) <= MAX_SMALL else None
    if match is None:
        raise Bad("checkpoint_malformed")
    times: list[int] = []
    for name, encoded in (line.split(" ")[1:] for line in match[5].splitlines()):
        try:
            fits = name == key.name and (key.kind != LOG or name == match[2])
            if fits and (raw := a2b_base64(encoded))[:4] == key.id:
                times.append(key.verify(raw[4:], match[1]))
                if b64(raw).decode() != encoded:  # one spelling only
                    raise Bad("signature_wrong")
        except (InvalidSignature, ValueError):
            raise Bad("signature_wrong") from None
    if not times:
        raise Bad("signature_wrong")
    return Checkpoint.parse(match[1]), max(times)


def open_checkpoint(note: bytes, key: VerifierKey) -> Checkpoint:
    """As `open_signed`, without the time."""
    return open_signed(note, key)[0]


def _small(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_SMALL)


def _show_progress(done: int, of: int) -> None:
    if sys.stderr.isatty():
        bar = "#" * (30 * done // max(of, 1))
        sys.stderr.write(f"\r[{bar:<30}] {done} of {of} entries" + ("\n" if done == of else ""))
    elif done % PROGRESS_EVERY == 0:
        sys.stderr.write(f"{done} of {of} entries read\n")


Openings = dict[bytes, tuple[str, int]]  # commitment -> what is wrong unless its entry comes before this `seq`


def _lines(path: Path, most: int, openings: Openings, *, whole: bool = True) -> Iterator[tuple[int, bytes]]:
    with path.open("rb") as file:
        for seq in range(most):
            line = file.readline(MAX_ENTRY + 2)
            if not line and not whole:
                return
            if line[-1:] != b"\n":
                raise Bad("entry_cut_or_too_long" if line else "entry_missing", seq if whole else None)
            for found in _commitments(line) if openings else ():
                code, end = openings.pop(found, ("", MAX_ENTRIES))
                if (at := seq if whole else int(match_entry(line[:-1])[5])) >= end:
                    raise Bad(code, at)
            if (seq + 1) % min(PROGRESS_EVERY, 5000) == 0 or seq + 1 == most:
                _show_progress(seq + 1, most)
            yield seq, line[:-1]
        if file.read(1):
            raise Bad("entry_beyond_checkpoint", most)


def _openings(path: Path) -> Openings:
    found: Openings = {}
    with path.open("rb") if path.exists() else io.BytesIO() as file:
        for line in iter(functools.partial(file.readline, MAX_OPENING), b""):
            try:
                (key_c, c), (key_salt, salt), (key_text, text) = json.loads(line, object_pairs_hook=tuple)
                fits = (key_c, key_salt, key_text) == ("c", "salt", "text") and c.encode() not in found
                good = commitment(a2b_base64(salt), text) == c.encode()
                found[c.encode() if fits else b""] = ("opening_wrong", MAX_ENTRIES if good else -1)
            except HOSTILE:
                found[b""] = ("opening_wrong", -1)  # belongs to no entry, so that it is left over at the end
    return found


def _erasures(path: Path, leaf_of: Callable[[int], bytes], known: Container[bytes] = ()) -> Openings:
    """Texts said to be erased: an entry after theirs, which goes along, must say that their key was destroyed."""
    found: Openings = {}
    with path.open("rb") if path.exists() else io.BytesIO() as file:
        for said in map(json.loads, iter(functools.partial(file.readline, MAX_OPENING), b"")):
            entry = said["entry"].encode()
            at, fields = (int(match_entry(entry)[5]), json.loads(entry)) if entry else (-1, {})
            named = fields.get("kind") in ERASING and said["key"] in fields["out"]["keys"]
            end = at if named and leaf_of(at) == leaf_hash(entry) else -1
            found |= {c: ("erasure_unrecorded", -1 if c in known else end) for c in map(str.encode, said["c"])}
    return found


class Part(NamedTuple):
    """What of the record an export holds: all of it, one `incident`, or what happened in a stretch of time.

    `since` and `until` (not included) are instants as entries have them; the entries just outside go along.
    """

    incident: str = ""
    since: str = ""
    until: str = ""

    def __str__(self) -> str:
        if self.incident:
            return f"incident {self.incident}"
        return f"from {self.since} to {self.until}" if self.since else "all"


WHOLE = Part()


def manifest_bytes(files: Mapping[str, tuple[int, str]], aside: Iterable[str], part: Part = WHOLE) -> bytes:
    """The one way to write manifest.json: name -> (size, SHA-256 in hex) of the exact set, and what lies aside."""
    rows = [{"name": name, "sha256": digest, "size": size} for name, (size, digest) in sorted(files.items())]
    body = {"aside": sorted(aside), "files": rows, "format": FORMAT, "part": list(part)}
    return json.dumps(body, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def _check_kinds(folder: Path) -> set[str]:
    names = {path.name: path.lstat().st_mode for path in folder.iterdir()}
    for name, mode in names.items():
        if not (S_ISDIR(mode) if name in ASIDE else S_ISREG(mode) and _file(name)):
            raise Bad("file_strange", where=ascii(name[:80]))
    return names.keys() - ASIDE - {"manifest.json"}


def _check_files(folder: Path, *, hashes: bool) -> None:
    raw = _small(folder / "manifest.json")
    manifest = json.loads(raw)
    listed = {file["name"]: (file["size"], file["sha256"]) for file in manifest["files"]}
    if raw != manifest_bytes(listed, manifest["aside"], Part(*manifest["part"])):
        raise Bad("manifest_malformed")
    if differ := listed.keys() ^ _check_kinds(folder) | REQUIRED - listed.keys():
        raise Bad("file_added_or_removed", where=ascii(sorted(differ)[:3])[:200])
    for name, (size, digest) in listed.items():
        if (folder / name).stat().st_size != size or (size > MAX_SMALL and name not in BULK):
            raise Bad("file_changed", where=name)
        with (folder / name).open("rb") as file:
            if hashes and hashlib.file_digest(file, "sha256").hexdigest() != digest:
                raise Bad("file_changed", where=name)


def _old(argument: str | None, head: Checkpoint, key: VerifierKey) -> Checkpoint:
    if argument is None:
        return Checkpoint(head.origin, 0, root_of(()))
    words = argument.split()
    return (
        Checkpoint.parse("\n".join([*words, ""])) if len(words) == 3 else open_checkpoint(_small(Path(argument)), key)
    )


def _part(folder: Path) -> Part:
    part = Part(*json.loads(_small(folder / "manifest.json"))["part"])
    times = re.compile(_TIME).fullmatch
    if part == WHOLE or (part == Part(part.incident) and re.fullmatch(rf"{_CODE}{{1,200}}", part.incident)):
        return part
    if part != Part("", part.since, part.until) or not (times(part.since) and times(part.until)):
        raise Bad("manifest_malformed")
    return part


def _take_over(folder: Path, trusted: VerifierKey) -> tuple[VerifierKey, list[Checkpoint]]:
    """The key that signs now, from one that signed before: each change is a checkpoint that both have signed."""
    heads: list[Checkpoint] = []
    path = folder / "handovers.jsonl"
    for line in _small(path).splitlines() if path.exists() else ():
        handover = json.loads(line)
        try:
            open_checkpoint(handover["note"].encode(), trusted)
        except Bad:
            continue  # from before the time of the key that is trusted
        trusted = VerifierKey.parse(handover["key"])
        heads.append(open_checkpoint(handover["note"].encode(), trusted))
    return trusted, heads


class _Before(NamedTuple):
    """What the entry before says, on the way through a part of the record."""

    number: int = 0
    seq: int = -1
    leaf: bytes = b""
    time: str = ""
    line: bytes = b""


def _check_stretch(part: Part, at: int, time: str, before: _Before) -> None:
    if before.number and at != before.seq + 1:
        raise Bad("seq_not_dense", before.seq + 1)
    if not before.number and at > 0 and time >= part.since:
        raise Bad("period_cut", at)  # the entry before the stretch must go along
    if before.number and before.time >= part.until:
        raise Bad("entry_beyond_period", at)


def _check_link(part: Part, match: re.Match[bytes], before: _Before) -> None:
    if match[1] != part.incident.encode() or int(match[3]) != before.number:
        raise Bad("incident_not_dense", int(match[5]))
    if before.number and match[2] != b64(before.leaf):
        raise Bad("incident_link_broken", before.seq)


def _check_part(part: Part, lines: Iterable[tuple[int, bytes]], size: int, leaf_of: Callable[[int], bytes]) -> None:
    """Entries of one incident, or of a stretch of time: each stands in the tree, and none is left out."""
    before = _Before()
    for _, line in lines:
        match = match_entry(line)
        at, leaf, time = int(match[5]), leaf_hash(line), line[-35:-8].decode()
        if not before.seq < at < size:
            raise Bad("seq_not_dense", min(before.seq + 1, size))
        if leaf_of(at) != leaf:
            raise Bad("entry_changed", at)
        if part.incident:
            _check_link(part, match, before)
        else:
            _check_stretch(part, at, time, before)
        before = _Before(before.number + 1, at, leaf, time, line)
    # The very last entry under the checkpoint says that the incident was exported: what came before is linked to it and
    # nothing came after. The entry of an earlier export would not do: the incident may have gone on since.
    if part.incident and (before.seq != size - 1 or b'"kind":"RECORD_EXPORTED"' not in before.line):
        raise Bad("incident_cut", before.seq + 1)
    if part.since and before.seq != size - 1 and before.time < part.until:
        raise Bad("period_cut", before.seq + 1)


def _roots(leaves: Iterable[bytes], size: int, at: Collection[int]) -> tuple[int, bytes, dict[int, bytes]]:
    """How many leaf hashes there are (at most one too many), their root, and the roots at the sizes asked for."""
    edge: list[bytes] = []
    roots, count = {0: root_of(edge)}, 0
    for leaf in islice(leaves, size + 1):
        grow(edge, count, leaf)
        count += 1
        if count in at:
            roots[count] = root_of(edge)
    return count, root_of(edge), roots


def _check_record(folder: Path, key: str | None, old: str | None, witnesses: Sequence[str] = ()) -> Checkpoint:
    note, part = _small(folder / "checkpoint"), _part(folder)
    own = [VerifierKey.parse(line) for line in _small(folder / "key.pub").decode().splitlines()]
    first = own[0] if key is None else VerifierKey.parse(key)
    trusted, handovers = _take_over(folder, first)
    head = open_checkpoint(note, trusted)
    for one in (*own, *map(VerifierKey.parse, witnesses)):
        open_checkpoint(note, one)
    before = [*handovers, _old(old, head, first)]
    with (folder / "leaves.bin").open("rb") as file:
        leaves = functools.partial(iter, functools.partial(file.read, 32), b"")
        count, root, roots = _roots(leaves(), head.size, {one.size for one in before})
        good = (count, root) == head[1:]
        leaf_of = lambda seq: (file.seek(32 * seq), file.read(32))[1]  # noqa: E731 - for two that ask
        openings = _openings(folder / "payloads.jsonl")
        openings |= _erasures(folder / "erased.jsonl", leaf_of, frozenset(openings))
        file.seek(0)
        rows = _lines(folder / "entries.jsonl", head.size, openings, whole=part == WHOLE)
        if part == WHOLE:
            known = leaves() if good else repeat(b"")
            result = check_entries(rows, leaves=known, at={one.size for one in before}, exported=True)
            roots = dict(result.roots)
            if result.why:
                raise Bad(result.why, result.first_bad)
            if result[:2] != head[1:]:
                raise Bad("root_wrong")
        elif good:
            _check_part(part, rows, head.size, leaf_of)
    if openings or not good:
        raise Bad("opening_wrong" if openings else "leaves_wrong")
    if any(one.origin != head.origin or roots.get(one.size) != one.root for one in before):
        raise Bad("old_checkpoint_contradicted")
    return head


def open_proof(raw: bytes, key: VerifierKey) -> tuple[Checkpoint, bytes]:
    """The checkpoint and the entry of a proof by itself. Raises Bad, or one of `HOSTILE`, unless it holds."""
    text, _, note = raw.partition(b"\n\n")
    name, extra, index, *path = text.decode().split("\n")
    line = a2b_base64(extra.removeprefix("extra "), strict_mode=True)
    seq = match_entry(line)[5].decode()
    hashes = [a2b_base64(one, strict_mode=True) for one in path]
    if (name, extra[:6], index) != (PROOF, "extra ", f"index {seq}") or any(len(one) != 32 for one in hashes):
        raise Bad("proof_malformed")
    head = open_checkpoint(note, key)
    if int(seq) >= head.size or root_by_path(leaf_hash(line), int(seq), head.size, hashes) != head.root:
        raise Bad("entry_changed", int(seq))
    return head, line


def _verify_proof(path: Path, key: str | None) -> tuple[str, int]:
    """What to print of a proof, and how to exit."""
    if key is None:  # a proof brings no key along: it would show nothing
        return "FAIL key_missing", 1
    try:
        head, line = open_proof(_small(path), VerifierKey.parse(key))
    except Bad as bad:
        return f"FAIL {bad.code}", 1
    except HOSTILE:
        return "FAIL proof_malformed", 1
    return f"PASS {head.origin} {head.size} {b64(head.root).decode()}\nThe entry: {line.decode()}", 0


def verify(
    folder: Path, key: str | None = None, old: str | None = None, witnesses: Sequence[str] = ()
) -> tuple[Checkpoint | None, list[Bad]]:
    """Check an export: its head, if the record is good, and what is wrong. Hostile input is a finding, no error."""
    heads: list[Checkpoint] = []
    findings: list[Bad] = []
    for look in (
        lambda: _check_kinds(folder),  # first, since opening a pipe or a device could block
        lambda: heads.append(_check_record(folder, key, old, witnesses)),
        lambda: _check_files(folder, hashes=not findings),  # bulk that is known to be bad need not be read again
    ):
        try:
            look()
        except Bad as bad:
            findings.append(bad)
        except HOSTILE as error:
            findings.append(Bad("unreadable", where=type(error).__name__))
        if findings and findings[0].code == "file_strange":
            break
    return (heads[0] if heads else None), findings


def main(arguments: list[str] | None = None) -> int:
    """The command line; 0 is PASS and 1 is FAIL."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--key", help="the verifier key, from a source that you trust")
    parser.add_argument("--checkpoint", help='an older checkpoint: a file, or "origin size root" from paper')
    parser.add_argument("--witness", action="append", default=[], help="the key of a witness who must have cosigned")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args(arguments)
    if args.folder.is_file():
        said, status = _verify_proof(args.folder, args.key)
        print(said)
        return status
    head, findings = verify(args.folder, args.key, args.checkpoint, args.witness)
    lines = [f"FAIL seq={'?' if bad.seq is None else bad.seq} {bad.code} {bad.where}".rstrip() for bad in findings]
    passed = head and f"{head.origin} {head.size} {b64(head.root).decode()}"
    part = _part(args.folder) if head else WHOLE
    erased = len(_erasures(args.folder / "erased.jsonl", lambda _: b"")) if head else 0
    if head and part != WHOLE:
        lines.append(f"Only a part of the record: {part}. Nothing of it is missing.")
    if erased:
        lines.append(f"{erased} texts were erased, as entries of the record say.")
    report = {
        "result": "FAIL" if findings else "PASS",
        "first_bad": next((bad.seq for bad in findings if bad.seq is not None), None),
        "why": findings[0].code if findings else None,
        "findings": [{"code": bad.code, "seq": bad.seq, "where": bad.where} for bad in findings],
        "checkpoint": passed,
        "part": str(part) if head else None,
        "erased": erased if head else None,
        "key_given": args.key is not None,
    }
    if args.key is None:
        lines.append("The key came from the folder itself: this cannot show who made the record. Give --key.")
    print(json.dumps(report) if args.json else "\n".join(lines if findings else [f"PASS {passed}", *lines]))
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())

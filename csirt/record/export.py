"""The pieces of an export that the verifier reads; whoever writes the folder does the writing. See `verify_record`.

A folder holds exactly: `entries.jsonl` (canonical bytes, one entry a line), `leaves.bin` (their leaf hashes, 32 bytes
each), `checkpoint`, `key.pub`, `verify_record.py`, `README.txt`, perhaps `payloads.jsonl` and `handovers.jsonl` (each
change of the signing key) and `erased.jsonl` (texts that were erased, and by which entry), and `manifest.json`, which
lists them. Aside lie `documents/`, for people, and `tlog/`, the
same tree as C2SP tlog-tiles for other tools; no proof of ours covers them. The entries are all that the checkpoint
covers, or a part of them; the leaf hashes are always those of all, so that each entry is proven in the whole.
"""

import json
from collections.abc import Sequence

from csirt.errors import Invalid
from csirt.record.entry import commitment
from csirt.record.verify_record import ASIDE, BULK, REQUIRED, WHOLE, Part, b64, leaf_hash, manifest_bytes


def entry_line(canonical: bytes) -> bytes:
    """One line of entries.jsonl."""
    return canonical + b"\n"


def withheld_line(leaf: bytes) -> bytes:
    """One line of entries.jsonl for an entry whose content stays at home: its leaf hash, which the root covers."""
    return b'{"leaf":"' + b64(leaf) + b'","v":1}\n'


def opening_line(c: str, salt: bytes, text: str) -> bytes:
    """One line of payloads.jsonl: opens the commitment `c`. Raises `Invalid` `opening_wrong` if it does not."""
    if commitment(salt, text) != c:
        raise Invalid("opening_wrong")
    opening = {"c": c, "salt": b64(salt).decode(), "text": text}
    return json.dumps(opening, separators=(",", ":")).encode() + b"\n"


def erased_line(key: str, commitments: Sequence[str], entry: bytes) -> bytes:
    """One line of erased.jsonl: these texts lay under a key that this entry of the record says was destroyed."""
    said = {"c": commitments, "entry": entry.decode("ascii"), "key": key}
    return json.dumps(said, separators=(",", ":")).encode() + b"\n"


__all__ = [
    "ASIDE",
    "BULK",
    "REQUIRED",
    "WHOLE",
    "Part",
    "entry_line",
    "erased_line",
    "leaf_hash",
    "manifest_bytes",
    "opening_line",
    "withheld_line",
]

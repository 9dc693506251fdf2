"""One entry with the proof that it stands under a checkpoint, as a file that is checked offline (C2SP tlog-proof)."""

from collections.abc import Sequence

from csirt.record.verify_record import PROOF, b64


def proof_bytes(canonical: bytes, seq: int, path: Sequence[bytes], note: bytes) -> bytes:
    """The file: the entry itself as `extra`, its place, the hashes of its path, and the signed checkpoint."""
    head = (PROOF, f"extra {b64(canonical).decode()}", f"index {seq}", *(b64(one).decode() for one in path))
    return "\n".join((*head, "", "")).encode() + note

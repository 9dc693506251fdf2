"""What the record itself says about its seals: a new signing key, and that it went on from a backup."""

from csirt.model.authority import Permission, must
from csirt.record.entry import EntryKind
from csirt.record.verify_record import Checkpoint, VerifierKey, b64
from csirt.store.tx import Tx


def announce_key(tx: Tx, line: str, key: VerifierKey) -> None:
    """Announce a new signing key; the signer takes it up with the checkpoint that covers this entry.

    Raises `Forbidden` for whoever does not administer the desk.
    """
    must(tx.actor, Permission.ADMINISTER)
    tx.record(EntryKind.SIGNING_KEY_ANNOUNCED, out={"key": line, "id": key.id.hex()})


def begin_epoch(tx: Tx, last: Checkpoint) -> None:
    """Say that the record goes on from a backup, and what was the last that had been signed before."""
    must(tx.actor, Permission.ADMINISTER)
    tx.record(EntryKind.EPOCH_BEGAN, out={"origin": last.origin, "size": last.size, "root": b64(last.root).decode()})


def anchored(tx: Tx, way: str, size: int, to: int = 0) -> None:
    """Say that a checkpoint over so many entries was carried outside: by which way, and to which of several."""
    must(tx.actor, Permission.ADMINISTER)
    tx.record(EntryKind.CHECKPOINT_ANCHORED, out={"way": way, "size": size, "to": to})


def printed(tx: Tx, size: int) -> None:
    """Somebody who reads the record took a checkpoint along on paper."""
    must(tx.actor, Permission.READ_RECORD)
    tx.record(EntryKind.CHECKPOINT_ANCHORED, out={"way": "paper", "size": size, "to": 0})

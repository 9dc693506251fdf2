"""What the record says of backups: taken, tried out, restored from, moved. Files are none of its business."""

from csirt.model.authority import Permission, must
from csirt.model.people import Actor
from csirt.record.entry import EntryKind
from csirt.response import indexing
from csirt.response.destroyed import unnamed
from csirt.store.tx import Look, Tx

KEYS_AT_ONCE = 200  # that one entry names


def may_back_up(_look: Look, actor: Actor) -> None:
    """Raise `Forbidden` for those who may not take a backup."""
    must(actor, Permission.ADMINISTER)


def taken(tx: Tx, *, digest: str, size: int, root: str, keys: bool) -> None:
    """A backup lies outside the desk. `digest`: of its manifest; `keys`: were the keys copied, too?"""
    must(tx.actor, Permission.ADMINISTER)
    tx.record(EntryKind.BACKUP_TAKEN, out={"digest": digest, "size": size, "root": root, "keys": keys})


def rehearsed(tx: Tx, *, digest: str, size: int, root: str, seconds: int) -> None:
    """A backup was restored in a place apart, verified, and thrown away again."""
    must(tx.actor, Permission.ADMINISTER)
    tx.record(EntryKind.RESTORE_TESTED, out={"digest": digest, "size": size, "root": root, "seconds": seconds})


def restored(tx: Tx, *, digest: str, size: int, root: str) -> None:
    """This record goes on from a backup: what had been recorded after it was taken is not in here."""
    must(tx.actor, Permission.ADMINISTER)
    indexing.begin_anew(tx)
    keys = unnamed(tx.session)  # what was erased after the backup, and by now in its folder of keys, too
    for some in [keys[start : start + KEYS_AT_ONCE] for start in range(0, len(keys), KEYS_AT_ONCE)] or [[]]:
        tx.record(
            EntryKind.DESK_RESTORED,
            out={"digest": digest, "size": size, "root": root, **({"keys": some} if some else {})},
        )


def moved(tx: Tx, *, digest: str, size: int, root: str) -> None:
    """This record goes on in another database, from its very last entry."""
    must(tx.actor, Permission.ADMINISTER)
    indexing.begin_anew(tx)
    tx.record(EntryKind.DATABASE_MOVED, out={"digest": digest, "size": size, "root": root})

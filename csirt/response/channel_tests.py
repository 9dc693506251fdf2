"""An administrator tries a channel with a message to themselves; that they did stands in the record."""

from csirt.errors import NotFound
from csirt.model.authority import Permission, must
from csirt.record.entry import EntryKind
from csirt.response import repeats
from csirt.store.tx import Tx


def begin(tx: Tx, channel: str, *, known: frozenset[str], request_key: str | None = None) -> bool:
    """Note that a test is about to be sent; False if this request did so before. Sending is the caller's.

    Raises:
        Forbidden: this actor does not administer the desk.
        NotFound: there is no such channel among the `known` ones.
    """
    must(tx.actor, Permission.ADMINISTER)
    if channel not in known:
        raise NotFound("channel_unknown")
    if repeats.recorded(tx, request_key) is not None:
        return False
    tx.record(EntryKind.CHANNEL_TESTED, cid=repeats.cid_of(request_key), out={"channel": channel})
    return True

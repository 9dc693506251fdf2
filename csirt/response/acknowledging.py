"""確認: somebody who was called says "I have seen it" without signing in, by a link or by answering the mail.

What lets them is a random token made for one attempt of one call. It is kept as a hash only, it expires, and it serves
for this one thing: with it nobody reads the case, answers for it or signs in.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from csirt.errors import Forbidden, NotFound
from csirt.model.authority import Permission, must
from csirt.model.people import Actor
from csirt.response import escalations
from csirt.store.tables.outbox import AckTokenRow, DeliveryRow
from csirt.store.tx import Look, Tx

LIFE = timedelta(days=7)
LENGTH = 26  # of 32 signs: 130 random bits
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's: nothing to mistake when read aloud
_TOKEN = re.compile(rf"[{_ALPHABET}]{{{LENGTH}}}")


@dataclass(frozen=True, slots=True)
class HeldCall:
    """The call that a token was made for. `who` is the person, or the party of an office."""

    token: str
    delivery: str
    escalation: str
    who: str


def issue(tx: Tx, call: DeliveryRow) -> str:
    """A new token for a call; empty where there is nothing to acknowledge."""
    if call.escalation is None:
        return ""
    token = "".join(secrets.choice(_ALPHABET) for _ in range(LENGTH))
    tx.session.add(AckTokenRow(hash=_hash(token), delivery=call.id, expires_at=tx.now + LIFE))
    return token


def held_call(look: Look | Tx, token: str) -> HeldCall:
    """The call of a token, also of one that has expired.

    Raises:
        NotFound: `ack_link_unknown`.
    """
    row = look.session.get(AckTokenRow, _hash(token)) if _TOKEN.fullmatch(token) else None
    call = look.session.get(DeliveryRow, row.delivery) if row else None
    if call is None or call.escalation is None:
        raise NotFound("ack_link_unknown")
    return HeldCall(token, call.id, call.escalation, call.person or call.party)


def is_expired(look: Look, token: str, now: datetime) -> bool:
    """Has the time run out in which a token serves?"""
    row = look.session.get(AckTokenRow, _hash(token))
    return row is None or row.expires_at < now


def caller(call: HeldCall, auth: str) -> Actor:
    """Who acts when a token is shown: by `link` or by `mail`. They may acknowledge and nothing else."""
    return Actor(call.who, auth)


def by_token(tx: Tx, token: str) -> None:
    """Acknowledge the call of a token. Said twice, heard once; also after it is over.

    Raises:
        NotFound: `ack_link_unknown`, `ack_link_expired`.
        Forbidden: the actor is not who was called.
    """
    must(tx.actor, Permission.ACKNOWLEDGE_CALL)
    call = held_call(tx, token)
    if tx.actor.id != call.who:
        raise Forbidden("not_called", escalation=call.escalation)
    if tx.session.get_one(AckTokenRow, _hash(token)).expires_at < tx.now:
        raise NotFound("ack_link_expired")
    escalations.heard(tx, call.escalation, call.who)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()

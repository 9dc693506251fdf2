"""Carries checkpoints outside: by mail, and to a time-stamp authority (RFC 3161)."""

import httpx

from csirt.bootstrap import Desk
from csirt.errors import Invalid, Unavailable
from csirt.model.message import Message, Recipient
from csirt.notifying import mail_channel

SECONDS = 15.0
MOST = 65_536  # bytes of an answer that a time-stamp authority may give


def mail_checkpoint(desk: Desk, address: str, line: str) -> None:
    """Mail a checkpoint to whoever keeps it. No case is involved, and no drill silences it. Raises `DeliveryFailed`."""
    language = desk.settings.language
    city = desk.door.city
    at = desk.clock.now()
    facts = {"at": at.isoformat(), "city": city.name_ja if language == "ja" else city.name_en, "line": line}
    subject, body = desk.renderer.render("checkpoint", language, facts)
    size = line.split(" ")[1]
    mail_channel(desk.settings).send(
        Message(
            id=f"checkpoint-{size}-{address.partition('@')[0]}", template="checkpoint", language=language,
            recipient=Recipient("auditor", "", address), subject=subject, body=body, at=at, facts=facts,
        )
    )  # fmt: skip


def stamp(url: str, note: bytes) -> bytes:
    """A time-stamp token over a note, as the authority gave it; `openssl ts -verify -data NOTE -in TOKEN` checks it.

    Raises:
        Unavailable: the authority does not answer, or refuses; or the extra `stamps` is not installed.
    """
    try:
        from rfc3161_client import TimestampRequestBuilder, decode_timestamp_response  # lazy: an extra
    except ImportError as error:
        raise Unavailable("stamps_not_installed", permanent=True) from error
    request = TimestampRequestBuilder().data(note).nonce(nonce=True).cert_request(cert_request=True).build()
    kind = {"Content-Type": "application/timestamp-query"}
    try:
        answer = httpx.post(url, content=request.as_bytes(), headers=kind, timeout=SECONDS, trust_env=False)
        answer.raise_for_status()
        token = decode_timestamp_response(answer.content[:MOST])
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Unavailable("stamp_unavailable") from error
    except ValueError as error:
        raise Invalid("stamp_malformed") from error
    if token.status != 0 or token.tst_info.nonce != request.nonce:
        raise Invalid("stamp_malformed")
    return token.as_bytes()

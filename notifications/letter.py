"""A message as an e-mail, the same whether it goes to a mail server or into a folder."""

import hashlib
import re
from datetime import UTC
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from csirt.errors import DeliveryFailed
from csirt.guard import clean_line
from csirt.model.message import Message

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")
_PLAIN_ID = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?")
_MOST_ADDRESSES = 20


def addresses_of(message: Message) -> tuple[str, ...]:
    """The recipient's addresses; a desk may have several, separated by commas.

    Raises:
        DeliveryFailed: `address_malformed`, permanent; the address itself is not repeated.
    """
    addresses = tuple(part.strip() for part in message.recipient.address.split(","))
    if len(addresses) > _MOST_ADDRESSES or not all(_ADDRESS.fullmatch(address) for address in addresses):
        raise DeliveryFailed("address_malformed", permanent=True, reply="address")
    return addresses


def file_safe_id(message: Message) -> str:
    """The message's id where it is a plain word, else its hash: the same message, the same word."""
    # Names such as "a..b" stay out as well: the id becomes a file name and a part of a Message-ID (RFC 5322 3.6.4).
    if _PLAIN_ID.fullmatch(message.id) and ".." not in message.id:
        return message.id
    return hashlib.sha256(message.id.encode("utf-8", "surrogatepass")).hexdigest()


def message_id(message: Message, sender: str) -> str:
    """The Message-ID: the same for a repeat, so that receivers can tell."""
    domain = sender.rpartition("@")[2] or "localhost"
    return f"<{file_safe_id(message)}@{domain}>"


def letter(message: Message, sender: str) -> EmailMessage:
    """The e-mail. Nothing in a message can keep it from being made; only an address can.

    Raises:
        DeliveryFailed: `address_malformed`.
    """
    mail = EmailMessage(policy=SMTP)
    mail["From"] = sender
    mail["To"] = ", ".join(addresses_of(message))
    # RFC 5322 forbids line breaks in a subject and `EmailMessage` raises on ten kinds of them and on lone surrogates.
    mail["Subject"] = clean_line(message.subject)
    mail["Date"] = format_datetime(message.at.astimezone(UTC))
    mail["Message-ID"] = message_id(message, sender)
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday answers, please
    mail["X-Csirt-Message"] = file_safe_id(message)
    if message.repeat:
        mail["X-Csirt-Repeat"] = "possible"
    if message.drill:
        mail["X-Csirt-Drill"] = "yes"
    body = message.body.encode("utf-8", "replace").decode("utf-8").replace("\x00", "")
    # Base64 gives short lines of ASCII, which every relay on the way through LGWAN carries unchanged.
    mail.set_content(body, charset="utf-8", cte="base64")
    for one in message.attachments:
        mail.add_attachment(one.content, maintype="application", subtype="pdf", filename=clean_line(one.name))
    return mail

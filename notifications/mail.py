"""Mail by SMTP (RFC 5321), over the internet or over LGWAN: the same class under two names.

What the server says is believed only as far as it goes: one refused recipient among several is a failure although
`smtplib` raises nothing, refusals are told apart by their codes, and a connection that breaks after the text was sent
leaves the outcome unknown.
"""

import smtplib
import socket
import ssl
from collections.abc import Iterable
from contextlib import suppress
from email.message import EmailMessage
from pathlib import Path
from typing import Literal

from csirt.errors import DeliveryFailed
from csirt.model.message import Message, Receipt
from csirt.outbound import DeadlinePassed, trust, within
from notifications.letter import addresses_of, letter

Tls = Literal["none", "starttls", "implicit"]


class _Abandoned(OSError):
    """Time is up: nothing more is sent."""


class _Session(smtplib.SMTP):
    """An SMTP session that knows whether the text of a mail may have reached the server."""

    text_sent = False
    abandoned = False
    wrap: ssl.SSLContext | None = None  # for implicit TLS (RFC 8314)

    def data(self, msg: str | bytes | bytearray) -> tuple[int, bytes]:  # type: ignore[override] # typeshed names it so
        """Send the text, unless time is up."""
        if self.abandoned:
            raise _Abandoned
        self.text_sent = True
        return super().data(msg)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        self._host = host  # STARTTLS checks the certificate against it; set by smtplib only if it connects at once
        plain = socket.create_connection((host, port), timeout)
        if self.abandoned:  # there was no line yet to close
            plain.close()
            raise _Abandoned
        return self.wrap.wrap_socket(plain, server_hostname=host) if self.wrap else plain

    def abandon(self) -> None:
        """Close the line under a session that hangs on another thread."""
        self.abandoned = True
        line = self.sock
        if line is not None:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def leave(self) -> None:
        """Say goodbye without waiting for an answer, which could come late or drip."""
        with suppress(OSError, smtplib.SMTPException):
            self.putcmd("quit")
        self.close()


class MailChannel:
    """The port `Channel` over one mail server.

    `deadline` bounds a delivery as a whole, in seconds. `tls` is `none`, `starttls` or `implicit`; it never falls
    back. `ca_file` is the city's own certificate authority.

    Raises:
        Invalid: `ca_file_unreadable`.
    """

    takes_bundles = True

    def __init__(
        self,
        name: str,
        host: str,
        port: int,
        *,
        sender: str,
        tls: Tls = "none",
        user: str = "",
        password: str = "",
        ca_file: Path | None = None,
        deadline: float = 20.0,
    ) -> None:
        self.name = name
        self._host = host
        self._port = port
        self._sender = sender
        self._tls = tls
        self._user = user
        self._password = password
        self._deadline = deadline
        self._context = None if tls == "none" else trust(ca_file)

    def send(self, message: Message) -> Receipt:
        """Hand the message to the server; the receipt's `outside_id` is the Message-ID.

        Raises:
            DeliveryFailed: `mail_refused` (`reply` is the server's code; 5xx is permanent), `mail_partly_refused`,
                `mail_not_possible`, `mail_server_unreachable`, `mail_deadline_passed`, `mail_outcome_unknown` (`reply`
                is `unknown`: it may have arrived), `address_malformed`.
        """
        mail = letter(message, self._sender)
        addresses = addresses_of(message)
        session = _Session(local_hostname=self._sender.rpartition("@")[2] or "localhost", timeout=self._deadline)
        try:
            refused = within(self._deadline, lambda: self._deliver(session, mail, addresses), session.abandon)
        except DeadlinePassed:
            raise _failed(session, "mail_deadline_passed") from None
        except smtplib.SMTPRecipientsRefused as error:  # all of them; the class says nothing of the codes
            raise _refused("mail_refused", (code for code, _ in error.recipients.values())) from None
        except smtplib.SMTPResponseException as error:
            if error.smtp_code < 200:  # no reply of a mail server at all
                raise _failed(session, "mail_server_unreachable") from None
            raise _refused("mail_refused", [error.smtp_code]) from None
        except smtplib.SMTPNotSupportedError:
            raise DeliveryFailed("mail_not_possible", permanent=True, reply="unsupported") from None
        except (OSError, ValueError) as error:  # SMTPException is an OSError
            raise _failed(session, "mail_server_unreachable") from error
        if refused:  # some were accepted, so smtplib raised nothing
            raise _refused("mail_partly_refused", (code for code, _ in refused.values()))
        return Receipt("250", str(mail["Message-ID"]))

    def _deliver(
        self, session: _Session, mail: EmailMessage, addresses: tuple[str, ...]
    ) -> dict[str, tuple[int, bytes]]:
        try:
            if self._tls == "implicit":
                session.wrap = self._context
            code, reply = session.connect(self._host, self._port)
            if code != 220:
                raise smtplib.SMTPConnectError(code, reply)
            if self._tls == "starttls":
                session.starttls(context=self._context)
            if self._user:
                session.login(self._user, self._password)
            return session.sendmail(self._sender, addresses, mail.as_bytes())
        finally:
            session.leave()


def _refused(code: str, replies: Iterable[int]) -> DeliveryFailed:
    """Permanent only if every code says so; the mildest code is the one reported, as it decides."""
    worst_first = sorted(replies)
    mildest = worst_first[0] if worst_first else 0
    return DeliveryFailed(code, permanent=500 <= mildest < 600, reply=str(mildest))


def _failed(session: _Session, code: str) -> DeliveryFailed:
    """The line failed: harmless before the text was sent, unknown after."""
    if session.text_sent:
        return DeliveryFailed("mail_outcome_unknown", reply="unknown", is_down=True)
    return DeliveryFailed(code, reply="timeout" if code == "mail_deadline_passed" else "unreachable", is_down=True)

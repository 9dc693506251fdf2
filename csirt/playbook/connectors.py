"""Orders to the city's outside systems: who does what, and the ways that are neither HTTP nor a command."""

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from string import Template

from csirt.clock import Clock
from csirt.directory.accounts import Shape, Switch
from csirt.directory.ldap import LdapServer
from csirt.errors import CsirtError, DeliveryFailed, Invalid, Unavailable
from csirt.guard import mask
from csirt.model.message import Message, Recipient
from csirt.model.order import BACK, Connector, Done, Order, OrderKind, checked_targets, is_spared
from csirt.model.ports import Channel
from csirt.model.step import Json
from csirt.playbook.command_connector import CommandConnector
from csirt.playbook.systems import System, SystemsFile

_ACCOUNTS = {OrderKind.DISABLE_ACCOUNT: False, OrderKind.ENABLE_ACCOUNT: True}


class LdapConnector:
    """Locks and unlocks accounts on a directory server. Raises `Invalid` where the system's entry is faulty."""

    def __init__(self, system: System) -> None:
        self.name = system.name
        self._system = system
        self._secret = system.secret_or_refuse()
        if not set(system.does) <= set(_ACCOUNTS):
            raise system.wrong("does")
        try:
            self._shape = Shape(system.text("shape"))
            self._server(b"not looked at yet")
        except (Invalid, ValueError) as error:
            raise error if isinstance(error, Invalid) else system.wrong("shape") from None

    def act(self, order: Order) -> Done:
        """Lock or unlock every account; names those that were changed, since only these are to be turned back.

        One that is refused for good keeps none behind it from being locked.

        Raises:
            Unavailable: as `Switch.turn`, and `secret_missing`; of a single account once all were tried.
        """
        on = _ACCOUNTS[order.kind]
        switch = self._switch()
        changed: list[Json] = []
        refused: Unavailable | None = None
        for account in order.targets:
            try:
                if switch.turn(account, on=on):
                    changed.append(account)
            except Unavailable as error:
                if not error.permanent:
                    raise
                refused = refused or error
        if refused is not None:
            raise refused
        return Done("enabled" if on else "disabled", {"changed": changed})

    def check(self) -> str:
        """Bind and read. Raises as `act`."""
        self._switch().check()
        return "bound"

    def _switch(self) -> Switch:
        account = self._system.text("account", "sAMAccountName" if self._shape is Shape.AD else "uid")
        if not account.isalnum():
            raise self._system.wrong("account")
        return Switch(self.name, self._server(self._secret.read()), self._shape, account)

    def _server(self, password: bytes) -> LdapServer:
        option = self._system
        return LdapServer(
            urls=option.texts("urls"), base=option.text("base"), bind_dn=option.text("bind_dn"),
            bind_password=password.decode("utf-8", "replace"), ca_file=option.path("ca_file"),
            start_tls=option.options.get("start_tls") is True, timeout=min(option.timeout, 10.0),
        )  # fmt: skip


class MailConnector:
    """Sends an order as a mail. In `subject` and `body`, `$order`, `$targets`, `$incident` and `$key` are replaced."""

    def __init__(self, system: System, channels: Mapping[str, Channel], clock: Clock) -> None:
        self.name = system.name
        self._address = system.text("to")
        self._subject = Template(system.text("subject"))
        self._body = Template(system.text("body"))
        self._language = system.text("language", "ja")
        name = system.text("channel", "mail")
        if name not in channels:
            raise system.wrong("channel")
        if not (self._subject.is_valid() and self._body.is_valid()):
            raise system.wrong("body")
        self._channel = channels[name]
        self._clock = clock

    def act(self, order: Order) -> Done:
        """Send the mail; a repeat has the same Message-ID. Raises `DeliveryFailed`."""
        words = {
            "order": order.kind.value, "targets": "\n".join(order.targets), "incident": order.incident,
            "key": order.key, "reason": order.reason,
        }  # fmt: skip
        receipt = self._channel.send(
            Message(
                id=order.key.replace(":", "-"),
                template="order",
                language=self._language,
                recipient=Recipient(f"system:{self.name}", self.name, self._address),
                subject=self._subject.safe_substitute(words),
                body=self._body.safe_substitute(words),
                at=self._clock.now(),
            )
        )
        return Done(receipt.reply[:64])

    def check(self) -> str:
        """There is nothing to try without sending."""
        return "not_sent"


class TicketConnector:
    """Leaves an order as a JSON file in a folder that another system or desk empties; whole or not at all."""

    def __init__(self, system: System, data: Path) -> None:
        self.name = system.name
        self._folder = data / system.text("folder", f"tickets/{system.name}")

    def act(self, order: Order) -> Done:
        """Write the file, named after its key; the same key again replaces the same file. Raises `Unavailable`."""
        content = {
            "order": order.kind.value, "key": order.key, "incident": order.incident, "targets": list(order.targets),
            "reason": order.reason,
        }  # fmt: skip
        name = "".join(sign if sign.isalnum() or sign in "-_." else "-" for sign in order.key) + ".json"
        try:
            self._write(name, json.dumps(content, ensure_ascii=False, indent=1).encode())
        except OSError:
            raise Unavailable("ticket_not_written", system=self.name) from None
        return Done("written", {"ticket": name})

    def check(self) -> str:
        """Could a ticket be written? Raises `Unavailable`."""
        probe = f".probe-{os.getpid()}"
        try:
            self._write(probe, b"")
            (self._folder / probe).unlink()
        except OSError:
            raise Unavailable("ticket_not_written", system=self.name) from None
        return "writable"

    def _write(self, name: str, content: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = self._folder / f".{name}.part"
        try:
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            part.replace(self._folder / name)
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)


def connector_of(
    system: System, file: SystemsFile, *, clock: Clock, channels: Mapping[str, Channel], data: Path
) -> Connector:
    """The way to a system. Raises `Invalid` where its entry is faulty or not allowed."""
    if system.kind == "http":
        from csirt.playbook.http_connector import HttpConnector  # lazy: an HTTP client that most commands never need

        return HttpConnector(system, file.hosts, clock)
    if system.kind == "command":
        return CommandConnector(system, file.programs)
    if system.kind == "ldap":
        return LdapConnector(system)
    if system.kind == "mail":
        return MailConnector(system, channels, clock)
    return TicketConnector(system, data)


@dataclass(frozen=True, slots=True)
class Checked:
    """How a system answered a dry test: `ok` with a code of what was tried, or the code of what was wrong."""

    system: str
    kind: str
    does: tuple[str, ...]
    ok: bool
    code: str


@dataclass(frozen=True, slots=True)
class Systems:
    """All outside systems of the city."""

    ways: tuple[tuple[System, Connector], ...] = ()

    @classmethod
    def of(cls, file: SystemsFile, *, clock: Clock, channels: Mapping[str, Channel], data: Path) -> "Systems":
        """Every system with its connector. Raises `Invalid`."""
        made = (connector_of(one, file, clock=clock, channels=channels, data=data) for one in file.systems)
        return cls(tuple(zip(file.systems, made, strict=True)))

    def act(self, order: Order) -> Json:
        """Have every system that does such orders carry one out, each under a key of its own.

        Targets that a system must never act upon are left out and named in `spared`, those that cannot be any in
        `malformed`. A system that fails keeps no other from being asked; what the others carried out is asked for
        again under the same key.

        Raises:
            Invalid: no target is well-formed, or an order that takes back has no reason.
            Unavailable: no system does this (`system_none_for`, permanent), or one failed: not permanent while another
                try may help any of them.
        """
        if order.kind in BACK and not order.reason.strip():
            raise Invalid("reason_missing", field="reason")
        good, malformed = checked_targets(order.targets)
        order = replace(order, targets=good, reason=mask(order.reason))
        ways = [(system, way) for system, way in self.ways if order.kind in system.does]
        if not ways:
            raise Unavailable("system_none_for", permanent=True, order=order.kind.value)
        said: list[Json] = []
        failures: list[Unavailable] = []
        for system, way in ways:
            try:
                said.append(_acted(system, way, order))
            except Unavailable as error:
                failures.append(error)
        if failures:  # as long as one of them may still be done, all are tried again
            raise min(failures, key=lambda error: error.permanent)
        return {"order": order.kind.value, "systems": said, "malformed": list(malformed)}

    def check(self) -> list[Checked]:
        """Try every system without any effect."""
        return [_checked(system, way) for system, way in self.ways]


NO_SYSTEMS = Systems()


def _acted(system: System, way: Connector, order: Order) -> Json:
    spared: Sequence[str] = [target for target in order.targets if is_spared(target, system.never)]
    left = tuple(target for target in order.targets if target not in spared)
    told: dict[str, Json] = {"system": system.name, "targets": list(left), "spared": list(spared)}
    if not left:
        return told | {"code": "all_spared"}
    try:
        done = way.act(replace(order, targets=left, key=f"{order.key}:{system.name}"))
    except DeliveryFailed as error:
        raise Unavailable(error.code, permanent=error.permanent, system=system.name) from None
    return told | {"code": done.code, "detail": done.detail}


def _checked(system: System, way: Connector) -> Checked:
    does = tuple(kind.value for kind in system.does)
    try:
        return Checked(system.name, system.kind, does, ok=True, code=way.check())
    except CsirtError as error:
        return Checked(system.name, system.kind, does, ok=False, code=error.code)

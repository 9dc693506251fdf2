"""`systems.toml` of the city: which outside systems do what for us. Secrets stand there by reference only."""

import ipaddress
import os
import re
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from csirt.errors import Invalid, Unavailable
from csirt.model.order import OrderKind
from csirt.outbound import Network

FILE = "systems.toml"
KINDS = ("http", "command", "ldap", "mail", "ticket")
SECRET_MOST = 4096
_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
_REFERENCE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|file:/.+|credential:[A-Za-z0-9._-]+")
_COMMON = frozenset({"name", "kind", "does", "never", "timeout"})
_KEYS: Mapping[str, frozenset[str]] = {
    "http": frozenset({"url", "secret", "auth", "ca_file", "networks", "paths", "check"}),
    "command": frozenset({"run", "check", "user"}),
    "ldap": frozenset({"urls", "base", "bind_dn", "secret", "ca_file", "start_tls", "shape", "account"}),
    "mail": frozenset({"to", "channel", "subject", "body", "language"}),
    "ticket": frozenset({"folder"}),
}


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a secret is, never the secret: `env:NAME`, `file:/path`, `credential:NAME` (systemd's)."""

    reference: str
    system: str

    def read(self) -> bytes:
        """The secret as it is now; a file must be its owner's alone.

        Raises:
            Unavailable: `secret_missing`, `secret_open_to_others`; permanent.
        """
        kind, _, where = self.reference.partition(":")
        if kind == "env":
            found = os.environ.get(where, "").encode()
        else:
            folder = os.environ.get("CREDENTIALS_DIRECTORY", "") if kind == "credential" else "/"
            found = self._file(Path(folder) / where) if folder else b""
        if not found.strip():
            raise Unavailable("secret_missing", permanent=True, system=self.system)
        return found.strip()

    def _file(self, path: Path) -> bytes:
        try:
            with path.open("rb") as file:
                if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                    raise Unavailable("secret_open_to_others", permanent=True, system=self.system)
                return file.read(SECRET_MOST)
        except OSError:
            return b""


@dataclass(frozen=True, slots=True)
class System:
    """One outside system. `options` are those of its kind; `never` is what it must not be told to act upon."""

    name: str
    kind: str
    does: tuple[OrderKind, ...]
    timeout: float = 20.0
    never: tuple[str, ...] = ()
    secret: Secret | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    def text(self, key: str, default: str | None = None) -> str:
        """An option that is a text. Raises `Invalid` naming it."""
        value = self.options.get(key, default)
        if not isinstance(value, str) or not value:
            raise self.wrong(key)
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """An option that is a list of texts."""
        value = self.options.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
            raise self.wrong(key)
        return tuple(value)

    def path(self, key: str) -> Path | None:
        """An option that names a file."""
        return Path(self.text(key)) if key in self.options else None

    def table(self, key: str) -> Mapping[str, Any]:
        """An option that is a table by order."""
        value = self.options.get(key, {})
        if not isinstance(value, dict) or not set(value) <= set(self.does):
            raise self.wrong(key)
        return cast("Mapping[str, Any]", value)

    def networks(self) -> tuple[Network, ...]:
        """Where the system's name may lead."""
        try:
            return tuple(ipaddress.ip_network(one) for one in self.texts("networks"))
        except ValueError:
            raise self.wrong("networks") from None

    def secret_or_refuse(self) -> Secret:
        """The reference to its secret. Raises `Invalid`."""
        if self.secret is None:
            raise self.wrong("secret")
        return self.secret

    def wrong(self, key: str) -> Invalid:
        """The error that names file, system and key."""
        return Invalid("system_malformed", file=FILE, system=self.name, key=key[:40])


@dataclass(frozen=True, slots=True)
class SystemsFile:
    """All of it: the systems, the hosts (`name:port`) and the programs that they may use."""

    systems: tuple[System, ...] = ()
    hosts: frozenset[str] = frozenset()
    programs: frozenset[str] = frozenset()


def read_systems(path: Path) -> SystemsFile:
    """The city's file, checked; nothing where there is none.

    Raises:
        Invalid: `toml_malformed`, or `system_malformed` naming system and key.
    """
    if not path.exists():
        return SystemsFile()
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid("toml_malformed", file=path.name, where=str(error)[-60:]) from error
    if unknown := set(table) - {"system", "allow"}:
        raise Invalid("system_malformed", file=FILE, system="", key=min(unknown)[:40])
    found = table.get("system", [])
    systems = tuple(_system(one) for one in found) if isinstance(found, list) else ()
    names = [one.name for one in systems]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise Invalid("system_malformed", file=FILE, system=twice, key="name")
    allow = System("allow", "", (), options=table.get("allow", {}))
    hosts = frozenset(one.casefold() for one in allow.texts("hosts"))
    return SystemsFile(systems, hosts, frozenset(allow.texts("programs")))


def _system(table: object) -> System:
    if not isinstance(table, dict) or not _NAME.fullmatch(str(table.get("name", ""))):
        raise Invalid("system_malformed", file=FILE, system="", key="name")
    made = System(str(table["name"]), str(table.get("kind", "")), (), options=table)
    if made.kind not in KINDS:
        raise made.wrong("kind")
    if unknown := set(table) - _COMMON - _KEYS[made.kind]:
        raise made.wrong(min(unknown))
    return System(
        made.name, made.kind, _does(made), _timeout(made), made.texts("never"), _secret(made),
        {key: value for key, value in table.items() if key not in _COMMON | {"secret"}},
    )  # fmt: skip


def _does(made: System) -> tuple[OrderKind, ...]:
    try:
        does = tuple(OrderKind(one) for one in made.texts("does"))
    except ValueError:
        raise made.wrong("does") from None
    if not does:
        raise made.wrong("does")
    return does


def _timeout(made: System) -> float:
    value = made.options.get("timeout", 20)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 120:
        raise made.wrong("timeout")
    return float(value)


def _secret(made: System) -> Secret | None:
    if "secret" not in made.options:
        return None
    reference = made.text("secret")
    if not _REFERENCE.fullmatch(reference):  # never repeated: it may be the secret itself
        raise Invalid("secret_not_a_reference", file=FILE, system=made.name)
    return Secret(reference, made.name)

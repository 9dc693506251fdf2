"""People from the city's LDAP servers.

Every question opens its own connection and closes it again. What is set here was tried, because libldap's defaults are
not safe: no time limits, certificates checked only as the environment says, an empty password that counts as success.
"""

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import ldap
from ldap.controls.libldap import SimplePagedResultsControl
from ldap.filter import filter_format

from csirt.directory.entries import (
    Entry,
    Listing,
    Opaque,
    Schema,
    account_name,
    dn_key,
    password_bytes,
    read_entries,
)
from csirt.errors import DirectoryUnavailable, Invalid
from csirt.model.people import Person, Post, Role

_URL = re.compile(r"(?P<scheme>ldaps?)://(?P<host>[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?/?")
_TLS_1_2 = 0x303
_MOST_PAGES = 2000  # a server that never stops sending pages is no directory of ours

_NOT_THERE = (
    ldap.SERVER_DOWN,
    ldap.CONNECT_ERROR,
    ldap.TIMEOUT,
    ldap.TIMELIMIT_EXCEEDED,
    ldap.UNAVAILABLE,
    ldap.BUSY,
)
_NOT_THEIRS = (
    ldap.INVALID_CREDENTIALS,
    ldap.INAPPROPRIATE_AUTH,
    ldap.INSUFFICIENT_ACCESS,
    ldap.NO_SUCH_OBJECT,
    ldap.UNWILLING_TO_PERFORM,
    ldap.CONSTRAINT_VIOLATION,
    ldap.INVALID_DN_SYNTAX,
)

Connection = Any  # python-ldap comes without type information
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class LdapServer:
    """Where and how the directory is asked.

    `urls` are tried in order; they are ldaps://, or ldap:// with `start_tls`, or plain ldap:// to this very machine.
    `base` is the only subtree that is ever searched. `bind_dn` is the account that reads (empty: anonymous). `ca_file`
    is the city's own certificate authority (None: the machine's). `timeout` bounds every single exchange, in seconds.

    Raises:
        Invalid: `ldap_url_missing`, `ldap_url_malformed`, `ldap_not_encrypted`, `ldap_base_malformed` or
            `ldap_bind_password_missing`.
    """

    urls: tuple[str, ...]
    base: str
    bind_dn: str = ""
    bind_password: str = field(default="", repr=False)
    ca_file: Path | None = None
    start_tls: bool = False
    schema: Schema = field(default_factory=Schema)
    page_size: int = 500
    timeout: float = 3.0

    def __post_init__(self) -> None:
        """Refuse what would be unsafe or could never work."""
        if not self.urls:
            raise Invalid("ldap_url_missing")
        for url in self.urls:
            _check_url(url, start_tls=self.start_tls)
        if not self.base or not ldap.dn.is_dn(self.base):
            raise Invalid("ldap_base_malformed")
        if self.bind_dn and not self.bind_password:
            raise Invalid("ldap_bind_password_missing")  # it would bind as nobody, and seem to work


class LdapDirectory:
    """The directory on a server. `roles` maps groups to roles, `opaque` account names to ids."""

    name = "ldap"

    def __init__(self, server: LdapServer, roles: Mapping[str, Role], opaque: Opaque) -> None:
        self._server = server
        self._schema = server.schema
        self._roles = roles
        self._opaque = opaque

    def authenticate(self, uid: str, password: str) -> Person | None:
        """The person if the server accepts the password as theirs, else None.

        What cannot be an account or a password, above all an empty one, never reaches a server.

        Raises:
            DirectoryUnavailable: no server answered in time, or it does not let us read.
        """
        account, given = account_name(uid), password_bytes(password)
        if account is None or given is None:
            return None
        return self._ask(lambda connection: self._sign_in(connection, account, given.decode()))

    def people(self) -> Mapping[str, Person]:
        """All people, by opaque id. Raises `DirectoryUnavailable`."""
        return self._ask(self._listing).people

    def posts(self) -> Mapping[str, Post]:
        """All posts, by id. Raises `DirectoryUnavailable`."""
        return self._ask(self._listing).posts

    def _ask(self, question: Callable[[Connection], T]) -> T:
        """The answer of the first server that is there. No error tells what was asked: it may be a name."""
        reason = ""
        for url in self._server.urls:
            try:
                with self._connection(url) as connection:
                    self._bind(connection)
                    return question(connection)
            except _NOT_THERE as error:
                reason = type(error).__name__
            except (ldap.LDAPError, ValueError) as error:  # ValueError: an option that this libldap does not take
                raise DirectoryUnavailable("directory_refused", permanent=True, reason=type(error).__name__) from None
        raise DirectoryUnavailable("directory_unreachable", reason=reason, servers=len(self._server.urls))

    @contextmanager
    def _connection(self, url: str) -> Iterator[Connection]:
        connection = ldap.initialize(url)
        try:
            connection.timeout = self._server.timeout
            connection.set_option(ldap.OPT_PROTOCOL_VERSION, ldap.VERSION3)
            connection.set_option(ldap.OPT_NETWORK_TIMEOUT, self._server.timeout)  # to connect
            connection.set_option(ldap.OPT_TIMEOUT, self._server.timeout)  # and to be answered: both are needed
            connection.set_option(ldap.OPT_REFERRALS, ldap.OPT_OFF)  # our password goes to no third server
            connection.set_option(ldap.OPT_DEREF, ldap.DEREF_NEVER)
            if self._server.start_tls or url.startswith("ldaps:"):
                self._demand_certificate(connection)
            if self._server.start_tls and not url.startswith("ldaps:"):
                connection.start_tls_s()
            yield connection
        finally:
            with suppress(ldap.LDAPError):
                connection.unbind_s()

    def _demand_certificate(self, connection: Connection) -> None:
        """Set explicitly, or `LDAPTLS_REQCERT=never` in the environment would switch the check off."""
        connection.set_option(ldap.OPT_X_TLS_REQUIRE_CERT, ldap.OPT_X_TLS_DEMAND)
        connection.set_option(ldap.OPT_X_TLS_PROTOCOL_MIN, _TLS_1_2)
        if self._server.ca_file is not None:
            connection.set_option(ldap.OPT_X_TLS_CACERTFILE, str(self._server.ca_file))
        connection.set_option(ldap.OPT_X_TLS_NEWCTX, 0)  # last: it makes the context from what stands above

    def _bind(self, connection: Connection) -> None:
        if self._server.bind_dn:
            connection.simple_bind_s(self._server.bind_dn, self._server.bind_password)

    def _sign_in(self, connection: Connection, account: str, password: str) -> Person | None:
        found = self._search(
            connection, f"(&(objectClass={self._schema.person}){filter_format(f'({self._schema.uid}=%s)', [account])})"
        )
        if len(found) != 1:
            return None
        dn = found[0][0]
        groups = self._search(
            connection, f"(&(objectClass={self._schema.group}){filter_format(f'({self._schema.member}=%s)', [dn])})"
        )
        if not _proves(connection, dn, account, password):
            return None
        return read_entries([*found, *groups], self._roles, self._opaque, self._schema).by_uid(account)

    def _listing(self, connection: Connection) -> Listing:
        kinds = (self._schema.person, self._schema.group, self._schema.post)
        classes = "".join(f"(objectClass={kind})" for kind in kinds)
        return read_entries(self._search(connection, f"(|{classes})"), self._roles, self._opaque, self._schema)

    def _search(self, connection: Connection, expression: str) -> Sequence[Entry]:
        """All entries under the base that match, page by page: servers cap what they give at once."""
        page = SimplePagedResultsControl(criticality=True, size=self._server.page_size, cookie="")
        entries: list[Entry] = []
        for _ in range(_MOST_PAGES):
            message = connection.search_ext(
                self._server.base,
                ldap.SCOPE_SUBTREE,
                expression,
                attrlist=list(self._schema.attributes),
                serverctrls=[page],
            )
            _, rows, _, controls = connection.result3(message, timeout=self._server.timeout)
            entries.extend((dn, attributes) for dn, attributes in rows if dn)  # without a name: a referral
            page.cookie = next((control.cookie for control in controls if control.controlType == page.controlType), b"")
            if not page.cookie:
                return entries
        raise DirectoryUnavailable("directory_too_large", permanent=True)


def _proves(connection: Connection, dn: str, account: str, password: str) -> bool:
    """Does the server take this password as that of this entry, and say itself that we now are they?"""
    try:
        connection.simple_bind_s(dn, password)
    except _NOT_THEIRS:
        return False
    kind, _, identity = connection.whoami_s().partition(":")
    if kind.lower() == "dn":
        return dn_key(identity) == dn_key(dn)
    return kind.lower() == "u" and account_name(identity.rpartition("\\")[2]) == account  # Active Directory's form


def _check_url(url: str, *, start_tls: bool) -> None:
    found = _URL.fullmatch(url)
    if found is None:
        raise Invalid("ldap_url_malformed")
    if found["scheme"] == "ldap" and not start_tls and not _is_loopback(found["host"].strip("[]")):
        raise Invalid("ldap_not_encrypted")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"

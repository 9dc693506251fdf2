"""People from the city's LDAP servers.

Every question opens its own connection and closes it again. What is set here was tried, because libldap's defaults are
not safe: no time limits, certificates checked only as the environment says, an empty password that counts as success.

A server that falls silent within a TLS handshake is the worst of them. libldap 2.5 then spins on one processor for ever
in spite of its time limits, unless `OPT_CONNECT_ASYNC` is set; and half a handshake holds it even then. So each
question runs in a thread of its own, with a limit that is ours; one that is still held by then is left behind, and ends
with its line.
"""

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Thread
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
_GRACE = 0.3  # seconds that libldap has to report its own time limit before ours ends the question
_LONG = 10  # how many times longer than a sign-in the reading of everybody may take
_MOST_PAGES = 2000  # a server that never stops sending pages is no directory of ours

NOT_THERE = (
    ldap.SERVER_DOWN,
    ldap.CONNECT_ERROR,
    ldap.TIMEOUT,
    ldap.TIMELIMIT_EXCEEDED,
    ldap.UNAVAILABLE,
    ldap.BUSY,
    TimeoutError,
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

T = TypeVar("T")
Connection = Any  # python-ldap comes without type information
Question = Callable[[Connection], Sequence[Entry]]


@dataclass(frozen=True, slots=True)
class LdapServer:
    """Where and how the directory is asked.

    `urls` are tried in order; they are ldaps://, or ldap:// with `start_tls`, or plain ldap:// to this very machine.
    `base` is the only subtree that is ever searched. `bind_dn` is the account that reads (empty: anonymous). `ca_file`
    is the city's own certificate authority (None: the machine's). `timeout`, in seconds, bounds every exchange, and a
    sign-in as a whole, on each server.

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
        entries = self._ask(lambda connection: self._sign_in(connection, account, given.decode()), self._server.timeout)
        return self._listing(entries).by_uid(account)

    def people(self) -> Mapping[str, Person]:
        """All people, by opaque id. Raises `DirectoryUnavailable`."""
        return self._listing(self._ask(self._all, _LONG * self._server.timeout)).people

    def posts(self) -> Mapping[str, Post]:
        """All posts, by id. Raises `DirectoryUnavailable`."""
        return self._listing(self._ask(self._all, _LONG * self._server.timeout)).posts

    def _listing(self, entries: Sequence[Entry]) -> Listing:
        return read_entries(entries, self._roles, self._opaque, self._schema)

    def _ask(self, question: Question, seconds: float) -> Sequence[Entry]:
        """The answer of the first server that is there. No error tells what was asked: it may be a name."""
        reason, refused = "", False
        for url in self._server.urls:
            try:
                return in_time(partial(self._ask_one, url, question), seconds + _GRACE)
            except NOT_THERE as error:
                reason = type(error).__name__
            except (ldap.LDAPError, ValueError) as error:  # ValueError: an option that this libldap does not take
                reason, refused = type(error).__name__, True
                break
        # Raised out here, so that what the server said (it may be a name) does not come along as context.
        if refused:
            raise DirectoryUnavailable("directory_refused", permanent=True, reason=reason)
        raise DirectoryUnavailable("directory_unreachable", reason=reason, servers=len(self._server.urls))

    def _ask_one(self, url: str, question: Question) -> Sequence[Entry]:
        with connect(self._server, url) as connection:
            if self._server.bind_dn:
                connection.simple_bind_s(self._server.bind_dn, self._server.bind_password)
            return question(connection)

    def _sign_in(self, connection: Connection, account: str, password: str) -> Sequence[Entry]:
        """The entry of the person and those of their groups; nothing unless the password is theirs."""
        people = self._search(
            connection, f"(&(objectClass={self._schema.person}){filter_format(f'({self._schema.uid}=%s)', [account])})"
        )
        if len(people) != 1:
            return []
        dn = people[0][0]
        groups = self._search(
            connection, f"(&(objectClass={self._schema.group}){filter_format(f'({self._schema.member}=%s)', [dn])})"
        )
        return [*people, *groups] if _proves(connection, dn, account, password) else []

    def _all(self, connection: Connection) -> Sequence[Entry]:
        kinds = (self._schema.person, self._schema.group, self._schema.post)
        return self._search(connection, f"(|{''.join(f'(objectClass={kind})' for kind in kinds)})")

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
        raise ldap.SIZELIMIT_EXCEEDED


@contextmanager
def connect(server: LdapServer, url: str) -> Iterator[Connection]:
    """A line to one server, encrypted where it must be, closed afterwards. Raises what python-ldap raises."""
    connection = ldap.initialize(url)
    try:
        connection.timeout = server.timeout
        connection.set_option(ldap.OPT_PROTOCOL_VERSION, ldap.VERSION3)
        connection.set_option(ldap.OPT_NETWORK_TIMEOUT, server.timeout)  # to connect
        connection.set_option(ldap.OPT_TIMEOUT, server.timeout)  # and to be answered: both are needed
        connection.set_option(ldap.OPT_REFERRALS, ldap.OPT_OFF)  # our password goes to no third server
        connection.set_option(ldap.OPT_DEREF, ldap.DEREF_NEVER)
        connection.set_option(ldap.OPT_CONNECT_ASYNC, ldap.OPT_ON)  # or a silent handshake spins for ever
        connection.set_option(ldap.OPT_X_KEEPALIVE_IDLE, int(server.timeout) + 1)  # a dead line is noticed
        if server.start_tls or url.startswith("ldaps:"):
            _demand_certificate(server, connection)
            _encrypt(connection, start_tls=not url.startswith("ldaps:"))
        yield connection
    finally:
        with suppress(ldap.LDAPError):
            connection.unbind_s()


def _demand_certificate(server: LdapServer, connection: Connection) -> None:
    """Set explicitly, or `LDAPTLS_REQCERT=never` in the environment would switch the check off."""
    connection.set_option(ldap.OPT_X_TLS_REQUIRE_CERT, ldap.OPT_X_TLS_DEMAND)
    connection.set_option(ldap.OPT_X_TLS_PROTOCOL_MIN, _TLS_1_2)
    if server.ca_file is not None:
        connection.set_option(ldap.OPT_X_TLS_CACERTFILE, str(server.ca_file))
    connection.set_option(ldap.OPT_X_TLS_NEWCTX, 0)  # last: it makes the context from what stands above


def in_time(work: Callable[[], T], seconds: float) -> T:
    """The result of the work, or what it raised. Raises `TimeoutError` when neither came in time."""
    done: Future[T] = Future()

    def run() -> None:
        try:
            done.set_result(work())
        except (ldap.LDAPError, ValueError) as error:
            done.set_exception(error)

    Thread(target=run, name="ldap", daemon=True).start()
    return done.result(timeout=seconds)


def _encrypt(connection: Connection, *, start_tls: bool) -> None:
    """Open the line and see that it is encrypted, before any password goes over it."""
    if start_tls:
        connection.start_tls_s()
    else:
        _say_something(connection)
    if not connection.get_option(ldap.OPT_X_TLS_VERSION):
        raise ldap.CONNECT_ERROR


def _say_something(connection: Connection) -> None:
    """A line is opened with the first request, so ask who we are. Any answer will do."""
    try:
        connection.whoami_s()
    except NOT_THERE:
        raise
    except ldap.LDAPError:
        return


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

"""People from the city's LDAP servers.

A question that was answered leaves its connection for the next one (`csirt.directory.lines`). What is set here was
tried, because libldap's defaults are not safe: no time limits, certificates checked only as the environment says, an
empty password that counts as success.

A server that falls silent within a TLS handshake is the worst of them. libldap 2.5 then spins on one processor for ever
in spite of its time limits, unless `OPT_CONNECT_ASYNC` is set; and half a handshake holds it even then. So each
question runs in a thread of its own, with a limit that is ours; one that is still held by then is left behind, and ends
with its line.
"""

import ipaddress
import re
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import ldap
from ldap.controls.libldap import SimplePagedResultsControl
from ldap.filter import filter_format

from csirt.clock import Clock, SystemClock
from csirt.directory.attributes import Attributes, Entry, dn_key
from csirt.directory.entries import Listing, Opaque, account_name, password_bytes, read_entries
from csirt.directory.groups import DEEPEST
from csirt.directory.lines import HUNG_UP, Connection, KeptLines, close
from csirt.directory.probing import Probe
from csirt.directory.roles import Grants
from csirt.directory.schema import Schema
from csirt.directory.servers import Servers
from csirt.errors import DirectoryUnavailable, Invalid
from csirt.model.people import Person, Post

_URL = re.compile(r"(?P<scheme>ldaps?)://(?P<host>[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?/?")
_TLS_1_2 = 0x303
_GRACE = 0.1  # seconds that libldap has to report its own time limit before ours ends the question
_LONG = 10  # how many times longer than a sign-in the reading of everybody may take
_TOGETHER = 50  # names in one search for the groups of several
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


@dataclass(frozen=True, slots=True)
class LdapServer:
    """Where and how the directory is asked.

    `urls` are tried in order; they are ldaps://, or ldap:// with `start_tls`, or plain ldap:// to this very machine.
    `base` is the only subtree that is ever searched, and `group_base` within it the only one whose groups count (empty:
    all of it). `bind_dn` is the account that reads (empty: anonymous). `ca_file`
    is the city's own certificate authority (None: the machine's). `timeout`, in seconds, bounds a
    sign-in as a whole, however many servers there are.

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
    timeout: float = 2.5
    group_base: str = ""

    def __post_init__(self) -> None:
        """Refuse what would be unsafe or could never work."""
        if not self.urls:
            raise Invalid("ldap_url_missing")
        for url in self.urls:
            _check_url(url, start_tls=self.start_tls)
        if not self.base or not ldap.dn.is_dn(self.base) or not ldap.dn.is_dn(self.group_base):
            raise Invalid("ldap_base_malformed")
        if self.bind_dn and not self.bind_password:
            raise Invalid("ldap_bind_password_missing")  # it would bind as nobody, and seem to work


class LdapDirectory:
    """The directory on a server. `grants` says what groups give, `opaque` maps account names to ids."""

    name = "ldap"

    def __init__(self, server: LdapServer, grants: Grants, opaque: Opaque, clock: Clock | None = None) -> None:
        self._server = server
        self._schema = server.schema
        self._grants = grants
        self._opaque = opaque
        self._clock = clock or SystemClock()
        self._servers = Servers(server.urls)
        self._lines = KeptLines()

    def authenticate(self, uid: str, password: str) -> Person | None:
        """The person if the server accepts the password as theirs, else None.

        What cannot be an account or a password, above all an empty one, never reaches a server.

        Raises:
            DirectoryUnavailable: no server answered in time, or it does not let us read.
        """
        account, given = account_name(uid), password_bytes(password)
        if account is None or given is None:
            return None
        entries = self._ask(lambda line: line.sign_in(account, given.decode()), self._server.timeout)
        return self._listing(entries).by_dn(entries[0][0]) if entries else None

    def people(self) -> Mapping[str, Person]:
        """All people, by opaque id. Raises `DirectoryUnavailable`."""
        return self.listing().people

    def posts(self) -> Mapping[str, Post]:
        """All posts, by id. Raises `DirectoryUnavailable`."""
        return self.listing().posts

    def listing(self) -> Listing:
        """Everything that the directory says. Raises `DirectoryUnavailable`."""
        return self._listing(self._ask(lambda line: line.all(), _LONG * self._server.timeout))

    def probe(self) -> list[Probe]:
        """Each server by itself: does it answer, is it who it says, does it let us read?"""
        return [self._probe(url) for url in self._server.urls]

    def _probe(self, url: str) -> Probe:
        begin, code, reason = time.monotonic(), "", ""
        try:
            self._servers.run(url, partial(self._ask_anew, url, lambda line: line.base(), 1.0), 2.0)
        except NOT_THERE as error:
            code, reason = "directory_unreachable", type(error).__name__
        except (ldap.LDAPError, ValueError) as error:
            code, reason = "directory_refused", type(error).__name__
        return Probe(url, code, reason, round((time.monotonic() - begin) * 1000))

    def _listing(self, entries: Sequence[Entry]) -> Listing:
        return read_entries(entries, self._grants, self._opaque, self._clock.now(), self._schema)

    def _ask(self, question: "Question", seconds: float) -> Sequence[Entry]:
        """The answer of the first server that is there. No error tells what was asked: it may be a name."""
        reason, refused = "at_rest", False
        for url, share in self._servers.in_turn(seconds):
            try:
                found = self._servers.run(url, partial(self._ask_one, url, question, share - _GRACE), share)
            except NOT_THERE as error:
                reason = type(error).__name__
                self._servers.failed(url)
            except (ldap.LDAPError, ValueError) as error:  # ValueError: an option that this libldap does not take
                reason, refused = type(error).__name__, True
                break
            else:
                self._servers.answered(url)
                return found
        # Raised out here, so that what the server said (it may be a name) does not come along as context.
        if refused:
            raise DirectoryUnavailable("directory_refused", permanent=True, reason=reason)
        raise DirectoryUnavailable("directory_unreachable", reason=reason, servers=len(self._server.urls))

    def _ask_one(self, url: str, question: "Question", seconds: float) -> Sequence[Entry]:
        """On a line that was kept, or on a new one where there is none or the other end hung up."""
        begin = time.monotonic()
        if (kept := self._lines.take(url)) is not None:
            try:
                bound(kept.connection, seconds)
                return self._on(url, kept.connection, kept.opened, question, seconds)
            except HUNG_UP:
                seconds = max(seconds - (time.monotonic() - begin), 0.1)
        return self._ask_anew(url, question, seconds)

    def _ask_anew(self, url: str, question: "Question", seconds: float) -> Sequence[Entry]:
        return self._on(url, connect(self._server, url, seconds), self._lines.now(), question, seconds)

    def _on(
        self, url: str, connection: Connection, opened: float, question: "Question", seconds: float
    ) -> Sequence[Entry]:
        """Ask as the reading account, whoever signed in on this line before. Only a line that answered is kept."""
        keeps = False
        try:
            if self._server.bind_dn:
                connection.simple_bind_s(self._server.bind_dn, self._server.bind_password)
            found = question(Line(connection, self._server, seconds))
            keeps = bool(self._server.bind_dn)  # nothing but a name makes the next question one of the reader's
        finally:
            if keeps:
                self._lines.give(url, connection, opened)
            else:
                close(connection)
        return found


@dataclass(frozen=True, slots=True)
class Line:
    """A bound line to one server, and the questions that are asked on it."""

    connection: Connection
    server: LdapServer
    seconds: float

    def sign_in(self, account: str, password: str) -> Sequence[Entry]:
        """The entries of the person, of their groups and their manager; nothing unless the password is theirs."""
        schema = self.server.schema
        typed = "".join(filter_format(f"({name}=%s)", [account]) for name in (schema.uid, *schema.logins))
        bare = filter_format(f"({schema.uid}=%s)", [account.rpartition("\\")[2]])  # CITY\k.sato
        others = f"(!(objectClass={schema.not_people}))" if schema.not_people else ""
        people = self.search(f"(&(objectClass={schema.person}){others}(|{typed}{bare}))")
        if len(people) != 1:
            return []
        dn, attributes = people[0]
        own = Attributes(attributes)
        around = [*self._groups_of(people[0]), *self._managers(own)]  # before we are bound as them
        named = account_name(own.first(schema.uid)) or ""
        return [*people, *around] if _proves(self.connection, dn, named, password) else []

    def all(self) -> Sequence[Entry]:
        """Everybody, every group that counts, every post."""
        schema = self.server.schema
        people = f"(|(objectClass={schema.person})(objectClass={schema.post}))"
        groups = f"(objectClass={schema.group})"
        if not self.server.group_base:
            return self.search(f"(|{people}{groups})")
        return [*self.search(people), *self.search(groups, self.server.group_base)]

    def base(self) -> Sequence[Entry]:
        """The top of what we read."""
        return self._found(self.server.base, ldap.SCOPE_BASE, "(objectClass=*)")

    def _groups_of(self, person: Entry) -> Sequence[Entry]:
        """Every group that the person is in, also through other groups: level by level, for any server can do that."""
        schema, found = self.server.schema, dict[Any, Entry]()
        level: list[Entry] = [person]
        for _ in range(DEEPEST):
            following: dict[Any, Entry] = {}
            for some in range(0, len(level), _TOGETHER):
                names = [dn for dn, _ in level[some : some + _TOGETHER]]
                member = "".join(filter_format(f"({schema.member}=%s)", [dn]) for dn in names)
                expression = f"(&(objectClass={schema.group})(|{member}))"
                following |= {dn_key(dn): (dn, values) for dn, values in self.search(expression, self._top())}
            for _, values in level:
                for dn in Attributes(values).names(schema.member_of):
                    if (key := dn_key(dn)) not in found and key not in following:
                        following.update((key, group) for group in self._group(dn))
            level = [group for key, group in following.items() if key not in found]
            if not level:
                break
            found |= following
        return list(found.values())

    def _top(self) -> str:
        return self.server.group_base or self.server.base

    def _group(self, dn: str) -> Sequence[Entry]:
        """One group by its name, where it lies where groups count."""
        top, key = dn_key(self._top()), dn_key(dn)
        if key[-len(top) :] != top:
            return []
        with suppress(ldap.NO_SUCH_OBJECT, ldap.INVALID_DN_SYNTAX):
            return self._found(dn, ldap.SCOPE_BASE, f"(objectClass={self.server.schema.group})")
        return []

    def _managers(self, own: Attributes) -> Sequence[Entry]:
        for dn in own.names("manager")[:1]:
            with suppress(ldap.NO_SUCH_OBJECT, ldap.INVALID_DN_SYNTAX, ldap.INSUFFICIENT_ACCESS):
                return self._found(dn, ldap.SCOPE_BASE, f"(objectClass={self.server.schema.person})")
        return []

    def _found(self, dn: str, scope: int, expression: str) -> Sequence[Entry]:
        rows = self.connection.search_st(
            dn, scope, expression, attrlist=list(self.server.schema.attributes), timeout=self.seconds
        )
        return [(name, values) for name, values in rows if name]

    def search(self, expression: str, base: str = "") -> Sequence[Entry]:
        """All entries under the base that match, page by page: servers cap what they give at once."""
        page = SimplePagedResultsControl(criticality=True, size=self.server.page_size, cookie="")
        entries: list[Entry] = []
        for _ in range(_MOST_PAGES):
            message = self.connection.search_ext(
                base or self.server.base,
                ldap.SCOPE_SUBTREE,
                expression,
                attrlist=list(self.server.schema.attributes),
                serverctrls=[page],
            )
            _, rows, _, controls = self.connection.result3(message, timeout=self.seconds)
            entries.extend((dn, attributes) for dn, attributes in rows if dn)  # without a name: a referral
            page.cookie = next((control.cookie for control in controls if control.controlType == page.controlType), b"")
            if not page.cookie:
                return entries
        raise ldap.SIZELIMIT_EXCEEDED


Question = Callable[[Line], Sequence[Entry]]


def connect(server: LdapServer, url: str, seconds: float = 0.0) -> Connection:
    """A line to one server, encrypted where it must be; whoever asked closes it. Raises what python-ldap raises.

    `seconds` bounds each exchange; nought: the server's own limit.
    """
    connection = ldap.initialize(url)
    try:
        connection.set_option(ldap.OPT_PROTOCOL_VERSION, ldap.VERSION3)
        bound(connection, seconds or server.timeout)
        connection.set_option(ldap.OPT_REFERRALS, ldap.OPT_OFF)  # our password goes to no third server
        connection.set_option(ldap.OPT_DEREF, ldap.DEREF_NEVER)
        connection.set_option(ldap.OPT_CONNECT_ASYNC, ldap.OPT_ON)  # or a silent handshake spins for ever
        connection.set_option(ldap.OPT_X_KEEPALIVE_IDLE, int(server.timeout) + 1)  # a dead line is noticed
        if server.start_tls or url.startswith("ldaps:"):
            _demand_certificate(server, connection)
            _encrypt(connection, start_tls=not url.startswith("ldaps:"))
    except BaseException:
        close(connection)
        raise
    return connection


def bound(connection: Connection, seconds: float) -> None:
    """From now on each exchange on this line takes no longer."""
    seconds = max(seconds, 0.1)
    connection.timeout = seconds
    connection.set_option(ldap.OPT_NETWORK_TIMEOUT, seconds)  # to connect
    connection.set_option(ldap.OPT_TIMEOUT, seconds)  # and to be answered: both are needed


def _demand_certificate(server: LdapServer, connection: Connection) -> None:
    """Set explicitly, or `LDAPTLS_REQCERT=never` in the environment would switch the check off."""
    connection.set_option(ldap.OPT_X_TLS_REQUIRE_CERT, ldap.OPT_X_TLS_DEMAND)
    connection.set_option(ldap.OPT_X_TLS_PROTOCOL_MIN, _TLS_1_2)
    if server.ca_file is not None:
        connection.set_option(ldap.OPT_X_TLS_CACERTFILE, str(server.ca_file))
    connection.set_option(ldap.OPT_X_TLS_NEWCTX, 0)  # last: it makes the context from what stands above


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

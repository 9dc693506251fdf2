"""Accounts are locked and unlocked on the directory's server, by a service account of its own, and read back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

import ldap
from ldap.filter import filter_format

from csirt.directory.attributes import dn_key
from csirt.directory.entries import account_name
from csirt.directory.ldap import NOT_THERE, LdapServer, connect
from csirt.directory.lines import Connection, close
from csirt.directory.servers import in_time
from csirt.errors import Unavailable

_FOR_EVER = b"000001010000Z"  # draft-behera-ldap-password-policy-10, section 5.3.3: locked until somebody unlocks it
_DISABLED = 0x2  # ACCOUNTDISABLE of [MS-ADTS] 2.2.16
_LOCKED_AT = "pwdAccountLockedTime"
_CONTROL = "userAccountControl"


class Shape(StrEnum):
    """How a server marks an account that nobody may use."""

    OPENLDAP = "openldap"  # with its overlay ppolicy
    AD = "ad"


@dataclass(frozen=True, slots=True)
class Switch:
    """Locks accounts of one server. `account` is the attribute that holds an account's name."""

    system: str
    server: LdapServer
    shape: Shape
    account: str

    def turn(self, account: str, *, on: bool) -> bool:
        """Enable or disable an account; says whether anything changed. What it is now was read back.

        Raises:
            Unavailable: `account_unknown`, `account_own`, `account_not_changed`, `directory_refused` (all permanent),
                `directory_unreachable`.
        """
        name = account_name(account)
        if name is None:
            raise Unavailable("account_unknown", permanent=True, system=self.system)
        return self._ask(lambda connection: self._turn(connection, name, on=on)) == "changed"

    def check(self) -> None:
        """Can we bind and read? Raises as `turn`."""
        self._ask(
            lambda connection: "" if connection.search_s(self.server.base, ldap.SCOPE_BASE) else "account_unknown"
        )

    def _ask(self, work: Callable[[Connection], str]) -> str:
        """What the first server that is there comes to; words beginning with `account_` are refusals."""
        reason = ""
        for url in self.server.urls:
            try:
                said = in_time(partial(self._one, url, work), 2 * self.server.timeout)
            except NOT_THERE as error:
                reason = type(error).__name__
            except (ldap.LDAPError, ValueError) as error:
                reason = type(error).__name__
                break
            else:
                if said.startswith("account_"):
                    raise Unavailable(said, permanent=True, system=self.system)
                return said
        else:  # raised out here, so that what the server said (it may be a name) does not come along as context
            raise Unavailable("directory_unreachable", reason=reason, servers=len(self.server.urls))
        raise Unavailable("directory_refused", permanent=True, reason=reason)

    def _one(self, url: str, work: Callable[[Connection], str]) -> str:
        connection = connect(self.server, url)
        try:
            connection.simple_bind_s(self.server.bind_dn, self.server.bind_password)
            return work(connection)
        finally:
            close(connection)

    def _turn(self, connection: Connection, name: str, *, on: bool) -> str:
        found = self._find(connection, name)
        if len(found) != 1:
            return "account_unknown"
        dn, values = found[0]
        if dn_key(dn) == dn_key(self.server.bind_dn):
            return "account_own"  # we would lock ourselves out of the way back
        if self._is_on(values) is on:
            return "as_wanted"
        connection.modify_s(dn, self._changes(values, on=on))
        _, after = self._find(connection, name)[0]
        return "changed" if self._is_on(after) is on else "account_not_changed"

    def _find(self, connection: Connection, name: str) -> Sequence[tuple[str, Mapping[str, Sequence[bytes]]]]:
        rows = connection.search_s(
            self.server.base, ldap.SCOPE_SUBTREE, filter_format(f"({self.account}=%s)", [name]), [_LOCKED_AT, _CONTROL]
        )
        return [(dn, values) for dn, values in rows if dn]  # without a name: a referral

    def _is_on(self, values: Mapping[str, Sequence[bytes]]) -> bool:
        if self.shape is Shape.OPENLDAP:
            return not values.get(_LOCKED_AT)
        return not _control(values) & _DISABLED

    def _changes(self, values: Mapping[str, Sequence[bytes]], *, on: bool) -> list[tuple[int, str, list[bytes] | None]]:
        if self.shape is Shape.OPENLDAP:
            if on:
                return [(ldap.MOD_DELETE, _LOCKED_AT, None)]
            return [(ldap.MOD_REPLACE, _LOCKED_AT, [_FOR_EVER])]
        before = _control(values)
        after = before & ~_DISABLED if on else before | _DISABLED
        # The old value is taken away by name: if somebody changed it meanwhile, the server refuses both.
        return [(ldap.MOD_DELETE, _CONTROL, [b"%d" % before]), (ldap.MOD_ADD, _CONTROL, [b"%d" % after])]


def _control(values: Mapping[str, Sequence[bytes]]) -> int:
    """Raises `ValueError` where the server shows no such attribute: we would guess."""
    (found,) = values.get(_CONTROL, ()) or (b"",)
    return int(found)

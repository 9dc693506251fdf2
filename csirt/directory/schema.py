"""By which object classes and attributes a directory says what we read: OpenLDAP's habits, and Active Directory's."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from csirt.errors import Invalid

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")  # RFC 4512, section 1.4: descr


@dataclass(frozen=True, slots=True)
class Schema:
    """Names of classes and attributes.

    `not_people` is a class that makes a person none: in Active Directory computers are users, too. Elsewhere it stays
    empty, for a server that does not know a class finds nobody by a filter that denies it. `uid` names an account,
    `logins` are other attributes by which people may type theirs. `member` stands in groups, `member_of` in their
    members: either is enough.
    """

    person: str = "inetOrgPerson"
    uid: str = "uid"
    logins: tuple[str, ...] = ()
    not_people: str = ""
    group: str = "groupOfNames"
    member: str = "member"
    member_of: str = "memberOf"
    post: str = "organizationalRole"
    occupant: str = "roleOccupant"

    @property
    def attributes(self) -> tuple[str, ...]:
        """Everything that we ask a server for; never a password."""
        plain = ("objectClass", "cn", "sn", "givenName", "displayName", "title", "ou", "department", "departmentNumber")
        phonetic = ("msDS-PhoneticDisplayName", "msDS-PhoneticLastName", "msDS-PhoneticFirstName")
        points = ("mail", "telephoneNumber", "mobile", "manager")
        linked = (self.uid, *self.logins, self.member, self.member_of, self.occupant)
        return (*plain, *phonetic, *points, "description", *linked, *STANDING)


STANDING = (
    "userAccountControl",
    "accountExpires",
    "pwdAccountLockedTime",
    "pwdEndTime",
    "shadowExpire",
    "nsAccountLock",
)
"""What says that an account may not be used any more."""

SHAPES: Mapping[str, Schema] = MappingProxyType(
    {
        "openldap": Schema(),
        "ad": Schema(
            person="user",
            uid="sAMAccountName",
            logins=("userPrincipalName",),
            not_people="computer",
            group="group",
        ),
    }
)


def schema_of(shape: str, *, account: str = "", group: str = "", member: str = "") -> Schema:
    """The schema of a shape, with the city's own names where they are given.

    Raises:
        Invalid: `ldap_name_malformed`: one of them is no name of an attribute or class.
    """
    schema = SHAPES[shape]
    if not all(_NAME.fullmatch(one) for one in (account, group, member) if one):
        raise Invalid("ldap_name_malformed")
    return replace(schema, uid=account or schema.uid, group=group or schema.group, member=member or schema.member)

"""A slapd with the shape of an Active Directory: its classes and attributes, groups within groups, accounts shut."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography import x509

from tests.directory import slapd

BASE = "dc=city,dc=example"
READER = f"cn=reader,ou=Services,{BASE}"
GROUPS = f"ou=Groups,{BASE}"
PASSWORD = "Passw0rd-naruto"
NEVER = "9223372036854775807"
LONG_AGO = "116444736000000000"  # 1970-01-01 as accountExpires has it

SCHEMA = """
attributetype ( 1.2.840.113556.1.4.221 NAME 'sAMAccountName' EQUALITY caseIgnoreMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.656 NAME 'userPrincipalName' EQUALITY caseIgnoreMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.159 NAME 'accountExpires' EQUALITY integerMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.2.102 NAME 'memberOf' EQUALITY distinguishedNameMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.12 )
attributetype ( 1.2.840.113556.1.2.141 NAME 'department' EQUALITY caseIgnoreMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.1946 NAME 'msDS-PhoneticDisplayName' EQUALITY caseIgnoreMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
objectclass ( 1.2.840.113556.1.5.9 NAME 'user' SUP inetOrgPerson STRUCTURAL MUST sAMAccountName
  MAY ( userPrincipalName $ userAccountControl $ accountExpires $ memberOf $ department $ msDS-PhoneticDisplayName ) )
objectclass ( 1.2.840.113556.1.3.30 NAME 'computer' SUP user STRUCTURAL )
objectclass ( 1.2.840.113556.1.5.8 NAME 'group' SUP top STRUCTURAL MUST cn MAY ( member $ memberOf $ description ) )
"""


def user(account: str, name: str = "", kind: str = "user", where: str = "ou=Staff", **more: str | list[str]) -> str:
    """An account as LDIF."""
    values: dict[str, str | list[str]] = {
        "objectClass": kind, "cn": (name or account).replace("\\", ""), "sn": "x", "sAMAccountName": account,
        "userPrincipalName": f"{account}@city.example", "userAccountControl": "512", "accountExpires": NEVER,
        "userPassword": PASSWORD,
    }  # fmt: skip
    return entry(dn(account, name, where), **(values | more))


def dn(account: str, name: str = "", where: str = "ou=Staff") -> str:
    """The name of an account's entry."""
    return f"cn={name or account},{where},{BASE}"


def group(name: str, *members: str, where: str = GROUPS, **more: str | list[str]) -> str:
    """A group as LDIF."""
    given: dict[str, str | list[str]] = {"objectClass": "group", "cn": name}
    if members:
        given["member"] = list(members)
    return entry(f"cn={name},{where}", **(given | more))


def entry(name: str, **values: str | list[str]) -> str:
    """Any entry as LDIF."""
    lines = [f"dn: {name}"]
    for attribute, given in values.items():
        lines += [f"{attribute.replace('_', '-')}: {one}" for one in ([given] if isinstance(given, str) else given)]
    return "\n".join(lines) + "\n"


def city() -> str:
    """Everybody, and the groups."""
    team, rogue = f"cn=CSIRT-Team,{GROUPS}", f"ou=Rogue,{BASE}"
    return "\n".join(
        [
            entry(BASE, objectClass=["dcObject", "organization"], dc="city", o="City"),
            *(entry(f"ou={name},{BASE}", objectClass="organizationalUnit", ou=name) for name in UNITS),
            entry(
                READER, objectClass=["device", "simpleSecurityObject"], cn="reader",
                userPassword=slapd.READER_PASSWORD,
            ),
            user("head", "Watanabe Shinichi", telephoneNumber="088-555-0106", title="Head"),
            user(
                "k.sato", "Sato Kazuya", department="Information", manager=dn("head", "Watanabe Shinichi"),
                telephoneNumber="088-555-0101", mail="k.sato@city.example", title="Subsection chief",
                msDS_PhoneticDisplayName="Sato Kazuya", mobile="090-0000-0101",
            ),
            user("nested", "Nested Person"),
            user("deep", "Deep Person"),
            user("by.memberof", "Member Of", memberOf=f"cn=CSIRT-Auditors,{GROUPS}"),
            user("disabled", "Disabled Person", userAccountControl="514"),
            user("expired", "Expired Person", accountExpires=LONG_AGO),
            user("intruder", "Intruder", memberOf=f"cn=CSIRT-Administrators,{rogue}"),
            user("comma", "Comma\\, Person"),
            user("plain", "Plain Person"),
            user("host$", "HOST01", kind="computer"),
            group("CSIRT-Team", dn("k.sato", "Sato Kazuya"), dn("disabled", "Disabled Person"),
                  dn("expired", "Expired Person"), f"cn=Inner,{GROUPS}", dn("comma", "Comma\\, Person")),
            group("Inner", dn("nested", "Nested Person"), f"cn=Innermost,{GROUPS}"),
            group("Innermost", dn("deep", "Deep Person"), team),  # and round again
            group("CSIRT-Auditors"),
            group("CSIRT-Administrators", dn("head", "Watanabe Shinichi")),
            group("CSIRT-Administrators", dn("intruder", "Intruder"), where=rogue),
        ]
    )  # fmt: skip


UNITS = ("Staff", "Groups", "Services", "Rogue")


@contextmanager
def running(folder: Path, authority: slapd.Authority, host: x509.GeneralName) -> Iterator[slapd.Slapd]:
    """A server of this shape, until the block ends."""
    people = folder / "people.ldif"
    people.write_text(city())
    config = slapd.config_for(folder, base=BASE, reader=READER, locker=READER, more_schema=SCHEMA)
    with slapd.serving(config, people, folder, authority, host) as server:
        yield server

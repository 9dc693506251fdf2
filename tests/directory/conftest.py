"""The two variants of a directory, over the same people."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from csirt.directory.ldap import LdapDirectory, LdapServer
from csirt.directory.ldif import LdifDirectory
from csirt.directory.roles import read_roles
from csirt.model.ports import Directory
from tests.directory import slapd

CITY_DATA = Path(__file__).parents[2] / "csirt" / "city_data"
PEOPLE = CITY_DATA / "sample" / "people.ldif"
ROLES = read_roles(CITY_DATA / "roles.toml")


def opaque(uid: str) -> str:
    return hashlib.sha256(b"test" + uid.encode()).hexdigest()[:16]


def server_of(running: slapd.Slapd, **changes: object) -> LdapServer:
    settings: dict[str, object] = {
        "urls": (running.tls_url,),
        "base": slapd.BASE,
        "bind_dn": slapd.READER,
        "bind_password": slapd.READER_PASSWORD,
        "ca_file": running.ca_file,
        "page_size": 4,  # below the server's own limit of 5: nothing works without paging
    }
    return LdapServer(**(settings | changes))  # type: ignore[arg-type]


def directory_of(running: slapd.Slapd, **changes: object) -> LdapDirectory:
    return LdapDirectory(server_of(running, **changes), ROLES, opaque)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> slapd.Authority:
    if slapd.program("slapd") is None:
        pytest.skip("slapd is not installed")
    return slapd.Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, authority: slapd.Authority) -> Iterator[slapd.Slapd]:
    with slapd.running(PEOPLE, tmp_path_factory.mktemp("slapd"), authority, slapd.RIGHT_HOST) as running:
        yield running


@pytest.fixture(scope="session")
def impostor(tmp_path_factory: pytest.TempPathFactory, authority: slapd.Authority) -> Iterator[slapd.Slapd]:
    """The same server with another host's certificate, of the same authority."""
    with slapd.running(PEOPLE, tmp_path_factory.mktemp("impostor"), authority, slapd.WRONG_HOST) as running:
        yield running


@pytest.fixture
def in_file() -> LdifDirectory:
    return LdifDirectory(PEOPLE, ROLES, opaque)


@pytest.fixture
def on_server(server: slapd.Slapd) -> LdapDirectory:
    return directory_of(server)


@pytest.fixture(params=["ldif", pytest.param("ldap", marks=pytest.mark.slapd)])
def directory(request: pytest.FixtureRequest) -> Directory:
    found: Directory = request.getfixturevalue({"ldif": "in_file", "ldap": "on_server"}[request.param])
    return found

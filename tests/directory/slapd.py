"""A real slapd as an ordinary process on loopback, filled from an LDIF file, with certificates of a test authority."""

import base64
import hashlib
import ipaddress
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import ldif
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

BASE = "dc=naruto,dc=example"
READER = f"uid=reader,{BASE}"
LOCKER = f"uid=locker,{BASE}"  # may lock accounts, and nothing else
READER_PASSWORD = "reads-the-directory"
LOOPBACK = "127.0.0.1"
_SBIN = "/usr/sbin:/usr/local/sbin:/usr/libexec:/usr/lib/openldap"
_VALID_FROM = datetime(2020, 1, 1, tzinfo=UTC)

_CONFIG = """
include {schema}/core.schema
include {schema}/cosine.schema
include {schema}/inetorgperson.schema
modulepath {modules}
moduleload back_mdb
moduleload ppolicy
# As Active Directory has it, for servers that are none.
attributetype ( 1.2.840.113556.1.4.8 NAME 'userAccountControl'
  EQUALITY integerMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
objectclass ( 1.3.6.1.4.1.55555.1.1 NAME 'adAccount' SUP top AUXILIARY MAY userAccountControl )
{more_schema}
pidfile {folder}/slapd.pid
argsfile {folder}/slapd.args
TLSCACertificateFile {folder}/ca.pem
TLSCertificateFile {folder}/server.pem
TLSCertificateKeyFile {folder}/server.key
# What Active Directory does too: a name without a password succeeds, as nobody.
allow bind_anon_cred bind_anon_dn
sizelimit size.soft=5 size.hard=5 size.prtotal=unlimited

database mdb
suffix "{base}"
rootdn "cn=nobody-uses-this,{base}"
directory {folder}/db
maxsize 16777216
overlay ppolicy
ppolicy_default "cn=policy,{base}"
access to attrs=pwdAccountLockedTime,userAccountControl by dn.exact="{locker}" write by dn.exact="{reader}" read
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{reader}" read by dn.exact="{locker}" read by * none
"""


def program(name: str) -> str | None:
    """Where a program of the directory server is, or None."""
    return shutil.which(name) or shutil.which(name, path=_SBIN)


@dataclass(frozen=True)
class Slapd:
    """A running server: its addresses, and the authority that signed its certificate."""

    url: str
    tls_url: str
    ca_file: Path


class Authority:
    """A certificate authority for one test session."""

    def __init__(self, folder: Path) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test authority")])
        builder = self._builder(self._name, self._key).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), True
        )
        self.file = folder / "authority.pem"
        self.file.write_bytes(builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(_VALID_FROM)
            .not_valid_after(_VALID_FROM + timedelta(days=365 * 60))
        )

    def issue(self, folder: Path, host: x509.GeneralName) -> None:
        """Put server.pem, server.key and ca.pem for this host into a folder."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "directory")])
        builder = self._builder(subject, key).add_extension(x509.SubjectAlternativeName([host]), critical=False)
        certificate = builder.sign(self._key, hashes.SHA256())
        (folder / "server.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        (folder / "server.key").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        shutil.copy(self.file, folder / "ca.pem")


RIGHT_HOST = x509.IPAddress(ipaddress.ip_address(LOOPBACK))
WRONG_HOST = x509.DNSName("other.example")


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        port: int = listener.getsockname()[1]
        return port


def as_stored_by_slapd(source: Path, target: Path) -> None:
    """Copy an LDIF file, with the reading account added and each sample password as {SSHA}.

    A plain slapd knows no {SSHA512}: that takes a module which not every installation has.
    """
    records = ldif.LDIFRecordList(source.open("rb"))
    with records._input_file:  # noqa: SLF001 - the parser closes nothing
        records.parse()
    with target.open("w", encoding="utf-8") as file:
        writer = ldif.LDIFWriter(file)
        for dn, entry in records.all_records:
            if "userPassword" in entry:
                entry["userPassword"] = [_ssha(f"{entry['uid'][0].decode()}-naruto")]
                entry["objectClass"] = [*entry["objectClass"], b"adAccount"]
                entry["userAccountControl"] = [b"512"]  # NORMAL_ACCOUNT
            writer.unparse(dn, entry)
        reader = {
            "objectClass": [b"account", b"simpleSecurityObject"],
            "uid": [b"reader"],
            "userPassword": [_ssha(READER_PASSWORD)],
        }
        writer.unparse(READER, reader)
        policy = {
            "objectClass": [b"device", b"pwdPolicy"],
            "cn": [b"policy"],
            "pwdAttribute": [b"userPassword"],
            "pwdLockout": [b"TRUE"],  # without it a locked account may still sign in
        }
        writer.unparse(f"cn=policy,{BASE}", policy)
        writer.unparse(LOCKER, reader | {"uid": [b"locker"]})


@contextmanager
def running(people: Path, folder: Path, authority: Authority, host: x509.GeneralName) -> Iterator[Slapd]:
    """A server with these people, until the block ends."""
    as_stored_by_slapd(people, folder / "people.ldif")
    with serving(config_for(folder), folder / "people.ldif", folder, authority, host) as server:
        yield server


def config_for(
    folder: Path, *, base: str = BASE, reader: str = READER, locker: str = LOCKER, more_schema: str = ""
) -> Path:
    """The configuration of a server whose files lie in this folder."""
    config = folder / "slapd.conf"
    config.write_text(
        _CONFIG.format(
            schema="/etc/ldap/schema", modules="/usr/lib/ldap", folder=folder, base=base, reader=reader, locker=locker,
            more_schema=more_schema,
        )
    )  # fmt: skip
    return config


@contextmanager
def serving(config: Path, people: Path, folder: Path, authority: Authority, host: x509.GeneralName) -> Iterator[Slapd]:
    """A server with this configuration and these entries, until the block ends."""
    slapd, slapadd = program("slapd"), program("slapadd")
    assert slapd
    assert slapadd
    (folder / "db").mkdir()
    authority.issue(folder, host)
    added = subprocess.run([slapadd, "-f", config, "-l", people], check=False, capture_output=True, text=True)
    assert added.returncode == 0, added.stderr
    port, tls_port = free_port(), free_port()
    urls = f"ldap://{LOOPBACK}:{port}/ ldaps://{LOOPBACK}:{tls_port}/"
    process = subprocess.Popen(
        [slapd, "-d", "0", "-f", config, "-h", urls], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for each in (port, tls_port):
            _wait_for(each, process)
        yield Slapd(f"ldap://{LOOPBACK}:{port}", f"ldaps://{LOOPBACK}:{tls_port}", folder / "ca.pem")
    finally:
        process.terminate()
        process.wait(timeout=10)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(500):
        assert process.poll() is None, "slapd has ended"
        try:
            socket.create_connection((LOOPBACK, port), timeout=1).close()
        except ConnectionRefusedError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError("slapd does not listen")


def _ssha(password: str) -> bytes:
    salt = b"salt-for-tests"
    digest = hashlib.sha1(password.encode() + salt, usedforsecurity=False).digest()
    return b"{SSHA}" + base64.b64encode(digest + salt)

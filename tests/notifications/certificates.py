"""A certificate authority made for one test run."""

import ipaddress
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from csirt.clock import SystemClock


@dataclass(frozen=True)
class Certificates:
    """Certificates of one authority, in a folder."""

    folder: Path

    @property
    def ca_file(self) -> Path:
        return self.folder / "ca.pem"

    def server(self, kind: str = "right") -> ssl.SSLContext:
        """A server that shows the certificate `right` (localhost and its address), `name` or `wrong`."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.folder / f"{kind}.pem")
        return context


def make_certificates(folder: Path) -> Certificates:
    """An authority and three server certificates: for localhost and 127.0.0.1, for the name only, for another host."""
    ca_key, now = ec.generate_private_key(ec.SECP256R1()), SystemClock().now()
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Sample City test authority")])
    ca = (
        _builder(ca_name, ca_name, now)
        .public_key(ca_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(ca=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    (folder / "ca.pem").write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    name_only: list[x509.GeneralName] = [x509.DNSName("localhost")]
    right = [*name_only, x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    for file, names in (("right", right), ("name", name_only), ("wrong", [x509.DNSName("other.example")])):
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, file)])
        certificate = (
            _builder(name, ca_name, now)
            .public_key(key.public_key())
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
            .sign(ca_key, hashes.SHA256())
        )
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (folder / f"{file}.pem").write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return Certificates(folder)


def _builder(subject: x509.Name, issuer: x509.Name, now: datetime) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now.astimezone(UTC) - timedelta(days=1))
        .not_valid_after(now.astimezone(UTC) + timedelta(days=1))
    )


def _key_usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )

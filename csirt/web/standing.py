"""How the page may stand on a machine: what is unsafe, or cannot work, is refused before anybody is served."""

import ssl
from urllib.parse import urlsplit

from csirt.errors import Invalid
from csirt.model.source import networks_from
from csirt.settings import Settings
from csirt.web.peers import is_loopback


def check(settings: Settings, host: str) -> ssl.SSLContext | None:
    """The context of our own certificate, or None where a proxy has one or nobody but this machine reaches us.

    Raises:
        Invalid: as `run_web` says.
    """
    networks_from(settings.trusted_proxies)
    _check_base_url(settings.base_url)
    if (settings.tls_certificate is None) != (settings.tls_key is None):
        raise Invalid("tls_incomplete")
    if settings.tls_certificate is None:
        if settings.unix_socket is None and not is_loopback(host):
            raise Invalid("plain_http_elsewhere", host=host)  # passwords would go over the line in clear
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(settings.tls_certificate, settings.tls_key, password=_none)
    except (OSError, ValueError) as error:  # an SSLError is an OSError
        raise Invalid("tls_unusable", file=settings.tls_certificate.name) from error
    return context


def _none() -> str:
    """A key that asks for a password cannot be used by a process that nobody sits at."""
    raise ValueError


def _check_base_url(base_url: str) -> None:
    """It goes into every mail, so a slip would be seen only when somebody needs the link."""
    parts = urlsplit(base_url)
    if base_url and (parts.scheme not in {"http", "https"} or not parts.netloc or parts.query or parts.fragment):
        raise Invalid("base_url_malformed")
    if base_url.startswith("http://") and not is_loopback(parts.hostname or ""):
        raise Invalid("base_url_plain")

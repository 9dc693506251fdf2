"""Whose certificates we believe."""

import ssl
from pathlib import Path

from csirt.errors import Invalid


def trust(ca_file: Path | None) -> ssl.SSLContext:
    """Certificates are checked, against the city's own authority if there is one, else against the machine's.

    Raises:
        Invalid: `ca_file_unreadable`.
    """
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as broken:  # ssl.SSLError is one
        raise Invalid("ca_file_unreadable") from broken

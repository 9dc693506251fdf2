"""Secrets in files of mode 0600: made whole or not at all, on the disk before anything is sealed under them."""

import base64
import contextlib
import os
import secrets
import tempfile
from pathlib import Path

from csirt.errors import Untrusted


def load_or_make_key(path: Path, size: int = 32) -> bytes:
    """A secret of `size` bytes from a file of mode 0600, made on first use.

    Raises:
        Untrusted: the file holds no such secret.
    """
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make_key(path, size)
    try:
        key = base64.b64decode(path.read_bytes(), validate=True)
    except ValueError:
        key = b""
    if len(key) != size:
        raise Untrusted("vault_key_wrong", label=path.name)
    return key


def _make_key(path: Path, size: int) -> None:
    """Whole or not at all, and on the disk before anything is sealed under it; who is second takes the first one's."""
    handle, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(base64.b64encode(secrets.token_bytes(size)))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(part)
    finally:
        Path(part).unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)

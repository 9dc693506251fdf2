"""Mails into a folder: for a first look, for drills, and for carrying over to another network by hand."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from csirt.errors import DeliveryFailed
from csirt.model.message import Message, Receipt
from notifications.letter import file_safe_id, letter


class FolderChannel:
    """The port `Channel` over a folder of `.eml` files, one a message; a repeat overwrites its forerunner."""

    takes_bundles = True

    def __init__(self, name: str, folder: Path, *, sender: str) -> None:
        self.name = name
        self._folder = folder
        self._sender = sender

    def send(self, message: Message) -> Receipt:
        """Write the message, whole or not at all; it is on the disk when this returns.

        Raises:
            DeliveryFailed: `folder_not_writable`, `address_malformed`.
        """
        mail = letter(message, self._sender)
        target = self._folder / f"{file_safe_id(message)}.eml"
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write_atomically(target, mail.as_bytes())
        except OSError as error:
            raise DeliveryFailed("folder_not_writable", reply=type(error).__name__, is_down=True) from error
        return Receipt("written", target.name)


def _write_atomically(target: Path, content: bytes) -> None:
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as part:
            part.write(content)
            part.flush()
            os.fsync(part.fileno())
        Path(name).replace(target)
    except OSError:
        with suppress(OSError):
            Path(name).unlink()
        raise
    folder = os.open(target.parent, os.O_RDONLY)  # the name itself must survive a power cut as well
    try:
        os.fsync(folder)
    finally:
        os.close(folder)

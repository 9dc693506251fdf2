"""The gate around every channel: what belongs to a drill (訓練) never leaves the house, and says that it is a drill."""

from dataclasses import replace
from pathlib import Path

from csirt.model.message import Message, Receipt
from csirt.model.ports import Channel
from csirt.response.drills import address_in_drill
from csirt.texts.catalogs import LANGUAGES, catalog
from notifications.folder import FolderChannel


class DrillGate:
    """The port `Channel` around another one. A message of a drill becomes a file below `folder`; others pass.

    This is the one place that decides: nothing above it needs to know, and nothing below it ever sees a drill.
    """

    def __init__(self, channel: Channel, folder: Path, sender: str) -> None:
        self.name = channel.name
        self.takes_bundles = channel.takes_bundles
        self._channel = channel
        self._drills = FolderChannel(channel.name, folder / channel.name, sender=sender)

    def send(self, message: Message) -> Receipt:
        """Deliver, or keep in the drill folder.

        Raises:
            DeliveryFailed: as the channel behind it, or as the folder.
        """
        return self._drills.send(_as_drill(message)) if message.drill else self._channel.send(message)


def _as_drill(message: Message) -> Message:
    """With the mark in subject and body, whatever its text says already, and with no address of anybody."""
    words = catalog(message.language if message.language in LANGUAGES else LANGUAGES[0])
    mark, note = words.gettext("drill.mark"), words.gettext("drill.note")
    to = message.recipient
    return replace(
        message,
        subject=message.subject if message.subject.startswith(mark) else f"{mark}{message.subject}",
        body=message.body if note in message.body else f"{note}\n\n{message.body}",
        recipient=replace(to, address=address_in_drill(to.party, to.person, "mail")),
    )

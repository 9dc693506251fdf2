"""Dead-man's switch: somebody outside is told each minute that all is well; that it stops is the alarm."""

from datetime import timedelta

from csirt.bootstrap import Desk
from csirt.clock import JST
from csirt.errors import DeliveryFailed
from csirt.logs import log
from csirt.model.message import Message, Recipient
from csirt.model.ports import Channel
from csirt.notifying import watch_channels
from csirt.store.queries.workings import last_beat

PARTY = "watcher"
FRESH = timedelta(seconds=60)  # a heartbeat no older says that the database takes what we write


class Watcher:
    """Tells those whom the settings name. No case is involved, so that no drill ever silences it."""

    def __init__(self, desk: Desk) -> None:
        """One for a process."""
        self._desk = desk
        self._channels: list[tuple[Channel, str]] = watch_channels(desk.settings, desk.clock)

    @property
    def is_on(self) -> bool:
        """Is anybody to be told?"""
        return bool(self._channels)

    def tell(self) -> int:
        """Say that all is well, if a worker could write its heartbeat lately; returns how many were told.

        Raises:
            Unavailable: the database does not answer: then nobody is told, and that is the alarm.
        """
        beat, now = self._desk.look(last_beat), self._desk.clock.now()
        if beat is None or now - beat > FRESH:
            log().warning("watch.not_well")
            return 0
        language = self._desk.settings.language
        city = self._desk.door.city
        facts = {"at": now.isoformat(), "city": city.name_ja if language == "ja" else city.name_en}
        subject, body = self._desk.renderer.render("watch", language, facts)
        told = 0
        for channel, address in self._channels:
            message = Message(
                id=f"watch-{now.astimezone(JST):%Y%m%d-%H%M}", template="watch", language=language,
                recipient=Recipient(PARTY, "", address), subject=subject, body=body, at=now, facts=facts,
            )  # fmt: skip
            try:
                channel.send(message)
                told += 1
            except DeliveryFailed as error:
                log().warning("watch.not_told", channel=channel.name, code=error.code)
        return told

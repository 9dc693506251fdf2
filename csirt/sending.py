"""Sends what lies in the outbox: leased, sent outside any commit, recorded; the channels side by side."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from csirt.bootstrap import Desk
from csirt.errors import CsirtError, DeliveryFailed, LeaseLost
from csirt.logs import log
from csirt.model.people import SYSTEM
from csirt.model.ports import Channel
from csirt.playbook.acts import code_of
from csirt.response import outbox
from csirt.response.outbox import UNKNOWN_REPLY, Due, Failure
from csirt.store.queries.due import channels_due
from csirt.writing import written

SIDE_BY_SIDE = 2  # senders of one channel in this process
OLDEST_EVERY = 5  # every so many messages the one that waited longest goes first, whatever its lane


class Sender:
    """Sends one message after the other. May be shared by threads."""

    def __init__(self, desk: Desk) -> None:
        """One for a process."""
        self._desk = desk
        self._turn: Counter[str] = Counter()

    def send_next(self, name: str) -> bool:
        """Send the next message of a channel, or pass over a channel that does not answer; False if nothing is due."""
        self._turn[name] += 1
        oldest = self._turn[name] % OLDEST_EVERY == 0
        channel = self._desk.channels.get(name)
        bundles = channel is not None and channel.takes_bundles
        due = self._desk.commit(SYSTEM, outbox.claim, name, oldest=oldest, bundles=bundles)
        if due is None:
            return bool(self._desk.commit(SYSTEM, outbox.pass_over, name))
        try:
            self._send(channel, due)
        except LeaseLost:
            log().warning("delivery.lease_lost", delivery=due.id)
        return True

    def _send(self, channel: Channel | None, due: Due) -> None:
        if channel is None:
            self._desk.commit(SYSTEM, outbox.failed, due, Failure("channel_unknown", permanent=True))
            return
        message = written(self._desk, due)
        try:
            receipt = channel.send(message)
        except DeliveryFailed as error:
            log().warning("delivery.failed", delivery=due.id, channel=due.channel, code=error.code)
            failure = Failure(error.code, error.reply, permanent=error.permanent, is_down=error.is_down)
            self._desk.commit(SYSTEM, outbox.failed, due, failure)
        except Exception as error:  # noqa: BLE001 - a channel that breaks in an unforeseen way holds up no other message
            log().error("delivery.broke", delivery=due.id, channel=due.channel, error=type(error).__name__)
            self._desk.commit(SYSTEM, outbox.failed, due, Failure(code_of(error), UNKNOWN_REPLY))
        else:
            self._desk.commit(SYSTEM, outbox.delivered, due, receipt)


class Senders:
    """Senders side by side: each channel has its own, so that a slow server holds up nobody's messages but its own."""

    def __init__(self, desk: Desk) -> None:
        """One set a process."""
        self._desk = desk
        self._sender = Sender(desk)
        self._at_work: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(SIDE_BY_SIDE * (len(desk.channels) + 1), thread_name_prefix="sender")

    def start_due(self) -> bool:
        """Set a sender to work for each channel on which something is due. Waits for none of them."""
        with self._desk.read() as session:
            due = channels_due(session, self._desk.clock.now())
        for name in due:
            with self._lock:
                if self._at_work[name] >= SIDE_BY_SIDE:
                    continue
                self._at_work[name] += 1
            self._threads.submit(self._work, name)
        return False

    def stop(self) -> None:
        """Begin nothing more; what is being sent is left to its lease."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _work(self, name: str) -> None:
        try:
            while self._sender.send_next(name):
                pass
        except CsirtError as error:
            log().warning("delivery.sender_failed", channel=name, code=error.code)
        except Exception as error:  # noqa: BLE001 - the next look starts another sender
            log().error("delivery.sender_broke", channel=name, error=type(error).__name__, exc_info=error)
        finally:
            with self._lock:
                self._at_work[name] -= 1

"""Chats, SMS providers and whatever else Apprise knows (Teams, Slack, …), by the name of a secret.

A contact point holds a name only; the address behind it, which is a secret, stands in a file of the keys folder. Only
services that the city has allowed are used, and of those that have an address of their own only the allowed ones.
"""

import logging
from collections.abc import Collection, Mapping

import apprise

from csirt.errors import DeliveryFailed
from csirt.guard import clean_line
from csirt.model.message import Message, Receipt
from csirt.outbound import DeadlinePassed, within
from notifications.letter import file_safe_id

logging.getLogger("apprise").setLevel(logging.CRITICAL)  # it writes addresses, which are secrets, into the log


class AppriseChannel:
    """The port `Channel` over Apprise.

    `addresses` maps the names that contact points hold to Apprise's URLs. `allowed` holds services as Apprise names
    them (`msteams`, `slack`, …) and, for services with an address of their own, `service:host`.
    """

    takes_bundles = True

    def __init__(
        self, name: str, addresses: Mapping[str, str], allowed: Collection[str], *, deadline: float = 15.0
    ) -> None:
        self.name = name
        self._addresses = addresses
        self._allowed = frozenset(entry.strip().casefold() for entry in allowed)
        self._deadline = deadline

    def send(self, message: Message) -> Receipt:
        """Hand the message to the service.

        Raises:
            DeliveryFailed: `apprise_name_unknown`, `apprise_not_allowed`, permanent; `apprise_failed`;
                `apprise_outcome_unknown` (`reply` is `unknown`).
        """
        service = self._service(message.recipient.address)
        desk = apprise.Apprise()
        desk.add(service)
        identity = file_safe_id(message)
        body = message.body.encode("utf-8", "replace").decode("utf-8").replace("\x00", "")
        title = clean_line(message.subject)
        try:
            taken = within(
                self._deadline, lambda: desk.notify(title=title, body=f"{body.rstrip()}\n\n[{identity}]"), lambda: None
            )
        except DeadlinePassed:
            raise DeliveryFailed("apprise_outcome_unknown", reply="unknown", is_down=True) from None
        if not taken:  # Apprise says no more than that
            raise DeliveryFailed("apprise_failed", reply="failed", is_down=True)
        return Receipt("taken", identity)

    def _service(self, name: str) -> apprise.NotifyBase:
        url = self._addresses.get(name.strip())
        if url is None:
            raise DeliveryFailed("apprise_name_unknown", permanent=True, reply="name")
        service = apprise.Apprise.instantiate(url, suppress_exceptions=True)
        if service is None or not self._allowed & _names_of(service):
            raise DeliveryFailed("apprise_not_allowed", permanent=True, reply="address")
        return service


def _names_of(service: apprise.NotifyBase) -> set[str]:
    """How the allow-list may name a service; one that posts to any host is named with it."""
    kinds = {kind.casefold() for kind in _each(service.protocol) | _each(service.secure_protocol)}
    forms: tuple[str, ...] = tuple(service.templates)
    if any("{host}" in form for form in forms):
        return {f"{kind}:{str(service.host).casefold()}" for kind in kinds}
    return kinds


def _each(kinds: object) -> set[str]:
    if isinstance(kinds, str):
        return {kinds}
    return set(kinds) if isinstance(kinds, tuple | list | set | frozenset) else set()

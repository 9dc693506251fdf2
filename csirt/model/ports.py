"""What the wings must offer. A variant is one file that fulfils one of these and passes its contract test."""

from collections.abc import Iterator, Mapping
from typing import Protocol

from csirt.model.detection import SourceRecord
from csirt.model.message import Message, Receipt
from csirt.model.people import Person, Post


class Directory(Protocol):
    """The city's people. Every call may block; none is made inside a commit or on an event loop."""

    name: str  # shown on the sign-in page: `ldif`, `ldap`

    def authenticate(self, uid: str, password: str) -> Person | None:
        """The person if the password is theirs, else None. Empty passwords are never tried.

        Raises:
            DirectoryUnavailable: no server answered in time.
        """
        ...

    def people(self) -> Mapping[str, Person]:
        """All people, by opaque id. Raises `DirectoryUnavailable`."""
        ...

    def posts(self) -> Mapping[str, Post]:
        """All posts, by id, holders and deputies as opaque ids. Raises `DirectoryUnavailable`."""
        ...


class Channel(Protocol):
    """One way out of the house."""

    name: str
    takes_bundles: bool  # may several messages for one addressee go as one? Not where a program reads them

    def send(self, message: Message) -> Receipt:
        """Deliver, within seconds. Sending the same `message.id` again must be recognisable as a repeat.

        Raises:
            DeliveryFailed: not taken; `permanent` says whether another try can help.
        """
        ...


class Renderer(Protocol):
    """Turns a template and facts into a subject and a body."""

    def render(self, template: str, language: str, facts: Mapping[str, str]) -> tuple[str, str]:
        """Subject (one line, no control characters) and body. Never fails: a static text stands in for a broken one."""
        ...


class Reader(Protocol):
    """One input format: bytes in, records out, no I/O."""

    format: str

    def recognises(self, head: bytes) -> bool:
        """Does an input that begins with these (up to 64 KiB) bytes look like this format?"""
        ...

    def read(self, data: bytes) -> Iterator[SourceRecord]:
        """Every record of the input, in order, each in exactly one of three kinds. Never raises on content."""
        ...

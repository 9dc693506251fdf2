"""How one server, or the file, was found when it was looked at by itself."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Probe:
    """`place`: a server's address or the file's name. `code`: why it is of no use, or nothing; `reason`: libldap's."""

    place: str
    code: str = ""
    reason: str = ""
    milliseconds: int = 0

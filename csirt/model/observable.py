"""What a detection carries beside its own fields: observables, its RSIT class, ATT&CK techniques. Kept, and defanged.

Free text (descriptions, remarks) stays with the sealed record alone: it may tell of people. Nothing here is ever a link
or is fetched.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import ip_address

from csirt.model.detection import Detection

MOST = 24  # of one detection; what a source lists beyond stands in its sealed record
CLASSES = ("rsit", "technique", "tactic")  # what it is, before what was seen
KINDS = (
    *CLASSES, "url", "domain", "address", "indicator", "sender", "receiver", "mail", "account", "user", "host",
    "victim", "file", "process", "command_line", "registry_key", "hash", "md5", "sha1", "sha256", "malware", "threat",
    "rule",
)  # fmt: skip
# `attacked` and `attacker` have columns of their own.
_LEFT_OUT = frozenset(
    {"attacked", "attacker", "description", "remediation", "note", "detail", "case_of_source", "original_subject"}
)
_NAMES_OF_FILES = frozenset(
    {*CLASSES, "file", "process", "command_line", "registry_key", "hash", "md5", "sha1", "sha256", "rule", "malware"}
)
_SCHEMES = {"http": "hxxp", "https": "hxxps", "ftp": "fxp", "ftps": "fxps"}
_SCHEME = re.compile(r"(https?|ftps?)://", re.IGNORECASE)
_HOST = re.compile(r"://([^\s/?#\"'<>\\]*)")
_ADDRESS = re.compile(r"(?<![\w.\[])\d{1,3}(?:\.\d{1,3}){3}(?![\w\]])")
_MAIL = re.compile(r"([\w.+-]{1,64})@((?:[\w-]{1,63}\.)+[\w-]{2,63})")
_DOMAIN = re.compile(r"(?:[\w*-]{1,63}\.)+[\w-]{2,63}\.?(?=[:/]|$)")
_DOT = re.compile(r"(?<!\[)\.(?!\])")
_AT = re.compile(r"(?<!\[)@(?!\])")


@dataclass(frozen=True, slots=True)
class Observable:
    """One value of a kind (`url`, `sha256`, `technique`, …), as it was told. `text` is what people are shown."""

    kind: str
    value: str

    @property
    def text(self) -> str:
        """The value, defanged."""
        return defanged(self.kind, self.value)


def carried(detection: Detection, clean: Callable[[str], str]) -> list[Observable]:
    """What is kept of a detection: at most `MOST`, classes first; each value as `clean` leaves it, and once."""
    kinds = sorted(detection.observables.keys() - _LEFT_OUT, key=_rank)
    found = (
        Observable(kind[:40], value)
        for kind in kinds
        for one in detection.observables[kind][:MOST]
        if (value := clean(one))
    )
    return list(dict.fromkeys(found))[:MOST]


def in_order(observables: Iterable[Observable]) -> tuple[Observable, ...]:
    """Classes first, then by kind and value; each once."""
    return tuple(sorted(set(observables), key=lambda one: (*_rank(one.kind), one.value)))


def _rank(kind: str) -> tuple[int, str]:
    return (KINDS.index(kind) if kind in KINDS else len(KINDS), kind)


def defanged(kind: str, value: str) -> str:
    """A value that no program takes for a link, an address or a mail address; done twice it stays the same.

    `http` becomes `hxxp`, dots in names of hosts `[.]`, `@` `[@]`, colons of IPv6 addresses `[:]`.
    """
    text = _SCHEME.sub(lambda found: f"{_SCHEMES[found[1].casefold()]}://", value)
    text = _HOST.sub(lambda found: f"://{_AT.sub('[@]', _dots(found[1]))}", text)
    text = _MAIL.sub(lambda found: f"{_dots(found[1])}[@]{_dots(found[2])}", text)
    text = _ADDRESS.sub(lambda found: _dots(found[0]), text)
    if _is_ipv6(text):
        return text.replace(":", "[:]")
    if kind not in _NAMES_OF_FILES and (found := _DOMAIN.match(text)):
        return _dots(found[0]) + text[found.end() :]
    return text


def _dots(text: str) -> str:
    return _DOT.sub("[.]", text)


def _is_ipv6(text: str) -> bool:
    try:
        return ip_address(text.partition("%")[0]).version == 6
    except ValueError:
        return False

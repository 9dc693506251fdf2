"""The attributes of one entry as text, and how names are compared. Nothing here raises on content."""

import re
import unicodedata
from collections.abc import Mapping, Sequence

import ldap
import ldap.dn

Entry = tuple[str, Mapping[str, Sequence[bytes]]]
DnKey = tuple[tuple[tuple[str, str], ...], ...]

_LONGEST_TEXT = 256
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})  # controls, overrides of direction, line ends
_PHONETIC = re.compile(r"phonetic|lang-ja-(kana|hira|hrkt)")


class Attributes:
    """The attributes of one entry as text. Types and options are told apart regardless of case and order."""

    def __init__(self, raw: Mapping[str, Sequence[bytes]]) -> None:
        """`raw` as a server or a file gives it."""
        self._raw = {_attribute_key(name): values for name, values in raw.items()}

    def values(self, name: str) -> tuple[str, ...]:
        """All values of exactly this type and options, cleaned, without empty ones."""
        texts = (cleaned(value) for value in self._raw.get(_attribute_key(name), ()))
        return tuple(text for text in texts if text)

    def names(self, name: str) -> tuple[str, ...]:
        """Values that are names of entries, at their full length; also where a server gives only a part of them.

        Active Directory gives 1,500 at once, as `member;range=0-1499` ([MS-ADTS] 3.1.1.3.1.3.3).
        """
        key = _attribute_key(name)
        keys = [one for one in self._raw if one == key or one.startswith(f"{key};range=")]
        return tuple(value.decode("utf-8", "replace") for one in keys for value in self._raw[one] if value)

    def first(self, *names: str) -> str:
        """The first value of the first of these that has one."""
        return next((value for name in names for value in self.values(name)), "")

    def phonetic(self, kind: str) -> str:
        """How the value of this type is read aloud, in whichever way the directory says so."""
        keys = sorted(key for key in self._raw if key.partition(";")[0] == kind and _PHONETIC.search(key))
        return self.first(*keys)

    def addresses(self, name: str) -> tuple[str, ...]:
        """Values that arrived clean: an address that had to be cleaned is another address."""
        raw = (value.decode("utf-8", "replace") for value in self._raw.get(_attribute_key(name), ()))
        return tuple(dict.fromkeys(text.strip() for text in raw if text.strip() and text.strip() == cleaned(text)))

    def is_a(self, kind: str) -> bool:
        """Is the entry of this object class?"""
        return kind.lower() in {value.lower() for value in self.values("objectClass")}


def cleaned(value: bytes | str) -> str:
    """Text without invisible characters and outer blanks, of bounded length."""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    visible = (sign for sign in text[: 4 * _LONGEST_TEXT] if unicodedata.category(sign) not in _INVISIBLE)
    return "".join(visible).strip()[:_LONGEST_TEXT]


def is_visible(text: str) -> bool:
    """Does a text consist of signs only that can be seen?"""
    return not any(unicodedata.category(sign) in _INVISIBLE for sign in text)


def dn_key(dn: str) -> DnKey:
    """A distinguished name in a form in which equal names are equal, however they were written."""
    try:
        parts = ldap.dn.str2dn(dn)
    except (ldap.LDAPError, ValueError):
        return ((("", dn.lower()),),)
    return tuple(
        tuple(sorted((kind.lower(), " ".join(value.lower().split())) for kind, value, _ in rdn)) for rdn in parts
    )


def _attribute_key(name: str) -> str:
    kind, *options = name.lower().split(";")
    return ";".join((kind, *sorted(option for option in options if option != "binary")))

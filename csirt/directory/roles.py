"""Which group of the directory gives which role and department, and posts that the directory itself does not hold.

Read from a TOML file: `[groups]` with `name = "role"` or `name = { role = "…", department = "…" }`, where a name is a
group's cn or its whole distinguished name; and `[posts.NAME]` with `holder` and `deputies` as account names.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from csirt.directory.attributes import DnKey, dn_key
from csirt.errors import Invalid
from csirt.model.people import Role

_POST = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_POST_KEYS = frozenset({"ja", "en", "holder", "deputies"})


@dataclass(frozen=True, slots=True)
class Grant:
    """What a group gives: a role, and a department where the group says which."""

    role: Role
    department: str = ""


@dataclass(frozen=True, slots=True)
class NamedPost:
    """A post from the file. Holder and deputies are account names."""

    id: str
    name_ja: str
    name_en: str
    holder: str
    deputies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grants:
    """The whole file. `groups`: a group's name in small letters, or its distinguished name, and what it gives."""

    groups: Mapping[str, Grant] = field(default_factory=dict)
    posts: tuple[NamedPost, ...] = ()
    _by_dn: dict[DnKey, Grant] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        """Names with `=` are distinguished names."""
        self._by_dn.update({dn_key(name): grant for name, grant in self.groups.items() if "=" in name})

    def of(self, names: Iterable[str], key: DnKey) -> Grant | None:
        """What the group with these names and this key gives."""
        plain = (self.groups.get(name.lower()) for name in names)
        return self._by_dn.get(key) or next((grant for grant in plain if grant), None)


def read_roles(path: Path) -> Grants:
    """What each group gives, and the posts of the file.

    Raises:
        Invalid: no such file, no TOML, a role that does not exist, or a post that is written wrongly; names the file
            and the key.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise Invalid("roles_malformed", file=path.name) from None
    groups, posts = table.get("groups"), table.get("posts", {})
    if not isinstance(groups, dict) or set(table) - {"groups", "posts"}:
        raise Invalid("roles_malformed", file=path.name, key="groups")
    if not isinstance(posts, dict):
        raise Invalid("roles_malformed", file=path.name, key="posts")
    return Grants(
        {name.lower(): _grant(path.name, name, given) for name, given in groups.items()},
        tuple(_post(path.name, name, given) for name, given in posts.items()),
    )


def _grant(file: str, group: str, given: object) -> Grant:
    role, department = (given, "") if isinstance(given, str) else (None, None)
    if isinstance(given, dict) and set(given) <= {"role", "department"}:
        role, department = given.get("role"), given.get("department", "")
    found = next((known for known in Role if known.value == role), None)
    if found is None or not isinstance(department, str):
        raise Invalid("role_unknown", file=file, key=group)
    return Grant(found, department)


def _post(file: str, name: str, given: Any) -> NamedPost:
    wrong = Invalid("roles_malformed", file=file, key=f"posts.{name}"[:80])
    if not _POST.fullmatch(name) or not isinstance(given, dict) or set(given) - _POST_KEYS:
        raise wrong
    deputies = given.get("deputies", [])
    texts = [given.get("ja", name), given.get("en", name), given.get("holder", "")]
    if not isinstance(deputies, list) or not all(isinstance(one, str) for one in (*texts, *deputies)):
        raise wrong
    ja, en, holder = texts
    return NamedPost(name, ja, en, holder, tuple(deputies))

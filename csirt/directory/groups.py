"""Who is in which group, directly or through other groups, by `member` of the group or `memberOf` of the member. Pure.

Only groups that were read count: a name in `memberOf` of a group outside the searched subtree gives nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from csirt.directory.attributes import Attributes, DnKey, dn_key
from csirt.directory.roles import Grant, Grants
from csirt.directory.schema import Schema

DEEPEST = 16  # groups in groups; deeper than any city's


@dataclass(frozen=True, slots=True)
class GroupFound:
    """A group as read: the names by which it may be granted something, and through which groups somebody is in it."""

    name: str
    dn: str


@dataclass(frozen=True, slots=True)
class Membership:
    """One group of somebody. `path` leads from one that they are in themselves to this one, which gives `grant`."""

    path: tuple[str, ...]
    grant: Grant | None


@dataclass(slots=True)
class Groups:
    """The groups of a directory, and what they give."""

    found: dict[DnKey, GroupFound] = field(default_factory=dict)
    _parents: dict[DnKey, set[DnKey]] = field(default_factory=dict)
    _grants: dict[DnKey, Grant] = field(default_factory=dict)
    _named: Grants = field(default_factory=Grants)

    @classmethod
    def of(cls, read: Iterable[tuple[str, DnKey, Attributes]], grants: Grants, schema: Schema) -> "Groups":
        """Who is in which group, from all entries."""
        made, entries = cls(_named=grants), list(read)
        for dn, key, attributes in entries:
            if attributes.is_a(schema.group):
                made.found[key] = GroupFound(attributes.first("cn") or dn, dn)
                if grant := grants.of(attributes.values("cn"), key):
                    made._grants[key] = grant
        for _, key, attributes in entries:
            if key in made.found:
                for member in attributes.names(schema.member):
                    made._join(member, key, from_member=True)
            for group in attributes.names(schema.member_of):
                made._join(group, key, from_member=False)
        return made

    def _join(self, named: str, key: DnKey, *, from_member: bool) -> None:
        other = dn_key(named)
        child, parent = (other, key) if from_member else (key, other)
        if parent in self.found:
            self._parents.setdefault(child, set()).add(parent)

    def memberships(self, person: DnKey) -> list[Membership]:
        """Every group of a person with the shortest way there; groups that contain one another end no one's search."""
        seen: dict[DnKey, tuple[str, ...]] = {}
        level: Mapping[DnKey, tuple[str, ...]] = {person: ()}
        for _ in range(DEEPEST):
            following: dict[DnKey, tuple[str, ...]] = {}
            for child, path in level.items():
                for parent in sorted(self._parents.get(child, ())):
                    if parent not in seen and parent not in following:
                        following[parent] = (*path, self.found[parent].name)
            seen |= following
            level = following
        return [Membership(path, self._grants.get(key)) for key, path in seen.items()]

    def granting(self) -> list[tuple[str, Grant]]:
        """Names of groups that give something, and what."""
        return [(self.found[key].name, grant) for key, grant in self._grants.items()]

    def unseen(self) -> list[str]:
        """Groups that the file names and the directory does not have."""
        names = {found.name.lower() for found in self.found.values()}
        return sorted(
            name
            for name in self._named.groups
            if name not in names and not ("=" in name and dn_key(name) in self.found)
        )

    def ambiguous(self) -> list[str]:
        """Names that several groups have and that give something: who may make groups could take a role with one."""
        names: dict[str, int] = {}
        for key in self._grants:
            name = self.found[key].name.lower()
            names[name] = names.get(name, 0) + 1
        return sorted(name for name, number in names.items() if number > 1)

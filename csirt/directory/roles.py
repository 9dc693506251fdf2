"""Which group of the directory gives which role: read from a TOML file, `[groups]` with `name = "role"`."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

from csirt.errors import Invalid
from csirt.model.people import Role


def read_roles(path: Path) -> Mapping[str, Role]:
    """The name of each group, in small letters, and its role.

    Raises:
        Invalid: no such file, no TOML, or a role that does not exist; names the file and the group.
    """
    try:
        groups = tomllib.loads(path.read_text(encoding="utf-8")).get("groups")
    except (OSError, ValueError):
        raise Invalid("roles_malformed", file=path.name) from None
    if not isinstance(groups, dict):
        raise Invalid("roles_malformed", file=path.name, key="groups")
    return {name.lower(): _role(path.name, name, role) for name, role in groups.items()}


def _role(file: str, group: str, role: object) -> Role:
    found = next((known for known in Role if known.value == role), None)
    if found is None:
        raise Invalid("role_unknown", file=file, key=group)
    return found

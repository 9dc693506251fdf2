"""Who may do what, in words: the permission table as page, API and command tell it."""

from dataclasses import dataclass

from csirt.model.authority import ALLOWED, NEEDS_STEP_UP, OF_A_POST, Permission
from csirt.model.people import Role
from csirt.texts.catalogs import Catalog

IN_ORDER = tuple(Role)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldPermission:
    """One permission: what it allows, and whose it is. `of_a_post`: also of whoever holds or deputises for a post."""

    permission: Permission
    called: str
    roles: tuple[Role, ...]
    roles_text: str
    of_a_post: bool
    step_up: bool


def tell(speech: Catalog) -> tuple[ToldPermission, ...]:
    """The table, in its own order."""
    return tuple(_told(speech, permission) for permission in Permission)


def _told(speech: Catalog, permission: Permission) -> ToldPermission:
    roles = tuple(role for role in IN_ORDER if role in ALLOWED[permission])
    names = [speech.gettext(f"role.{role.value}") for role in roles]
    of_a_post = permission in OF_A_POST
    names += [speech.gettext("authority.of_a_post")] if of_a_post else []
    return ToldPermission(
        permission=permission,
        called=speech.gettext(f"permission.{permission.value}"),
        roles=roles,
        roles_text=speech.gettext("list.separator").join(names),
        of_a_post=of_a_post,
        step_up=permission in NEEDS_STEP_UP,
    )

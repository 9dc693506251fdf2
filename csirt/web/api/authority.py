"""Who may do what, and who decides what."""

from datetime import date

from fastapi import APIRouter

from csirt.era import jst_date
from csirt.model.authority import Permission, may
from csirt.model.people import Role
from csirt.texts.authority import tell
from csirt.texts.catalogs import catalog
from csirt.web.addresses import API
from csirt.web.api.shapes import Given
from csirt.web.session import SignedIn

router = APIRouter(prefix=API, tags=["people"])


class PermissionGiven(Given):
    """One row of the permission table. `mine`: whoever asks has it. `of_a_post`: also who holds a post has it."""

    permission: Permission
    text: str
    roles: list[Role]
    of_a_post: bool
    step_up: bool
    mine: bool


class DecisionGiven(Given):
    """Who decides one thing in the city. `by`: roles that may; `permission`: what stands for it here."""

    id: str
    text: str
    decider: str
    by: list[Role]
    permission: Permission | None
    basis: str
    uncertain: bool
    valid_from: date
    valid_to: date | None


class AuthorityGiven(Given):
    """Both tables, with the source of the second."""

    permissions: list[PermissionGiven]
    decisions: list[DecisionGiven]
    source: str


@router.get("/authority")
def show_authority(visit: SignedIn) -> AuthorityGiven:
    """The permission table in words, and the decisions in force today with whoever makes them."""
    book, today = visit.desk.door.city.deciders, jst_date(visit.desk.clock.now())
    return AuthorityGiven(
        permissions=[
            PermissionGiven(
                permission=one.permission, text=one.called, roles=list(one.roles), of_a_post=one.of_a_post,
                step_up=one.step_up, mine=may(visit.actor, one.permission),
            )
            for one in tell(catalog(visit.language))
        ],
        decisions=[
            DecisionGiven(
                id=one.id, text=one.label(visit.language), decider=one.decider(visit.language), by=sorted(one.by),
                permission=one.permission, basis=one.basis, uncertain=one.uncertain, valid_from=one.valid_from,
                valid_to=one.valid_to,
            )
            for one in book.on(today)
        ],
        source=book.source,
    )  # fmt: skip

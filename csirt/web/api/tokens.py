"""Tokens of programs, for those who administer."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field, StringConstraints

from csirt.model.authority import Permission, Scope, must
from csirt.response import tokens
from csirt.web.addresses import API
from csirt.web.api.shapes import Given, Taken
from csirt.web.session import SignedIn

router = APIRouter(prefix=f"{API}/access/tokens", tags=["access"])

Days = Annotated[int, Field(ge=1, le=366)]
Network = Annotated[str, StringConstraints(max_length=60)]


class TokenTaken(Taken):
    """A token that is wanted. `addresses`: networks from which alone it counts; none: from everywhere."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=len(Scope))]
    days: Days = 365
    addresses: Annotated[tuple[Network, ...], Field(max_length=50)] = ()


class RotationTaken(Taken):
    """How long the new token lives, and for how many hours the old ones go on beside it."""

    days: Days = 365
    overlap_hours: Annotated[int, Field(ge=0, le=24 * 31)] = 24


class TokenGiven(Given):
    """A token, without its secret."""

    id: str
    name: str
    scopes: list[str]
    addresses: list[str]
    created_by: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    live: bool


class SecretGiven(Given):
    """A new token: the only time that it is shown."""

    id: str
    token: str


@router.get("")
def list_tokens(who: SignedIn) -> Sequence[TokenGiven]:
    """Every token there ever was, the newest first; never a secret."""
    must(who.actor, Permission.ADMINISTER)
    now = who.desk.clock.now()
    return [
        TokenGiven.model_validate({**_plain(one), "live": one.is_live(now)}) for one in who.desk.look(tokens.all_of)
    ]


@router.post("", status_code=201)
def make_token(taken: TokenTaken, who: SignedIn) -> SecretGiven:
    """Make a token; its secret is shown this once."""
    id_, secret = who.desk.commit(
        who.actor, tokens.make, taken.name, taken.scopes, lives=timedelta(days=taken.days), addresses=taken.addresses
    )
    return SecretGiven(id=id_, token=secret)


@router.post("/{id}/rotation", status_code=201)
def rotate_token(id: str, taken: RotationTaken, who: SignedIn) -> SecretGiven:  # noqa: A002 - the word of the address
    """Another token like it; the old ones end after the overlap."""
    lives, overlap = timedelta(days=taken.days), timedelta(hours=taken.overlap_hours)
    new, secret = who.desk.commit(who.actor, tokens.rotate, id, lives=lives, overlap=overlap)
    return SecretGiven(id=new, token=secret)


@router.delete("/{id}", status_code=204)
def revoke_token(id: str, who: SignedIn) -> None:  # noqa: A002 - as above
    """Make a token worthless at once."""
    who.desk.commit(who.actor, tokens.revoke, id)


def _plain(one: tokens.TokenView) -> dict[str, object]:
    return {name: getattr(one, name) for name in TokenGiven.model_fields if name != "live"}

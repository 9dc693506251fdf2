"""Opens the desk of a data folder for one command, and finds out in whose name it acts.

What the desk needs is imported when one is opened: the signer, which runs all the time, never opens one.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from csirt.errors import Invalid, NotFound, Unavailable
from csirt.model.people import LOCAL, SYSTEM, Actor
from csirt.settings import Settings

if TYPE_CHECKING:
    from csirt.bootstrap import Desk
    from csirt.store.tx import Look

__all__ = ["LOCAL", "open_desk", "person", "refresh_people", "settings_of"]


def settings_of(data: Path | None) -> Settings:
    """The settings of a data folder. Raises `Invalid` `setting_malformed`, with the name of the setting."""
    try:
        return Settings(data=data) if data else Settings()
    except ValidationError as error:
        key = ".".join(map(str, error.errors()[0]["loc"]))
        raise Invalid("setting_malformed", key=key[:80]) from None


@contextmanager
def open_desk(data: Path | None, source: str = "cli") -> "Iterator[Desk]":
    """The desk of a data folder, closed afterwards. A command sees no sealed incident unless one was opened for it.

    Raises:
        NotFound: there is no city in it.
        Unavailable: the database cannot be read.
    """
    from csirt.bootstrap import wire  # lazy: as in refresh_people

    try:
        desk = wire(settings_of(data), source)
        try:
            yield desk.seen_by(LOCAL) if source == "cli" else desk
        finally:
            desk.close()
    except SQLAlchemyError as error:
        raise Unavailable("database_unavailable") from error


def refresh_people(desk: "Desk", *, accept: bool = False) -> None:
    """Take people and posts over from the directory. `accept`: also where it names far fewer than before."""
    from csirt.response import people  # lazy: who only opens a desk, as the signer, does not need the use cases

    listing = desk.directory.listing()
    desk.commit(SYSTEM, people.refresh, listing.people, listing.posts, accept=accept)


def person(desk: "Desk", uid: str) -> Actor:
    """Somebody in whose name the administrator of this machine acts; who is new in the directory is found, too.

    Raises:
        NotFound: nobody has this account.
        NotSignedIn: `second_factor_wrong`: they have a second factor, and `CSIRT_CODE` holds another code.
    """
    from csirt.response import people  # lazy: as in refresh_people

    def known(look: "Look") -> Actor:
        return people.local_actor(look.session, look.vault, uid)

    try:
        actor = desk.look(known)
    except NotFound:
        refresh_people(desk)
        actor = desk.look(known)
    return _proved(desk, actor)


def _proved(desk: "Desk", actor: Actor) -> Actor:
    """Whoever has a second factor shows a code of it for what needs a fresh proof, here too: `CSIRT_CODE`.

    Raises `NotSignedIn` (`second_factor_wrong`).
    """
    from csirt.response import second_factor  # lazy: as in refresh_people

    if not desk.look(lambda look: second_factor.is_enrolled(look.session, actor.id)):
        return actor
    code = os.environ.get("CSIRT_CODE", "")
    if code:
        desk.commit(SYSTEM, second_factor.use, actor.id, code)
    return replace(actor, fresh=bool(code))

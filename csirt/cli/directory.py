"""Commands about the directory: do its servers answer, and what does the mapping give somebody, and why."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from csirt.cli.opening import open_desk, refresh_people
from csirt.cli.speaking import AsJson, Data, Lang, Language, say, show, show_one, words
from csirt.directory.entries import Listing, plain_account
from csirt.directory.probing import Probe
from csirt.errors import DirectoryUnavailable, NotFound
from csirt.model.people import SYSTEM, Person
from csirt.response import people
from csirt.texts.catalogs import Catalog

_PROBED = {
    "place": "cli.column.place",
    "state": "cli.column.state",
    "reason": "cli.column.reason",
    "ms": "cli.column.ms",
}

Row = tuple[str, str]
directory = typer.Typer(no_args_is_help=True, help="The directory of people. 名簿")


@directory.callback()
def _directory() -> None:
    """Whether the directory answers, and whom it gives which role. 名簿の点検"""


@directory.command()
def check(
    user: Annotated[str, typer.Argument(help="An account: what it may do, and why. ユーザーID")] = "",
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Look at each server, read everybody, and say what the mapping comes to. 名簿に接続し、役割の対応を点検する"""
    with open_desk(data) as desk:
        probes = desk.directory.probe()
        show(map(_probed, probes), _PROBED, language, as_json=as_json)
        listing = desk.directory.listing()
        speech = words(language)
        found = list(_of(listing, user, speech) if user else _all(listing, speech))
    rows = [{"code": code, "what": speech.gettext(f"cli.directory.{code}"), "value": value} for code, value in found]
    show(rows, {"what": "cli.column.what", "value": "cli.column.value"}, language, as_json=as_json)
    if all(one.code for one in probes):
        raise DirectoryUnavailable("directory_unreachable")
    if not as_json and not user:
        say(language, "cli.directory_more")


@directory.command()
def refresh(
    accept: Annotated[
        bool, typer.Option("--accept", help="Also if far fewer are left. 大幅に減っていても受け入れる")
    ] = False,
    data: Data = None,
    as_json: AsJson = False,
    language: Lang = Language.JA,
) -> None:
    """Read everybody anew, at once. 名簿を読み直す"""
    with open_desk(data) as desk:
        refresh_people(desk, accept=accept)
        desk.commit(SYSTEM, people.heard)
        known = desk.look(lambda look: people.roster(look.session, look.vault))
    show_one({"people": len(known.people), "posts": len(known.posts)}, "cli.directory_read", language, as_json=as_json)


def _probed(one: Probe) -> dict[str, Any]:
    return {"place": one.place, "state": one.code or "ok", "reason": one.reason, "ms": one.milliseconds}


def _all(listing: Listing, speech: Catalog) -> Iterator[Row]:
    """How many there are, which groups give what, and what looks wrong."""
    groups = listing.groups
    yield "people", str(len(listing.people))
    yield "posts", str(len(listing.posts))
    yield "shut", str(len(listing.shut))
    for name, grant in sorted(groups.granting(), key=lambda one: one[0]):
        yield "grants", f"{name} → {speech.gettext(f'role.{grant.role}')} {grant.department}".rstrip()
    yield from (("unseen", name) for name in groups.unseen())
    yield from (("ambiguous", name) for name in groups.ambiguous())
    yield from (("doubled", account) for account in sorted(listing.doubled))
    yield from (("vacant", post.id) for post in listing.posts.values() if post.holder is None)


def _of(listing: Listing, user: str, speech: Catalog) -> Iterator[Row]:
    """One account: who it is, whether it may be used, and the way from group to group to each role."""
    account = plain_account(user)
    person = listing.by_uid(account)
    if account in listing.doubled:
        yield "doubled", account
    elif why := listing.shut.get(account):
        yield "state", speech.gettext(f"cli.directory.{why}")
    elif person is None:
        raise NotFound("person_unknown")
    else:
        yield from _entry(listing, person)
        yield from _given(listing, person, speech)


def _entry(listing: Listing, person: Person) -> Iterator[Row]:
    """What the entry says."""
    yield "account", person.uid
    yield "name", f"{person.name} {person.kana}".strip()
    yield "title", person.title
    yield "department", person.department
    if manager := listing.people.get(person.manager):
        yield "manager", manager.name
    yield from (("point", f"{point.channel}: {point.address}") for point in person.points)


def _given(listing: Listing, person: Person, speech: Catalog) -> Iterator[Row]:
    """What groups and posts give them."""
    posts = [post for post in listing.posts.values() if person.id in post.acting_order]
    for post in posts:
        place = 0 if post.holder == person.id else post.deputies.index(person.id) + 1
        yield "post", f"{post.id} ({place})" if place else post.id
    key = next(key for key, id_ in listing.ids.items() if id_ == person.id)
    for one in listing.groups.memberships(key):
        gives = speech.gettext(f"role.{one.grant.role}" if one.grant else "cli.directory.nothing")
        yield "group", f"{' → '.join(one.path)} ⇒ {gives}"
    if not person.roles and not posts:
        yield "state", speech.gettext("cli.directory.no_role")

"""What the mapping of a directory comes to, in words: for everybody, and for one account with the way to each role."""

from collections.abc import Iterator

from csirt.directory.entries import Listing, plain_account
from csirt.errors import NotFound
from csirt.model.people import Person
from csirt.texts.catalogs import Catalog

Row = tuple[str, str]
"""A code (`cli.directory.…` is its text), and what is said of it."""


def tell_all(listing: Listing, speech: Catalog) -> Iterator[Row]:
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


def tell_one(listing: Listing, user: str, speech: Catalog) -> Iterator[Row]:
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

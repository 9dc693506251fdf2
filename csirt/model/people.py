"""People, their posts, outside offices, and who acts."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum


class Role(StrEnum):
    """What somebody may do (総務省ガイドライン; who decides what: `authority`). Roles come from directory groups."""

    OFFICER = "officer"  # 情報セキュリティ担当 (統一的な窓口, PoC)
    RESPONDER = "responder"  # インシデントハンドラー
    SYSTEM_MANAGER = "system_manager"  # 情報システム管理者
    CSIRT_HEAD = "csirt_head"  # CSIRT責任者
    DIRECTOR = "director"  # 統括情報セキュリティ責任者
    CISO = "ciso"  # 最高情報セキュリティ責任者
    PRIVACY_OFFICER = "privacy_officer"  # 個人情報担当
    PUBLIC_RELATIONS = "public_relations"  # 広報
    AUDITOR = "auditor"  # 監査人
    ADMINISTRATOR = "administrator"  # システム管理 (この製品の)
    SENSOR = "sensor"  # 検知元 (token)


@dataclass(frozen=True, slots=True)
class ContactPoint:
    """One way to reach somebody: `channel` as in chain files (`mail`, `phone`, `lgwan-mail`, …), and its address."""

    channel: str
    address: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in the directory. `id` is opaque and the only thing of a person that the record ever holds."""

    id: str
    uid: str
    name: str
    kana: str = ""
    title: str = ""
    department: str = ""
    roles: frozenset[Role] = frozenset()
    points: tuple[ContactPoint, ...] = ()
    manager: str = ""  # the id of whom they report to, where the directory says so

    def address_on(self, channel: str) -> str | None:
        """The address on a channel, or None."""
        return next((point.address for point in self.points if point.channel == channel), None)


@dataclass(frozen=True, slots=True)
class Post:
    """A duty (職) with its holder and deputies (代理1・2), as person ids in acting order."""

    id: str
    name_ja: str
    name_en: str
    holder: str | None
    deputies: tuple[str, ...] = ()

    @property
    def acting_order(self) -> tuple[str, ...]:
        """Holder first, then the deputies."""
        return (self.holder, *self.deputies) if self.holder else self.deputies


@dataclass(frozen=True, slots=True)
class Office:
    """A desk outside the directory: prefecture, ministry, police, vendor. Contact data is dated and confirmed."""

    id: str
    name_ja: str
    name_en: str
    points: tuple[ContactPoint, ...]
    confirmed: date
    source: str = ""

    def address_on(self, channel: str) -> str | None:
        """The address on a channel, or None."""
        return next((point.address for point in self.points if point.channel == channel), None)


@dataclass(frozen=True, slots=True)
class Roster:
    """People and posts as last read from the directory: what a use case sees, so that no commit waits for LDAP."""

    people: Mapping[str, Person] = field(default_factory=dict)
    posts: Mapping[str, Post] = field(default_factory=dict)
    away: frozenset[str] = frozenset()  # person ids of those who are absent now: their deputies are called

    def by_uid(self, uid: str) -> Person | None:
        """The person with this account name."""
        return next((person for person in self.people.values() if person.uid == uid), None)

    def narrowed(self, readers: frozenset[str]) -> "Roster":
        """The roster of a sealed case: its readers only. Where none of them has a role or post, all stand for it."""
        people = {id_: person for id_, person in self.people.items() if id_ in readers}
        vacant = frozenset(Role) - frozenset[Role]().union(*(person.roles for person in people.values()))
        posts = {id_: _held_among(post, sorted(people)) for id_, post in self.posts.items()}
        return Roster({id_: replace(one, roles=one.roles | vacant) for id_, one in people.items()}, posts, self.away)

    def held_by(self, person_id: str) -> tuple[str, ...]:
        """The posts that a person holds."""
        return tuple(post.id for post in self.posts.values() if post.holder == person_id)

    def posts_of(self, person_id: str) -> tuple[str, ...]:
        """The posts that a person holds or deputises for."""
        return tuple(post.id for post in self.posts.values() if person_id in post.acting_order)


def _held_among(post: Post, readers: list[str]) -> Post:
    """A post as it is held among these people: by those in its order, else by any of them."""
    order = [one for one in post.acting_order if one in readers] or readers
    return replace(post, holder=order[0] if order else None, deputies=tuple(order[1:]))


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: opaque id, how they proved it, and their session.

    `auth`: `ldif`, `ldap`, `oidc`, `sealed` of people; `token`, `api` of programs; `local`, `system`, `link`, `mail`.
    `fresh`: did they prove just now who they are? What needs it: `authority.NEEDS_STEP_UP`.
    """

    id: str
    auth: str
    sid: str = ""
    roles: frozenset[Role] = frozenset()
    posts: frozenset[str] = frozenset()  # held or deputised for
    fresh: bool = True
    holds: frozenset[str] = frozenset()  # of these the posts that are their own
    scopes: frozenset[str] = frozenset()  # of an API token (`api`): what it is good for, and nothing else


def parties_of(actor: Actor) -> list[str]:
    """The parties that an actor stands for, as assignments name them: roles, posts, and what only a holder is asked."""
    named = (("role", {role.value for role in actor.roles}), ("post", actor.posts), ("holder", actor.holds))
    return [f"{kind}:{name}" for kind, names in named for name in sorted(names)] + [actor.id]


SYSTEM = Actor(id="system", auth="system")
NOBODY = Actor(id="", auth="nobody")  # who has not signed in
LOCAL = Actor("local", "local")  # whoever works on this machine

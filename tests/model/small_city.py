"""A small city for tests of escalation: some posts held, some vacant, some people without a way to reach them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from csirt.model.contact import ContactChain, Need, Route, Tier
from csirt.model.escalation import Advance, Escalation, Page, begin, next_pages
from csirt.model.people import ContactPoint, Office, Person, Post, Role, Roster

T0 = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)  # a Tuesday, 10:00 in Japan


@dataclass(frozen=True)
class Always:
    """Office hours that never change."""

    open: bool = True

    def is_open(self, at: datetime) -> bool:
        return self.open


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def person(id_: str, *channels: str, roles: frozenset[Role] = frozenset()) -> Person:
    points = tuple(ContactPoint(channel, f"{id_}@{channel}.example") for channel in channels)
    return Person(id_, uid=id_, name=f"name of {id_}", roles=roles, points=points)


PEOPLE = (
    person("p-head", "mail", "phone", roles=frozenset({Role.OFFICER})),
    person("p-deputy", "mail", roles=frozenset({Role.OFFICER})),
    person("p-ciso", "phone"),
    person("p-mute"),
)
ROSTER = Roster(
    people={one.id: one for one in PEOPLE},
    posts={
        "csirt-head": Post("csirt-head", "責任者", "Head", "p-head", ("p-deputy",)),
        "director": Post("director", "統括", "Director", None, ("p-deputy",)),
        "ciso": Post("ciso", "CISO", "CISO", "p-ciso"),
        "poc": Post("poc", "窓口", "Contact point", None),
        "mute": Post("mute", "無", "Mute", "p-mute"),
        "left": Post("left", "去", "Left", "p-gone", ("p-head",)),
    },
)
OFFICES = {
    "pref": Office("pref", "見本県", "Prefecture", (ContactPoint("phone", "000"),), date(2026, 4, 1)),
    "ministry": Office(
        "ministry", "見本省", "Ministry", (ContactPoint("lgwan-mail", "a@b.example"),), date(2026, 4, 1)
    ),
}
LAST = Tier(timedelta(0), ("post:ciso",), ("phone", "mail"))


def tier(after: float, *call: str, by: Sequence[str] = ("mail", "phone"), need: Need = Need.ANY) -> Tier:
    return Tier(minutes(after), call, tuple(by), need)


def chain(*routes: Route, exhausted: Tier | None = LAST) -> ContactChain:
    return ContactChain("sample", routes, exhausted, "sample.toml")


def started(of: ContactChain) -> Escalation:
    return begin(of, escalation_id="e1", incident="i1", step="is_it_real", template="page", now=T0)


def go(
    of: ContactChain, escalation: Escalation, after: float, *, roster: Roster = ROSTER, is_open: bool = True
) -> Advance:
    return next_pages(of, escalation, roster, OFFICES, Always(is_open), T0 + minutes(after))


def said(pages: Sequence[Page]) -> list[tuple[str, str, str | None]]:
    """Party, channel and the person, the office's address or the reason for skipping."""
    return [
        (p.party, p.channel, (p.recipient.person or p.recipient.address) if p.recipient else p.skipped) for p in pages
    ]


LADDER = chain(Route("up", (tier(0, "post:csirt-head"), tier(30, "post:ciso"))))

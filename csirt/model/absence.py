"""What an absence changes: for each post of the person, who is called instead, and by which chains."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from csirt.model.contact import ContactChain
from csirt.model.people import Post


@dataclass(frozen=True, slots=True)
class StandIn:
    """A post of somebody who will be away. `acting` is who is called meanwhile; None: nobody is there.

    `changes` says whether that is somebody else than without the absence.
    """

    post: str
    is_holder: bool
    acting: str | None
    changes: bool
    chains: tuple[str, ...]


def stand_ins(
    person: str, posts: Mapping[str, Post], away: frozenset[str], chains: Iterable[ContactChain]
) -> list[StandIn]:
    """For each post that the person holds or deputises for; `away` are the others who are absent in that time."""
    known = list(chains)
    found = []
    for post in posts.values():
        if person not in post.acting_order:
            continue
        before, then = _first(post, away - {person}), _first(post, away | {person})
        named = tuple(chain.name for chain in known if _names(chain, post.id))
        found.append(StandIn(post.id, post.holder == person, then, before != then, named))
    return sorted(found, key=lambda one: (not one.is_holder, one.post))


def _first(post: Post, away: frozenset[str]) -> str | None:
    return next((one for one in post.acting_order if one not in away), None)


def _names(chain: ContactChain, post: str) -> bool:
    tiers = [tier for route in chain.routes for tier in route.tiers]
    tiers += [chain.exhausted] if chain.exhausted else []
    return any(party.partition("#")[0] == f"post:{post}" for tier in tiers for party in tier.call)

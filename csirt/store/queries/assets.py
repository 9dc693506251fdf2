"""The asset ledger: whose host is it, and what does the ledger hold?"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Any

from sqlmodel import Session, col, func, or_, select

from csirt.model.asset import Asset, Layer, gravest
from csirt.model.sorting import plain_address
from csirt.model.source import Network
from csirt.store.many import some_of
from csirt.store.tables.assets import AssetPlaceRow, AssetRow
from csirt.store.tables.intake import DetectionRow
from csirt.store.tx import Look

PAGE = 100


@dataclass(frozen=True, slots=True)
class AssetView:
    """One asset; `gone_at` since when the ledger names it no more, `detections` how many different ones hit it."""

    id: str
    asset: Asset
    since: datetime
    gone_at: datetime | None
    detections: int = 0


def assets_on(session: Session, hosts: Iterable[str]) -> dict[str, tuple[str, Asset]]:
    """For each of these attacked hosts (names or addresses) that the ledger knows: the asset's id, and the asset.

    A name is found with its domain or without; an address by itself, else by the smallest network around it. Where
    several assets share it, the one with most to lose counts.
    """
    keys = {one: _keys(one) for one in hosts}
    asked = {key for some in keys.values() for key in some}
    found = _by_place(session, asked)
    around = _networks(session) if any(plain_address(one) for one in keys) else {}
    ids = {one: _ids(one, some, found, around) for one, some in keys.items()}
    known = _assets(session, {id_ for some in ids.values() for id_ in some})
    result = {}
    for one, some in ids.items():
        here = {known[id_].number: id_ for id_ in some if id_ in known}
        if here:
            asset = gravest(known[id_] for id_ in here.values())
            result[one] = here[asset.number], asset
    return result


def _keys(one: str) -> tuple[str, ...]:
    if plain_address(one):
        return (one,)
    return tuple(dict.fromkeys((one, one.partition(".")[0])))


def _by_place(session: Session, asked: Collection[str]) -> dict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for some in some_of(asked):
        query = select(AssetPlaceRow.value, AssetPlaceRow.asset).where(
            col(AssetPlaceRow.value).in_(some), AssetPlaceRow.kind != "network"
        )
        for value, asset in session.exec(query):
            found[value].append(asset)
    return found


def _networks(session: Session) -> dict[Network, list[str]]:
    found: defaultdict[Network, list[str]] = defaultdict(list)
    query = select(AssetPlaceRow.value, AssetPlaceRow.asset).where(AssetPlaceRow.kind == "network")
    for value, asset in session.exec(query):
        found[_network(value)].append(asset)
    return found


@lru_cache(maxsize=4096)
def _network(text: str) -> Network:
    return ip_network(text)


def _ids(
    one: str, keys: Sequence[str], found: Mapping[str, list[str]], around: Mapping[Network, list[str]]
) -> list[str]:
    for key in keys:
        if key in found:
            return found[key]
    if not around or plain_address(one) is None:
        return []
    address = ip_address(one)
    holding = [network for network in around if network.version == address.version and address in network]
    return around[max(holding, key=lambda network: network.prefixlen)] if holding else []


def _assets(session: Session, ids: Collection[str]) -> dict[str, Asset]:
    found: dict[str, Asset] = {}
    for some in some_of(ids):
        query = select(AssetRow).where(col(AssetRow.id).in_(some))
        found |= {row.id: asset_of(row) for row in session.exec(query) if row.gone_at is None}
    return found


def asset_of(row: AssetRow) -> Asset:
    """A stored asset, without its places."""
    return Asset(
        number=row.number, name=row.name, owner=row.owner, vendor=row.vendor,
        layer=Layer(row.layer) if row.layer else None, confidentiality=row.confidentiality, integrity=row.integrity,
        availability=row.availability,
    )  # fmt: skip


# ---------------------------------------------------------------------------------------------------------- the ledger


def assets(look: Look, *, search: str = "", offset: int = 0, limit: int = PAGE) -> list[AssetView]:
    """Assets by number; `search` is part of a number, name, owner, host name or address."""
    rows = look.session.exec(_found(search).order_by(col(AssetRow.number)).offset(offset).limit(limit)).all()
    return _views(look, rows)


def count_assets(look: Look, *, search: str = "") -> int:
    """How many assets the ledger holds, or a search finds."""
    found = _found(search).subquery()
    return look.session.exec(select(func.count()).select_from(found)).one()


def _found(search: str) -> Any:
    query = select(AssetRow).where(col(AssetRow.gone_at).is_(None))
    if search:
        like = f"%{search.replace('%', '').replace('_', '').strip()}%"
        placed = select(AssetPlaceRow.asset).where(col(AssetPlaceRow.value).like(like.casefold()))
        columns = (AssetRow.number, AssetRow.name, AssetRow.owner)
        query = query.where(or_(*(col(column).like(like) for column in columns), col(AssetRow.id).in_(placed)))
    return query


def by_id(look: Look, ids: Iterable[str | None]) -> dict[str, Asset]:
    """The assets with these ids, also those that are gone, without their places."""
    wanted = {one for one in ids if one}
    if not wanted:
        return {}
    return {row.id: asset_of(row) for row in look.session.exec(select(AssetRow).where(col(AssetRow.id).in_(wanted)))}


def _views(look: Look, rows: Sequence[AssetRow]) -> list[AssetView]:
    ids = [row.id for row in rows]
    places: defaultdict[str, defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for place in look.session.exec(
        select(AssetPlaceRow).where(col(AssetPlaceRow.asset).in_(ids)).order_by(col(AssetPlaceRow.id))
    ):
        places[place.asset][place.kind].append(place.value)
    hits = select(DetectionRow.asset, func.count()).where(col(DetectionRow.asset).in_(ids)).group_by(DetectionRow.asset)
    counted = dict(look.session.exec(hits).all())
    return [
        AssetView(
            id=row.id,
            asset=replace(
                asset_of(row), hosts=tuple(places[row.id]["host"]), addresses=tuple(places[row.id]["address"]),
                networks=tuple(places[row.id]["network"]),
            ),
            since=row.since,
            gone_at=row.gone_at,
            detections=counted.get(row.id, 0),
        )
        for row in rows
    ]  # fmt: skip

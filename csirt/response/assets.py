"""The asset ledger is imported whole: it becomes what the file says."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass

import orjson
from sqlalchemy import insert
from sqlmodel import col, delete, select, update

from csirt.model.asset import Asset
from csirt.model.authority import Permission, must
from csirt.record.entry import EntryKind
from csirt.store.columns import table_of
from csirt.store.many import some_of
from csirt.store.tables.assets import AssetPlaceRow, AssetRow
from csirt.store.tables.intake import DetectionRow
from csirt.store.tx import Tx, new_id

_PLACES = (("host", "hosts"), ("address", "addresses"), ("network", "networks"))


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import changed, in assets."""

    assets: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0


def import_ledger(tx: Tx, assets: Sequence[Asset], digest: str) -> Imported:
    """Make the ledger what a file says: `digest` is the file's SHA-256 in hex. What it leaves out is gone.

    Detections that wait for a decision are looked at again.

    Raises:
        Forbidden: this actor keeps no ledger.
    """
    must(tx.actor, Permission.KEEP_ASSETS)
    known = {row.number: row for row in tx.session.exec(select(AssetRow).with_for_update())}
    fresh = {asset.number: asset for asset in assets}
    added = [asset for number, asset in fresh.items() if number not in known or known[number].gone_at]
    changed = [
        asset for number, asset in fresh.items()
        if number in known and not known[number].gone_at and known[number].mark != _mark(asset)
    ]  # fmt: skip
    removed = [row for number, row in known.items() if number not in fresh and not row.gone_at]
    told = Imported(len(assets), len(added), len(changed), len(removed))
    if not (added or changed or removed):
        return told
    for row in removed:
        row.gone_at = tx.now
        tx.session.add(row)
    rows = [_put(tx, known.get(asset.number), asset) for asset in (*added, *changed)]
    tx.session.flush()
    _place(
        tx, {row.id for row in (*rows, *removed)}, dict(zip([row.id for row in rows], (*added, *changed), strict=True))
    )
    out = {name: number for name, number in asdict(told).items() if number}
    tx.record(EntryKind.ASSETS_IMPORTED, out={**out, "sha256": digest})
    tx.session.execute(update(DetectionRow).where(col(DetectionRow.state) == "waiting").values(state="new"))
    return told


def _put(tx: Tx, row: AssetRow | None, asset: Asset) -> AssetRow:
    row = row or AssetRow(id=new_id("a"), number=asset.number, name="", owner="", vendor="", mark="", since=tx.now)
    for name in ("name", "owner", "vendor", "confidentiality", "integrity", "availability"):
        setattr(row, name, getattr(asset, name))
    row.layer, row.mark, row.gone_at = asset.layer.value if asset.layer else None, _mark(asset), None
    tx.session.add(row)
    return row


def _place(tx: Tx, old: Collection[str], new: Mapping[str, Asset]) -> None:
    """Where the assets with these ids are found from now on."""
    for some in some_of(old):
        tx.session.execute(delete(AssetPlaceRow).where(col(AssetPlaceRow.asset).in_(some)))
    places = [
        {"kind": kind, "value": value, "asset": id_}
        for id_, asset in new.items()
        for kind, name in _PLACES
        for value in getattr(asset, name)
    ]
    if places:
        tx.session.execute(insert(table_of(AssetPlaceRow)), places)


def _mark(asset: Asset) -> str:
    return hashlib.sha256(orjson.dumps(asdict(asset))).hexdigest()[:32]

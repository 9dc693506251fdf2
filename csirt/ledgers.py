"""A file of the asset ledger goes into the store, or is only tried. For the API, the page and the command alike."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from csirt.bootstrap import Desk
from csirt.errors import Invalid
from csirt.model.authority import Permission, must
from csirt.model.people import Actor
from csirt.readers.asset_ledger import LedgerRead, Remark, read_ledger
from csirt.response import assets
from csirt.response.assets import Imported


@dataclass(frozen=True, slots=True)
class LedgerTaken:
    """What a file held, and what became of it; `imported` is None where it was only tried."""

    assets: int
    columns: Mapping[str, str]
    remarks: tuple[Remark, ...]
    imported: Imported | None = None

    def plain(self) -> dict[str, Any]:
        """As an object of JSON."""
        return {
            "assets": self.assets,
            "columns": dict(self.columns),
            "remarks": [asdict(one) for one in self.remarks],
            "imported": asdict(self.imported) if self.imported else None,
        }


def take_ledger(desk: Desk, actor: Actor, data: bytes, *, only_try: bool = False) -> LedgerTaken:
    """Read a file of the ledger, and make the ledger what it says unless it is only tried.

    Raises:
        Forbidden: this actor keeps no ledger.
        Invalid: as `read_ledger`, and `asset_file_empty`: a file without an asset must not empty the ledger.
    """
    must(actor, Permission.KEEP_ASSETS)
    found: LedgerRead = read_ledger(data, desk.door.city.asset_headings)
    if not found.assets:
        raise Invalid("asset_file_empty")
    digest = hashlib.sha256(data).hexdigest()
    done = None if only_try else desk.commit(actor, assets.import_ledger, found.assets, digest)
    return LedgerTaken(len(found.assets), found.columns, found.remarks, done)

"""The asset ledger (情報システム資産管理台帳)."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool

from csirt.ledgers import take_ledger
from csirt.model.authority import Permission, must
from csirt.store.queries import assets
from csirt.store.queries.assets import AssetView
from csirt.store.tx import Look
from csirt.web.addresses import API
from csirt.web.api.shapes import Given
from csirt.web.session import IncidentReader, SignedIn

router = APIRouter(prefix=f"{API}/assets", tags=["assets"])

_FILE = {"schema": {"type": "string", "format": "binary"}}
_BODY = {"requestBody": {"required": True, "content": {"application/octet-stream": _FILE}}}


class AssetGiven(Given):
    """One line of the ledger. `layer`: mynumber, lgwan, internet; `detections`: how many different ones hit it."""

    id: str
    number: str
    name: str
    owner: str
    vendor: str
    layer: str | None
    confidentiality: int | None
    integrity: int | None
    availability: int | None
    hosts: list[str]
    addresses: list[str]
    networks: list[str]
    since: datetime
    detections: int


class RemarkGiven(Given):
    """What could not be taken from a line of the file, counted from 1."""

    line: int
    code: str
    heading: str


class ImportedGiven(Given):
    """What an import changed, in assets."""

    assets: int
    added: int
    changed: int
    removed: int


class LedgerGiven(Given):
    """What a file held: assets, the heading of each field, remarks. `imported` is null where it was only tried."""

    assets: int
    columns: dict[str, str]
    remarks: list[RemarkGiven]
    imported: ImportedGiven | None


@router.get("")
def list_assets(
    reader: IncidentReader,
    search: Annotated[str, Query(max_length=100)] = "",
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = assets.PAGE,
) -> list[AssetGiven]:
    """Assets by number; `search` is part of a number, name, owner, host name or address."""

    def question(look: Look) -> list[AssetView]:
        return assets.assets(look, search=search, offset=offset, limit=limit)

    return [_given(one) for one in reader.desk.look(question)]


def _given(one: AssetView) -> AssetGiven:
    return AssetGiven.model_validate(
        {**asdict(one.asset), "id": one.id, "since": one.since, "detections": one.detections}
    )


@router.post("/import", openapi_extra=_BODY)
async def import_assets(
    request: Request,
    who: SignedIn,
    *,
    dry_run: Annotated[bool, Query(description="Read it, change nothing.")] = False,
) -> LedgerGiven:
    """Make the ledger what the file in the body (XLSX or CSV) says; what it leaves out is gone."""
    must(who.actor, Permission.KEEP_ASSETS)
    data = await request.body()
    taken = await run_in_threadpool(take_ledger, who.desk, who.actor, data, only_try=dry_run)
    return LedgerGiven.model_validate(taken.plain())

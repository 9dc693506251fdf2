"""資産台帳: the ledger, and the form that imports it from a file."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from csirt.errors import Invalid
from csirt.ledgers import LedgerTaken, take_ledger
from csirt.model.authority import Permission, may, must
from csirt.readers.asset_ledger import MOST_BYTES
from csirt.store.queries import assets
from csirt.store.tx import Look
from csirt.texts.assets import classes_text
from csirt.texts.catalogs import catalog
from csirt.web.pages.drawing import show
from csirt.web.pages.forms import new_key
from csirt.web.session import IncidentReader, Visit, check_csrf, open_visit
from csirt.web.uploads import take_whole
from csirt.web.views.assets import AssetList, AssetRow, RemarkRow
from csirt.web.views.frame import Form, Window

router = APIRouter(include_in_schema=False)

PATH = "/assets"
_REMARKS = 200  # that a page shows


@router.get(PATH)
def show_assets(
    request: Request,
    reader: IncidentReader,
    search: Annotated[str, Query(max_length=100)] = "",
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
) -> Response:
    """The ledger, a page of it."""
    return show(request, reader, reader.desk.look(_assets, reader, search.strip(), page), "assets")


@router.post(PATH)
async def take_file(request: Request, visit: Annotated[Visit, Depends(open_visit)]) -> Response:
    """Import a file, or only try it; what could not be read is told on the page."""
    must(visit.actor, Permission.KEEP_ASSETS)
    try:
        data, fields = await take_whole(request, MOST_BYTES, lambda sent: check_csrf(visit, sent.get("csrf", "")))
        only_try = fields.get("do") != "import"
        taken = await run_in_threadpool(take_ledger, visit.desk, visit.actor, data, only_try=only_try)
    except Invalid as error:
        form = Form(key=new_key(), errors={"file": error.code}, params=error.params)
        return await run_in_threadpool(_again, request, visit, form)
    return await run_in_threadpool(_told, request, visit, taken)


def _again(request: Request, visit: Visit, form: Form) -> Response:
    view = replace(visit.desk.look(_assets, visit, "", 1), form=form)
    return show(request, visit, view, "assets", status=Invalid.http, path=PATH)


def _told(request: Request, visit: Visit, taken: LedgerTaken) -> Response:
    done = taken.imported
    view = replace(
        visit.desk.look(_assets, visit, "", 1),
        read=taken.assets,
        tried=done is None,
        added=done.added if done else 0,
        changed=done.changed if done else 0,
        removed=done.removed if done else 0,
        remarks=tuple(RemarkRow(line=one.line, code=one.code, heading=one.heading) for one in taken.remarks[:_REMARKS]),
    )
    return show(request, visit, view, "assets", path=PATH)


def _assets(look: Look, visit: Visit, search: str, page: int) -> AssetList:
    first, words = (page - 1) * assets.PAGE, catalog(visit.language)
    found = assets.assets(look, search=search, offset=first, limit=assets.PAGE + 1)
    rows = tuple(
        AssetRow(asset=one.asset, classes=classes_text(words, one.asset), hits=one.detections)
        for one in found[: assets.PAGE]
    )
    total = assets.count_assets(look, search=search)
    base = f"{PATH}?search={search}&page=" if search else f"{PATH}?page="
    window = Window(
        first=first + 1,
        last=first + len(rows),
        total=total,
        newer=f"{base}{page - 1}" if page > 1 else "",
        older=f"{base}{page + 1}" if len(found) > assets.PAGE else "",
    )
    return AssetList(
        rows=rows,
        total=total,
        search=search,
        window=window if page > 1 or len(found) > assets.PAGE else None,
        may_import=may(visit.actor, Permission.KEEP_ASSETS),
        form=Form(key=new_key()),
    )

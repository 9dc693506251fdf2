"""検知元: the page of sources, and the form that tries out what one of them would send."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from csirt.errors import Invalid, NotFound
from csirt.model.authority import Permission, may, must
from csirt.store.queries import sources
from csirt.store.queries.assets import by_id
from csirt.store.tx import Look
from csirt.texts.assets import asset_text
from csirt.texts.catalogs import catalog
from csirt.texts.hosts import host_text
from csirt.texts.trials import fate_text
from csirt.trying import Trial, try_input
from csirt.web.api.words import Words
from csirt.web.pages.drawing import show
from csirt.web.pages.forms import new_key
from csirt.web.session import Allowed, SourceReader, Visit, check_csrf, open_visit
from csirt.web.uploads import take_whole
from csirt.web.views.frame import Form
from csirt.web.views.sources import SourceList, SourceRow, SourceTrial, TriedRow

router = APIRouter(include_in_schema=False)

MOST_BYTES = 1024 * 1024
SHOWN = 200  # records on a page
Trier = Annotated[Visit, Depends(Allowed(Permission.TRY_SOURCE))]


@router.get("/sources")
def show_sources(request: Request, reader: SourceReader) -> Response:
    """Every source, when it was heard last, and what came of it."""
    return show(request, reader, reader.desk.look(_sources, reader), "sources")


@router.get("/sources/{name}/test")
def show_trial(request: Request, name: str, trier: Trier) -> Response:
    """The form."""
    return show(request, trier, _blank(trier, name), "sources")


@router.post("/sources/{name}/test")
async def take_trial(request: Request, name: str, visit: Annotated[Visit, Depends(open_visit)]) -> Response:
    """What would become of a pasted record or of a file if this source sent it; nothing is kept."""
    must(visit.actor, Permission.TRY_SOURCE)
    view = _blank(visit, name)
    fields: dict[str, str] = {}
    try:
        data, fields = await take_whole(
            request, MOST_BYTES, lambda sent: check_csrf(visit, sent.get("csrf", "")), needed=False
        )
        trial = await run_in_threadpool(try_input, visit.desk, visit.actor, name, _content(data, fields))
    except (Invalid, NotFound) as error:
        typed = {"record": fields.get("record", "")}
        form = Form(key=new_key(), typed=typed, errors={"record": error.code}, params=error.params)
        again = replace(view, form=form)
        return await run_in_threadpool(show, request, visit, again, "sources", status=Invalid.http, path=_path(name))
    view = replace(view, form=Form(key=new_key(), typed={} if data else fields), trial=trial)
    told = await run_in_threadpool(visit.desk.look, _told, visit, view, trial)
    return await run_in_threadpool(show, request, visit, told, "sources", path=_path(name))


def _content(data: bytes, fields: dict[str, str]) -> bytes:
    """What was sent as a file, else what was pasted."""
    record = fields.get("record", "").strip()
    if not data and not record:
        raise Invalid("upload_missing", field="record")
    return data or record.encode()


def _path(name: str) -> str:
    return f"/sources/{name}/test"


def _blank(visit: Visit, name: str) -> SourceTrial:
    source = visit.desk.door.city.sources.get(name)
    if source is None:
        raise NotFound("source_unknown", name=name[:40])
    return SourceTrial(name=source.name, form=Form(key=new_key()))


def _told(look: Look, visit: Visit, view: SourceTrial, trial: Trial) -> SourceTrial:
    words = catalog(visit.language)
    known = by_id(look, {one.asset for one in trial.tried if one.asset})
    rows = tuple(
        TriedRow(
            index=one.index + 1,
            fate=one.fate,
            text=fate_text(words, one),
            title=one.title,
            attacked=one.attacked,
            host=host_text(words, one.attacked),
            level=one.level,
            own_level=one.own_level,
            asset=asset_text(words, known[one.asset]) if one.asset in known else "",
            fingerprint=one.fingerprint,
        )
        for one in trial.tried[:SHOWN]
    )
    return replace(view, rows=rows, more=len(trial.tried) - len(rows) + trial.left)


def _sources(look: Look, visit: Visit) -> SourceList:
    desk, words = visit.desk, Words(visit.desk, look, visit)
    now = desk.clock.now()
    return SourceList(
        rows=tuple(
            SourceRow(
                name=one.source.name,
                owner=words.name.post(one.source.owner),
                way=one.source.way,
                per_minute=one.source.per_minute,
                flood_from=one.source.flood_from,
                silent_after=one.source.silent_after,
                ignore_fields=one.source.ignore_fields,
                last_seen=one.last_seen,
                silent_since=one.silent_since,
                records=one.records,
                detections=one.detections,
                quarantined=one.quarantined,
                tokens=sum(token.is_live(now) for token in one.tokens),
            )
            for one in sources.sources(look, desk.door.city.sources, now)
        ),
        may_try=may(visit.actor, Permission.TRY_SOURCE),
    )

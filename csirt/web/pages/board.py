"""The board: what is open, who is waited for, what waits for the reader."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from csirt.model.authority import Permission, may, must
from csirt.model.incident import IncidentView
from csirt.store.queries import cases, duties, work
from csirt.store.queries.sources import silent
from csirt.store.queries.work import AssignmentView
from csirt.store.tx import Look
from csirt.texts.duties import DutyWords
from csirt.web.api.assignments import parties_of
from csirt.web.api.words import Words
from csirt.web.pages import climbs
from csirt.web.pages.drawing import go, show
from csirt.web.session import SignedIn, Visit
from csirt.web.views.frame import Window
from csirt.web.views.incident import Board, Count, IncidentRow
from csirt.wellness import broken

router = APIRouter()

MOST_OPEN = 5000  # open assignments that the board counts


@router.get("/")
def show_board(request: Request, visit: SignedIn, page: Annotated[int, Query(ge=1, le=100_000)] = 1) -> Response:
    """The board; who reads the record only goes there."""
    if not may(visit.actor, Permission.READ_INCIDENTS) and may(visit.actor, Permission.READ_RECORD):
        return go(request, "/audit")
    must(visit.actor, Permission.READ_INCIDENTS)
    return show(request, visit, visit.desk.look(_board, visit, page), "board")


def _board(look: Look, visit: Visit, page: int) -> Board:
    words = Words(visit.desk, look, visit)
    counts = cases.counts(look)
    open_steps = work.assignments(look, limit=MOST_OPEN)
    first = (page - 1) * cases.PAGE
    found = cases.incidents(look, offset=first, limit=cases.PAGE)
    waiting: dict[str, list[AssignmentView]] = {}
    for step in open_steps:
        waiting.setdefault(step.incident, []).append(step)
    speak = DutyWords(visit.desk.door.city.law, words.name.words)
    ends = duties.next_ends(look, [view.id for view in found])
    told = {incident: (speak.label(rule), at) for incident, (rule, at) in ends.items()}
    return Board(
        counts=_counts(look, visit, counts, open_steps),
        incidents=tuple(_row(view, waiting.get(view.id, []), words, told.get(view.id)) for view in found),
        window=_window(page, first, len(found), counts["listed"]) if found else None,
        may_open=may(visit.actor, Permission.OPEN_INCIDENT),
        broken=broken(visit.desk),
        silent=tuple(name for name, _ in silent(look, visit.desk.door.city.sources)),
    )


def _counts(
    look: Look, visit: Visit, counts: Mapping[str, int], open_steps: Iterable[AssignmentView]
) -> tuple[Count, ...]:
    now = visit.desk.clock.now()
    parties = set(parties_of(visit.actor))
    mine = [step for step in open_steps if step.who in parties]
    calls = len(climbs.waiting_for(look, visit.actor))
    return (
        Count(code="open_incidents", number=counts["open"], href="/#incidents"),
        Count(
            code="my_assignments", number=len(mine), href="/assignments",
            urgent=any(step.due_at is not None and step.due_at < now for step in mine),
        ),
        Count(code="calls", number=calls, href="/assignments#calls" if calls else "/assignments", urgent=calls > 0),
        Count(code="waiting", number=counts["waiting"] + counts["quarantined"], href="/waiting"),
    )  # fmt: skip


def _row(
    view: IncidentView, open_steps: list[AssignmentView], words: Words, duty: tuple[str, datetime | None] | None
) -> IncidentRow:
    dues = [step.due_at for step in open_steps if step.due_at]
    return IncidentRow(
        id=view.id,
        fiscal_year=view.fiscal_year,
        ordinal=view.ordinal,
        title=view.title,
        type=view.type,
        level=view.level,
        proposed_level=view.proposed_level,
        status=view.status,
        opened_at=view.clocks.received,
        waiting_for=tuple(dict.fromkeys(words.name(step.who) for step in open_steps)),
        waiting_since=min((step.opened_at for step in open_steps), default=None),
        due=min(dues, default=None),
        duty=duty[0] if duty else "",
        duty_due=duty[1] if duty else None,
        drill=view.drill,
    )


def _window(page: int, first: int, shown: int, total: int) -> Window:
    return Window(
        first=first + 1,
        last=first + shown,
        total=total,
        newer=f"/?page={page - 1}#incidents" if page > 1 else "",
        older=f"/?page={page + 1}#incidents" if first + shown < total else "",
    )

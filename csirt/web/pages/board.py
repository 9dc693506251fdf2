"""The board: what is open, who is waited for, what is due, what waits for the reader."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from markupsafe import Markup
from starlette.responses import Response

from csirt.clock import JST
from csirt.era import era_month
from csirt.model.authority import Permission, may, must
from csirt.model.incident import IncidentStatus, IncidentView, Level
from csirt.model.people import parties_of
from csirt.reports.bars_svg import draw_bars
from csirt.store.queries import board, cases, duties
from csirt.store.queries.board import Due, Waiting
from csirt.store.queries.sources import silent
from csirt.store.tx import Look
from csirt.texts.catalogs import Catalog
from csirt.texts.duties import DutyWords
from csirt.web.api.words import Words
from csirt.web.pages import climbs
from csirt.web.pages.drawing import go, show
from csirt.web.pages.shifts import notes_of
from csirt.web.pages.steps import title_of
from csirt.web.session import SignedIn, Visit
from csirt.web.views.board import Board, Count, IncidentRow, Months, Urgent
from csirt.web.views.frame import Window

router = APIRouter(include_in_schema=False)

SOON = timedelta(hours=1)
MONTHS = 12
PAGE = 25  # cases that one page lists: more is not seen at once, and each costs its part of the time
Listed = Literal["open", "all"]


@router.get("/")
def show_board(
    request: Request,
    visit: SignedIn,
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
    cases_: Annotated[Listed, Query(alias="list")] = "open",
) -> Response:
    """The board; who reads the record only goes there."""
    if not may(visit.actor, Permission.READ_INCIDENTS) and may(visit.actor, Permission.READ_RECORD):
        return go(request, "/audit")
    must(visit.actor, Permission.READ_INCIDENTS)
    down = request.app.state.glance.broken(visit.desk)
    return show(request, visit, visit.desk.look(_board, visit, page, cases_, down), "board")


def _board(look: Look, visit: Visit, page: int, listed: Listed, down: tuple[str, ...]) -> Board:
    words = Words(visit.desk, look, visit)
    opened = board.open_cases(look)
    waits = board.waits_for(look, parties_of(visit.actor), visit.desk.clock.now(), listing=listed == "all")
    status = None if listed == "all" else IncidentStatus.OPEN.value
    first = (page - 1) * PAGE
    ids = cases.listed(look, status=status, offset=first, limit=PAGE, gravest=status is not None)
    due = board.due_until(look, visit.desk.clock.now() + SOON)
    named = {view.id: view for view in cases.incidents_of(look, {*ids, *(one.incident for one in due)})}
    found = [named[id_] for id_ in ids if id_ in named]
    waiting: dict[str, list[Waiting]] = {}
    for step in board.waiting_in(look, (view.id for view in found)):
        waiting.setdefault(step.incident, []).append(step)
    speak = DutyWords(visit.desk.door.city.law, words.name.words)
    ends = duties.next_ends(look, [view.id for view in found])
    told = {incident: (speak.label(rule), at) for incident, (rule, at) in ends.items()}
    total = waits["listed"] if status is None else opened.listed
    return Board(
        counts=_counts(look, visit, opened.number, waits),
        incidents=tuple(_row(view, waiting.get(view.id, []), words, told.get(view.id)) for view in found),
        window=_window(page, first, len(found), total, listed) if found else None,
        may_open=may(visit.actor, Permission.OPEN_INCIDENT),
        broken=down,
        silent=tuple(name for name, _ in silent(look, visit.desk.door.city.sources)),
        urgent=tuple(_urgent(visit, words, due, named)),
        levels=tuple((Level(level), number) for level, number in sorted(opened.levels.items())[::-1]),
        months=_months(look, visit, words.name.words),
        everything=listed == "all",
        shift_notes=notes_of(look, visit, words),
    )


def _counts(look: Look, visit: Visit, number: int, waits: Mapping[str, int]) -> tuple[Count, ...]:
    calls = len(climbs.waiting_for(look, visit.actor))
    return (
        Count(code="open_incidents", number=number, href="/#incidents"),
        Count(code="my_assignments", number=waits["mine"], href="/assignments", urgent=waits["late"] > 0),
        Count(code="calls", number=calls, href="/assignments#calls" if calls else "/assignments", urgent=calls > 0),
        Count(code="waiting", number=waits["waiting"] + waits["quarantined"], href="/waiting"),
    )


def _row(
    view: IncidentView, open_steps: list[Waiting], words: Words, duty: tuple[str, datetime | None] | None
) -> IncidentRow:
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
        due=min((step.due_at for step in open_steps if step.due_at), default=None),
        duty=duty[0] if duty else "",
        duty_due=duty[1] if duty else None,
        drill=view.drill,
    )


def _urgent(visit: Visit, words: Words, found: Sequence[Due], named: Mapping[str, IncidentView]) -> Iterator[Urgent]:
    """What ends within the hour, or should have ended."""
    speak = DutyWords(visit.desk.door.city.law, words.name.words)
    for one in found:
        view = named[one.incident]
        yield Urgent(
            what=_what(one, words, speak),
            href=f"/assignments/{one.assignment}" if one.assignment else f"/incidents/{one.incident}/duties",
            number=words.number(view.fiscal_year, view.ordinal, drill=view.drill),
            incident_title=view.title,
            at=one.at,
            who=words.name(one.who) if one.who else "",
        )


def _what(one: Due, words: Words, speak: DutyWords) -> str:
    return speak.label(one.rule) if one.rule else title_of(words.step_text(one.playbook, one.step))


def _months(look: Look, visit: Visit, words: Catalog) -> Months:
    """The last twelve months on the calendar of Japan, this one included."""
    today = visit.desk.clock.now().astimezone(JST)
    numbers = [today.year * 12 + today.month - 1 - back for back in range(MONTHS - 1, -2, -1)]
    edges = [datetime(number // 12, number % 12 + 1, 1, tzinfo=JST) for number in numbers]
    labels = [
        era_month(edge.date()) if visit.language == "ja" else f"{words.gettext(f'month.{edge.month}')} {edge.year}"
        for edge in edges[:-1]
    ]
    rows = tuple(zip(labels, board.opened_between(look, edges), strict=True))
    drawn = draw_bars(words.gettext("board.months"), words.gettext("board.months.of"), rows)
    return Months(rows=rows, picture=Markup(drawn))  # noqa: S704 - every word in it was escaped when it was drawn


def _window(page: int, first: int, shown: int, total: int, listed: Listed) -> Window:
    also = "list=all&" if listed == "all" else ""
    return Window(
        first=first + 1,
        last=first + shown,
        total=total,
        newer=f"/?{also}page={page - 1}#incidents" if page > 1 else "",
        older=f"/?{also}page={page + 1}#incidents" if first + shown < total else "",
    )

"""管理: what an administrator looks after, each with how it stands and a way there; and the calendar."""

from collections.abc import Iterator
from datetime import date, timedelta

from fastapi import APIRouter, Request
from starlette.responses import Response

from csirt.era import jst_date
from csirt.model.authority import Permission, must
from csirt.model.calendar import OfficeCalendar
from csirt.model.health import PartState, worst
from csirt.store.queries.absences import absences
from csirt.store.queries.sources import silent
from csirt.texts.catalogs import catalog
from csirt.web.pages.drawing import show
from csirt.web.session import SignedIn, Visit
from csirt.web.views.administration import Administration, Area, CalendarPage, FreeDay
from csirt.wellness import check

router = APIRouter(include_in_schema=False)

AHEAD = timedelta(days=400)  # closed days that the calendar shows


@router.get("/administration")
def show_administration(request: Request, visit: SignedIn) -> Response:
    """The overview."""
    must(visit.actor, Permission.ADMINISTER)
    return show(request, visit, Administration(areas=tuple(_areas(visit))), "administration")


def _areas(visit: Visit) -> Iterator[Area]:
    desk, say = visit.desk, catalog(visit.language).say
    city, now, parts = desk.door.city, desk.clock.now(), check(desk)
    bad = {one.part for one in parts if one.state is not PartState.OK}
    quiet = desk.look(lambda look: [name for name, _ in silent(look, city.sources)])
    away = desk.look(lambda look: len(absences(look, now)))
    state = "silent" if quiet else "all_heard"
    yield Area(code="sources", href="/sources", is_well=not quiet,
               said=say(f"administration.sources.{state}", {"n": len(city.sources), "silent": len(quiet)}))  # fmt: skip
    yield Area(code="channels", href="/channels", is_well="channel" not in bad,
               said=say("administration.channels.said", {"n": len(desk.channels)}))  # fmt: skip
    yield Area(code="directory", href="/directory", is_well="directory" not in bad,
               said=say("administration.directory.said", {"n": len(visit.known.people)}))  # fmt: skip
    state = "open" if city.calendar.is_open(now) else "closed"
    yield Area(code="calendar", href="/calendar", is_well=not (city.holidays and city.holidays.wants_renewal(now)),
               said=say(f"calendar.{state}", {}))  # fmt: skip
    yield Area(code="absences", href="/absences", said=say("administration.absences.said", {"n": away}))
    yield Area(code="chains", href="/chains", said=say("administration.chains.said", {"n": len(city.chains)}))
    yield Area(code="access", href="/access", said=say("administration.access.said", {}))
    yield Area(code="tokens", href="/access/tokens", said=say("administration.tokens.said", {}))
    yield Area(code="health", href="/health", is_well=worst(parts) is PartState.OK,
               said=say(f"health.all.{worst(parts)}", {}))  # fmt: skip


@router.get("/calendar")
def show_calendar(request: Request, visit: SignedIn) -> Response:
    """When the city hall is open, and where each closed day comes from."""
    return show(request, visit, _calendar(visit), "administration")


def _calendar(visit: Visit) -> CalendarPage:
    city, now = visit.desk.door.city, visit.desk.clock.now()
    calendar, holidays = city.calendar, city.holidays
    today = jst_date(now)
    return CalendarPage(
        opens=f"{calendar.opens:%H:%M}",
        closes=f"{calendar.closes:%H:%M}",
        year_end=_year_end(calendar, visit.language),
        is_open=calendar.is_open(now),
        next_opening=calendar.next_opening(now),
        days=tuple(_free_days(visit, today)),
        covered=(holidays.first, holidays.last) if holidays else None,
        source=holidays.source if holidays else "",
        wants_renewal=holidays is not None and holidays.wants_renewal(now),
    )


def _year_end(calendar: OfficeCalendar, language: str) -> str:
    if calendar.year_end is None:
        return ""
    form = "{}月{}日" if language == "ja" else "{:02}-{:02}"
    return catalog(language).say(
        "calendar.from_to", {"first": form.format(*calendar.year_end[0]), "last": form.format(*calendar.year_end[1])}
    )


def _free_days(visit: Visit, today: date) -> Iterator[FreeDay]:
    """Closed weekdays from today on, and holidays on any day; plain weekends are told in words."""
    city, words = visit.desk.door.city, catalog(visit.language)
    for ahead in range(AHEAD.days):
        day = today + timedelta(days=ahead)
        if city.calendar.is_holiday(day):
            named = city.holidays.name(day, visit.language) if city.holidays else ""
            origin = "law" if named else "forecast"
            yield FreeDay(day=day, name=named or words.gettext("calendar.holiday"), origin=origin)
        elif day in city.calendar.extra_holidays:
            yield FreeDay(day=day, name=words.gettext("calendar.extra"), origin="city")
        elif day.weekday() < 5 and not city.calendar.is_business_day(day):
            yield FreeDay(day=day, name=words.gettext("calendar.year_end"), origin="city")

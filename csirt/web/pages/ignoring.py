"""検知の除外: rules with reason and end; and the list in which every detection is found, also what was set aside."""

from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from csirt.errors import Invalid
from csirt.model.authority import Permission, may, must
from csirt.model.ignoring import IgnoreKind
from csirt.model.incident import Level
from csirt.response import ignoring
from csirt.response.ignoring import Wanted
from csirt.store.queries import cases
from csirt.store.queries import ignoring as questions
from csirt.store.queries.ignoring import Asked, IgnoreRuleView
from csirt.store.tx import Look
from csirt.texts.hosts import host_text
from csirt.web.api.words import Words
from csirt.web.pages.drawing import go, show
from csirt.web.pages.forms import LINE_MOST, Faults, Sent, SentForm, moment_of, new_key
from csirt.web.session import IncidentReader, Visit
from csirt.web.views.frame import Form, Option, Window
from csirt.web.views.ignoring import DetectionList, FoundDetection, IgnoreRuleRow, IgnoreRules

router = APIRouter(include_in_schema=False)

PATH = "/ignore-rules"
NAMES = frozenset({"kind", "source", "text", "host", "network", "from", "until", "reason"})


@router.get(PATH)
def show_rules(request: Request, reader: IncidentReader) -> Response:
    """Rules, and the form that makes one."""
    return show(request, reader, reader.desk.look(_rules, reader, Form(key=new_key())), "ignore_rules")


@router.post(PATH)
def take_rule(request: Request, sent: SentForm) -> Response:
    """Make a rule; a faulty form comes back."""
    visit = sent.visit
    must(visit.actor, Permission.DECIDE_TRIAGE)
    faults = _faults(sent)
    if not faults.errors:
        try:
            visit.desk.commit(visit.actor, ignoring.make, _wanted(sent), request_key=sent.request_key)
            return go(request, PATH, "ignore_rule_made")
        except Invalid as error:
            faults.of(error, NAMES)
    form = sent.again(faults.errors, faults.params)
    return show(request, visit, visit.desk.look(_rules, visit, form), "ignore_rules", status=Invalid.http, path=PATH)


@router.post("/ignore-rules/{id}/end")
def take_end(request: Request, id: str, sent: SentForm) -> Response:  # noqa: A002 - the word of the address
    """End a rule before its time."""
    sent.visit.desk.commit(sent.visit.actor, ignoring.end, id)
    return go(request, PATH, "ignore_rule_ended")


def _faults(sent: Sent) -> Faults:
    faults = Faults()
    if sent.text("kind") not in set(IgnoreKind):
        faults.add("kind", "choice_missing")
    for name in ("source", "text", "host", "network"):
        faults.check_text(name, sent.text(name), LINE_MOST)
    faults.check_text("reason", sent.text("reason"), ignoring.REASON_LIMIT)
    for name in ("from", "until"):
        faults.check(name, lambda name=name: moment_of(sent.text(name)))  # type: ignore[misc]
    if not sent.text("until"):
        faults.add("until", "time_missing")
    return faults


def _wanted(sent: Sent) -> Wanted:
    until = moment_of(sent.text("until"))
    assert until is not None  # checked before
    return Wanted(
        kind=IgnoreKind(sent.text("kind")), until_at=until, reason=sent.text("reason"),
        from_at=moment_of(sent.text("from")), source=sent.line("source"), text=sent.line("text"),
        host=sent.line("host"), network=sent.line("network"),
    )  # fmt: skip


def _rules(look: Look, visit: Visit, form: Form) -> IgnoreRules:
    words, now = Words(visit.desk, look, visit), visit.desk.clock.now()
    names = sorted(visit.desk.door.city.sources)
    return IgnoreRules(
        rows=tuple(_row(one, words, now) for one in questions.rules(look, with_ended=True)),
        sources=tuple(Option(value=name, label=name) for name in names),
        may_decide=may(visit.actor, Permission.DECIDE_TRIAGE),
        form=form,
    )


def _row(one: IgnoreRuleView, words: Words, now: datetime) -> IgnoreRuleRow:
    say = words.name.words.say
    what = [say(f"ignoring.{name}", {"value": getattr(one, name)}) for name in ("source", "text", "host", "network")
            if getattr(one, name)]  # fmt: skip
    return IgnoreRuleRow(
        id=one.id, kind=one.kind, state="ended" if one.ended_at else "coming" if one.from_at > now else "active",
        what=tuple(what), from_at=one.from_at, until_at=one.ended_at or one.until_at, reason=one.reason,
        by=words.name(one.made_by), passes_from=Level(one.passes_from), detections=one.detections, seen=one.seen,
    )  # fmt: skip


@router.get("/detections")
def show_detections(
    request: Request,
    reader: IncidentReader,
    state: Annotated[str, Query(pattern="^(|new|waiting|sorted|ignored)$")] = "",
    host: Annotated[str, Query(max_length=255)] = "",
    rule: Annotated[str, Query(max_length=40)] = "",
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> Response:
    """Every detection there is, newest first."""
    view = reader.desk.look(_detections, reader, Asked(state, rule, host.strip()), page)
    return show(request, reader, view, "detections")


def _detections(look: Look, visit: Visit, asked: Asked, page: int) -> DetectionList:
    words, first = Words(visit.desk, look, visit), (page - 1) * cases.PAGE
    found = questions.found(look, asked, offset=first, limit=cases.PAGE + 1)
    words.assets(one.asset for one in found)
    rows = tuple(
        FoundDetection(
            at=one.at, title=one.title, level=Level(one.level), host=host_text(words.name.words, one.attacked),
            format=one.format, state=one.state, repeats=one.count, incident=one.incident or "",
            asset=words.asset(one.asset), observables=words.observables(one.observables),
        )
        for one in found[: cases.PAGE]
    )  # fmt: skip
    query = {name: value for name in ("state", "host", "rule") if (value := getattr(asked, name))}

    def to(number: int) -> str:
        return f"/detections?{urlencode({**query, 'page': number})}"

    window = Window(
        first=first + 1, last=first + len(rows), total=questions.count(look, asked),
        newer=to(page - 1) if page > 1 else "", older=to(page + 1) if len(found) > cases.PAGE else "",
    )  # fmt: skip
    return DetectionList(
        rows=rows, state=asked.state, host=asked.host, rule=asked.rule,
        window=window if page > 1 or len(found) > cases.PAGE else None,
    )  # fmt: skip

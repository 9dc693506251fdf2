"""Sample views of every page, in both languages: what tests draw and what the preview shows."""

from collections.abc import Iterator
from dataclasses import replace

from csirt.web.look import View
from csirt.web.views import assets, assignment, chains, frame, handovers, holding, measures, opening, sources, waiting
from tests.web.access import access_pages
from tests.web.administration import administration_pages
from tests.web.announcing import announcing_pages
from tests.web.cases import (
    a_board,
    a_wrong_report,
    an_incident,
    some_assets,
    some_counts,
    some_measures,
    some_sources,
)
from tests.web.cast import NOW, Words, a_frame
from tests.web.chains import (
    a_chain_page,
    a_chain_page_without_rates,
    a_wrong_chain_page,
    a_wrong_handover,
    some_handovers,
)
from tests.web.duties import (
    a_broken_audit,
    a_call_sheet,
    a_conflict,
    a_given,
    a_lost_claim,
    a_wrong_assignment,
    an_assignment,
    an_audit,
    an_errand_form,
    in_hand,
    some_assignments,
    some_calls,
    some_chains,
    some_errands,
)
from tests.web.erasures import erasure_pages
from tests.web.facts import law_pages
from tests.web.figures import statistics_pages
from tests.web.ignoring import rule_pages
from tests.web.learning import learning_pages
from tests.web.openings import busy, officer_pages
from tests.web.people_pages import people_pages
from tests.web.records import record_pages
from tests.web.trying import trial_pages
from tests.web.waiting import some_waiting

WRONG_FILE = frame.Form(errors={"file": "asset_headings_missing"}, params={"fields": "name"})


def intake_pages(language: str) -> Iterator[tuple[str, frame.Frame, View]]:
    """Sources, and what waits or lies in quarantine; each also empty."""
    yield "sources", a_frame(language), some_sources(Words(language))
    yield "sources_empty", a_frame(language), sources.SourceList(rows=())
    yield from trial_pages(language)
    yield from rule_pages(language)
    yield "assets", a_frame(language), some_assets(Words(language))
    yield "assets_empty", a_frame(language), assets.AssetList(rows=())
    yield "assets_wrong", a_frame(language), assets.AssetList(rows=(), may_import=True, form=WRONG_FILE)
    yield "waiting", a_frame(language), some_waiting(Words(language))
    yield "waiting_empty", a_frame(language), waiting.Waiting(rows=())


def chain_pages(say: Words) -> Iterator[tuple[str, View]]:
    """All chains, and one with its rehearsal; each also as there is nothing to show."""
    yield "chains", some_chains(say)
    yield "chains_empty", chains.Chains(chains=())
    yield "chain", a_chain_page(say)
    yield "chain_wrong", a_wrong_chain_page(say)
    yield "chain_without_rates", a_chain_page_without_rates(say)
    yield "handovers", some_handovers(say)
    yield "handovers_wrong", a_wrong_handover(say)
    yield "handovers_empty", handovers.Handovers(rows=())


def assignment_pages(language: str) -> Iterator[tuple[str, frame.Frame, View]]:
    """What is to be done by the reader, in each state."""
    say = Words(language)
    yield "assignments", a_frame(language, "assignments"), some_assignments(say)
    more = frame.Window(first=51, last=52, total=120, newer="/assignments?page=1", older="/assignments?page=3")
    yield (
        "assignments_more",
        a_frame(language, "assignments"),
        replace(
            some_assignments(say),
            window=more,
            duties_window=replace(more, first=1, last=1, newer="", older="/assignments?duties=2"),
        ),
    )
    yield "assignments_empty", a_frame(language, "assignments"), assignment.Assignments(rows=())
    yield "assignment", a_frame(language, "assignments"), an_assignment(say)
    yield "assignment_wrong", a_frame(language, "assignments"), a_wrong_assignment(say)
    yield "assignment_conflict", a_frame(language, "assignments"), a_conflict(say)
    yield "assignment_given", a_frame(language), replace(an_assignment(say), given=a_given(say))
    yield "assignment_not_mine", a_frame(language), replace(an_assignment(say), may_answer=False)
    free = holding.InHand(acts=("claim", "hand_over", "cannot"), up=say("最高情報セキュリティ責任者", "CISO"))
    yield "assignment_free", a_frame(language), replace(an_assignment(say), hand=free)
    yield "assignment_in_hand", a_frame(language), replace(an_assignment(say), hand=in_hand(say))
    yield "assignment_lost_claim", a_frame(language), a_lost_claim(say)
    yield "ask_errand", a_frame(language, "incident"), an_errand_form(say)
    yield "call_sheet", a_frame(language, "assignments"), replace(a_call_sheet(say), hand=free)
    taken = holding.InHand(acts=("take_over",), holder="p-1", by=say("撫養 花子", "Hanako Muya"), since=NOW)
    yield "call_sheet_taken", a_frame(language, "assignments"), replace(a_call_sheet(say), hand=taken)


def problem_pages(language: str) -> Iterator[tuple[str, frame.Frame, View]]:
    """What went wrong, one page for each status."""
    for status, code in (
        (403, "not_permitted"),
        (404, "incident_unknown"),
        (409, "already_answered"),
        (422, "reason_missing"),
        (500, "playbook_drift"),
        (503, "directory_unreachable"),
    ):
        yield f"message_{status}", a_frame(language, ""), frame.Problem(status=status, code=code, reference="c-7f3a90")
    late = frame.Problem(status=401, code="not_signed_in", kept=("…",), draft_kept=True, sign_in="/sign-in")
    yield "message_401_kept", a_frame(language, ""), late


def main_pages(language: str) -> Iterator[tuple[str, frame.Frame, View]]:
    """The pages that the navigation leads to, and sign-in."""
    say = Words(language)
    out = a_frame(language, "", signed_in=False)
    wrong = frame.Form(errors={"uid": "uid_missing", "password": "password_missing"})
    yield "sign_in", out, frame.SignIn()
    yield "sign_in_wrong", out, frame.SignIn(form=wrong)
    yield "board", a_frame(language), busy(a_board(say), say)
    yield "board_empty", a_frame(language), replace(a_board(say), incidents=(), counts=some_counts(0))
    yield "open_incident", a_frame(language, "open_incident"), opening.OpenIncident()
    yield "open_incident_wrong", a_frame(language, "open_incident"), opening.OpenIncident(form=a_wrong_report(say))
    yield "incident", a_frame(language, "incident"), replace(an_incident(say), errands=some_errands(say), may_ask=True)
    yield from ((name, out, view) for name, view in some_calls(say))
    yield from ((name, a_frame(language, "chains"), view) for name, view in chain_pages(say))
    yield "audit", a_frame(language, "audit"), an_audit(say)
    yield "audit_broken", a_frame(language, "audit"), a_broken_audit(say)
    yield "measures", a_frame(language), some_measures(say)
    yield "measures_empty", a_frame(language), measures.MeasureList(rows=())


PARTS = (
    main_pages,
    access_pages,
    officer_pages,
    law_pages,
    learning_pages,
    announcing_pages,
    assignment_pages,
    intake_pages,
    erasure_pages,
    record_pages,
    people_pages,
    statistics_pages,
    administration_pages,
    problem_pages,
)
"""A new page is one more line here, and a module beside this one."""


def every_page(language: str) -> Iterator[tuple[str, frame.Frame, View]]:
    """Name, frame and view of every page, with its empty and its faulty states."""
    for part in PARTS:
        yield from part(language)

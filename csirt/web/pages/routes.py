"""The pages: what `csirt.web.app` takes from here is `router` and `draw_problem`."""

from fastapi import APIRouter

from csirt.web.pages import (
    access,
    account,
    acknowledge,
    announcing,
    assets,
    assignments,
    audit,
    board,
    by_hand,
    call_sheets,
    called_for,
    chains,
    drafting,
    erasures,
    evidence,
    fact_sheet,
    guided,
    health,
    incident,
    measures,
    merging,
    obligations,
    opening,
    playbooks,
    rehearsals,
    reports,
    reviewing,
    sealing,
    second_factor,
    setting_aside,
    sign_in,
    sources,
    streams,
    waiting,
)
from csirt.web.pages.trouble import draw_problem

__all__ = ["draw_problem", "router"]

router = APIRouter(include_in_schema=False)
# `opening` and `guided` before `incident`: `/incidents/new` is no incident's name.
PARTS = (
    acknowledge,
    sign_in,
    second_factor,
    account,
    access,
    board,
    opening,
    guided,
    drafting,
    streams,
    incident,
    by_hand,
    called_for,
    fact_sheet,
    obligations,
    reports,
    announcing,
    evidence,
    reviewing,
    waiting,
    sources,
    assets,
    assignments,
    call_sheets,
    chains,
    rehearsals,
    playbooks,
    measures,
    audit,
    setting_aside,
    merging,
    erasures,
    sealing,
    health,
)
for part in PARTS:
    router.include_router(part.router)

"""The API, version 1: every address under `/api/v1`."""

from fastapi import APIRouter

from csirt.web.api import (
    absences,
    access,
    announcements,
    assets,
    assignments,
    chains,
    detections,
    erasures,
    escalations,
    evidence,
    facts,
    finding,
    handovers,
    health,
    incidents,
    levels,
    measures,
    merging,
    obligations,
    people,
    playbooks,
    record,
    reports,
    sealing,
    session,
    setting_aside,
    sources,
    statistics,
    streams,
    timeline,
)
from csirt.web.api.shapes import ErrorGiven

_STATUSES = (401, 403, 404, 409, 413, 415, 421, 422, 429, 500, 503)

router = APIRouter(prefix="/api/v1", responses={status: {"model": ErrorGiven} for status in _STATUSES})
for part in (
    health,
    session,
    access,
    detections,
    streams,
    sources,
    assets,
    incidents,
    finding,
    facts,
    handovers,
    obligations,
    announcements,
    levels,
    reports,
    timeline,
    evidence,
    assignments,
    chains,
    escalations,
    measures,
    playbooks,
    record,
    absences,
    people,
    setting_aside,
    merging,
    erasures,
    sealing,
    statistics,
):
    router.include_router(part.router)

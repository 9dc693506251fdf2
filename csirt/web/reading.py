"""Answers on their way out: what an auditor opens, what leaves as a file, personal data that is opened on purpose.

Recorded once the answer is known to be one, and before its first byte goes out. Texts of sealed incidents need no list
of addresses: the door notices them by itself.
"""

from collections.abc import Collection, Mapping

from fastapi import Request
from sqlmodel import SQLModel
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from csirt.errors import CsirtError, NotFound
from csirt.model.people import Role
from csirt.response.reads import Reading, Why
from csirt.store.queries.cases import resolve_incident
from csirt.store.tables.evidence import EvidenceRow
from csirt.store.tables.reports import ReportRow
from csirt.store.tables.runs import AssignmentRow
from csirt.store.tx import Look
from csirt.web.problems import answer
from csirt.web.session import LIVE, Asked, Visit

_FILES = ("timeline.{form}", "measures.xlsx", "document.{suffix}", "official/{mapping}")  # how their addresses end
_PERSONAL = frozenset({"/incidents/{name}/erasable", "/incidents/{name}/erasure", "/call-sheets/{id}", "/quarantine"})
_OF_A_PERSON = ("/account", "/session", "/language", "/openapi.json", "/health", "/sign-in", "/second-factor", LIVE)
# Whose address part leads to which table with a column `incident`.
_ROWS: Mapping[str, tuple[str, type[SQLModel]]] = {
    "/assignments/": ("id", AssignmentRow),
    "/call-sheets/": ("id", AssignmentRow),
    "/evidence/": ("evidence", EvidenceRow),
    "/reports/": ("report", ReportRow),
}


def whys(asked: Asked, roles: Collection[Role]) -> list[Why]:
    """For which reasons an answer to this question is recorded; for most there is none."""
    path = asked.path.removeprefix("/api/v1")
    found = [Why.EXPORT] if path.endswith(_FILES) else []
    found += [Why.PERSONAL] if path in _PERSONAL else []
    own = any(path.startswith(one) or path.endswith(LIVE) for one in _OF_A_PERSON)
    return found or ([Why.AUDIT] if Role.AUDITOR in roles and not own else [])


def readings_of(look: Look, asked: Asked, found: Collection[Why]) -> list[Reading]:
    """The readings, with the incident and the object that the address names: ids that we know, never what was typed."""
    address = asked.path.replace("{", "[").replace("}", "]")
    incident, object_ = _named(look, asked)
    return [Reading(why, incident, address, object_) for why in found]


def _named(look: Look, asked: Asked) -> tuple[str | None, str]:
    if "/incidents/{name}" in asked.path:
        try:
            return resolve_incident(look, asked.parts["name"]), ""
        except NotFound:
            return None, ""
    for part, (name, row) in _ROWS.items():
        if part in asked.path and (found := look.session.get(row, asked.parts.get(name, ""))):
            return getattr(found, "incident"), asked.parts[name]  # noqa: B009 - each of these rows has it
    return None, ""


class ReadsNoted:
    """ASGI middleware between the last resort and the routes."""

    def __init__(self, app: ASGIApp) -> None:
        """`app`: the routes."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass an answer on once it is recorded; an auditor gets none that could not be."""
        refused = False

        async def sender(message: Message) -> None:
            nonlocal refused
            if message["type"] == "http.response.start" and message["status"] == 200:
                try:
                    await self._note(scope)
                except CsirtError as error:
                    refused = True
                    await answer(Request(scope), error)(scope, receive, send)
            if not refused:
                await send(message)

        await self._app(scope, receive, sender)

    async def _note(self, scope: Scope) -> None:
        state = scope.get("state") or {}
        visit, asked = state.get("visit"), state.get("asked")
        if visit and asked and (found := whys(asked, visit.actor.roles)):
            await run_in_threadpool(_record, visit, asked, found)


def _record(visit: Visit, asked: Asked, found: Collection[Why]) -> None:
    visit.desk.door.note(visit.desk.look(readings_of, asked, found))

"""The web application: one desk, the API, the pages, the edge around both.

Pages come from `csirt.web.pages.routes`, which offers `routers` and `draw_problem` (`problems.Draw`: an error as a
page; for somebody who is not signed in that may be the way to the sign-in page).
"""

import secrets
import threading
import traceback

from fastapi import FastAPI, Request
from fastapi.telemetry import TelemetryConfig
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from csirt.bootstrap import Desk
from csirt.logs import log
from csirt.model.people import NOBODY, SYSTEM
from csirt.web.addresses import hang
from csirt.web.api import routes as api
from csirt.web.api.described import Described
from csirt.web.edge import Edge
from csirt.web.known import Rosters
from csirt.web.live import Live
from csirt.web.look import STATIC
from csirt.web.pages import routes as pages
from csirt.web.problems import HANDLERS, Internal, answer
from csirt.web.reading import ReadsNoted
from csirt.web.short_way import ShortWay
from csirt.web.sign_in import Gate
from csirt.web.throttle import Throttle
from csirt.wellness import Glance

SILENT: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}


class LastResort:
    """Whatever else breaks is logged under a reference and answered with that reference only."""

    def __init__(self, app: ASGIApp) -> None:
        """Goes around every route, inside the edge."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and catch what nobody else did."""
        begun = False

        async def sender(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, sender)
        except Exception as error:  # an answer is owed whatever happened, and the log says what did
            reference = secrets.token_hex(4)
            # Where it broke, without the message: that may hold what somebody typed.
            trace = "".join(traceback.format_tb(error.__traceback__))
            log().error("web.broke", reference=reference, error=type(error).__name__, trace=trace)
            if begun or scope["type"] != "http":
                raise
            await answer(Request(scope), Internal("internal_error", reference=reference), reference)(
                scope, receive, send
            )


def create_app(desk: Desk) -> FastAPI:
    """The application for a desk."""
    app = Described(
        title="CSIRT desk",
        version="1",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,  # its page would load scripts from outside
        redoc_url=None,
        redirect_slashes=False,
        telemetry=SILENT,
    )
    app.state.desk = desk = desk.seen_by(NOBODY)
    app.state.gate = Gate()
    app.state.rosters = Rosters()
    app.state.throttle = Throttle()
    app.state.live = Live(desk.seen_by(SYSTEM))
    app.state.checking = threading.Lock()
    app.state.subtrees = {}  # hashes of large subtrees of the record, for proofs
    app.state.glance = Glance()
    app.state.health = None  # when we last looked, for who is not signed in, and whether all was well
    app.state.draw_problem = pages.draw_problem
    for kind, handler in HANDLERS.items():
        app.add_exception_handler(kind, handler)
    hang(app, (*api.routers, *pages.routers))
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_middleware(ReadsNoted)
    app.add_middleware(ShortWay)
    app.add_middleware(LastResort)
    app.add_middleware(Edge, desk=desk)
    return app

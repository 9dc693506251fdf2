"""The short way in for what sensors send one by one, so that a storm of alerts finds the door wide open.

It leads to the same use case with the same checks as the route of the API (`csirt.web.api.detections`), which stands in
the API's description and takes everything else: what is large, what a person sends, what a source sends too fast. What
it saves is the way through the framework, the threads, and a question about the token before each commit: who showed a
token lately is remembered, and whether the token still counts is asked inside the commit, once for all that share it.
So a token that was revoked takes nothing in any more, whoever revoked it and on whatever host.
"""

import asyncio
from urllib.parse import parse_qs

import orjson
from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from csirt.bootstrap import Desk
from csirt.errors import Forbidden
from csirt.model.authority import Permission, must
from csirt.model.people import Actor
from csirt.readers import formats
from csirt.response import intake, tokens
from csirt.store.queries.tokens import hash_of
from csirt.store.sequencer import ByItself
from csirt.taking import bounded_as, read_one_batch, source_behind
from csirt.web.api.detections import FORMAT_MOST, KEY_MOST, by_token, look_for_room, take_and_count, token_in
from csirt.web.peers import address_of
from csirt.web.problems import HANDLERS, answered

PATH = "/api/v1/detections"
AT_ONCE = 16 * 1024  # bytes that are read where they arrive; more than that keeps everybody else waiting
_REMEMBERED = 1000  # tokens with the address that they came from
_JSON = "application/json"


class ShortWay:
    """ASGI middleware around the routes, inside the edge."""

    def __init__(self, app: ASGIApp) -> None:
        """One for each application."""
        self._app = app
        self._known: dict[tuple[str, str], Actor] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take in what a sensor sends; pass everything else on."""
        request = Request(scope, receive) if _is_sent_to_us(scope) else None
        asked = _asked_of(request) if request else None
        if request is None or asked is None:
            await self._app(scope, receive, send)
            return
        try:
            counts = await self._take(request, *asked)
            response = Response(orjson.dumps(counts), media_type=_JSON)
        except tuple(HANDLERS) as error:
            response = answered(request, error)
        await response(scope, receive, send)

    async def _take(self, request: Request, token: str, form: str, key: str | None) -> intake.Accepted:
        desk: Desk = request.app.state.desk
        actor = await self._who(request, token)
        must(actor, Permission.INGEST)
        look_for_room(request, bounded_as(desk, actor))
        data = await request.body()
        if len(data) <= AT_ONCE and request.state.too_fast is None:
            counts = await self._take_at_once(desk, actor, token, data, form, key)
            if counts is not None:
                if bound := bounded_as(desk, actor):
                    request.app.state.throttle.add(bound, counts.records, desk.clock.now())
                return counts
        return await run_in_threadpool(_take_as_ever, request, data, form, key)

    async def _who(self, request: Request, token: str) -> Actor:
        """Whose token it is, as far as is remembered: the commit asks whether it still counts."""
        shown = hash_of(token), address_of(request)
        if (known := self._known.get(shown)) is not None:
            return known
        actor = await run_in_threadpool(by_token, request)
        if actor is None:
            raise Forbidden("token_refused")
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[shown] = actor
        return actor

    async def _take_at_once(
        self, desk: Desk, actor: Actor, token: str, data: bytes, form: str, key: str | None
    ) -> intake.Accepted | None:
        """None: it has to be read in a thread, and was not kept."""
        source = source_behind(desk, actor)
        if source is not None and source.mapping:  # that is a file
            return None
        read = read_one_batch(desk, actor, data, form)
        if read is None:
            return None
        request_key, shown = read.request_key(key) if key else None, hash_of(token)

        def by_itself() -> intake.Accepted:
            return desk.commit(
                actor, intake.accept, read.records,
                source=read.source, form=read.form, request_key=request_key, token=shown,
            )  # fmt: skip

        ordered = desk.door.order(
            actor, intake.accept, read.records,
            source=read.source, form=read.form, request_key=request_key, token=shown,
        )  # fmt: skip
        try:
            return await asyncio.wrap_future(ordered)
        except ByItself:
            return await run_in_threadpool(by_itself)


def _take_as_ever(request: Request, data: bytes, form: str, key: str | None) -> intake.Accepted:
    """As the route does, which asks whether the token counts before it begins."""
    actor = by_token(request)
    if actor is None:
        raise Forbidden("token_refused")
    return take_and_count(request, actor, data, form, key)


def _is_sent_to_us(scope: Scope) -> bool:
    return bool(scope["type"] == "http" and scope["path"] == PATH and scope["method"] == "POST")


def _asked_of(request: Request) -> tuple[str, str, str | None] | None:
    """Token, format and key of a request; None where the route itself has to look at it, and to say what is wrong."""
    token = token_in(request)
    form = parse_qs(request.scope["query_string"].decode("latin-1"), keep_blank_values=True).get(
        "format", [formats.AUTO]
    )
    key = request.headers.getlist("idempotency-key")
    if token is None or tokens.is_ours(token) or len(form) != 1 or len(form[0]) > FORMAT_MOST or len(key) > 1:
        return None
    if key and not 0 < len(key[0]) <= KEY_MOST:
        return None
    return token, form[0], key[0] if key else None

"""The edge: what every request must pass before a route sees it, and what every answer carries.

Host, origin, kind and size of the body are checked here, so that no route can forget to.
"""

import re
from collections.abc import MutableMapping
from urllib.parse import urlsplit

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from csirt.bootstrap import Desk
from csirt.errors import CsirtError, Forbidden, Invalid
from csirt.web.peers import is_loopback
from csirt.web.problems import API, answer
from csirt.web.refusals import TooLarge, WrongContentType, WrongHost
from csirt.web.session import SAFE, is_tls

STATIC = "/static/"
SMALL = 1024 * 1024
LARGE = 64 * 1024 * 1024
AROUND = 128 * 1024  # bytes of a form around its file
_UPLOAD = re.compile(r"(?:/api/v1)?/incidents/[^/]+/evidence|/assets")
_INTAKE = re.compile(r"/api/v1/(?:assets/import|detections|detections/stream|sources/[^/]+)")
STREAM, ENDLESS = "/api/v1/detections/stream", 16 * 1024 * 1024 * 1024
_CONTENT = re.compile(r"/evidence/[^/]+|/api/v1/evidence/[^/]+/content")

_SOURCES = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "font-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",  # no markup or script is ever made from text
    "trusted-types 'none'",
)
HEADERS = {
    "Content-Security-Policy": "; ".join(_SOURCES),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
KEEP_NOTHING = "no-store"
KEEP_AN_HOUR = "public, max-age=3600"  # files keep their names between versions, so not for long
HSTS = "max-age=31536000"


class Edge:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, desk: Desk) -> None:
        """`desk` says under which names people reach us."""
        self._app = app
        self._own = urlsplit(desk.settings.base_url).netloc.lower()
        self._loopback = is_loopback(desk.settings.host)
        self._evidence = desk.custody.most + AROUND
        self._headers = dict(HEADERS)
        if is_tls(desk):
            self._headers["Strict-Transport-Security"] = HSTS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer why not."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = str(scope["path"])
        sender = self._with_headers(send, path)
        request = Request(scope)
        try:
            self._check_host(request)
            _check_address(path, scope["query_string"])
            self._check_origin(request)
            _check_content_type(request)
            most = self._most(path)
            _check_length(request, most)
        except CsirtError as error:
            await answer(request, error)(scope, receive, sender)
            return
        await self._app(scope, _bounded(receive, most), sender)

    def _most(self, path: str) -> int:
        """How many bytes a body for this address may have."""
        if path == STREAM:
            return ENDLESS
        return self._evidence if _UPLOAD.fullmatch(path) else LARGE if _INTAKE.fullmatch(path) else SMALL

    def _with_headers(self, send: Send, path: str) -> Send:
        async def sender(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=_headers_of(message))
                for name, value in self._headers.items():
                    headers[name] = value
                if _CONTENT.fullmatch(path):  # whatever was collected does nothing in a browser
                    headers["Content-Security-Policy"] = f"sandbox; {self._headers['Content-Security-Policy']}"
                kept = path.startswith(STATIC) and message["status"] in {200, 304}
                headers["Cache-Control"] = KEEP_AN_HOUR if kept else KEEP_NOTHING
            await send(message)

        return sender

    def _check_host(self, request: Request) -> None:
        """On loopback only our own names count, else a site could point its name at us (DNS rebinding)."""
        host = request.headers.get("host", "").lower()
        ours = is_loopback(_name_in(host)) or (host and host == self._own)
        if self._loopback and not ours:
            raise WrongHost("host_refused")

    def _check_origin(self, request: Request) -> None:
        """An unsafe request comes from our own pages, or from a program that is no browser.

        `null` is what browsers send with forms of a page whose referrer policy is `no-referrer`, as ours is (Fetch
        standard, "append a request Origin header"); there the token of the session decides.
        """
        if request.method in SAFE:
            return
        if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
            raise Forbidden("origin_refused")
        origin = request.headers.get("origin", "null").lower()
        own = {request.headers.get("host", "").lower(), self._own}
        if origin != "null" and urlsplit(origin).netloc not in own:
            raise Forbidden("origin_refused")


def _headers_of(message: Message) -> MutableMapping[str, object]:
    message.setdefault("headers", [])
    return message


def _name_in(host: str) -> str:
    """The name in a Host header, without the port."""
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]


def _check_address(path: str, query: bytes) -> None:
    """No NUL: PostgreSQL takes it in no text, and no address of ours has one."""
    if "\0" in path or b"%00" in query or b"\0" in query:
        raise Invalid("nul", field="address")


def _check_content_type(request: Request) -> None:
    """A body for the API is JSON and says so, as no form of another site can; detections have formats of their own."""
    path = request.url.path
    has_body = request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers
    has_own_format = _INTAKE.fullmatch(path) or _UPLOAD.fullmatch(path)
    if request.method in SAFE or not has_body or not path.startswith(API) or has_own_format:
        return
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise WrongContentType("content_type_refused")


def _check_length(request: Request, most: int) -> None:
    length = request.headers.get("content-length", "0")
    if length.isascii() and length.isdigit() and int(length[:20]) > most:
        raise TooLarge("input_too_large", limit=most)


def _bounded(receive: Receive, most: int) -> Receive:
    """Stop reading once more came than fits, whatever the headers said."""
    came = 0

    async def receiver() -> Message:
        nonlocal came
        message = await receive()
        came += len(message.get("body", b""))
        if came > most:
            raise HTTPException(413)
        return message

    return receiver

"""The pages: `router` and `draw_problem` are what `csirt.web.app` takes from here."""

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse
from starlette.responses import Response

from csirt.errors import CsirtError

router = APIRouter(include_in_schema=False)


def draw_problem(_request: Request, error: CsirtError, reference: str) -> Response:
    """An error as a page."""
    return PlainTextResponse(f"{error.code} {reference}".strip(), error.http)

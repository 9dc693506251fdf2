"""Every error as an answer: JSON under `/api/`, a page elsewhere; the sentence in the reader's language."""

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import OperationalError, TimeoutError  # noqa: A004 - SQLAlchemy calls it so
from starlette.exceptions import HTTPException
from starlette.responses import Response

from csirt.errors import CsirtError, Invalid, NotFound, Param, Unavailable
from csirt.guard import mask_each
from csirt.logs import log
from csirt.texts.catalogs import catalog
from csirt.web.language import language_of
from csirt.web.refusals import TooFast, TooLarge, TooManyTries, WrongMethod

API = "/api/"
FIELD_MOST = 64  # characters of a field's name that an answer repeats

# How a page shows an error: request, error, and the reference under which the log has more (empty for none).
Draw = Callable[[Request, CsirtError, str], Response]

_KINDS = {"missing": "field_missing", "extra_forbidden": "field_unknown", "json_invalid": "not_json"}


class Internal(CsirtError):
    """Something of ours broke; the log has more under `reference`."""


def answer(request: Request, error: CsirtError, reference: str = "") -> Response:
    """The answer to a request that failed."""
    draw: Draw | None = request.app.state.draw_problem
    error.params = mask_each(error.params)
    if request.url.path.startswith(API) or draw is None:
        response: Response = JSONResponse(in_words(request, error), error.http)
    else:
        response = draw(request, error, reference)
    if isinstance(error, TooManyTries | TooFast):
        response.headers["Retry-After"] = str(error.params.get("seconds", 1))
    return response


def in_words(request: Request, error: CsirtError) -> Mapping[str, Any]:
    """What the API says of an error: its code, its parameters, and a sentence."""
    visit = getattr(request.state, "visit", None)
    words = catalog(visit.language if visit else language_of(request))
    return {"error": error.code, "params": error.params, "message": words.sentence(error)}


def of_ours(request: Request, error: Exception) -> Response:
    """An error of ours, told as it is; one that says our own record is wrong is also logged."""
    assert isinstance(error, CsirtError)
    if error.http >= 500:
        log().error("web.failed", code=error.code, status=error.http)
    return answer(request, error)


def of_http(request: Request, error: Exception) -> Response:
    """What the framework refuses, in our own codes."""
    assert isinstance(error, HTTPException)
    ours: Mapping[int, CsirtError] = {
        400: Invalid("not_json"),
        404: NotFound("page_unknown"),
        405: WrongMethod("method_unknown"),
        413: TooLarge("input_too_large"),
    }
    return answer(request, ours.get(error.status_code, Invalid("request_malformed")))


def of_validation(request: Request, error: Exception) -> Response:
    """Input of another shape than asked for: names the first field, never what stood in it."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    place = [str(part) for part in first["loc"][1:]]
    code = _KINDS.get(first["type"], "field_invalid")
    params: dict[str, Param] = {} if code == "not_json" else {"field": ".".join(place)[:FIELD_MOST]}
    return answer(request, Invalid(code, **params))


def of_database(request: Request, error: Exception) -> Response:
    """A question that the database did not answer."""
    log().error("web.database_unavailable", error=type(error).__name__)
    return answer(request, Unavailable("database_unavailable"))


HANDLERS: Mapping[type[Exception], Callable[[Request, Exception], Response]] = {
    CsirtError: of_ours,
    HTTPException: of_http,
    RequestValidationError: of_validation,
    OperationalError: of_database,
    TimeoutError: of_database,
}


def answered(request: Request, error: Exception) -> Response:
    """The answer to an error that one of `HANDLERS` is for, where no framework finds it."""
    return next(HANDLERS[kind] for kind in type(error).__mro__ if kind in HANDLERS)(request, error)

"""The API's description in OpenAPI, with the errors that every address may answer."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI

from csirt.web.addresses import API
from csirt.web.api.shapes import ErrorGiven

_STATUSES = (401, 403, 404, 409, 413, 415, 421, 422, 429, 500, 503)
_ERROR = ErrorGiven.__name__
_OF_THE_FRAMEWORK = ("HTTPValidationError", "ValidationError")  # with us it is an error like any other


class Described(FastAPI):
    """An application whose description names our errors.

    Given with the routes, they would become a model of each route when the application starts.
    """

    def openapi(self) -> dict[str, Any]:
        """The description, made when it is first asked for."""
        if not self.openapi_schema:
            made = super().openapi()
            shapes: dict[str, Any] = made["components"]["schemas"]
            for name in _OF_THE_FRAMEWORK:
                shapes.pop(name, None)
            shapes[_ERROR] = ErrorGiven.model_json_schema(mode="serialization")
            for path, ways in made["paths"].items():
                if path.startswith(API):
                    for told in ways.values():
                        told["responses"] |= _ERRORS
            made["components"]["schemas"] = dict(sorted(shapes.items()))
        return self.openapi_schema or {}


def _error(status: int) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{_ERROR}"}}}
    return {"description": HTTPStatus(status).phrase, "content": content}


_ERRORS = {str(status): _error(status) for status in _STATUSES}

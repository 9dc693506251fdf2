"""The bare framework that the desk stands on: a route that parses JSON and answers, and keeps nothing."""

import sys

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

PATH = "/api/v1/detections"


async def take(request: Request) -> Response:
    """Parse and answer, no more."""
    orjson.loads(await request.body())
    return Response(b'{"detections":1}', media_type="application/json")


if __name__ == "__main__":
    app = Starlette(routes=[Route(PATH, take, methods=["POST"])])
    uvicorn.run(app, port=int(sys.argv[1]), log_level="error", access_log=False, lifespan="off")

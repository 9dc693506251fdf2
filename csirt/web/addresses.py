"""Addresses stand whole in the file of their routes, and routes are hung on the application as they are.

The framework's way of including routers makes every route a second time, with all its models, when the application is
made, and looks through a tree of routers at each request.
"""

from collections.abc import Iterable

from fastapi import APIRouter, FastAPI

API = "/api/v1"


def hang(app: FastAPI, routers: Iterable[APIRouter]) -> None:
    """What these routers hold, in this order: the first route that fits an address answers it."""
    for router in routers:
        app.router.routes.extend(router.routes)

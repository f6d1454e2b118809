"""The web application of the lab: everything Microsoft's cloud would answer, from one process.

Each area is a sub-package with `routes`, a list of Starlette routes; handlers read the state from
`request.app.state.cloud`. A sub-package that runs something of its own (the mail server) also has
`lifespan(cloud)`, an asynchronous context manager entered at start and left at the end.
"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from importlib import import_module
from typing import Protocol, cast

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from vedette_lab.faults import FaultsAndLog
from vedette_lab.model import Cloud

AREAS = (
    "control",
    "fleet",
    "intune",
    "conditional_access",
    "partner",
    "portal",
    "phone",
    "mailbox",
    "names",
    "notifications",
    "graph",
    "outside",
    "entra",
)
"""In order of matching: Entra's routes begin with `/{tenant}` and come last."""


class Area(Protocol):
    """What a sub-package offers to the application."""

    routes: list[BaseRoute]


class Running(Area, Protocol):
    """An area that runs something of its own beside its routes."""

    def lifespan(self, cloud: Cloud) -> AbstractAsyncContextManager[None]:
        """Start on entry, stop on exit."""
        ...


def _areas() -> list[Area]:
    return [cast("Area", import_module(f"vedette_lab.{name}")) for name in AREAS]


def create_app(cloud: Cloud) -> Starlette:
    """Return the application around one cloud."""
    areas = _areas()

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for area in areas:
                if hasattr(area, "lifespan"):
                    await stack.enter_async_context(cast("Running", area).lifespan(cloud))
            yield

    routes = [route for area in areas for route in area.routes]
    middleware = [Middleware(FaultsAndLog, cloud=cloud)]
    app = Starlette(routes=routes, lifespan=lifespan, middleware=middleware)
    app.state.cloud = cloud
    return app

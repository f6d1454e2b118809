"""What tests and walks may ask about subscriptions: who they are, and lifecycle events on demand."""

from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from vedette_lab.answers import RefusalError, answering, cloud_of, read_json, tenant_of, text
from vedette_lab.graph.subscriptions import render

EVENTS: Final = frozenset({"reauthorizationRequired", "subscriptionRemoved", "missed"})


@answering
async def listing(request: Request) -> Response:
    """`GET /lab/tenants/{tid}/subscriptions`: every application's that have not ended; ended ones are swept later."""
    now = cloud_of(request).now()
    return JSONResponse(
        [render(each) for each in tenant_of(request).subscriptions.values() if each.expires > now]
    )


@answering
async def happen(request: Request) -> Response:
    """`POST /lab/tenants/{tid}/subscriptions/{sid}/lifecycle`: have `{"event"}` told to the subscriber."""
    tenant = tenant_of(request)
    found = tenant.subscriptions.get(str(request.path_params["sid"]))
    if found is None:
        raise RefusalError(404, "NotFound", "The lab has no such subscription")
    event = text(await read_json(request), "event")
    if event not in EVENTS:
        raise RefusalError(400, "BadRequest", f"event is one of {', '.join(sorted(EVENTS))}")
    found.lifecycle.append(event)
    found.paused = found.paused or event == "reauthorizationRequired"
    return JSONResponse(render(found))


routes: list[BaseRoute] = [
    Route("/lab/tenants/{tid}/subscriptions", listing, methods=["GET"]),
    Route("/lab/tenants/{tid}/subscriptions/{sid}/lifecycle", happen, methods=["POST"]),
]

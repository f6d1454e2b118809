"""Orders to simulated phones: `POST /lab/tenants/{tid}/devices/{did}/order`, `GET /lab/orders?since=`."""

from typing import Any

from starlette.requests import Request
from starlette.routing import BaseRoute, Route

from vedette_lab.control.answers import control, device_of, plain, tenant_of
from vedette_lab.control.bodies import ControlError
from vedette_lab.fleet.life import ACTIONS
from vedette_lab.intune_model import Json
from vedette_lab.model import Cloud

_LONGEST_PACKAGE = 255


async def give(request: Request, cloud: Cloud) -> Any:
    """Tell a phone to do something: `{"action": "install", "package": "…"}` and the like."""
    tenant = tenant_of(request, cloud)
    device = device_of(request, tenant)
    action, package = await _read(request)
    orders = _orders(request)
    order = {
        "number": len(orders) + 1,
        "at": plain(cloud.now()),
        "tenant": tenant.id,
        "device": device.id,
        "action": action,
        "package": package,
    }
    orders.append(order)
    return order


async def listing(request: Request, _: Cloud) -> Any:
    """List the orders with a number above `since`; `tenant` restricts to one tenant."""
    try:
        since = int(request.query_params.get("since", "0"))
    except ValueError:
        raise ControlError("`since` is the number of an order.") from None
    tenant = request.query_params.get("tenant")
    return [
        order
        for order in _orders(request)[max(since, 0) :]
        if tenant is None or order["tenant"].lower() == tenant.lower()
    ]


async def _read(request: Request) -> tuple[str, str | None]:
    try:
        body = await request.json()
    except ValueError:
        raise ControlError("The body must be JSON.") from None
    action = body.get("action") if isinstance(body, dict) else None
    if action not in ACTIONS:
        raise ControlError(f"`action` is one of: {', '.join(ACTIONS)}.")
    package = body.get("package")
    if package is not None and not (isinstance(package, str) and 0 < len(package) <= _LONGEST_PACKAGE):
        raise ControlError("`package` is the name of an Android package.")
    if action == "install" and package is None:
        raise ControlError("`package` is needed to install something.")
    return action, package


def _orders(request: Request) -> list[Json]:
    """Orders live with the application, since nobody but the fleet reads them."""
    state = request.app.state
    if not hasattr(state, "fleet_orders"):
        state.fleet_orders = []
    orders: list[Json] = state.fleet_orders
    return orders


routes: list[BaseRoute] = [
    Route("/lab/tenants/{tid}/devices/{did}/order", control(give), methods=["POST"]),
    Route("/lab/orders", control(listing), methods=["GET"]),
]

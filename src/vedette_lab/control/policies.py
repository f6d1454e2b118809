"""Control of conditional-access policies, in Graph's shape and with Graph's checks."""

import json
from typing import Any

from starlette.requests import Request

from vedette_lab.control.answers import tenant_of
from vedette_lab.control.bodies import ControlError
from vedette_lab.graph.errors import GraphError
from vedette_lab.graph.policies import add_policy, render_policy
from vedette_lab.model import Cloud


async def listing(request: Request, cloud: Cloud) -> Any:
    """List the policies of a tenant."""
    return [render_policy(policy) for policy in tenant_of(request, cloud).ca_policies.values()]


async def add(request: Request, cloud: Cloud) -> Any:
    """Make a policy."""
    tenant = tenant_of(request, cloud)
    try:
        body = json.loads(await request.body())
        return render_policy(add_policy(cloud, tenant, body if isinstance(body, dict) else {}))
    except (GraphError, ValueError) as error:
        raise ControlError(str(error)) from None


async def remove(request: Request, cloud: Cloud) -> Any:
    """Delete a policy."""
    tenant = tenant_of(request, cloud)
    if tenant.ca_policies.pop(request.path_params["pid"], None) is None:
        raise ControlError("No such policy.", 404)

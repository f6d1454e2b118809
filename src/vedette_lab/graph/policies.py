"""Conditional-access policies (microsoft.md 4.1)."""

from collections.abc import Mapping
from typing import Any, Final

from starlette.routing import BaseRoute

from vedette_lab.conditional_access.policy import PolicyError, read
from vedette_lab.graph.call import Call, operation
from vedette_lab.graph.errors import GraphError
from vedette_lab.graph.properties import iso
from vedette_lab.intune_model import Json
from vedette_lab.model import Cloud, ConditionalAccessPolicy, Tenant, new_id

PATH: Final = "identity/conditionalAccess/policies"
OWN: Final = (
    *("displayName", "state", "conditions", "grantControls", "sessionControls", "description", "templateId"),
)
READ_ONLY: Final = frozenset({"id", "createdDateTime", "modifiedDateTime"})


def render_policy(policy: ConditionalAccessPolicy) -> Json:
    """Return a policy as Graph's JSON."""
    return {
        "id": policy.id,
        "templateId": None,
        "createdDateTime": iso(policy.created),
        "modifiedDateTime": iso(policy.modified),
        "sessionControls": None,
        "grantControls": None,
        **policy.body,
    }


def add_policy(cloud: Cloud, tenant: Tenant, body: Mapping[str, Any]) -> ConditionalAccessPolicy:
    """Store a new policy. GraphError 400 with the property that is wrong."""
    policy = ConditionalAccessPolicy(new_id(), _checked(body), cloud.now())
    tenant.ca_policies[policy.id] = policy
    return policy


def _checked(body: Mapping[str, Any]) -> Json:
    kept = {name: value for name, value in body.items() if not name.startswith("@") and name not in READ_ONLY}
    for name in kept:
        if name not in OWN:
            message = (
                f"The property '{name}' does not exist on type 'microsoft.graph.conditionalAccessPolicy'."
            )
            raise GraphError(400, "BadRequest", message)
    try:
        read("", kept)
    except PolicyError as error:
        raise GraphError(400, "BadRequest", f"1054: Invalid policy: {error}") from None
    return kept


def _policy(call: Call) -> ConditionalAccessPolicy:
    found = call.tenant.ca_policies.get(call.param("policy"))
    if found is None:
        raise GraphError(404, "ResourceNotFound", f"{call.param('policy')} not found")
    return found


async def list_policies(call: Call) -> Json:
    """GET /identity/conditionalAccess/policies."""
    policies = list(call.tenant.ca_policies.values())
    return call.page(policies, call.query(), PATH, render_policy)


async def get_policy(call: Call) -> Json:
    """GET /identity/conditionalAccess/policies/{id}."""
    return {"@odata.context": call.context(PATH, entity=True), **render_policy(_policy(call))}


async def create_policy(call: Call) -> Json:
    """POST /identity/conditionalAccess/policies."""
    policy = add_policy(call.cloud, call.tenant, call.body())
    return {"@odata.context": call.context(PATH, entity=True), **render_policy(policy)}


async def change_policy(call: Call) -> None:
    """PATCH /identity/conditionalAccess/policies/{id}: named properties are replaced."""
    policy = _policy(call)
    policy.body = _checked({**policy.body, **call.body()})
    policy.modified = call.cloud.now()


async def delete_policy(call: Call) -> None:
    """DELETE /identity/conditionalAccess/policies/{id}."""
    del call.tenant.ca_policies[_policy(call).id]


routes: list[BaseRoute] = [
    *operation("GET", f"/{PATH}", list_policies),
    *operation("POST", f"/{PATH}", create_policy, status=201),
    *operation("GET", f"/{PATH}/{{policy}}", get_policy),
    *operation("PATCH", f"/{PATH}/{{policy}}", change_policy),
    *operation("DELETE", f"/{PATH}/{{policy}}", delete_policy),
]

"""What Graph answers for addresses it does not have, and the OpenID user info that lives at its host."""

from starlette.routing import BaseRoute

from vedette_lab.graph.asked import Asked, GraphRoute, Outcome
from vedette_lab.graph.call import VERSIONS, Call, signed_in
from vedette_lab.graph.errors import GraphError, not_found
from vedette_lab.intune_model import Json


async def unknown(asked: Asked) -> Outcome:
    """Refuse an address that is no resource."""
    segment = asked.params["path"].rstrip("/").rpartition("/")[2]
    error = GraphError(400, "BadRequest", f"Resource not found for the segment '{segment}'.")
    return Outcome.refused(error, asked)


async def user_info(call: Call) -> Json:
    """GET /oidc/userinfo."""
    user = call.tenant.directory.users.get(str(call.bearer.user_id))
    if user is None:
        raise not_found(str(call.bearer.user_id))
    return {
        "sub": call.bearer.subject,
        "name": user.display_name,
        "given_name": user.given_name,
        "family_name": user.surname,
        "email": user.mail,
    }


routes: list[BaseRoute] = [
    GraphRoute("/oidc/userinfo", signed_in(user_info), ["GET"]),
    *(
        GraphRoute(f"/{version}/{{path:path}}", unknown, ["GET", "POST", "PATCH", "PUT", "DELETE"])
        for version in VERSIONS
    ),
]

"""Discovery documents and published keys (fields as captured, microsoft.md 3.2)."""

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse

from vedette_lab.entra.errors import EntraError
from vedette_lab.entra.keys import jwk
from vedette_lab.entra.lookup import tenant_of
from vedette_lab.model import Cloud

CACHE = {"Cache-Control": "max-age=86400, private"}


def _issuer(cloud: Cloud, key: str) -> str:
    tenant = tenant_of(cloud, key)
    # The literal template, which the client must fill with the token's `tid` (microsoft.md 3.3).
    return f"{cloud.base_url}/{tenant.id if tenant else '{tenantid}'}/v2.0"


async def openid_configuration(request: Request) -> JSONResponse:
    """Answer `/{tenant}/v2.0/.well-known/openid-configuration`."""
    cloud: Cloud = request.app.state.cloud
    key = request.path_params["tenant"]
    try:
        issuer = _issuer(cloud, key)
    except EntraError as error:
        return error.response(cloud.base_url)
    tenant = tenant_of(cloud, key)
    name = tenant.id if tenant else key.lower()
    root = f"{cloud.base_url}/{name}"
    host = urlsplit(cloud.base_url).netloc
    document = {
        "token_endpoint": f"{root}/oauth2/v2.0/token",
        "token_endpoint_auth_methods_supported": [
            "client_secret_post",
            "private_key_jwt",
            "client_secret_basic",
        ],
        "jwks_uri": f"{root}/discovery/v2.0/keys",
        "response_modes_supported": ["query", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": issuer,
        "request_uri_parameter_supported": False,
        "userinfo_endpoint": f"{cloud.base_url}/oidc/userinfo",
        "authorization_endpoint": f"{root}/oauth2/v2.0/authorize",
        "device_authorization_endpoint": f"{root}/oauth2/v2.0/devicecode",
        "http_logout_supported": True,
        "frontchannel_logout_supported": True,
        "end_session_endpoint": f"{root}/oauth2/v2.0/logout",
        "claims_supported": [
            *("sub", "iss", "cloud_instance_name", "cloud_instance_host_name", "cloud_graph_host_name"),
            *("msgraph_host", "aud", "exp", "iat", "auth_time", "acr", "nonce", "preferred_username"),
            *("name", "tid", "ver", "at_hash", "c_hash", "email"),
        ],
        "tenant_region_scope": "EU" if tenant else None,
        "cloud_instance_name": "microsoftonline.com",
        "cloud_graph_host_name": "graph.windows.net",
        "msgraph_host": host,
        "rbac_url": "https://pas.windows.net",
    }
    return JSONResponse(document, headers=CACHE)


async def keys(request: Request) -> JSONResponse:
    """Answer `/{tenant}/discovery/v2.0/keys`."""
    cloud: Cloud = request.app.state.cloud
    try:
        issuer = _issuer(cloud, request.path_params["tenant"])
    except EntraError as error:
        return error.response(cloud.base_url)
    return JSONResponse({"keys": [jwk(key, issuer) for key in cloud.signing_keys]}, headers=CACHE)


async def instance(request: Request) -> JSONResponse:
    """Answer `/common/discovery/instance`, which msal asks about an authority."""
    cloud: Cloud = request.app.state.cloud
    asked = request.query_params.get(
        "authorization_endpoint", f"{cloud.base_url}/common/oauth2/v2.0/authorize"
    )
    parts = urlsplit(asked)
    if f"{parts.scheme}://{parts.netloc}" != cloud.base_url:
        reason = "invalid_instance: The authority is not known to this lab."
        return EntraError(90013, reason=reason).response(cloud.base_url)
    tenant = parts.path.strip("/").split("/", maxsplit=1)[0] or "common"
    return JSONResponse(
        {
            "tenant_discovery_endpoint": f"{cloud.base_url}/{tenant}/v2.0/.well-known/openid-configuration",
            "api-version": "1.1",
            "metadata": [
                {
                    "preferred_network": parts.netloc,
                    "preferred_cache": parts.netloc,
                    "aliases": [parts.netloc],
                }
            ],
        }
    )

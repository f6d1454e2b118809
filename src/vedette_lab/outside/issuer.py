"""An outside issuer: metadata and keys (OpenID Connect Discovery 1.0), and tokens for tests."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse

from vedette_lab.control.bodies import read
from vedette_lab.entra.keys import b64url, jwk, new_signing_key, sign
from vedette_lab.model import Cloud, SigningKey


class NewToken(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a token says. `foreign_key` signs it with a key that is not published; times are in seconds from now."""

    subject: str
    audience: str = "api://AzureADTokenExchange"
    issuer: str | None = None
    begins: int = -5
    lifetime: int = 3600
    foreign_key: bool = False


def address(cloud: Cloud, name: str) -> str:
    """Return the issuer's address, the `iss` of its tokens."""
    return f"{cloud.base_url}/outside/{name}"


def key_of(cloud: Cloud, name: str) -> SigningKey:
    """Return the issuer's signing key, made at the first use."""
    return cloud.entra.outside.setdefault(name, new_signing_key())


async def metadata(request: Request) -> JSONResponse:
    """Answer the discovery document."""
    own = address(request.app.state.cloud, request.path_params["name"])
    return JSONResponse(
        {
            "issuer": own,
            "jwks_uri": f"{own}/keys",
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }
    )


async def keys(request: Request) -> JSONResponse:
    """Answer the published keys."""
    cloud: Cloud = request.app.state.cloud
    name = request.path_params["name"]
    return JSONResponse({"keys": [jwk(key_of(cloud, name), address(cloud, name))]})


async def make(request: Request, cloud: Cloud) -> Any:
    """Make a token as the platform would give it to a workload."""
    body = await read(request, NewToken)
    name = request.path_params["name"]
    key = key_of(cloud, name)
    now = int(datetime.now(UTC).timestamp())
    claims = {
        "iss": body.issuer or address(cloud, name),
        "sub": body.subject,
        "aud": [body.audience],
        "jti": str(uuid4()),
        "iat": now + body.begins,
        "nbf": now + body.begins,
        "exp": now + body.begins + body.lifetime,
    }
    header = {"alg": "RS256", "kid": key.kid, "typ": "JWT"}
    text = ".".join(b64url(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims))
    signer = new_signing_key() if body.foreign_key else key
    return {"issuer": address(cloud, name), "token": f"{text}.{b64url(sign(signer, text.encode()))}"}

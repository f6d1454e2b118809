"""Beginning a sign-in and redeeming its code (reference/microsoft.md 3.2, 3.5)."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, Final

import httpx
from authlib.common.security import generate_token
from authlib.oauth2.client import OAuth2Client
from authlib.oauth2.rfc7523.assertion import sign_jwt_bearer_assertion
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc.jwk import RSAKey

from vedette.foundation import config, http
from vedette.foundation.credential import read_token
from vedette.foundation.graph_errors import TokenError
from vedette.foundation.registration import CERTIFICATE, FEDERATED, SECRET, Registration
from vedette.tenants.openid import tokens
from vedette.tenants.openid.provider import TIMEOUT_SECONDS, Metadata, Provider, ProviderError

SCOPE: Final = "openid profile email"
ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_SECONDS: Final = 300
VERIFIER_LENGTH: Final = 64
STATE_LENGTH: Final = 32


class ExchangeError(Exception):
    """Entra refused the code or our credentials; `codes` are its AADSTS numbers, `trace` its trace ID."""

    def __init__(self, error: str, description: str, codes: tuple[int, ...] = (), trace: str = "") -> None:
        """Keep Entra's envelope (microsoft.md 3.5)."""
        super().__init__(f"{error}: {description}")
        self.error, self.description, self.codes, self.trace = error, description, codes, trace


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """A sign-in under way, kept in the person's session and used once."""

    state: str
    nonce: str
    verifier: str
    authority: str
    purpose: str
    next: str
    begun: float
    """Real time in seconds: how long a person may take is no matter of the domain's clock."""

    def as_session(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return asdict(self)


class ClientNotConfiguredError(Exception):
    """The application registration's ID or credential is missing, or cannot be read."""


def begin(provider: Provider, used: Registration, *, purpose: str, next_path: str) -> tuple[str, Attempt]:
    """Return the address at Entra to send the person to, and what to remember.

    Raises ProviderError and ClientNotConfiguredError.
    """
    attempt = Attempt(
        state=generate_token(STATE_LENGTH),
        nonce=generate_token(STATE_LENGTH),
        verifier=generate_token(VERIFIER_LENGTH),
        authority=provider.authority,
        purpose=purpose,
        next=next_path,
        begun=time.time(),
    )
    client = OAuth2Client(None, client_id(used), scope=SCOPE, code_challenge_method="S256")
    url, _state = client.create_authorization_url(
        provider.metadata().authorization_endpoint,
        state=attempt.state,
        code_verifier=attempt.verifier,
        nonce=attempt.nonce,
        redirect_uri=redirect_uri(),
        response_mode="query",
        prompt="select_account",
    )
    return str(url), attempt


def finish(provider: Provider, used: Registration, attempt: Attempt, code: str) -> tokens.Person:
    """Redeem the code and check the id_token.

    Raises ProviderError (Entra not reachable), ExchangeError (refused), TokenRefusedError (not believed).
    """
    metadata = provider.metadata()
    answer = _redeem(metadata, used, attempt, code)
    return tokens.validate(
        str(answer.get("id_token", "")),
        key_of=provider.key,
        expected=tokens.Expected(client_id=client_id(used), nonce=attempt.nonce, issuer=metadata.issuer),
        now=time.time(),
    )


def client_id(used: Registration) -> str:
    """Return the ID of the application registration. Raises ClientNotConfiguredError."""
    if not used.client_id:
        raise ClientNotConfiguredError("VEDETTE_CLIENT_ID is not set")
    return used.client_id


def redirect_uri() -> str:
    """Return where Entra sends people back to after sign-in; registered with the application."""
    return f"{config.current().public_url}/signin/callback"


def _redeem(metadata: Metadata, used: Registration, attempt: Attempt, code: str) -> Mapping[str, Any]:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri(),
        "code_verifier": attempt.verifier,
        "scope": SCOPE,
        "client_id": client_id(used),
        **_credential(used, metadata.token_endpoint),
    }
    try:
        with http.client(timeout=TIMEOUT_SECONDS) as client:
            response = client.post(metadata.token_endpoint, data=form)
        answer = response.json()
    except (httpx.HTTPError, ValueError) as error:
        raise ProviderError(f"Entra's token endpoint cannot be used: {error}") from error
    if not isinstance(answer, dict):
        raise ProviderError("Entra's token endpoint did not answer with a JSON object.")
    if response.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
        raise ProviderError(f"Entra's token endpoint answered {response.status_code}.")
    if "id_token" not in answer:
        raise _refusal(answer)
    return answer


def _refusal(answer: Mapping[str, Any]) -> ExchangeError:
    numbers = answer.get("error_codes")
    return ExchangeError(
        str(answer.get("error", "no id_token")),
        str(answer.get("error_description", "")).splitlines()[0] if answer.get("error_description") else "",
        tuple(int(number) for number in numbers if str(number).isdigit())
        if isinstance(numbers, list)
        else (),
        str(answer.get("trace_id", "")),
    )


def _credential(used: Registration, token_endpoint: str) -> dict[str, str]:
    """Prove that we are the application (microsoft.md 3.5)."""
    if used.fault:
        raise ClientNotConfiguredError(used.fault)
    if used.kind == SECRET:
        return {"client_secret": used.secret}
    if used.kind == CERTIFICATE:
        assertion = _assertion(used, token_endpoint)
    elif used.kind == FEDERATED:
        try:
            assertion = read_token(used)
        except TokenError as error:
            raise ClientNotConfiguredError(str(error)) from error
    else:
        raise ClientNotConfiguredError(
            "neither VEDETTE_CLIENT_CERTIFICATE and _KEY nor VEDETTE_CLIENT_SECRET is set"
        )
    return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}


@lru_cache(maxsize=16)
def _signing_key(pem: str) -> RSAKey:
    return RSAKey.import_key(pem)  # kept: each reading tests its primes for 50 ms


def _assertion(used: Registration, audience: str) -> str:
    certificate = x509.load_pem_x509_certificate(used.certificate.encode())
    thumbprint = base64.urlsafe_b64encode(certificate.fingerprint(SHA256())).rstrip(b"=").decode()
    now = int(time.time())
    return str(
        sign_jwt_bearer_assertion(
            _signing_key(used.key),
            issuer=used.client_id,
            subject=used.client_id,
            audience=audience,
            issued_at=now,
            expires_in=ASSERTION_SECONDS,
            claims={"nbf": now},
            header={"x5t#S256": thumbprint},
            alg="PS256",
        )
    )

"""With what an application proves itself to Entra, and until when (microsoft.md 3.5).

A certificate says its end itself. Of a secret only the registration knows it, or somebody who was told. A federated
credential has none: the platform gives new tokens. The end is Entra's, so it is compared with real time, whatever
the domain's clock shows.
"""

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cryptography import x509

from vedette.foundation.graph_errors import TokenError
from vedette.foundation.registration import AUDIENCE, CERTIFICATE, FEDERATED, SECRET, Registration

__all__ = ["AUDIENCE", "CERTIFICATE", "FEDERATED", "SECRET"]

WARN_DAYS: Final = (1, 7, 30)
EXPIRED: Final = 0
MOST_TOKEN_BYTES: Final = 64 * 1024


@dataclass(frozen=True)
class Credential:
    """What is configured. ``expires`` None: not known, or without end; ``fault`` says why it cannot be read."""

    kind: str
    expires: datetime | None = None
    fault: str = ""


@dataclass(frozen=True)
class Claims:
    """What a federated token says of itself, as it must stand in the registration's federated credential."""

    issuer: str
    subject: str
    audiences: tuple[str, ...]


def of(used: Registration) -> Credential:
    """Return the credential that tokens are asked with; kind is empty where none is set."""
    if used.kind == CERTIFICATE:
        try:
            certificate = x509.load_pem_x509_certificate(used.certificate.encode())
        except ValueError as error:
            return Credential(CERTIFICATE, fault=f"VEDETTE_CLIENT_CERTIFICATE is not readable PEM: {error}")
        return Credential(CERTIFICATE, certificate.not_valid_after_utc)
    if used.kind == FEDERATED:
        try:
            claims_of(read_token(used))
        except TokenError as error:
            return Credential(FEDERATED, fault=str(error))
    return Credential(used.kind, used.secret_expires)


def read_token(used: Registration) -> str:
    """Return the platform's own token of this moment. Raises TokenError `not_configured`."""
    if used.token_file is None:
        raise TokenError(
            "not_configured",
            "No file holds a token of this service: the operator sets VEDETTE_FEDERATED_TOKEN_FILE.",
        )
    try:
        text = used.token_file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise TokenError("not_configured", f"The token file cannot be read: {error}") from error
    if not text or len(text) > MOST_TOKEN_BYTES:
        raise TokenError("not_configured", f"The token file {used.token_file} holds no token.")
    return text


def claims_of(token: str) -> Claims:
    """Read a token of ours without checking it: Entra does that. Raises TokenError `not_configured`."""
    try:
        body = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        audience = claims["aud"]
        audiences = tuple(str(each) for each in (audience if isinstance(audience, list) else [audience]))
        return Claims(str(claims["iss"]), str(claims["sub"]), audiences)
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise TokenError(
            "not_configured", "The token file holds no JSON web token with iss, sub and aud."
        ) from error


def days_left(expires: datetime) -> int:
    """Return the whole days until then; negative once it is past."""
    return (expires - datetime.now(UTC)).days


def warning(expires: datetime) -> int | None:
    """Return the mark that was passed: 30, 7 or 1 days before, 0 once it is past; None while there is time."""
    left = expires - datetime.now(UTC)
    if left.total_seconds() <= 0:
        return EXPIRED
    return next((days for days in WARN_DAYS if left.total_seconds() <= days * 86400), None)

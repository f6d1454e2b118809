"""With what the application proves itself to Entra, and until when (microsoft.md 3.5).

A certificate says its end itself. Of a secret only the registration knows it, or the operator's setting. The
end is Entra's, so it is compared with real time, whatever the domain's clock shows.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cryptography import x509

from vedette.foundation.config import Config

CERTIFICATE: Final = "certificate"
SECRET: Final = "secret"  # noqa: S105 - a kind of credential
WARN_DAYS: Final = (1, 7, 30)
EXPIRED: Final = 0


@dataclass(frozen=True)
class Credential:
    """What is configured. ``expires`` None: not known; ``fault`` says why it cannot be read."""

    kind: str
    expires: datetime | None = None
    fault: str = ""


def configured(settings: Config) -> Credential:
    """Return the credential that tokens are asked with; kind is empty where none is set."""
    if settings.client_certificate and settings.client_key:
        try:
            certificate = x509.load_pem_x509_certificate(settings.client_certificate.encode())
        except ValueError as error:
            return Credential(CERTIFICATE, fault=f"VEDETTE_CLIENT_CERTIFICATE is not readable PEM: {error}")
        return Credential(CERTIFICATE, certificate.not_valid_after_utc)
    if settings.client_secret:
        return Credential(SECRET, settings.client_secret_expires)
    return Credential("")


def days_left(expires: datetime) -> int:
    """Return the whole days until then; negative once it is past."""
    return (expires - datetime.now(UTC)).days


def warning(expires: datetime) -> int | None:
    """Return the mark that was passed: 30, 7 or 1 days before, 0 once it is past; None while there is time."""
    left = expires - datetime.now(UTC)
    if left.total_seconds() <= 0:
        return EXPIRED
    return next((days for days in WARN_DAYS if left.total_seconds() <= days * 86400), None)

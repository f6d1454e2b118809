"""App-only tokens for Graph by msal: one application object per tenant, kept (microsoft.md 3.5).

A tenant is spoken for by its own registration or by the installation's (foundation/registration.py). msal holds
a token until 300 s before its end and sends a certificate's proof as PS256 with x5t#S256.
"""

import re
import threading
import time
import uuid
from functools import lru_cache
from typing import Any, Final

import httpx
import msal
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from vedette.foundation import certificates, config, http, registration
from vedette.foundation.circuit import TOKENS, circuit
from vedette.foundation.config import Config
from vedette.foundation.credential import read_token
from vedette.foundation.graph_errors import TokenError
from vedette.foundation.registration import CERTIFICATE, FEDERATED, SECRET, Registration

# msal holds a token for as long.
EARLY_SECONDS: Final = 300.0
# Entra answers within a second; who waits for longer keeps a thread from others.
ANSWER_SECONDS: Final = 8.0
UNREACHABLE: Final = "unreachable"
CIRCUIT_OPEN: Final = "circuit_open"
_AADSTS: Final = re.compile(r"AADSTS(\d+)")


class Tokens:
    """Tokens for any number of tenants; safe for threads.

    `fixed` speaks for all of them (a registration that is being tried); without it each tenant's own does.
    """

    def __init__(self, settings: Config, client: httpx.Client, fixed: Registration | None = None) -> None:
        self._settings = settings
        self._client = client
        self._fixed = fixed
        self._lock = threading.Lock()
        self._applications: dict[str, tuple[Registration, Any]] = {}
        self._doors: dict[str, threading.Lock] = {}
        # What msal keeps as well; to find it there costs more than to send a request.
        self._kept: dict[tuple[str, str], tuple[Registration, str, float]] = {}

    def registration(self, entra_tenant_id: str) -> Registration:
        """Return what speaks for this tenant."""
        return self._fixed or registration.of(self._settings, entra_tenant_id)

    def token(
        self, entra_tenant_id: str, *, fresh: bool = False, scope: str = "", used: Registration | None = None
    ) -> str:
        """Return a token for Graph (or `scope`) in this tenant; `fresh` asks Entra even so. Raises TokenError.

        Who asks many times hands over the registration that it has `used` so far: it is looked up once.
        """
        if fresh:
            self.forget(entra_tenant_id)
        used = used or self.registration(entra_tenant_id)
        kept = self._kept.get((entra_tenant_id, scope))
        if kept and kept[0] == used and time.monotonic() < kept[2]:
            return kept[1]
        answer = self._asked(entra_tenant_id, used, scope or f"{used.graph_url}/.default", fresh=fresh)
        if "access_token" not in answer:
            # msal repeats a refusal for a minute without asking; who asks again wants to know it anew
            self.forget(entra_tenant_id)
            raise _refusal(answer)
        token = str(answer["access_token"])
        until = time.monotonic() + float(answer.get("expires_in") or 0) - EARLY_SECONDS
        with self._lock:
            self._kept[entra_tenant_id, scope] = used, token, until
        return token

    def _asked(self, entra_tenant_id: str, used: Registration, scope: str, *, fresh: bool) -> dict[str, Any]:
        """Return what msal answers, a token or Entra's refusal. Raises TokenError when Entra does not answer.

        Who wants a fresh token (a heartbeat, a person) asks in any case.
        """
        health = circuit(used.login_url, entra_tenant_id, TOKENS)
        with self._door(entra_tenant_id):
            # One thread asks Entra; the others find its token in the cache, or that it is not to be asked.
            if not fresh and (refused := health.refuses_for()):
                raise _held_back(refused)
            try:
                application = self._application(entra_tenant_id, used)
                answer: dict[str, Any] = application.acquire_token_for_client([scope])
            except (httpx.HTTPError, msal.exceptions.MsalError, RuntimeError, ValueError) as error:
                self.forget(entra_tenant_id)
                # An answer 5xx is an error of msal's; what it cannot read says nothing of Entra.
                if not isinstance(error, ValueError):
                    health.failed(error)
                raise TokenError(UNREACHABLE, f"Entra's token endpoint: {error}") from error
            except TokenError as error:
                if error.code == UNREACHABLE:
                    health.failed(error)
                raise
            finally:
                health.ended()
            health.succeeded()
            return answer

    def _door(self, entra_tenant_id: str) -> threading.Lock:
        with self._lock:
            return self._doors.setdefault(entra_tenant_id, threading.Lock())

    def forget(self, entra_tenant_id: str) -> None:
        """Drop what is kept for a tenant."""
        with self._lock:
            self._applications.pop(entra_tenant_id, None)
            for key in [key for key in self._kept if key[0] == entra_tenant_id]:
                del self._kept[key]

    def _application(self, entra_tenant_id: str, used: Registration) -> Any:
        with self._lock:
            kept = self._applications.get(entra_tenant_id)
        if kept is None or kept[0] != used:
            kept = used, self._make(entra_tenant_id, used)
            with self._lock:
                self._applications[entra_tenant_id] = kept
        return kept[1]

    def _make(self, entra_tenant_id: str, used: Registration) -> Any:
        if not used.client_id:
            raise TokenError("not_configured", "VEDETTE_CLIENT_ID is not set.")
        authority = f"{used.login_url}/{entra_tenant_id}"
        recorder = _Recorder(self._client, ANSWER_SECONDS)
        try:
            return msal.ConfidentialClientApplication(
                used.client_id,
                client_credential=_credential(used),
                authority=authority,
                http_client=recorder,
                # the authority is the operator's setting, not something a token said: nothing to ask about it
                instance_discovery=False,
            )
        except (httpx.HTTPError, msal.exceptions.MsalError, RuntimeError, ValueError) as error:
            raise _no_authority(authority, error, recorder.last) from error


class _Recorder(http.MsalClient):
    """Keeps the last answer: msal drops the reason when the tenant's discovery document is refused."""

    last: httpx.Response | None = None

    def get(self, *arguments: Any, **options: Any) -> httpx.Response:
        self.last = super().get(*arguments, **options)
        return self.last


def _credential(used: Registration) -> str | dict[str, Any]:
    """Return what msal calls a client credential. Raises TokenError."""
    if used.fault:
        raise TokenError("not_configured", used.fault)
    if used.kind == CERTIFICATE:
        return {"private_key": _checked_key(used), "public_certificate": used.certificate}
    if used.kind == FEDERATED:
        read_token(used)
        # the platform replaces the file as its tokens age: it is read for each request
        return {"client_assertion": lambda: read_token(used)}
    if used.kind == SECRET:
        return used.secret
    raise TokenError(
        "not_configured",
        "Set VEDETTE_CLIENT_CERTIFICATE_FILE and VEDETTE_CLIENT_KEY_FILE, or VEDETTE_CLIENT_SECRET.",
    )


def _checked_key(used: Registration) -> PrivateKeyTypes:
    try:
        public = x509.load_pem_x509_certificate(used.certificate.encode()).public_key()
        key = certificates.private_key(used.key)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise TokenError(
            "not_configured", f"VEDETTE_CLIENT_CERTIFICATE or VEDETTE_CLIENT_KEY is not readable PEM: {error}"
        ) from error
    if key.public_key() != public:
        raise TokenError("not_configured", "VEDETTE_CLIENT_KEY is not the key of VEDETTE_CLIENT_CERTIFICATE.")
    return key


def _held_back(seconds: float) -> TokenError:
    text = f"Entra's token endpoint has not answered for a while; it is asked again in {seconds:.0f} s"
    error = TokenError(CIRCUIT_OPEN, text)
    error.retry_after = seconds
    return error


def _refusal(answer: dict[str, Any]) -> TokenError:
    description = str(answer.get("error_description") or answer.get("error") or "no reason given")
    numbers = answer.get("error_codes") or _AADSTS.findall(description)
    return TokenError(
        str(numbers[0]) if numbers else str(answer.get("error", "unknown")),
        description,
        str(answer.get("trace_id") or ""),
        str(answer.get("correlation_id") or ""),
    )


def _no_authority(authority: str, error: Exception, response: httpx.Response | None) -> TokenError:
    if response is not None and httpx.codes.is_client_error(response.status_code):
        try:
            return _refusal(response.json())
        except (ValueError, AttributeError):
            pass
    return TokenError(UNREACHABLE, f"{authority}: {error}")


@lru_cache(maxsize=4)
def shared(settings: Config) -> tuple[Tokens, httpx.Client]:
    """Return the tokens and the connections that everybody with this configuration shares."""
    client = http.client(timeout=20.0)
    return Tokens(settings, client), client


def trying(settings: Config, fixed: Registration) -> tuple[Tokens, httpx.Client]:
    """Return tokens by one registration whatever speaks for the tenant, over the shared connections.

    It is one that is not in force (yet), or the installation's, whose tokens are kept.
    """
    if fixed == registration.installation(settings):
        return _of_installation(settings)
    client = shared(settings)[1]
    return Tokens(settings, client, fixed), client


@lru_cache(maxsize=4)
def _of_installation(settings: Config) -> tuple[Tokens, httpx.Client]:
    client = shared(settings)[1]
    return Tokens(settings, client, registration.installation(settings)), client


def app_token(
    entra_tenant_id: uuid.UUID | str, scope: str, *, fresh: bool = False, by_installation: bool = False
) -> str:
    """Return an app-only token for another resource than Graph. Raises TokenError.

    `by_installation` asks with the installation's registration, also where the tenant has its own.
    """
    settings = config.current()
    used = _of_installation(settings) if by_installation else shared(settings)
    return used[0].token(str(entra_tenant_id), fresh=fresh, scope=scope)

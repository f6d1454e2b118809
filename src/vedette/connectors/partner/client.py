"""HTTP client of the partner interface (docs/lab-partner.md): a simulation, since Microsoft's is closed."""

import threading
import time
import uuid
from typing import Any, Final
from urllib.parse import quote

import httpx

from vedette.foundation import http
from vedette.foundation.graph import Graph, GraphError, Patience, TokenError
from vedette.foundation.tokens import app_token

INTUNE_APP: Final = "0000000a-0000-0000-c000-000000000000"
PROVIDER: Final = "MobileThreatDefenseSimulation"
# The double slash is no slip: the resource's URI ends in one (microsoft.md 4.4).
SCOPE: Final = "https://api.manage.microsoft.com//.default"
OK: Final = 200
ERRORS_FROM: Final = 400
UNAUTHORIZED: Final = 401
# Addresses may move: kept for a day, looked up again after a failure (microsoft.md 4.4).
ADDRESS_SECONDS: Final = 24 * 3600.0
PATIENCE: Final = Patience(attempts=3, seconds=10.0)


class PartnerError(Exception):
    """The partner interface refused, hid an error in a 200, or did not answer (status 0)."""

    def __init__(self, code: str, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


Trouble: Final = (PartnerError, GraphError, TokenError)
"""Everything that a call may raise."""


def code_of(error: Exception) -> str:
    """Name an error of `Trouble`."""
    return error.name if isinstance(error, TokenError) else str(getattr(error, "code", "partner_error"))


class PartnerClient:
    """One tenant's calls: provision, heartbeat, upload, status. Raises the errors of `Trouble`."""

    def __init__(self, entra_tenant_id: uuid.UUID) -> None:
        self._tenant = entra_tenant_id

    def provision(self, *, provisioned: bool = True) -> dict[str, Any]:
        """Make the connector appear in the tenant, or withdraw it."""
        return self._call("PUT", "tenant", {"provisioned": provisioned})

    def heartbeat(self, timestamp: str) -> dict[str, Any]:
        """Give a sign of life; the answer may ask for a resync."""
        return self._call("PUT", "heartbeat", {"timestamp": timestamp})

    def upload(self, message_id: uuid.UUID, body: dict[str, Any]) -> dict[str, Any]:
        """Hand messages over; they are worked on later. The same id and body may be sent again."""
        return self._call("PUT", f"messages/{message_id}", body)

    def status(self, message_id: uuid.UUID) -> dict[str, Any]:
        """Ask what became of an upload."""
        return self._call("GET", f"messages/{message_id}", None)

    def _call(self, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        try:
            url = f"{_address(self._tenant)}/{quote(str(self._tenant))}/{path}"
            answer = self._send(method, url, body, fresh=False)
            if answer.status_code == UNAUTHORIZED:
                # Microsoft now and then answers 401 to a good token; one try with a fresh one (microsoft.md 4.4).
                answer = self._send(method, url, body, fresh=True)
            return _content(answer)
        except PartnerError:
            _forget(self._tenant)
            raise
        except httpx.HTTPError as error:
            _forget(self._tenant)
            raise PartnerError("unreachable", f"The partner interface did not answer: {error}") from error

    def _send(self, method: str, url: str, body: dict[str, Any] | None, *, fresh: bool) -> httpx.Response:
        token = app_token(self._tenant, SCOPE, fresh=fresh)
        with http.client() as client:
            return client.request(method, url, json=body, headers={"Authorization": f"Bearer {token}"})


def _content(answer: httpx.Response) -> dict[str, Any]:
    status = answer.status_code
    try:
        content = answer.json() if answer.content else {}
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise PartnerError(f"http{status}", f"The partner interface answered {status} without JSON.", status)
    if status >= ERRORS_FROM:
        found = content.get("error")
        error = found if isinstance(found, dict) else {}
        code = str(error.get("code") or f"http{status}")
        raise PartnerError(code, str(error.get("message") or f"answer {status}"), status)
    hidden = content.get("httpStatusCode") or OK
    if int(hidden) >= ERRORS_FROM:
        raise PartnerError(
            "hidden_error", f"An error in a {status}: {content.get('errorDetail')}", int(hidden)
        )
    return content


_addresses: dict[uuid.UUID, tuple[float, str]] = {}
_addresses_lock: Final = threading.Lock()


def _address(entra_tenant_id: uuid.UUID) -> str:
    """Where the interface is for this tenant, as Graph lists it among Intune's endpoints."""
    with _addresses_lock:
        until, known = _addresses.get(entra_tenant_id, (0.0, ""))
    if known and time.monotonic() < until:
        return known
    graph = Graph(entra_tenant_id, patience=PATIENCE)
    for endpoint in graph.pages(f"/servicePrincipals(appId='{INTUNE_APP}')/endpoints"):
        if endpoint.get("providerName") == PROVIDER:
            found = str(endpoint["uri"]).rstrip("/")
            with _addresses_lock:
                _addresses[entra_tenant_id] = (time.monotonic() + ADDRESS_SECONDS, found)
            return found
    raise PartnerError(
        "not_offered", "This tenant's Intune offers no partner interface: it exists in the lab only."
    )


def _forget(entra_tenant_id: uuid.UUID) -> None:
    with _addresses_lock:
        _addresses.pop(entra_tenant_id, None)

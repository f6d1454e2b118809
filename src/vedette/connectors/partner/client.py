"""HTTP client of the partner interface (docs/lab-partner.md): a simulation, since Microsoft's is closed."""

import uuid
from typing import Any, Final
from urllib.parse import quote

from vedette.foundation import http
from vedette.foundation.graph import Graph
from vedette.foundation.tokens import app_token

INTUNE_APP: Final = "0000000a-0000-0000-c000-000000000000"
PROVIDER: Final = "MobileThreatDefenseSimulation"
# The double slash is no slip: the resource's URI ends in one (microsoft.md 4.4).
SCOPE: Final = "https://api.manage.microsoft.com//.default"
OK: Final = 200
ERRORS_FROM: Final = 400
FRESH_TOKEN_STATUS: Final = 401


class PartnerError(Exception):
    """The partner interface refused, or hid an error in a 200."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class PartnerClient:
    """One tenant's calls: provision, heartbeat, upload, status."""

    def __init__(self, entra_tenant_id: uuid.UUID) -> None:
        self._tenant = entra_tenant_id
        self._uri = self._discover()

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

    def _discover(self) -> str:
        listed = Graph(self._tenant).pages(f"/servicePrincipals(appId='{INTUNE_APP}')/endpoints")
        for endpoint in listed:
            if endpoint.get("providerName") == PROVIDER:
                return str(endpoint["uri"]).rstrip("/")
        raise PartnerError(
            "not_offered", "This tenant's Intune offers no partner interface: it exists in the lab only."
        )

    def _call(self, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        url = f"{self._uri}/{quote(str(self._tenant))}/{path}"
        answer = self._send(method, url, body, fresh=False)
        if answer.status_code == FRESH_TOKEN_STATUS:
            # Microsoft now and then answers 401 to a good token; one try with a fresh one (microsoft.md 4.4).
            answer = self._send(method, url, body, fresh=True)
        content: dict[str, Any] = answer.json() if answer.content else {}
        if answer.status_code >= ERRORS_FROM:
            error = content.get("error", {})
            raise PartnerError(str(error.get("code", answer.status_code)), str(error.get("message", "")))
        if int(content.get("httpStatusCode") or OK) >= ERRORS_FROM:
            raise PartnerError("hidden_error", str(content.get("errorDetail")))
        return content

    def _send(self, method: str, url: str, body: dict[str, Any] | None, *, fresh: bool) -> Any:
        token = app_token(self._tenant, SCOPE, fresh=fresh)
        with http.client() as client:
            return client.request(method, url, json=body, headers={"Authorization": f"Bearer {token}"})

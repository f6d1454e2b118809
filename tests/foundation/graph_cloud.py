"""Graph and Entra's token endpoint, played by a real HTTPS server; msal and httpx are the real ones."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from tests.support.http_server import (
    Answer,
    Asked,
    Running,
)

from vedette.foundation import config
from vedette.foundation.graph import Graph, Patience
from vedette.foundation.ids import new_id

BRISK = Patience(attempts=4, seconds=3.0, first_wait=0.02, longest_wait=0.1)


@dataclass
class Cloud:
    """What the server answers: tokens by default, Graph as the test says."""

    tenant: str = field(default_factory=lambda: str(new_id()))
    graph: Callable[[Asked], Answer] = lambda _asked: Answer(json={})
    token: Callable[[Asked], Answer] | None = None
    discovery: Answer | None = None
    server: Running | None = None
    tokens_given: int = 0

    def reply(self, asked: Asked) -> Answer:
        if asked.path.endswith("/.well-known/openid-configuration"):
            return self.discovery or Answer(json=self._metadata(asked.path.split("/")[1]))
        if asked.path.endswith("/oauth2/v2.0/token"):
            self.tokens_given += 1
            given = {"token_type": "Bearer", "expires_in": 3599, "access_token": f"token{self.tokens_given}"}
            return self.token(asked) if self.token else Answer(json=given)
        return self.graph(asked)

    def _metadata(self, tenant: str) -> dict[str, str]:
        base = f"{self.url}/{tenant}"
        return {
            "issuer": f"{base}/v2.0",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "token_endpoint": f"{base}/oauth2/v2.0/token",
        }

    @property
    def url(self) -> str:
        assert self.server
        return self.server.url

    @property
    def calls(self) -> list[Asked]:
        """The requests for Graph."""
        assert self.server
        return [asked for asked in self.server.asked if asked.path.startswith(("/v1.0/", "/beta/"))]

    @property
    def token_requests(self) -> list[Asked]:
        assert self.server
        return [asked for asked in self.server.asked if asked.path.endswith("/token")]

    def in_turn(self, *answers: Answer) -> None:
        """Answer with these, the last one for ever."""
        left = list(answers)
        self.graph = lambda _asked: left.pop(0) if len(left) > 1 else left[0]

    def open(self) -> Graph:
        return Graph(self.tenant, patience=BRISK)


def configure(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    config.current.cache_clear()


def failure(status: int, code: str, **headers: str) -> Answer:
    body = {"error": {"code": code, "message": "why", "innerError": {"request-id": "inner-id"}}}
    return Answer(status, json=body, headers={"request-id": "header-id", **headers})

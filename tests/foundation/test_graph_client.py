"""Graph and Entra's token endpoint, played by a real HTTPS server; msal and httpx are the real ones."""

import base64
import hashlib
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.support.http_server import (
    Answer,
    Asked,
    Running,
    certificate_for,
    client_certificate,
    serving,
)

from vedette.foundation import config, graph_errors
from vedette.foundation.graph import Graph, GraphError, Patience, TokenError, advice_for_code
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
            return self.discovery or Answer(json=self._metadata())
        if asked.path.endswith("/oauth2/v2.0/token"):
            self.tokens_given += 1
            given = {"token_type": "Bearer", "expires_in": 3599, "access_token": f"token{self.tokens_given}"}
            return self.token(asked) if self.token else Answer(json=given)
        return self.graph(asked)

    def _metadata(self) -> dict[str, str]:
        base = f"{self.url}/{self.tenant}"
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


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return certificate_for(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def cloud(certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    made = Cloud()
    with serving(made.reply, certificate=certificate) as running:
        made.server = running
        configure(
            monkeypatch,
            VEDETTE_LOGIN_URL=running.url,
            VEDETTE_GRAPH_URL=running.url,
            VEDETTE_CLIENT_ID="11111111-2222-4333-8444-555555555555",
            VEDETTE_CLIENT_SECRET="made up",
            VEDETTE_CA_FILE=str(certificate[0]),
        )
        yield made
    config.current.cache_clear()


def configure(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    config.current.cache_clear()


def failure(status: int, code: str, **headers: str) -> Answer:
    body = {"error": {"code": code, "message": "why", "innerError": {"request-id": "inner-id"}}}
    return Answer(status, json=body, headers={"request-id": "header-id", **headers})


def test_one_object_with_its_options_token_and_ids(cloud: Cloud) -> None:
    cloud.graph = lambda _asked: Answer(json={"id": "g1"}, headers={"request-id": "r1"})
    graph = cloud.open()
    assert graph.get("/groups/g1", select="id,displayName", top=1, expand="members") == {"id": "g1"}
    (call,) = cloud.calls
    assert call.path == "/v1.0/groups/g1"
    assert call.query == {"$select": "id,displayName", "$top": "1", "$expand": "members"}
    assert call.headers["Authorization"] == "Bearer token1"
    assert len(call.headers["client-request-id"]) == 36
    assert graph.last_request_id == "r1"
    (token,) = cloud.token_requests
    assert token.path == f"/{cloud.tenant}/oauth2/v2.0/token"
    assert token.form["scope"] == f"{cloud.url}/.default"
    assert token.form["grant_type"] == "client_credentials"


def test_other_versions_of_the_api(cloud: Cloud) -> None:
    cloud.open().get("/beta/devices")
    assert [call.path for call in cloud.calls] == ["/beta/devices"]


def test_a_token_is_kept_for_the_tenant_and_renewed_on_demand(cloud: Cloud) -> None:
    for _ in range(3):
        cloud.open().get("/groups")
    assert len(cloud.token_requests) == 1
    assert cloud.open().fresh_token() == "token2"
    cloud.open().get("/groups")
    assert len(cloud.token_requests) == 2
    assert cloud.calls[-1].headers["Authorization"] == "Bearer token2"


def test_a_token_near_its_end_is_not_used(cloud: Cloud) -> None:
    short = {"token_type": "Bearer", "expires_in": 299, "access_token": "short"}
    cloud.token = lambda _asked: Answer(json=short)
    cloud.open().get("/groups")
    cloud.open().get("/groups")
    assert len(cloud.token_requests) == 2


def test_threads_ask_for_one_token(cloud: Cloud) -> None:
    graph = cloud.open()
    cloud.graph = lambda asked: Answer(json={}, headers={"request-id": asked.path})
    ids: dict[str, str] = {}

    def look(number: int) -> None:
        graph.get(f"/devices/{number}")
        ids[f"/v1.0/devices/{number}"] = graph.last_request_id

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(look, range(24)))
    assert len(cloud.token_requests) == 1
    assert all(path == found for path, found in ids.items()), "request IDs of threads were mixed up"


def test_a_certificate_goes_before_a_secret(
    cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = client_certificate(tmp_path)
    configure(monkeypatch, VEDETTE_CLIENT_CERTIFICATE_FILE=str(certificate), VEDETTE_CLIENT_KEY_FILE=str(key))
    cloud.open().token()
    (asked,) = cloud.token_requests
    assert "client_secret" not in asked.form
    header, claims = (_decoded(part) for part in asked.form["client_assertion"].split(".")[:2])
    der = ssl.PEM_cert_to_DER_cert(certificate.read_text())
    assert header["alg"] == "PS256"
    assert _bytes(header["x5t#S256"]) == hashlib.sha256(der).digest()
    assert claims["aud"] == f"{cloud.url}/{cloud.tenant}/oauth2/v2.0/token"
    assert claims["iss"] == claims["sub"] == "11111111-2222-4333-8444-555555555555"


def test_pages_are_followed_to_the_end(cloud: Cloud) -> None:
    pages = {
        "": ["a", "b"],
        "2": ["c"],
        "3": [],
        "4": ["d"],
    }

    def reply(asked: Asked) -> Answer:
        here = asked.query.get("$skiptoken", "")
        body: dict[str, Any] = {"value": [{"id": name} for name in pages[here]]}
        following = {"": "2", "2": "3", "3": "4"}.get(here)
        if following:
            body["@odata.nextLink"] = f"{cloud.url}/v1.0/users?$skiptoken={following}"
        return Answer(json=body)

    cloud.graph = reply
    listed = cloud.open().pages("/users", select="id", search='"displayName:a"', consistency=True)
    assert [item["id"] for item in listed] == ["a", "b", "c", "d"]
    assert [call.headers["ConsistencyLevel"] for call in cloud.calls] == ["eventual"] * 4
    assert cloud.calls[0].query["$count"] == "true"
    assert "$select" not in cloud.calls[1].query, "the next link is used as it is"


def test_a_listing_that_breaks_off_is_an_error(cloud: Cloud) -> None:
    first = Answer(json={"value": [{"id": "a"}], "@odata.nextLink": f"{cloud.url}/v1.0/users?page=2"})
    cloud.in_turn(first, failure(500, "internalError"))
    seen: list[str] = []
    with pytest.raises(GraphError) as raised:
        seen.extend(item["id"] for item in cloud.open().pages("/users"))
    assert raised.value.status == 500


@pytest.mark.parametrize("link", ["https://evil.example.org/v1.0/users", "{url}/v1.0/users"])
def test_the_token_goes_nowhere_else_and_a_circle_ends(cloud: Cloud, link: str) -> None:
    following = link.format(url=cloud.url)
    cloud.graph = lambda _asked: Answer(json={"value": [], "@odata.nextLink": following})
    with pytest.raises(GraphError, match="next page"):
        list(cloud.open().pages("/users"))
    assert len(cloud.calls) <= 2


def test_retry_after_is_honoured(cloud: Cloud) -> None:
    cloud.in_turn(failure(429, "TooManyRequests", **{"Retry-After": "1"}), Answer(json={"id": "x"}))
    assert cloud.open().get("/groups") == {"id": "x"}
    first, second = cloud.calls
    assert second.at - first.at >= 1.0


def test_everybody_of_the_tenant_waits_and_nobody_else(cloud: Cloud) -> None:
    cloud.in_turn(failure(429, "TooManyRequests", **{"Retry-After": "1"}), Answer(json={}))
    with pytest.raises(GraphError):
        cloud.open().post("/groups", {})
    done = threading.Event()

    def other_thread() -> None:
        cloud.open().get("/users")
        done.set()

    threading.Thread(target=other_thread).start()
    cloud.open().get("/deviceManagement/managedDevices")
    assert done.wait(30)
    by_path = {call.path.rpartition("/")[2]: call.at for call in cloud.calls}
    assert by_path["users"] - by_path["groups"] >= 1.0
    assert by_path["managedDevices"] < by_path["users"], "Intune's limits are not the directory's"


def test_a_wait_beyond_patience_is_said_and_not_broken(cloud: Cloud) -> None:
    cloud.in_turn(failure(429, "TooManyRequests", **{"Retry-After": "120"}), Answer(json={}))
    for _ in range(2):
        with pytest.raises(GraphError) as raised:
            cloud.open().get("/groups")
        assert raised.value.status == 429
        assert raised.value.retry_after == pytest.approx(120, abs=2)
    assert len(cloud.calls) == 1, "called sooner than allowed"


@pytest.mark.parametrize(
    "broken", [failure(500, "x"), failure(503, "x"), failure(429, "x"), Answer(drop=True)]
)
def test_what_passes_is_repeated_a_bounded_number_of_times(cloud: Cloud, broken: Answer) -> None:
    cloud.in_turn(broken, broken, Answer(json={"id": "x"}))
    assert cloud.open().get("/groups") == {"id": "x"}
    cloud.in_turn(broken)
    before = len(cloud.calls)
    with pytest.raises(GraphError):
        cloud.open().get("/groups")
    assert len(cloud.calls) - before == BRISK.attempts


def test_writes_are_repeated_only_when_that_does_no_harm(cloud: Cloud) -> None:
    cloud.in_turn(failure(503, "serviceNotAvailable"), Answer(204))
    graph = cloud.open()
    for write in (graph.post, graph.patch):
        cloud.in_turn(failure(503, "serviceNotAvailable"), Answer(204))
        before = len(cloud.calls)
        with pytest.raises(GraphError):
            write("/devices/d", {"a": 1})
        assert len(cloud.calls) - before == 1
        cloud.in_turn(failure(503, "serviceNotAvailable"), Answer(204))
        assert write("/devices/d", {"a": 1}, idempotent=True) == {}
    assert cloud.calls[-1].json == {"a": 1}
    assert cloud.calls[-1].method == "PATCH"
    graph.delete("/devices/d")
    assert cloud.calls[-1].method == "DELETE"


def test_a_refused_token_is_renewed_once(cloud: Cloud) -> None:
    cloud.in_turn(failure(401, "InvalidAuthenticationToken"), Answer(json={"id": "x"}))
    assert cloud.open().post("/groups", {}) == {"id": "x"}
    assert [call.headers["Authorization"] for call in cloud.calls] == ["Bearer token1", "Bearer token2"]
    cloud.in_turn(failure(401, "InvalidAuthenticationToken"))
    with pytest.raises(GraphError) as raised:
        cloud.open().get("/groups")
    assert raised.value.status == 401
    assert len(cloud.calls) == 4


def test_an_error_carries_what_support_asks_for(cloud: Cloud) -> None:
    cloud.in_turn(failure(403, "Authorization_RequestDenied"))
    with pytest.raises(GraphError) as raised:
        cloud.open().get("/groups")
    error = raised.value
    assert (error.status, error.code, error.message) == (403, "Authorization_RequestDenied", "why")
    assert error.request_id == "inner-id"
    assert "permission" in error.explanation
    assert "consent" in error.next_step
    assert len(cloud.calls) == 1


@pytest.mark.parametrize(
    "answer", [Answer(200, body=b"<html>"), Answer(200, json=[1]), Answer(502, body=b"<html>Bad gateway")]
)
def test_an_answer_that_is_not_graphs_is_an_error(cloud: Cloud, answer: Answer) -> None:
    cloud.in_turn(answer)
    with pytest.raises(GraphError) as raised:
        cloud.open().get("/groups")
    assert raised.value.code in {"unreadable", "http502"}


def test_no_answer_at_all_is_an_error_with_advice(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = cloud.open()
    graph.token()
    with serving(cloud.reply) as gone:
        pass
    monkeypatch.setattr(graph, "_origin", f"https://127.0.0.1:{gone.port}")
    with pytest.raises(GraphError) as raised:
        graph.get("/groups")
    assert (raised.value.status, raised.value.code) == (0, "unreachable")
    assert "network" in raised.value.next_step


def test_a_private_address_is_refused_once(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, VEDETTE_ALLOW_PRIVATE_ADDRESSES="0")
    with pytest.raises(TokenError) as raised:
        cloud.open().get("/groups")
    assert "VEDETTE_ALLOW_PRIVATE_ADDRESSES" in str(raised.value)
    assert cloud.calls == []


def test_a_batch_of_more_than_twenty(cloud: Cloud) -> None:
    throttled = {"d3"}

    def reply(asked: Asked) -> Answer:
        if not asked.path.endswith("/$batch"):
            return Answer(json={"value": [{"id": "second page"}]})
        responses = []
        for request in reversed(asked.json["requests"]):
            name = request["url"].split("/")[2]
            answer: dict[str, Any] = {"id": request["id"], "status": 200, "body": {"value": [{"id": name}]}}
            if name == "d2":
                answer |= {"status": 404, "body": {"error": {"code": "Request_ResourceNotFound"}}}
            elif name in throttled:
                throttled.discard(name)
                answer |= {"status": 429, "headers": {"Retry-After": "1"}, "body": {"error": {}}}
            elif name == "d4":
                answer["body"]["@odata.nextLink"] = f"{cloud.url}/v1.0/devices/d4/registeredOwners?more"
            responses.append(answer)
        return Answer(json={"responses": responses})

    cloud.graph = reply
    paths = {f"d{number}": f"/devices/d{number}/registeredOwners" for number in range(45)}
    found = dict(cloud.open().batch_get(paths))
    assert found.keys() == paths.keys()
    assert found["d2"] == {}
    assert found["d3"]["value"] == [{"id": "d3"}]
    assert found["d4"]["value"] == [{"id": "d4"}, {"id": "second page"}]
    batches = [call for call in cloud.calls if call.path.endswith("/$batch")]
    assert [len(call.json["requests"]) for call in batches] == [20, 1, 20, 5]
    assert batches[1].at - batches[0].at >= 1.0


def test_a_batch_that_is_denied_is_an_error(cloud: Cloud) -> None:
    denied = {"id": "0", "status": 403, "body": {"error": {"code": "Authorization_RequestDenied"}}}
    cloud.in_turn(Answer(json={"responses": [denied]}))
    with pytest.raises(GraphError) as raised:
        list(cloud.open().batch_get({"d": "/devices/d"}))
    assert raised.value.code == "Authorization_RequestDenied"


def refusal(number: int, error: str, status: int = 400) -> Answer:
    text = f"AADSTS{number}: The words. Trace ID: t-1 Correlation ID: c-1 Timestamp: 2026-01-01 00:00:00Z"
    return Answer(
        status,
        json={
            "error": error,
            "error_description": text,
            "error_codes": [number],
            "trace_id": "t-1",
            "correlation_id": "c-1",
        },
    )


@pytest.mark.parametrize(
    ("number", "error", "status"),
    [
        (7000215, "invalid_client", 401),
        (500011, "invalid_resource", 400),
        (700038, "unauthorized_client", 400),
        (65001, "invalid_grant", 400),
    ],
)
def test_a_refusal_of_entra_is_told_by_its_number(cloud: Cloud, number: int, error: str, status: int) -> None:
    cloud.token = lambda _asked: refusal(number, error, status)
    with pytest.raises(TokenError) as raised:
        cloud.open().get("/groups")
    refused = raised.value
    assert (refused.code, refused.name) == (str(number), f"AADSTS{number}")
    assert (refused.trace_id, refused.correlation_id) == ("t-1", "c-1")
    assert str(refused) == f"AADSTS{number}: The words."
    assert refused.explanation != graph_errors._OTHER_ENTRA.explanation
    assert cloud.calls == []


def test_a_refusal_is_not_remembered(cloud: Cloud) -> None:
    cloud.token = lambda _asked: refusal(65001, "invalid_grant")
    with pytest.raises(TokenError):
        cloud.open().token()
    cloud.token = None
    assert cloud.open().token()


def test_an_unknown_tenant_is_told_by_its_number(cloud: Cloud) -> None:
    cloud.discovery = refusal(90002, "invalid_tenant")
    with pytest.raises(TokenError) as raised:
        cloud.open().token()
    assert raised.value.code == "90002"


@pytest.mark.parametrize("answer", [Answer(500, body=b"x"), Answer(drop=True), Answer(200, body=b"<html>")])
def test_entra_out_of_reach_is_told(cloud: Cloud, answer: Answer) -> None:
    cloud.token = lambda _asked: answer
    with pytest.raises(TokenError) as raised:
        cloud.open().token()
    assert raised.value.code == "unreachable"
    cloud.discovery = answer
    with pytest.raises(TokenError) as raised:
        cloud.open().token()
    assert raised.value.code == "unreachable"


def test_a_service_without_an_application_says_so(
    cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(monkeypatch, VEDETTE_CLIENT_SECRET="")
    with pytest.raises(TokenError, match="VEDETTE_CLIENT_CERTIFICATE_FILE") as raised:
        cloud.open().token()
    assert raised.value.code == "not_configured"
    configure(monkeypatch, VEDETTE_CLIENT_CERTIFICATE="nonsense", VEDETTE_CLIENT_KEY="nonsense")
    with pytest.raises(TokenError, match="not readable PEM") as raised:
        cloud.open().token()
    assert raised.value.code == "not_configured"
    mine, other = tmp_path / "mine", tmp_path / "other"
    mine.mkdir()
    other.mkdir()
    certificate, key = client_certificate(mine)[0].read_text(), client_certificate(other)[1].read_text()
    configure(monkeypatch, VEDETTE_CLIENT_CERTIFICATE=certificate, VEDETTE_CLIENT_KEY=key)
    with pytest.raises(TokenError, match="not the key of"):
        cloud.open().token()
    configure(monkeypatch, VEDETTE_CLIENT_ID="")
    with pytest.raises(TokenError, match="VEDETTE_CLIENT_ID"):
        cloud.open().token()


# reference: microsoft.md 2.10 and 3.5
GRAPH_CODES = """InvalidAuthenticationToken Authorization_RequestDenied Request_ResourceNotFound Request_BadRequest
Request_UnsupportedQuery Directory_QuotaExceeded activityLimitReached TooManyRequests serviceNotAvailable
resyncRequired syncStateNotFound"""
ENTRA_NUMBERS = """7000215 500011 700038 700016 70003 7000222 700027 700024 90002 65001 50105 50011 65004 53003 53000
50076"""


@pytest.mark.parametrize("code", GRAPH_CODES.split())
def test_every_code_of_graph_has_advice(code: str) -> None:
    assert GraphError(400, code, "x").advice is graph_errors.GRAPH[code]


@pytest.mark.parametrize("number", ENTRA_NUMBERS.split())
def test_every_code_of_entra_has_advice(number: str) -> None:
    assert TokenError(number, "x").advice is graph_errors.ENTRA[number]
    assert advice_for_code(f"AADSTS{number}") is graph_errors.ENTRA[number]


def test_an_unknown_code_is_explained_by_its_status() -> None:
    assert GraphError(403, "whatever", "x").advice is graph_errors.GRAPH["Authorization_RequestDenied"]
    assert GraphError(503, "whatever", "x").advice is graph_errors.GRAPH["serviceNotAvailable"]
    assert GraphError(418, "teapot", "x").advice is graph_errors._OTHER_GRAPH
    assert advice_for_code("1") is graph_errors._OTHER_ENTRA


def _decoded(part: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_bytes(part))
    return found


def _bytes(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))

"""Tokens for Graph: kept, shared, renewed; refusals of Entra told by their number."""

import base64
import hashlib
import json
import ssl
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.foundation.graph_cloud import BRISK, Cloud, configure
from tests.support.http_server import (
    Answer,
    Asked,
    client_certificate,
)

from vedette.foundation import circuit, graph_errors, tokens
from vedette.foundation.graph import Graph, GraphError, NotSentError, Request, TokenError
from vedette.foundation.ids import new_id

TOKEN = {"token_type": "Bearer", "expires_in": 3599, "access_token": "good"}


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


def _decoded(part: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_bytes(part))
    return found


def _bytes(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def test_a_token_endpoint_that_fails_is_left_alone_and_another_tenants_is_not(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of the tenant is sent, each call says until when, and one probe mends it."""
    monkeypatch.setattr(circuit, "FIRST_PAUSE", 0.3)
    mine, other = cloud.open(), Graph(str(new_id()), patience=BRISK)
    cloud.token = lambda asked: Answer(503) if cloud.tenant in asked.path else Answer(json=TOKEN)
    for _ in range(circuit.TOKEN_FAILURES):
        with pytest.raises(TokenError, match="token endpoint"):
            mine.get("/groups")
    asked = len(cloud.token_requests)
    with pytest.raises(NotSentError, match="has not answered for a while") as raised:
        mine.get("/groups")
    assert raised.value.retry_after is not None
    (reply,) = mine.batch([Request("GET", "/groups")])
    assert isinstance(reply.error, NotSentError)
    with pytest.raises(TokenError, match="has not answered") as held:
        tokens.app_token(cloud.tenant, "api://other/.default")
    assert (held.value.code, held.value.advice.next_step != "") == ("circuit_open", True)
    assert (len(cloud.token_requests), cloud.calls) == (asked, [])
    other.get("/groups")
    cloud.token = lambda _asked: Answer(json=TOKEN)
    until(lambda: mine.token() == "good", "no probe went out")


def test_an_endpoint_that_hangs_holds_up_threads_once_and_not_each_in_turn(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "ANSWER_SECONDS", 0.2)
    released = threading.Event()

    def hang(_asked: Asked) -> Answer:
        released.wait(30)
        return Answer(json=TOKEN)

    cloud.token = hang
    graph = cloud.open()

    def ask(_number: int) -> str:
        try:
            return graph.token()
        except (TokenError, NotSentError) as error:
            return error.code

    try:
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(ask, range(8)))
    finally:
        released.set()
    assert sorted(found) == ["circuit_open"] * 5 + ["unreachable"] * circuit.TOKEN_FAILURES


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            if condition():
                return
        except GraphError:
            pass
        assert time.monotonic() < deadline, what
        time.sleep(0.02)

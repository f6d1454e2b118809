"""The Logs Ingestion API of Azure Monitor: JSON arrays for a data collection rule, with a token of the Entra tenant.

Source: Microsoft, "Logs Ingestion API in Azure Monitor" (at most 1 MB a call, 429 with Retry-After, 204 is a yes).
"""

import threading
import time
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

import httpx
import msgspec

from vedette.connectors import destination_http as calls
from vedette.connectors.destination_chunks import in_chunks, one_by_one
from vedette.connectors.destination_events import Told
from vedette.connectors.destination_http import Answer
from vedette.connectors.destination_kinds import Sent, Target, Trouble
from vedette.connectors.routes import Budget
from vedette.connectors.sentinel.columns import row
from vedette.foundation import config

MOST_BYTES: Final = 1_000_000
"""A call, before packing: below 1 MB whichever way it is counted."""
API_VERSION: Final = "2023-01-01"
SCOPES: Final[Mapping[str, str]] = {
    "public": "https://monitor.azure.com/.default",
    "government": "https://monitor.azure.us/.default",
    "china": "https://monitor.azure.cn/.default",
}
_EARLY: Final = 300.0
"""Seconds before its end that a token is no longer used."""


class _Tokens:
    """Tokens of this process by who asked for them. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, ...], tuple[str, float]] = {}

    def get(self, key: tuple[str, ...]) -> str | None:
        with self._lock:
            token, until = self._kept.get(key, ("", 0.0))
        return token if time.monotonic() < until else None

    def keep(self, key: tuple[str, ...], token: str, seconds: float) -> None:
        with self._lock:
            self._kept[key] = token, time.monotonic() + max(0.0, seconds - _EARLY)

    def forget(self, key: tuple[str, ...]) -> None:
        with self._lock:
            self._kept.pop(key, None)


_tokens: Final = _Tokens()


def send(target: Target, events: Sequence[Told], budget: Budget) -> Sent:
    """Send events in calls of at most 1 MB, in order."""
    written = [msgspec.json.encode(row(event)) for event in events]
    with calls.client() as caller:

        def call(rows: Sequence[bytes]) -> Sent:
            return _send(caller, target, rows, budget)

        # the brackets, and a comma after each
        return in_chunks(written, MOST_BYTES - 2, 1, call, budget)


def _send(caller: httpx.Client, target: Target, rows: Sequence[bytes], budget: Budget) -> Sent:
    answer = _post(caller, target, rows)
    if isinstance(answer, Answer) and answer.status == HTTPStatus.UNAUTHORIZED:
        # The token may have been revoked: once more with a new one.
        _tokens.forget(_key(target))
        answer = _post(caller, target, rows)
    found = answer if isinstance(answer, Trouble) else calls.verdict(answer)
    if isinstance(found, Trouble):
        return Sent(0, trouble=found)
    assert isinstance(answer, Answer)
    if found is None:
        return Sent(len(rows), answer=answer.said)

    def alone(each: Sequence[bytes]) -> Sent:
        return _send(caller, target, each, budget)

    return one_by_one(rows, found, answer.said, alone, budget)


def _post(caller: httpx.Client, target: Target, rows: Sequence[bytes]) -> Answer | Trouble:
    token = _token(caller, target)
    if isinstance(token, Trouble):
        return token
    settings = target.settings
    rule, stream = quote(settings["rule"], safe=""), quote(settings["stream"], safe="")
    url = f"{settings['endpoint'].rstrip('/')}/dataCollectionRules/{rule}/streams/{stream}?api-version={API_VERSION}"
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    return calls.post(caller, url, content=b"[" + b",".join(rows) + b"]", headers=headers)


def _token(caller: httpx.Client, target: Target) -> str | Trouble:
    """Ask Entra for a token by client credentials (RFC 6749 4.4)."""
    kept = _tokens.get(_key(target))
    if kept:
        return kept
    settings = target.settings
    url = f"{config.current().login_url.rstrip('/')}/{settings['tenant']}/oauth2/v2.0/token"
    form = {
        "grant_type": "client_credentials",
        "client_id": settings["client_id"],
        "client_secret": target.secrets["client_secret"],
        "scope": SCOPES[settings.get("cloud", "public")],
    }
    body = str(httpx.QueryParams(form)).encode()
    answer = calls.post(
        caller, url, content=body, headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    if isinstance(answer, Trouble):
        return answer
    given = answer.json if isinstance(answer.json, dict) else {}
    if not answer.is_good:
        return _refused(answer, given)
    token, seconds = given.get("access_token"), given.get("expires_in")
    if not isinstance(token, str) or not isinstance(seconds, int | float):
        return Trouble("unexpected_answer", f"the login endpoint gave no token (HTTP {answer.status})")
    _tokens.keep(_key(target), token, float(seconds))
    return token


def _refused(answer: Answer, given: Mapping[str, object]) -> Trouble:
    """Say why Entra gave no token; a wrong secret is told with 401, a wrong application or tenant with 400."""
    said = f"Entra: {given.get('error_description') or answer.said}"[: calls.SHOWN * 2]
    found = calls.verdict(answer)
    if isinstance(found, Trouble) and found.code in {"too_many", "server_error", "redirected"}:
        return Trouble(found.code, said, found.retry_after)
    return Trouble("unauthorized", said)


def _key(target: Target) -> tuple[str, ...]:
    settings = target.settings
    # The destination is part of it: nobody gets a token by another's secret.
    return str(target.id), settings["tenant"], settings["client_id"], settings.get("cloud", "public")

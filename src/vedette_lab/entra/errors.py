"""Entra's errors: one table of AADSTS numbers and the envelope as captured (microsoft.md 3.5)."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from uuid import uuid4

from starlette.responses import JSONResponse


@dataclass(frozen=True, slots=True)
class Kind:
    """How a number is answered: HTTP status, OAuth error and text with places for facts."""

    status: int
    error: str
    text: str


def _load() -> dict[int, Kind]:
    rows = json.loads(files("vedette_lab.entra").joinpath("data/errors.json").read_text("utf-8"))
    return {int(number): Kind(**row) for number, row in rows.items()}


KINDS = _load()
NO_URI = frozenset({700038, 70003})
"""Answered without `error_uri`, as captured."""


class _Facts(dict[str, str]):
    """Facts of one error; one that was not given reads as nothing."""

    def __missing__(self, key: str) -> str:
        return ""


class EntraError(Exception):
    """A refusal with its AADSTS number, trace and correlation ids. KeyError for a number not in the table."""

    def __init__(self, number: int, /, **facts: str) -> None:
        self.number = number
        self.kind = KINDS[number]
        self.summary = f"AADSTS{number}: {self.kind.text.format_map(_Facts(facts))}".strip()
        self.trace_id = str(uuid4())
        self.correlation_id = str(uuid4())
        self.timestamp = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%SZ}"
        super().__init__(self.summary)

    @property
    def description(self) -> str:
        """Return the text with its ids, as `error_description` carries it."""
        ids = f"Trace ID: {self.trace_id} Correlation ID: {self.correlation_id}"
        return f"{self.summary} {ids} Timestamp: {self.timestamp}"

    def response(self, base_url: str) -> JSONResponse:
        """Return the token endpoint's answer."""
        body = {
            "error": self.kind.error,
            "error_description": self.description,
            "error_codes": [self.number],
            "timestamp": self.timestamp,
            "trace_id": self.trace_id,
            "correlation_id": self.correlation_id,
        }
        if self.number not in NO_URI:
            body["error_uri"] = f"{base_url}/error?code={self.number}"
        return JSONResponse(
            body, self.kind.status, headers={"Cache-Control": "no-store", "Pragma": "no-cache"}
        )

"""Receivers that follow their published protocols strictly, and one that follows none."""

import gzip
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from tests.support.http_server import Answer, Asked

REFUSED = Answer(401, json={"error": "no"})


@contextmanager
def raw(behave: Callable[[socket.socket], None]) -> Iterator[str]:
    """A TCP server that does with each connection what it is told to; gives its address."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            while True:
                try:
                    connection, _address = server.accept()
                except OSError:
                    return
                with connection, suppress(OSError):
                    behave(connection)

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"


def reset(connection: socket.socket) -> None:
    """Break off without a word."""
    connection.recv(100)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def garbage(connection: socket.socket) -> None:
    connection.recv(65_536)
    connection.sendall(b"\x15\x03\x01\x00\x02\x02\x46 this is no HTTP\r\n\r\n")


def hang(connection: socket.socket) -> None:
    connection.settimeout(10)
    while connection.recv(65_536):
        pass


def endless(connection: socket.socket) -> None:
    """Answer without end."""
    connection.recv(65_536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
    while True:
        connection.sendall(b"x" * 1_000_000)


@dataclass
class Collector:
    """Splunk's HTTP Event Collector: answers as its reference of endpoints and codes says."""

    token: str = "5d0f-token"
    indexes: tuple[str, ...] = ("main", "mobile")
    acknowledges: bool = False
    busy: int = 0
    """Calls that are answered with "Server is busy" first."""
    kept: list[dict[str, Any]] = field(default_factory=list)
    asked_for: int = 0
    """How often a batch was asked after before it counts as indexed: see `late`."""
    late: int = 0
    refuses: str = ""
    """An event with this text is data in a wrong format."""

    def __call__(self, asked: Asked) -> Answer:  # noqa: PLR0911 a protocol is a list of refusals
        scheme, _, token = asked.headers.get("Authorization", "").partition(" ")
        if scheme != "Splunk":
            return self._say(401, 3, "Invalid authorization")
        if token != self.token:
            return self._say(403, 4, "Invalid token")
        channel = asked.headers.get("X-Splunk-Request-Channel", "")
        if self.acknowledges:
            if not channel:
                return self._say(400, 10, "Data channel is missing")
            UUID(channel)
        if asked.path == "/services/collector/ack":
            return self._ack(asked)
        if asked.path != "/services/collector/event":
            return Answer(404)
        if self.busy:
            self.busy -= 1
            return self._say(503, 9, "Server is busy")
        return self._event(asked)

    def _event(self, asked: Asked) -> Answer:
        decoder, text, events = json.JSONDecoder(), asked.body.decode().strip(), []
        while text:
            event, end = decoder.raw_decode(text)
            events.append(event)
            text = text[end:].lstrip()
        for event in events:
            if "event" not in event:
                return self._say(400, 12, "Event field is required")
            if event.get("index", "main") not in self.indexes:
                return self._say(400, 7, "Incorrect index")
            if not isinstance(event["time"], int | float):
                return self._say(400, 6, "Invalid data format")
        for number, event in enumerate(events):
            if self.refuses and self.refuses in json.dumps(event):
                answer = {"text": "Invalid data format", "code": 6, "invalid-event-number": number}
                return Answer(400, json=answer)
        self.kept += events
        answer = {"text": "Success", "code": 0}
        return Answer(200, json=answer | ({"ackId": len(self.kept)} if self.acknowledges else {}))

    def _ack(self, asked: Asked) -> Answer:
        if not self.acknowledges:
            return self._say(400, 14, "ACK is disabled")
        self.asked_for += 1
        done = self.asked_for > self.late
        return Answer(200, json={"acks": {str(identity): done for identity in asked.json["acks"]}})

    def _say(self, status: int, code: int, text: str) -> Answer:
        return Answer(status, json={"text": text, "code": code})


@dataclass
class Cluster:
    """Elasticsearch's bulk API over a data stream."""

    key: str = "ZW5jb2RlZA=="
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    rejects: Callable[[dict[str, Any]], tuple[int, str] | None] = lambda _document: None
    """Gives status and type of the error of a document that is not taken."""

    def __call__(self, asked: Asked) -> Answer:
        if asked.path != "/_bulk" or asked.method != "POST":
            return Answer(405, json={"error": "Incorrect HTTP method", "status": 405})
        if asked.headers.get("Authorization") != f"ApiKey {self.key}":
            return Answer(401, json={"error": {"type": "security_exception"}, "status": 401})
        if asked.headers.get("Content-Type") not in {"application/x-ndjson", "application/json"}:
            return Answer(406, json={"error": "Content-Type header is not supported", "status": 406})
        if not asked.body.endswith(b"\n"):
            reason = "The bulk request must be terminated by a newline [\\n]"
            return Answer(400, json={"error": {"type": "illegal_argument_exception", "reason": reason}})
        lines = [json.loads(line) for line in asked.body.splitlines()]
        items = [self._item(action, given) for action, given in zip(lines[::2], lines[1::2], strict=True)]
        wrong = any("error" in next(iter(item.values())) for item in items)
        return Answer(200, json={"took": 1, "errors": wrong, "items": items})

    def _item(self, action: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
        ((kind, about),) = action.items()
        answer: dict[str, Any] = {"_index": f".ds-{about['_index']}-000001", "_id": about["_id"]}
        if kind != "create":
            reason = "only write ops with an op_type of create are allowed in data streams"
            return {
                kind: answer
                | {"status": 400, "error": {"type": "illegal_argument_exception", "reason": reason}}
            }
        assert given["@timestamp"], "a data stream takes no document without it"
        found = self.rejects(given)
        if found:
            error = {"type": found[1], "reason": "failed to parse", "caused_by": {"reason": "why"}}
            return {kind: answer | {"status": found[0], "error": error}}
        if about["_id"] in self.documents:
            error = {"type": "version_conflict_engine_exception", "reason": "document already exists"}
            return {kind: answer | {"status": 409, "error": error}}
        self.documents[about["_id"]] = given
        return {kind: answer | {"result": "created", "status": 201}}


@dataclass
class Azure:
    """The token endpoint of Entra and the Logs Ingestion API, at one address."""

    tenant: str
    client_id: str
    secret: str = "a client secret"
    rule: str = "dcr-00000000000000000000000000000001"
    stream: str = "Custom-Vedette_CL"
    columns: frozenset[str] = frozenset()
    rows: list[dict[str, Any]] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    throttle: int = 0
    sizes: list[int] = field(default_factory=list)

    def __call__(self, asked: Asked) -> Answer:  # noqa: PLR0911 a protocol is a list of refusals
        if asked.path == f"/{self.tenant}/oauth2/v2.0/token":
            return self._token(asked)
        if asked.path != f"/dataCollectionRules/{self.rule}/streams/{self.stream}":
            return Answer(
                404, json={"error": {"code": "NotFound", "message": "Data collection rule not found"}}
            )
        if asked.headers.get("Authorization") != f"Bearer {self.tokens[-1]}":
            return Answer(401, json={"error": {"code": "InvalidToken"}})
        assert asked.query["api-version"] == "2023-01-01"
        assert asked.headers["Content-Type"] == "application/json"
        if self.throttle:
            self.throttle -= 1
            return Answer(429, headers={"Retry-After": "37"})
        body = gzip.decompress(asked.body) if asked.headers.get("Content-Encoding") == "gzip" else asked.body
        self.sizes.append(len(body))
        if len(body) > 1024 * 1024:
            return Answer(413, json={"error": {"code": "ContentLengthLimitExceeded"}})
        rows = json.loads(body)
        assert isinstance(rows, list)
        if any(set(each) - self.columns for each in rows):
            return Answer(400, json={"error": {"code": "InvalidPayload"}})
        self.rows += rows
        return Answer(204)

    def _token(self, asked: Asked) -> Answer:
        form = asked.form
        assert form["grant_type"] == "client_credentials"
        assert form["scope"] == "https://monitor.azure.com/.default"
        if form["client_id"] != self.client_id:
            description = "AADSTS700016: Application was not found in the directory."
            return Answer(400, json={"error": "unauthorized_client", "error_description": description})
        if form["client_secret"] != self.secret:
            description = "AADSTS7000215: Invalid client secret provided."
            return Answer(401, json={"error": "invalid_client", "error_description": description})
        self.tokens.append(f"token-{len(self.tokens)}")
        return Answer(200, json={"token_type": "Bearer", "expires_in": 3599, "access_token": self.tokens[-1]})

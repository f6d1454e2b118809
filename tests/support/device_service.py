"""A small service that speaks the device protocol for real: signatures, codes, sequences, digests.

The product's own service is tested in its own area; this one exists so that the agent can be tested against
every answer of the protocol, including those that a healthy service seldom gives.
"""

import datetime as dt
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from vedette_facts import jose
from vedette_facts import protocol as p
from vedette_facts.report import AgentFacts, App, DeviceFacts, Facts, FactsError, Posture


class ProblemError(Exception):
    def __init__(self, code: str, **more: Any) -> None:
        super().__init__(code)
        self.code = code
        self.more = more


@dataclass
class Phone:
    device_id: str
    key: dict[str, str]
    digest: str | None = None
    retired: bool = False
    reports: dict[int, bytes] = field(default_factory=dict)
    received: list[p.ReportRequest] = field(default_factory=list)


@dataclass
class Service:
    """State, and what the next requests meet: each item of `script` spoils one request."""

    url: str = ""
    codes: dict[str, str] = field(default_factory=dict)
    phones: dict[str, Phone] = field(default_factory=dict)
    waiting: bool = False
    script: list[Response | str] = field(default_factory=list)
    requests: int = 0
    state: p.DeviceStatus = field(default_factory=lambda: p.DeviceStatus(state="secured", blocked=False))

    async def answer(self, request: Request) -> Response:
        self.requests += 1
        body = await request.body()
        item = self.script.pop(0) if self.script else None
        if isinstance(item, Response):
            return item
        handler = {
            p.ENROLL_PATH: self.enroll,
            p.CHECK_IN_PATH: self.check_in,
            p.STATUS_PATH: self.status,
        }[request.url.path]
        try:
            self._check_request(request, item)
            status, answer = handler(body)
        except ProblemError as problem:
            return error(problem.code, **problem.more)
        except jose.SignatureRefused as refused:
            return error(refused.code, message=refused.message)
        except FactsError as wrong:
            return error("malformed", message=str(wrong))
        if item == "lose the answer":
            return Response("lost", 502)
        return Response(msgspec.json.encode(answer), status, media_type="application/json")

    def enroll(self, body: bytes) -> tuple[int, msgspec.Struct]:
        received = jose.receive(body, p.ENROLL_TYP)
        key = received.embedded_key
        request = p.decode_request(jose.verify(received, key), p.EnrollRequest)
        self._check_audience(request.audience)
        key_id = jose.key_id(key)
        if request.code not in self.codes:
            raise ProblemError("unknown_code")
        if self.waiting:
            return 202, p.Waiting(
                reason="not_in_enrollment_group",
                key_id=key_id,
                retry_seconds=60,
                message="Ask your administrator to add you to “Mobile Users”.",
            )
        if self.codes[request.code] not in {"", key_id}:
            raise ProblemError("used_code")
        first = self.codes[request.code] == ""
        self.codes[request.code] = key_id
        phone = self.phones.setdefault(key_id, Phone(device_id=f"device-{request.code}", key=key))
        return 201 if first else 200, p.Activated(
            device_id=phone.device_id,
            key_id=key_id,
            binding="code",
            server_time=dt.datetime.now(dt.UTC),
            check_in_seconds=3600,
        )

    def check_in(self, body: bytes) -> tuple[int, msgspec.Struct]:
        received = jose.receive(body, p.REPORT_TYP)
        phone = self._phone(received.key_id)
        request = p.decode_request(jose.verify(received, phone.key), p.ReportRequest)
        self._check_audience(request.audience)
        if phone.retired:
            raise ProblemError("retired_identity")
        request.decoded_facts()
        duplicate = phone.reports.get(request.sequence) == request.fingerprint()
        if not duplicate and phone.reports and request.sequence <= max(phone.reports):
            raise ProblemError("sequence_reused", last_sequence=max(phone.reports))
        if request.unchanged is not None and request.unchanged != phone.digest:
            raise ProblemError("facts_needed")
        if not duplicate:
            phone.reports[request.sequence] = request.fingerprint()
            phone.digest = request.digest()
            phone.received.append(request)
        now = dt.datetime.now(dt.UTC)
        return 200, p.CheckInAnswer(
            duplicate=duplicate,
            server_time=now,
            clock_skew_seconds=(now - request.sent_at).total_seconds(),
            check_in_seconds=1800,
            state=self.state,
        )

    def status(self, body: bytes) -> tuple[int, msgspec.Struct]:
        received = jose.receive(body, p.STATUS_TYP)
        phone = self._phone(received.key_id)
        p.decode_request(jose.verify(received, phone.key), p.StatusRequest)
        if phone.retired:
            raise ProblemError("retired_identity")
        return 200, self.state

    def _check_request(self, request: Request, scripted: str | None) -> None:
        if request.headers.get("content-type") != p.CONTENT_TYPE:
            raise ProblemError("unsupported_media_type")
        if scripted is not None and scripted != "lose the answer":
            raise ProblemError(scripted)

    def _phone(self, key_id: str) -> Phone:
        if key_id not in self.phones:
            raise ProblemError("unknown_key")
        return self.phones[key_id]

    def _check_audience(self, audience: str) -> None:
        if not p.same_audience(audience, self.url):
            raise ProblemError("wrong_audience")


def error(code: str, *, message: str = "", retry_after: str | None = None, **more: Any) -> Response:
    body = p.ErrorAnswer(error=code, message=message or f"({code})", next_step="Do this.", **more)
    headers = {"Retry-After": retry_after} if retry_after else {}
    return Response(msgspec.json.encode(body), p.ERROR_STATUS[code], headers, media_type="application/json")


def captive_portal() -> Response:
    return HTMLResponse("<h1>Welcome to the airport</h1>", 200)


@contextmanager
def running() -> Iterator[Service]:
    service = Service()
    paths = (p.ENROLL_PATH, p.CHECK_IN_PATH, p.STATUS_PATH)
    app = Starlette(routes=[Route(path, service.answer, methods=["POST"]) for path in paths])
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan="off"))
    listening = server.config.bind_socket()
    service.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        server.should_exit = True
        thread.join(10)
        listening.close()


def facts(model: str = "Pixel 8a", **posture: Any) -> Facts:
    return Facts(
        device=DeviceFacts(platform="ANDROID", manufacturer="Google", model=model, os_version="15"),
        agent=AgentFacts(version="0.1.0"),
        posture=Posture(**posture),
        apps=[App(package="org.example.mail", version_code=7)],
        apps_complete=True,
    )

"""A small real HTTP(S) server in a thread, which answers as a test's function says and keeps what it was asked."""

import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    at: float

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def form(self) -> Mapping[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}


@dataclass(frozen=True)
class Answer:
    """One response; `drop` closes the connection instead."""

    status: int = 200
    json: Any = None
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    drop: bool = False


Reply = Callable[[Asked], Answer]


@dataclass
class Running:
    """A server that runs: its address, and every request so far."""

    url: str
    port: int
    asked: list[Asked]


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is part of the tests."""


@contextmanager
def serving(reply: Reply, *, certificate: tuple[Path, Path] | None = None) -> Iterator[Running]:
    """Serve on a free port of the loopback address; over TLS with a certificate and its key."""
    asked: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            url = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
            request = Asked(self.command, url.path, query, self.headers, body, time.monotonic())  # type: ignore[arg-type] # a Message reads like a Mapping
            asked.append(request)
            answer = reply(request)
            if answer.drop:
                self.close_connection = True
                return
            content = answer.body if answer.json is None else json.dumps(answer.json).encode()
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_DELETE = _answer  # noqa: N815 the base class's names

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 the base class's name
            pass

    server = _Quiet(("127.0.0.1", 0), Handler)
    if certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        port = server.server_address[1]
        yield Running(f"{'https' if certificate else 'http'}://127.0.0.1:{port}", port, asked)
    finally:
        server.shutdown()
        server.server_close()


def certificate_for(folder: Path, *names: str, ips: tuple[str, ...] = ("127.0.0.1",)) -> tuple[Path, Path]:
    """Write a self-signed server certificate (its own authority) and its key; return both paths."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Vedette test server")])
    alternatives = [*map(x509.DNSName, names), *(x509.IPAddress(ip_address(ip)) for ip in ips)]
    certificate = (
        _builder(subject, key.public_key())
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .sign(key, hashes.SHA256())
    )
    return _write(folder / "server", certificate, key)


def client_certificate(folder: Path) -> tuple[Path, Path]:
    """Write an RSA certificate for an application, as one uploads it to Entra, and its key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Vedette test application")])
    return _write(folder / "client", _builder(subject, key.public_key()).sign(key, hashes.SHA256()), key)


def _builder(subject: x509.Name, public_key: Any) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    )


def _write(stem: Path, certificate: x509.Certificate, key: Any) -> tuple[Path, Path]:
    paths = stem.with_suffix(".pem"), stem.with_suffix(".key")
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return paths

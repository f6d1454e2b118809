"""Starts the lab as a real process on a free port, for the tests of every area."""

import socket
import ssl
import subprocess
import sys
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

START_SECONDS = 30


def free_ports(count: int) -> list[int]:
    """Return ports of loopback that nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


@dataclass
class Lab(AbstractContextManager["Lab"]):
    """A running lab. `client` trusts its certificate authority, follows no redirects and speaks to `url`."""

    url: str
    ca_file: Path
    smtp_port: int
    client: httpx.Client
    process: subprocess.Popen[bytes]

    def get(self, path: str, **params: Any) -> Any:
        """Read JSON of the control API (`/lab` is put before `path`)."""
        return self._json(self.client.get(f"/lab{path}", params=params))

    def post(self, path: str, body: Any = None) -> Any:
        """Send JSON to the control API."""
        return self._json(self.client.post(f"/lab{path}", json={} if body is None else body))

    def patch(self, path: str, body: Any) -> Any:
        """Change something through the control API."""
        return self._json(self.client.patch(f"/lab{path}", json=body))

    def delete(self, path: str, **params: Any) -> Any:
        """Delete something through the control API."""
        return self._json(self.client.delete(f"/lab{path}", params=params))

    @staticmethod
    def _json(response: httpx.Response) -> Any:
        assert response.status_code < 400, f"{response.status_code} {response.text}"
        return response.json() if response.content else None

    def tenant(self, name: str = "Contoso Outdoors") -> dict[str, Any]:
        """Return id, domain and the guide's accounts and groups of a tenant."""
        return next(tenant for tenant in self.get("/tenants") if tenant["name"] == name)

    def stop(self) -> None:
        """End the process."""
        self.client.close()
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __deepcopy__(self, _memo: Any) -> Self:
        """There is one process, however often a scene that plays in it is copied."""
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start_lab(home: Path, port: int | None = None, *, phones: int = 40, seed: int = 7) -> Lab:
    """Start a lab with a small Contoso and wait until it answers. RuntimeError with its words when it does not."""
    https_port, smtp_port = free_ports(2)
    https_port = port or https_port
    home.mkdir(parents=True, exist_ok=True)
    log = home / "lab.log"
    command = [sys.executable, "-m", "vedette_lab", "serve", "--home", str(home), "--port", str(https_port)]
    command += ["--smtp-port", str(smtp_port), "--phones", str(phones), "--seed", str(seed)]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    ca_file = home / "lab-ca.pem"
    url = f"https://127.0.0.1:{https_port}"
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if _listens(https_port):
            context = ssl.create_default_context(cafile=str(ca_file))
            return Lab(
                url,
                ca_file,
                smtp_port,
                httpx.Client(base_url=url, verify=context, timeout=30, trust_env=False),
                process,
            )
        time.sleep(0.05)
    process.kill()
    process.wait()
    raise RuntimeError(f"The lab did not start:\n{log.read_text('utf-8', 'replace')}")


def _listens(port: int) -> bool:
    """Tell whether the port is open; it opens when the application has started."""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True

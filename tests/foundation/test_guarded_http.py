"""The guarded client against real sockets."""

import gzip
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpcore
import httpx
import pytest
from tests.support.http_server import Answer, Asked, Running, certificate_for, serving

from vedette.foundation import http
from vedette.foundation.config import ConfigError

LARGE = 100_000


ANSWERS = {
    "/large": Answer(body=b"x" * LARGE),
    "/packed": Answer(body=gzip.compress(b"x" * LARGE), headers={"Content-Encoding": "gzip"}),
    "/broken": Answer(body=b"not gzip at all", headers={"Content-Encoding": "gzip"}),
    "/strange": Answer(body=b"x", headers={"Content-Encoding": "br"}),
    "/redirect": Answer(302, headers={"Location": "/"}),
}


def reply(asked: Asked) -> Answer:
    if asked.path == "/slow":
        time.sleep(0.6)
    return ANSWERS.get(asked.path, Answer(json={"host": asked.headers["Host"]}))


@pytest.fixture
def server() -> Iterator[Running]:
    with serving(reply) as running:
        yield running


def names(monkeypatch: pytest.MonkeyPatch, *answers: str) -> list[str]:
    """Let the resolver answer with these addresses, one lookup after the other; return the names asked for."""
    asked: list[str] = []
    left = list(answers)
    really = socket.getaddrinfo

    def resolve(host: str, port: int, *rest: Any, **options: Any) -> list[Any]:
        if not host.endswith(".example.org"):
            return really(host, port, *rest, **options)
        asked.append(host)
        address = left.pop(0) if len(left) > 1 else left[0]
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return asked


@pytest.mark.parametrize(
    ("address", "refused"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("0.0.0.0", True),  # noqa: S104 an address to refuse
        ("10.1.2.3", True),
        ("172.16.0.1", True),
        ("192.168.1.1", True),
        ("100.64.0.1", True),
        ("169.254.169.254", True),
        ("192.0.2.1", True),
        ("198.18.0.1", True),
        ("224.0.0.1", True),
        ("255.255.255.255", True),
        ("8.8.8.8", False),
        ("20.190.128.1", False),
        ("::1", True),
        ("::", True),
        ("fe80::1%eth0", True),
        ("fc00::1", True),
        ("ff02::1", True),
        ("2001:db8::1", True),
        ("2603:1046::1", False),
        ("::ffff:127.0.0.1", True),
        ("::ffff:8.8.8.8", False),
        ("::127.0.0.1", True),
        ("64:ff9b::10.0.0.1", True),
        ("64:ff9b::8.8.8.8", False),
        ("2002:7f00:1::", True),
        ("2001:0:4136:e378:8000:63bf:80ff:fffe", True),
    ],
)
def test_only_public_unicast_addresses_are_called(address: str, *, refused: bool) -> None:
    assert http.forbidden(address) is refused


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433"])
def test_loopback_is_refused_however_it_is_written(server: Running, host: str) -> None:
    with (
        http.client(allow_private=False) as client,
        pytest.raises(http.RefusedAddressError, match="not public"),
    ):
        client.get(f"http://{host}:{server.port}/")
    assert server.asked == []


def test_loopback_is_called_when_the_setting_allows_it(server: Running) -> None:
    with http.client(allow_private=True) as client:
        assert client.get(f"{server.url}/").json() == {"host": f"127.0.0.1:{server.port}"}


def test_a_name_that_leads_inside_is_refused(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    names(monkeypatch, "127.0.0.1")
    with http.client(allow_private=False) as client, pytest.raises(http.RefusedAddressError):
        client.get(f"http://feed.example.org:{server.port}/")
    assert server.asked == []


def test_the_address_that_was_checked_is_the_one_that_is_called(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    # a rebinding name: harmless when asked first, loopback when asked again; TEST-NET-like but global
    monkeypatch.setattr(http, "forbidden", lambda address: address == "127.0.0.1")
    asked = names(monkeypatch, "127.0.0.2", "127.0.0.1")
    with http.client(allow_private=False, timeout=2) as client, pytest.raises(httpx.ConnectError) as failure:
        client.get(f"http://rebinding.example.org:{server.port}/")
    assert asked == ["rebinding.example.org"], "the name was asked for twice"
    assert not isinstance(failure.value, http.RefusedAddressError)
    assert server.asked == []


def test_tls_is_checked_against_the_name_and_the_given_authority(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = certificate_for(tmp_path, "graph.example.org", ips=())
    with serving(reply, certificate=certificate) as running:
        names(monkeypatch, "127.0.0.1")
        with (
            http.client(allow_private=True) as client,
            pytest.raises(httpx.ConnectError, match="CERTIFICATE"),
        ):
            client.get(f"https://graph.example.org:{running.port}/")
        trusted = httpx.Client(
            transport=http._Transport(http.trust(certificate[0]), http.Limits(1000, 5), allow_private=True)
        )
        with trusted as client:
            answer = client.get(f"https://graph.example.org:{running.port}/")
            assert answer.json() == {"host": f"graph.example.org:{running.port}"}
            with pytest.raises(httpx.ConnectError, match="match"):
                client.get(f"https://other.example.org:{running.port}/")


def test_an_authority_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"VEDETTE_CA_FILE.*missing\.pem"):
        http.trust(tmp_path / "missing.pem")
    (tmp_path / "empty.pem").write_text("nothing")
    with pytest.raises(ConfigError, match=r"VEDETTE_CA_FILE"):
        http.trust(tmp_path / "empty.pem")


@pytest.mark.parametrize("path", ["/large", "/packed"])
def test_an_answer_over_the_limit_is_cut_off_also_when_packed(server: Running, path: str) -> None:
    with http.client(max_bytes=LARGE) as client:
        assert client.get(f"{server.url}{path}").content == b"x" * LARGE
    with http.client(max_bytes=LARGE - 1) as client, pytest.raises(http.TooLargeError, match="99999"):
        client.get(f"{server.url}{path}")


@pytest.mark.parametrize("path", ["/broken", "/strange"])
def test_packing_that_cannot_be_read_is_an_error(server: Running, path: str) -> None:
    with http.client() as client, pytest.raises(httpx.DecodingError):
        client.get(f"{server.url}{path}")


def test_redirects_are_not_followed_unless_asked(server: Running) -> None:
    with http.client() as client:
        assert client.get(f"{server.url}/redirect").status_code == 302
        assert client.get(f"{server.url}/redirect", follow_redirects=True).status_code == 200


def test_a_redirect_to_the_inside_is_refused(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    # the first hop counts as public here, the second is what it says it is
    monkeypatch.setattr(http, "forbidden", lambda address: address == "127.0.0.9")
    lookups = names(monkeypatch, "127.0.0.1", "127.0.0.9")
    inside = Answer(302, headers={"Location": "http://metadata.example.org/"})
    with (
        serving(lambda _asked: inside) as hop,
        http.client(allow_private=False) as client,
        pytest.raises(http.RefusedAddressError),
    ):
        client.get(f"http://feed.example.org:{hop.port}/", follow_redirects=True)
    assert lookups == ["feed.example.org", "metadata.example.org"]
    assert server.asked == []


def test_waiting_ends(server: Running) -> None:
    with http.client(timeout=0.1) as client, pytest.raises(httpx.ReadTimeout):
        client.get(f"{server.url}/slow")


def test_proxies_of_the_environment_are_not_used(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with http.client() as client:
        assert client.get(f"{server.url}/").status_code == 200


@pytest.mark.parametrize("beginning", [b"", b"HTTP/1.1 200 OK\r\nX-Long: "])
def test_an_answer_whose_headers_trickle_in_ends_too(beginning: bytes) -> None:
    """Each letter comes in time, all of them together do not."""
    over = threading.Event()

    def trickle(server: socket.socket) -> None:
        connection, _address = server.accept()
        with connection, suppress(OSError):
            connection.sendall(beginning or b"H")
            for _ in range(100):
                if over.wait(0.05):
                    return
                connection.sendall(b"x")

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=trickle, args=(server,), daemon=True).start()
        with http.client(allow_private=True, total=0.3) as client, pytest.raises(httpx.ReadTimeout):
            client.get(f"http://127.0.0.1:{server.getsockname()[1]}/")
        over.set()


def test_a_name_with_many_dead_addresses_ends_too(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[float | None] = []

    def nobody(_self: object, _host: str, _port: int, timeout: float | None = None, *_rest: object) -> None:
        tried.append(timeout)
        time.sleep(0.1)
        raise httpcore.ConnectTimeout("timed out")

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", nobody)
    monkeypatch.setattr(http, "checked", lambda *_name, **_given: [f"203.0.113.{n}" for n in range(40)])
    with http.client(allow_private=True, total=0.25) as client, pytest.raises(httpx.ConnectTimeout):
        client.get("http://dead.example.org/")
    assert 1 <= len(tried) < 40
    assert all(timeout is not None and timeout <= 0.25 for timeout in tried)

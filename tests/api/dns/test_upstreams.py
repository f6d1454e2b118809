"""Each way to ask an upstream, against a real name server; and addresses inside a network are refused."""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import dns.message
import pytest
from tests.support.http_server import Answer as HttpAnswer
from tests.support.http_server import Asked, certificate_for, serving

from vedette.api.dns import upstream, wire
from vedette.api.dns.service import open_upstream
from vedette.api.dns.upstream import Upstream, UpstreamError
from vedette.foundation import config, name_server
from vedette.foundation.name_server import NameServer, NameServerError
from vedette_lab.names.answering import answer
from vedette_lab.names.server import NameServer as LabServer


def question(name: str, type_: str = "A") -> wire.Query:
    return wire.read_query(dns.message.make_query(name, type_, use_edns=True).to_wire())


async def said(asked: Upstream, query: wire.Query) -> wire.Answer:
    future: asyncio.Future[wire.Answer | UpstreamError] = asyncio.get_running_loop().create_future()
    asked.ask(query, future.set_result)
    found = await future
    if isinstance(found, UpstreamError):
        raise found
    return found


def check(host: str, _port: int) -> list[str]:
    return [host if host != "localhost" else "127.0.0.1"]


@pytest.mark.parametrize("way", ["udp", "tcp", "tls"])
def test_a_name_server_is_asked(way: str, tmp_path: Path) -> None:
    certificate, key = certificate_for(tmp_path, "localhost")

    async def ask() -> None:
        served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        served.load_cert_chain(certificate, key)
        lab = LabServer()
        await lab.start(tls=served)
        port = lab.tls_port if way == "tls" else lab.port
        trusted = ssl.create_default_context(cafile=str(certificate))
        asked = upstream.make(NameServer(way, "localhost", port), check, lambda: trusted)
        many = [said(asked, question(f"n{number}.example")) for number in range(60)]
        answers = await asyncio.gather(*many, said(asked, question("big.example", "TXT")))
        assert all(found.rcode == wire.NOERROR for found in answers)
        # what did not fit into UDP came over TCP
        assert not answers[-1].truncated
        assert len(answers[-1].message) > wire.UDP_PAYLOAD
        if way != "udp":
            # a connection that the other side has ended is replaced
            asked._connection._transport.abort()  # type: ignore[attr-defined] # of this way alone
            await asyncio.sleep(0)
            assert (await said(asked, question("again.example"))).rcode == wire.NOERROR
        asked.close()
        await lab.stop()

    asyncio.run(ask())


def test_a_certificate_for_another_name_is_refused(tmp_path: Path) -> None:
    certificate, key = certificate_for(tmp_path, "other.example", ips=())

    async def ask() -> None:
        served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        served.load_cert_chain(certificate, key)
        lab = LabServer()
        await lab.start(tls=served)
        trusted = ssl.create_default_context(cafile=str(certificate))
        asked = upstream.make(NameServer("tls", "localhost", lab.tls_port), check, lambda: trusted)
        with pytest.raises(UpstreamError, match="cannot be reached"):
            await said(asked, question("a.example"))
        await lab.stop()

    asyncio.run(ask())


def over_https(reply: Callable[[Asked], HttpAnswer], work: Callable[[Upstream], Any]) -> None:
    with serving(reply) as running:

        async def ask() -> None:
            asked = upstream.make(
                NameServer("https", "127.0.0.1", running.port, f"{running.url}/dns-query"),
                check,
                ssl.create_default_context,
            )
            await work(asked)
            asked.close()

        asyncio.run(ask())
        assert all(request.headers["Content-Type"] == "application/dns-message" for request in running.asked)


def test_a_resolver_is_asked_over_https() -> None:
    def reply(request: Asked) -> HttpAnswer:
        said = answer(request.body, udp=False)
        assert said
        return HttpAnswer(body=said, headers={"Content-Type": "application/dns-message"})

    async def work(asked: Upstream) -> None:
        found = await asyncio.gather(*(said(asked, question(f"n{number}.example")) for number in range(8)))
        assert all(item.rcode == wire.NOERROR for item in found)

    over_https(reply, work)


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(HttpAnswer(503), id="an error"),
        pytest.param(HttpAnswer(200, body=b"<html>", headers={"Content-Type": "text/html"}), id="a page"),
        pytest.param(
            HttpAnswer(200, body=b"\0" * 30, headers={"Content-Type": "application/dns-message"}),
            id="no answer",
        ),
        pytest.param(
            HttpAnswer(200, body=b"\0" * 70_000, headers={"Content-Type": "application/dns-message"}),
            id="too large",
        ),
    ],
)
def test_what_is_no_answer_over_https_is_told(given: HttpAnswer) -> None:
    async def work(asked: Upstream) -> None:
        with pytest.raises(UpstreamError):
            await said(asked, question("a.example"))

    over_https(lambda _request: given, work)


@pytest.mark.parametrize("address", ["127.0.0.1", "tcp://10.0.0.53", "tls://localhost"])
def test_an_upstream_inside_a_network_is_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VEDETTE_ALLOW_PRIVATE_ADDRESSES", "0")

    async def ask() -> None:
        asked = open_upstream(config.load(), name_server.read(address))
        with pytest.raises(UpstreamError, match="not public"):
            await said(asked, question("a.example"))
        asked.close()

    asyncio.run(ask())


def test_the_installations_own_upstream_may_stand_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VEDETTE_ALLOW_PRIVATE_ADDRESSES", "0")
    monkeypatch.setattr(config, "current", config.load)

    def reply(request: Asked) -> HttpAnswer:
        return HttpAnswer(
            body=answer(request.body, udp=False) or b"", headers={"Content-Type": "application/dns-message"}
        )

    with serving(reply) as running:
        chosen = NameServer("https", "127.0.0.1", running.port, f"{running.url}/dns-query")

        async def ask() -> None:
            tenants = open_upstream(config.load(), chosen)
            with pytest.raises(UpstreamError, match="not public"):
                await said(tenants, question("a.example"))
            tenants.close()
            own = open_upstream(config.load(), replace(chosen, trusted=True))
            assert (await said(own, question("a.example"))).rcode == wire.NOERROR
            own.close()

        asyncio.run(ask())


def test_whatever_fails_when_an_upstream_is_called_is_told() -> None:
    def broken() -> ssl.SSLContext:
        raise config.ConfigError("no authorities")

    async def ask() -> None:
        asked = upstream.make(NameServer("tls", "localhost", 9), check, broken)
        with pytest.raises(UpstreamError, match="ConfigError"):
            await asyncio.wait_for(said(asked, question("a.example")), 30)
        asked.close()

    asyncio.run(ask())


@pytest.mark.parametrize(
    ("text", "way", "host", "port"),
    [
        ("192.0.2.53", "udp", "192.0.2.53", 53),
        ("192.0.2.53:5353", "udp", "192.0.2.53", 5353),
        ("[2001:db8::1]:53", "udp", "2001:db8::1", 53),
        ("2001:db8::1", "udp", "2001:db8::1", 53),
        ("tls://dns.example", "tls", "dns.example", 853),
        ("tcp://192.0.2.53", "tcp", "192.0.2.53", 53),
        ("https://dns.example/dns-query", "https", "dns.example", 443),
    ],
)
def test_addresses_of_name_servers(text: str, way: str, host: str, port: int) -> None:
    read = name_server.read(text)
    assert (read.way, read.host, read.port) == (way, host, port)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "dns.example",
        "http://dns.example",
        "tls://dns.example/x",
        "tls://a:99999",
        "udp://dns.example",
        "a b",
    ],
)
def test_what_is_no_name_server(text: str) -> None:
    with pytest.raises(NameServerError, match=r"https://dns\.example"):
        name_server.read(text)


def test_the_machines_own_name_server(tmp_path: Path) -> None:
    file = tmp_path / "resolv.conf"
    file.write_text("# a comment\nsearch example.com\nnameserver 192.0.2.1\nnameserver 192.0.2.2\n")
    assert name_server.of_machine(file) == NameServer("udp", "192.0.2.1", 53, trusted=True)
    assert name_server.of_machine(tmp_path / "none") is None

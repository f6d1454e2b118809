"""Syslog against rsyslog of Debian: over TLS, TCP and UDP, in every format; and against one that breaks off."""

import json
import socket
import ssl
import struct
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from tests.connectors.deliveries import receivers, rsyslog
from tests.connectors.deliveries.rsyslog import Rsyslog
from tests.connectors.deliveries.samples import TENANT, told
from tests.support.http_server import certificate_for, client_certificate

from vedette.connectors.destination_events import Told
from vedette.connectors.destination_kinds import KINDS, Sent, Target
from vedette.connectors.routes import Budget
from vedette.connectors.syslog import transport

needs_rsyslog = pytest.mark.skipif(
    rsyslog.PROGRAM is None, reason="no rsyslogd here: apt-get install rsyslog"
)
needs_tls = pytest.mark.skipif(
    not rsyslog.HAS_TLS, reason="rsyslog has no TLS: apt-get install rsyslog-openssl"
)


def send(settings: dict[str, Any], events: list[Told], key: str = "") -> Sent:
    given = {"protocol": "tcp", "host": "127.0.0.1", "body": "json", "facility": "local3"} | settings
    target = Target(uuid.uuid4(), uuid.uuid4(), "SIEM", given, {"client_key": key})
    return KINDS["syslog"].send(target, events, Budget(time.monotonic() + 30, threading.Event()))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return certificate_for(tmp_path_factory.mktemp("certificate"), "localhost")


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rsyslog]:
    with rsyslog.running(tmp_path_factory.mktemp("plain")) as started:
        yield started


@needs_rsyslog
def test_rsyslog_reads_what_was_sent_over_tcp_and_udp(plain: Rsyslog) -> None:
    odd = told("AUDIT", actor_name='é "quoted" \\ and ]')
    lines = [told(), told("DEVICE"), odd]
    for body in ("json", "cef", "leef"):
        assert send({"port": plain.port, "body": body}, lines).done == 3
    found = plain.read(9)
    assert [line["msgid"] for line in found] == ["THREAT", "DEVICE", "AUDIT"] * 3
    first = found[0]
    assert (first["app"], first["severity"], first["facility"], first["protocol"]) == (
        "vedette",
        "2",
        "19",
        "1",
    )
    assert first["time"].startswith("2026-02-20T09:55:18.817")
    assert f'tenant="{TENANT}"' in first["data"]
    assert json.loads(first["message"]) == told().event
    assert found[3]["message"].strip().startswith("CEF:0|Vedette|")
    assert found[6]["message"].strip().startswith("LEEF:2.0|Vedette|")
    assert 'suser=é "quoted" \\\\ and ]' in found[5]["message"]
    assert send({"port": plain.udp, "protocol": "udp"}, [told()]).done == 1
    assert json.loads(plain.read(10)[9]["message"]) == told().event


@needs_rsyslog
@needs_tls
def test_rsyslog_over_tls_with_an_authority_and_a_client_certificate_of_its_own(
    certificate: tuple[Path, Path], tmp_path: Path
) -> None:
    own = client_certificate(tmp_path)
    authority = {"authorities": certificate[0].read_text()}
    with rsyslog.running(tmp_path, certificate, clients=own[0]) as receiver:
        tls = {"protocol": "tls", "port": receiver.port}
        unknown = send(tls, [told()])
        assert unknown.trouble
        assert unknown.trouble.code == "certificate"
        elsewhere = send(tls | authority | {"host": "127.0.0.2"}, [told()])
        assert elsewhere.trouble
        assert elsewhere.trouble.code in {"certificate", "unreachable"}, "its certificate is for another name"
        shown = authority | {"client_certificate": own[0].read_text()}
        assert send(tls | shown, [told("AUDIT"), told()], own[1].read_text()).done == 2
        found = receiver.read(2)
        assert [line["msgid"] for line in found] == ["AUDIT", "THREAT"]
        nobody = send(tls | authority, [told()])
        assert nobody.trouble, "without its certificate it is turned away, and that is noticed"
        assert len(receiver.read(2)) == 2


def test_a_receiver_that_breaks_off_is_told_again() -> None:
    def break_off(connection: socket.socket) -> None:
        connection.recv(10)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with receivers.raw(break_off) as url:
        sent = send({"port": int(url.rstrip("/").rpartition(":")[2])}, [told()] * 50)
    assert sent.trouble
    assert (sent.done, sent.trouble.code) == (0, "broken_off")


def test_a_receiver_that_keeps_the_connection_open_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "FAREWELL", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert send({"port": server.getsockname()[1]}, [told()]).done == 1


def test_a_receiver_that_never_stops_talking_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """It holds a place in the lane for a moment, not for as long as it likes."""
    monkeypatch.setattr(transport, "FAREWELL", 0.2)
    left = threading.Event()

    def talk(connection: socket.socket) -> None:
        try:
            for _ in range(200):
                connection.sendall(b"x")
                time.sleep(0.02)
        except OSError:
            left.set()

    with receivers.raw(talk) as url:
        assert send({"port": int(url.rstrip("/").rpartition(":")[2])}, [told()]).done == 1
        assert left.wait(30), "its connection was closed while it talked"


def test_nobody_listens() -> None:
    sent = send({"port": 9}, [told()])
    assert sent.trouble
    assert sent.trouble.code == "unreachable"


def test_what_does_not_fit_into_a_datagram_is_refused_alone() -> None:
    heavy = told(event={**told().event, "padding": "x" * 70_000})
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        sent = send({"protocol": "udp", "port": receiver.getsockname()[1]}, [heavy, told()])
        assert (sent.done, list(sent.refused)) == (2, [0])
        assert receiver.recv(70_000).startswith(b"<154>1 ")


def test_a_receiver_that_insists_on_tls_1_3_gets_it(certificate: tuple[Path, Path]) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(*certificate)
    heard: list[bytes] = []

    def listen(connection: socket.socket) -> None:
        with suppress(ssl.SSLError), context.wrap_socket(connection, server_side=True) as secure:
            heard.append(secure.recv(65_536))
            with suppress(OSError):
                secure.unwrap()

    with receivers.raw(listen) as url:
        port = int(url.rstrip("/").rpartition(":")[2])
        given = {"protocol": "tls", "port": port, "authorities": certificate[0].read_text()}
        assert send(given, [told()]).done == 1
    assert len(heard) == 1


def test_a_plain_receiver_is_not_taken_for_one_with_tls() -> None:
    with receivers.raw(receivers.garbage) as url:
        sent = send({"protocol": "tls", "port": int(url.rstrip("/").rpartition(":")[2])}, [told()])
    assert sent.trouble
    assert sent.done == 0


def test_certificate_and_key_that_do_not_fit_are_refused(
    tmp_path: Path, certificate: tuple[Path, Path]
) -> None:
    with pytest.raises(transport.SettingsError):
        transport.tls_context("", certificate[0].read_text(), client_certificate(tmp_path)[1].read_text())

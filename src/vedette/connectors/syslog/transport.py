"""Carrying syslog: TLS (RFC 5425), TCP with octet counting (RFC 6587) and UDP (RFC 5426).

Plain syslog has no acknowledgement. What can be known is known here: after a batch our half of the connection is closed
and the receiver is waited for to close its own, which it does once it has read everything; a reset instead means that
something may be lost, and the batch is told again. UDP tells nothing at all.
"""

import contextlib
import socket
import ssl
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import httpcore

from vedette.connectors.destination_http import words_of
from vedette.connectors.destination_kinds import Refusal, Sent, Trouble
from vedette.connectors.syslog.message import counted
from vedette.foundation import config, http
from vedette.foundation.http import RefusedAddressError

UDP, TCP, TLS = "udp", "tcp", "tls"
TIMEOUT: Final = 10.0
FAREWELL: Final = 3.0
"""Seconds that a receiver has to close its half; one that keeps connections open is believed after that."""
DATAGRAM_MOST: Final = 65_000
SHORTEST: Final = 0.5
"""Seconds that a further address of a name is given when the first have used up the time."""
MOST_ADDRESSES: Final = 8
_READ: Final = 4096


class SettingsError(Exception):
    """The client certificate or its key cannot be used."""


def send(
    protocol: str,
    host: str,
    port: int,
    messages: Sequence[bytes],
    *,
    authorities: str = "",
    certificate: str = "",
    key: str = "",
) -> Sent:
    """Send messages in order; all of them are told or none is, but for UDP, where too large ones are refused."""
    try:
        if protocol == UDP:
            return _datagrams(host, port, messages)
        context = tls_context(authorities, certificate, key) if protocol == TLS else None
        try:
            _stream(host, port, context, messages)
        except ssl.SSLError as error:
            if context is None or "PROTOCOL_VERSION" not in str(error).upper():
                raise
            # It takes nothing but TLS 1.3; nothing has been sent yet.
            context.maximum_version = ssl.TLSVersion.TLSv1_3
            _stream(host, port, context, messages)
    except SettingsError as error:
        return Sent(0, trouble=Trouble("client_certificate", str(error)))
    except Exception as error:  # noqa: BLE001 - sorted out below, what is unknown goes on
        return Sent(0, trouble=_trouble(error))
    return Sent(len(messages))


def _stream(host: str, port: int, context: ssl.SSLContext | None, messages: Sequence[bytes]) -> None:
    with _connected(host, port, context) as connection:
        connection.sendall(b"".join(counted(message) for message in messages))
        _farewell(connection)


def tls_context(authorities: str, certificate: str, key: str) -> ssl.SSLContext:
    """Return TLS settings that trust these authorities too and show this certificate. Raises SettingsError."""
    context = http.new_trust(config.current().ca_file, authorities)
    # RFC 9662: nothing older than TLS 1.2. 1.3 only where the receiver insists: there a client knows only after it has
    # sent its messages whether its certificate was taken, and syslog never tells what became of them.
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    if certificate:
        # OpenSSL reads a chain from files only; they are gone before anything is sent.
        with tempfile.TemporaryDirectory() as folder:
            paths = Path(folder) / "certificate.pem", Path(folder) / "key.pem"
            for path, text in zip(paths, (certificate, key), strict=True):
                path.touch(mode=0o600)
                path.write_text(text, encoding="ascii", errors="replace")
            try:
                context.load_cert_chain(*paths, password="")
            except (ssl.SSLError, ValueError) as error:
                raise SettingsError(f"the client certificate and its key do not fit: {error}") from error
    return context


@contextlib.contextmanager
def _connected(host: str, port: int, context: ssl.SSLContext | None) -> Iterator[socket.socket]:
    failure: OSError = OSError(f"{host} has no address")
    until = time.monotonic() + TIMEOUT
    for address in _addresses(host, port):
        try:
            # all addresses of the name together
            plain = socket.create_connection((address, port), max(until - time.monotonic(), SHORTEST))
            plain.settimeout(TIMEOUT)
        except OSError as error:
            failure = error
            continue
        with plain:
            if context is None:
                yield plain
                return
            with context.wrap_socket(plain, server_hostname=host) as secure:
                yield secure
                return
    raise failure


def _addresses(host: str, port: int) -> list[str]:
    return http.checked(host, port, allow_private=config.current().allow_private_addresses)[:MOST_ADDRESSES]


def _farewell(connection: socket.socket) -> None:
    """Say that all was sent, and wait for the receiver to say that it has read it."""
    connection.settimeout(FAREWELL)
    if isinstance(connection, ssl.SSLSocket):
        # What TLS sends of itself (tickets, alerts) is read first.
        with contextlib.suppress(TimeoutError, ssl.SSLEOFError, ssl.SSLZeroReturnError):
            connection.unwrap()
        return
    try:
        connection.shutdown(socket.SHUT_WR)
    except OSError as error:
        # It is no connection any more: the other side has ended it.
        raise ConnectionResetError(str(error)) from error
    until = time.monotonic() + FAREWELL
    with contextlib.suppress(TimeoutError):
        # One that goes on talking is believed as well: nobody is waited for without end.
        while connection.recv(_READ) and (left := until - time.monotonic()) > 0:
            connection.settimeout(left)


def _datagrams(host: str, port: int, messages: Sequence[bytes]) -> Sent:
    address = _addresses(host, port)[0]
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    refused: dict[int, Refusal] = {}
    with socket.socket(family, socket.SOCK_DGRAM) as sender:
        sender.settimeout(TIMEOUT)
        sender.connect((address, port))
        for index, message in enumerate(messages):
            if len(message) > DATAGRAM_MOST:
                refused[index] = Refusal("too_large", f"{len(message)} bytes do not fit into a datagram")
                continue
            sender.send(message)
    return Sent(len(messages), refused)


def _trouble(error: Exception) -> Trouble:
    text = words_of(error)
    if isinstance(error, RefusedAddressError):
        return Trouble("private_address", text)
    if isinstance(error, ssl.SSLCertVerificationError):
        return Trouble("certificate", text)
    if isinstance(error, ssl.SSLError):
        refused = any(word in text.upper() for word in ("ALERT", "CERTIFICATE"))
        return Trouble("client_certificate" if refused else "unexpected_answer", text)
    if isinstance(error, ConnectionResetError | BrokenPipeError):
        return Trouble("broken_off", text)
    if isinstance(error, TimeoutError):
        return Trouble("no_answer", text)
    if isinstance(error, OSError | httpcore.ConnectError):
        return Trouble("unreachable", text)
    raise error

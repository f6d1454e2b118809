"""The one HTTP client for everything outbound (design.md 2, rule 12).

It resolves a name itself, refuses addresses that are not public, and connects to the very address it
checked, so a name that changes its answer meanwhile (DNS rebinding) gains nothing. Certificates are
checked against the name. Answers are limited in size, also unpacked, and in time as a whole: who sends a
letter of a header every few seconds, or takes what is sent as slowly, holds nobody for longer. Proxies of the
environment are not used: they would resolve names out of our sight.
"""

import ipaddress
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import certifi
import httpcore
import httpx

from vedette.foundation import config

TIMEOUT_SECONDS: Final = 10.0
TOTAL_SECONDS: Final = 60.0
MAX_BYTES: Final = 16 * 1024 * 1024
_PIECE: Final = 64 * 1024

# Forms of IPv6 that carry an IPv4 address which a gateway or this host would reach.
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
_SOCKET_OPTION = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]


class RefusedAddressError(httpx.ConnectError):
    """The name leads to an address inside a private network."""


class TooLargeError(httpx.ReadError):
    """The answer is larger than the caller allows."""


def client(
    *,
    timeout: float = TIMEOUT_SECONDS,
    total: float = TOTAL_SECONDS,
    max_bytes: int = MAX_BYTES,
    allow_private: bool | None = None,
    headers: Mapping[str, str] | None = None,
    tls: ssl.SSLContext | None = None,
) -> httpx.Client:
    """Return a guarded client; use it as a context manager.

    `timeout` bounds each wait, in seconds; `total` bounds all that comes before the body, from the connecting on,
    and then the body, each as a whole; `max_bytes` bounds the unpacked body. `allow_private` None means what
    VEDETTE_ALLOW_PRIVATE_ADDRESSES says. Redirects are not followed unless a call says so, and then each hop is
    checked alike. `tls` stands in for `trust`, for a server with authorities of its own. Raises subclasses of
    httpx.HTTPError.
    """
    settings = config.current()
    allowed = settings.allow_private_addresses if allow_private is None else allow_private
    return httpx.Client(
        transport=_Transport(tls or trust(settings.ca_file), Limits(max_bytes, total), allow_private=allowed),
        timeout=timeout,
        trust_env=False,
        follow_redirects=False,
        headers={
            "User-Agent": "Vedette",
            # the only packing that is unpacked under a limit here
            "Accept-Encoding": "gzip",
            **(headers or {}),
        },
    )


def trust(ca_file: Path | None, more: str = "") -> ssl.SSLContext:
    """Return the TLS settings: the public authorities, those in `ca_file`, and `more` in PEM.

    Raises ConfigError for the file, ssl.SSLError for `more`. Shared: to be changed, take `new_trust`.
    """
    try:
        changed = ca_file.stat().st_mtime_ns if ca_file else 0
    except OSError as error:
        raise _unreadable(ca_file, error) from error
    return _trust(ca_file, changed, more)


def new_trust(ca_file: Path | None, more: str = "") -> ssl.SSLContext:
    """Return TLS settings of one's own, as `trust` does."""
    context = ssl.create_default_context(cafile=certifi.where())
    try:
        if ca_file:
            context.load_verify_locations(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise _unreadable(ca_file, error) from error
    if more.strip():
        context.load_verify_locations(cadata=more)
    return context


@lru_cache(maxsize=64)
def _trust(ca_file: Path | None, _changed: int, more: str) -> ssl.SSLContext:
    return new_trust(ca_file, more)


def _unreadable(ca_file: Path | None, error: Exception) -> config.ConfigError:
    return config.ConfigError(
        f"VEDETTE_CA_FILE names {ca_file}, which is no readable list of certificates ({error})."
    )


class MsalClient:
    """What msal asks of an HTTP client: `get`, `post` and `close`, over the guarded one."""

    def __init__(self, guarded: httpx.Client, timeout: float | None = None) -> None:
        self._client = guarded
        self._timeout = timeout or httpx.USE_CLIENT_DEFAULT

    def get(
        self, url: str, params: Any = None, headers: Mapping[str, str] | None = None, **_ignored: Any
    ) -> httpx.Response:
        """Send a GET; msal passes settings of `requests` that mean nothing here."""
        return self._client.get(str(url), params=params, headers=headers, timeout=self._timeout)

    def post(
        self,
        url: str,
        params: Any = None,
        data: Any = None,
        headers: Mapping[str, str] | None = None,
        **_ignored: Any,
    ) -> httpx.Response:
        """Send a POST with a form. msal writes its assertion as bytes, of which httpx would send the repr."""
        if isinstance(data, Mapping):
            data = {
                name: value.decode() if isinstance(value, bytes) else value for name, value in data.items()
            }
        return self._client.post(str(url), params=params, data=data, headers=headers, timeout=self._timeout)

    def close(self) -> None:
        """Keep the connections: the client under it is shared."""


def forbidden(address: str) -> bool:
    """Tell whether a literal IP address is anything but a public unicast one."""
    parsed = ipaddress.ip_address(address.split("%", 1)[0])
    if isinstance(parsed, ipaddress.IPv6Address):
        inner = _embedded(parsed)
        if inner is not None:
            return forbidden(str(inner))
    return not parsed.is_global or parsed.is_multicast or parsed.is_unspecified


def _embedded(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour
    if address.teredo:
        return address.teredo[1]
    if address in _NAT64 or int(address) >> 32 == 0:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def checked(host: str, port: int, *, allow_private: bool) -> list[str]:
    """Resolve a name to the addresses that may be called. Raises httpcore.ConnectError and RefusedAddressError."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError(f"{host} cannot be resolved: {error}") from error
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    refused = [] if allow_private else [address for address in addresses if forbidden(address)]
    if refused:
        raise RefusedAddressError(
            f"{host} leads to {refused[0]}, an address that is not public, so it is not called."
            " Set VEDETTE_ALLOW_PRIVATE_ADDRESSES=1 if this is a server of yours."
        )
    return addresses


class Limits:
    """How large an answer may be, unpacked, and how long it may take as a whole."""

    def __init__(self, max_bytes: int, seconds: float) -> None:
        self.max_bytes = max_bytes
        self.seconds = seconds


class _Patience(threading.local):
    """How long the request of this thread may still take until its body begins."""

    until = float("inf")

    def left(self, timeout: float | None, too_late: type[Exception]) -> float | None:
        """Return how long the next wait may be. Raises `too_late` when time is up."""
        if self.until == float("inf"):
            return timeout
        left = self.until - time.monotonic()
        if left <= 0:
            raise too_late("it took too long as a whole")
        return left if timeout is None else min(timeout, left)


class _Stream(httpcore.NetworkStream):
    """A connection whose waits end with the patience of whoever uses it."""

    def __init__(self, stream: httpcore.NetworkStream, patience: _Patience) -> None:
        self._stream = stream
        self._patience = patience

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._patience.left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _PIECE):
            left = self._patience.left(timeout, httpcore.WriteTimeout)
            self._stream.write(buffer[start : start + _PIECE], left)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = self._patience.left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left), self._patience)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    """Connects to the addresses that were checked, never to a name."""

    def __init__(self, patience: _Patience, *, allow_private: bool) -> None:
        self._patience = patience
        self._allow_private = allow_private
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[_SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in checked(host, port, allow_private=self._allow_private):
            left = self._patience.left(timeout, httpcore.ConnectTimeout)
            try:
                stream = self._sockets.connect_tcp(address, port, left, local_address, socket_options)
                return _Stream(stream, self._patience)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure


class _Transport(httpx.HTTPTransport):
    """httpx's transport over a pool that connects through `_Backend` and limits answers."""

    def __init__(self, context: ssl.SSLContext, limits: Limits, *, allow_private: bool) -> None:
        super().__init__(verify=context, trust_env=False)
        self._limits = limits
        self._patience = _Patience()
        self._pool = httpcore.ConnectionPool(
            ssl_context=context,
            # Enough for every tenant that is served at a time: one that answers slowly takes none from another.
            max_connections=128,
            max_keepalive_connections=32,
            keepalive_expiry=30,
            network_backend=_Backend(self._patience, allow_private=allow_private),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._patience.until = time.monotonic() + self._limits.seconds
        try:
            response = super().handle_request(request)
        finally:
            # the body has a time of its own, and may be read by another thread
            self._patience.until = float("inf")
        packing = response.headers.get("Content-Encoding", "identity").lower()
        if packing not in {"identity", "gzip"}:
            response.close()
            raise httpx.DecodingError(f"the answer is packed as {packing!r}, which was not asked for")
        headers = [
            (name, value)
            for name, value in response.headers.raw
            if name.lower() not in {b"content-encoding", b"content-length"} or packing == "identity"
        ]
        assert isinstance(response.stream, httpx.SyncByteStream)
        return httpx.Response(
            response.status_code,
            headers=headers,
            stream=_Limited(response.stream, self._limits, packed=packing == "gzip"),
            extensions=response.extensions,
        )


class _Limited(httpx.SyncByteStream):
    """The body, unpacked, up to the limits."""

    def __init__(self, stream: httpx.SyncByteStream, limits: Limits, *, packed: bool) -> None:
        self._stream = stream
        self._limits = limits
        self._packed = packed

    def __iter__(self) -> Iterator[bytes]:
        deadline = time.monotonic() + self._limits.seconds
        left = self._limits.max_bytes
        for part in self._unpacked():
            left -= len(part)
            if left < 0:
                raise TooLargeError(f"the answer is larger than {self._limits.max_bytes} bytes")
            if time.monotonic() > deadline:
                raise httpx.ReadTimeout(f"the answer took longer than {self._limits.seconds} seconds")
            yield part

    def close(self) -> None:
        self._stream.close()

    def _unpacked(self) -> Iterator[bytes]:
        if not self._packed:
            yield from self._stream
            return
        step = self._limits.max_bytes + 1
        unpack = zlib.decompressobj(16 + zlib.MAX_WBITS)
        try:
            for part in self._stream:
                # at most one byte over the limit comes out, whatever the ratio
                yield unpack.decompress(part, step)
        except zlib.error as error:
            raise httpx.DecodingError(f"the answer cannot be unpacked: {error}") from error

"""Entra's published metadata and signing keys, kept for a day, and never fetched on a caller's whim."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from vedette.foundation import config, http
from vedette.tenants.openid.tokens import Key

KEEP_SECONDS: Final = 24 * 3600
REFRESH_PAUSE_SECONDS: Final = 60
"""An unknown `kid` makes us look again, but not more often: anybody can send tokens with invented ones."""
TIMEOUT_SECONDS: Final = 10

Fetch = Callable[[str], Mapping[str, Any]]


class ProviderError(Exception):
    """Entra cannot be reached, or what it published cannot be used."""


@dataclass(frozen=True)
class Metadata:
    """The members of the discovery document that a sign-in needs (microsoft.md 3.2)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str


@dataclass
class Provider:
    """One authority: `organizations` or a tenant, below the login address. `fetch` gives the JSON of a URL."""

    login_url: str
    authority: str
    fetch: Fetch
    clock: Callable[[], float] = time.monotonic
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _metadata: Metadata | None = None
    _metadata_until: float = 0
    _keys: Mapping[str, Key] = field(default_factory=dict)
    _keys_read: float | None = None

    def metadata(self) -> Metadata:
        """Return the discovery document, read again once a day. Raises ProviderError."""
        with self._lock:
            if self._metadata is None or self.clock() >= self._metadata_until:
                self._metadata = self._discover()
                self._metadata_until = self.clock() + KEEP_SECONDS
            return self._metadata

    def key(self, kid: str) -> Key | None:
        """Return a signing key; an unknown one makes us read the keys again, at most once a minute."""
        uri = self.metadata().jwks_uri
        with self._lock:
            age = float("inf") if self._keys_read is None else self.clock() - self._keys_read
            if age >= KEEP_SECONDS or (kid not in self._keys and age >= REFRESH_PAUSE_SECONDS):
                self._keys = _by_kid(self.fetch(uri))
                self._keys_read = self.clock()
            return self._keys.get(kid)

    def _discover(self) -> Metadata:
        document = self.fetch(f"{self.login_url}/{self.authority}/v2.0/.well-known/openid-configuration")
        try:
            found = Metadata(**{name: str(document[name]) for name in Metadata.__dataclass_fields__})
        except KeyError as error:
            raise ProviderError(f"Entra's discovery document lacks {error}.") from error
        # Whatever the document says, tokens and keys come from the configured host.
        for address in (found.token_endpoint, found.jwks_uri, found.authorization_endpoint):
            if urlsplit(address)[:2] != urlsplit(self.login_url)[:2]:
                raise ProviderError(f"Entra's discovery document names {address}, not {self.login_url}.")
        return found


@lru_cache(maxsize=256)
def provider(authority: str, login_url: str = "") -> Provider:
    """Return an authority below this address (the installation's, where none is given), with what it remembers."""
    return Provider(login_url or config.current().login_url, authority, fetch_json)


def fetch_json(url: str) -> Mapping[str, Any]:
    """Read a JSON object through the guarded client. Raises ProviderError."""
    try:
        with http.client(timeout=TIMEOUT_SECONDS) as client:
            document = client.get(url).raise_for_status().json()
    except (httpx.HTTPError, ValueError) as error:
        raise ProviderError(f"{url} cannot be read: {error}") from error
    if not isinstance(document, dict):
        raise ProviderError(f"{url} does not hold a JSON object.")
    return document


def _by_kid(document: Mapping[str, Any]) -> dict[str, Key]:
    keys = document.get("keys")
    if not isinstance(keys, list):
        raise ProviderError("Entra's key document holds no list of keys.")
    return {
        str(key["kid"]): key
        for key in keys
        if isinstance(key, dict)
        and "kid" in key
        and key.get("kty") == "RSA"
        and key.get("use", "sig") == "sig"
    }

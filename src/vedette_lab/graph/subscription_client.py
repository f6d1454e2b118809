"""How the lab calls the addresses that subscribers named: over TLS, with trust in its own authority."""

import ssl
from pathlib import Path

import httpx

from vedette_lab import tls


def client(home: Path, seconds: float) -> httpx.AsyncClient:
    """Return a client that follows no redirects; whoever wants to be called shows a certificate of the lab's."""
    context = ssl.create_default_context(cafile=str(tls.ensure(home).authority))
    return httpx.AsyncClient(verify=context, timeout=seconds, trust_env=False, follow_redirects=False)

"""A name server of the lab's own: invented addresses for every name, so that nothing outside is ever asked."""

from vedette_lab.names.server import lifespan

NAMES = "dns.vedette.example"
"""Under it phones of a demo ask by TLS; the lab's certificate authority vouches for the names below."""

routes: list[object] = []

__all__ = ["NAMES", "lifespan", "routes"]

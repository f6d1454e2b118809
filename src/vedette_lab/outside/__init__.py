"""A small outside issuer of tokens, as a Kubernetes cluster is one: its tokens prove applications at Entra.

Not Microsoft's. Each issuer is `{lab}/outside/{name}` with published metadata and keys, as workload identity
federation asks for; the control API makes tokens, good ones and bad ones.
"""

from starlette.routing import BaseRoute, Route

from vedette_lab.control.answers import control
from vedette_lab.outside import issuer

routes: list[BaseRoute] = [
    Route("/outside/{name}/.well-known/openid-configuration", issuer.metadata),
    Route("/outside/{name}/keys", issuer.keys),
    Route("/lab/outside/{name}/token", control(issuer.make), methods=["POST"]),
]

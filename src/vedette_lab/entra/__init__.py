"""A stand-in for Microsoft Entra ID: sign-in, tokens and consent (microsoft.md 3)."""

from starlette.routing import BaseRoute, Route

from vedette_lab.entra import authorize, consent, metadata, token_endpoint

routes: list[BaseRoute] = [
    Route("/{tenant}/discovery/instance", metadata.instance),
    Route("/{tenant}/discovery/v2.0/keys", metadata.keys),
    Route("/{tenant}/v2.0/.well-known/openid-configuration", metadata.openid_configuration),
    Route("/{tenant}/oauth2/v2.0/authorize", authorize.authorize, methods=["GET", "POST"]),
    Route("/{tenant}/login", authorize.login, methods=["POST"]),
    Route("/{tenant}/oauth2/v2.0/token", token_endpoint.token, methods=["POST"]),
    Route("/{tenant}/oauth2/v2.0/logout", authorize.logout),
    Route("/{tenant}/v2.0/adminconsent", consent.show),
    Route("/{tenant}/v2.0/adminconsent", consent.decide, methods=["POST"]),
    Route("/{tenant}/adminconsent", consent.show),
    Route("/{tenant}/adminconsent", consent.decide, methods=["POST"]),
]

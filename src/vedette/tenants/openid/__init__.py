"""Sign-in with Entra ID by OpenID Connect: authorization code, PKCE, nonce (reference/microsoft.md 3.2, 3.3)."""

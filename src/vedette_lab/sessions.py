"""What Entra remembers between requests of a sign-in."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(slots=True)
class AuthorizationCode:
    """A code given to an application, good for one use within ten minutes."""

    tenant_id: str
    user_id: str
    client_id: str
    redirect_uri: str
    scope: str
    nonce: str | None
    challenge: str | None
    expires: datetime
    used: bool = False


@dataclass(slots=True)
class BrowserSession:
    """Who signed in with a browser."""

    tenant_id: str
    user_id: str
    since: datetime


@dataclass(slots=True)
class EntraState:
    """Codes, browser sessions and the ids of client assertions seen (id to digest of the assertion)."""

    codes: dict[str, AuthorizationCode] = field(default_factory=dict)
    sessions: dict[str, BrowserSession] = field(default_factory=dict)
    assertions: dict[str, str] = field(default_factory=dict)

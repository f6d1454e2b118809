"""What Entra remembers between requests of a sign-in."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vedette_lab.model import SigningKey


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
    public: bool = False
    """Given to a redirect address of an application without a secret."""
    device_id: str | None = None
    """The registered device whose broker took part in the sign-in."""
    used: bool = False


@dataclass(slots=True)
class BrowserSession:
    """Who signed in with a browser."""

    tenant_id: str
    user_id: str
    since: datetime


@dataclass(slots=True)
class EntraState:
    """Codes, browser sessions, the ids of client assertions seen (to their digests), keys of outside issuers."""

    codes: dict[str, AuthorizationCode] = field(default_factory=dict)
    sessions: dict[str, BrowserSession] = field(default_factory=dict)
    assertions: dict[str, str] = field(default_factory=dict)
    outside: dict[str, "SigningKey"] = field(default_factory=dict)

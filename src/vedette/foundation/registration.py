"""An application registration at Entra: its ID, its cloud's addresses and with what it proves itself.

The installation has one by its settings (for several organisations, or for one). A tenant may have its own,
which `use` makes known: the tables are a layer above.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from vedette.foundation.config import Config

CERTIFICATE: Final = "certificate"
SECRET: Final = "secret"  # noqa: S105 - a kind of credential
FEDERATED: Final = "federated"
AUDIENCE: Final = "api://AzureADTokenExchange"
"""What a federated token must be made for (microsoft.md 3.5)."""


@dataclass(frozen=True)
class Cloud:
    """One of Microsoft's clouds (microsoft.md 2.12). URLs carry no trailing slash."""

    login_url: str
    graph_url: str
    portal_url: str


CLOUDS: Final[Mapping[str, Cloud]] = MappingProxyType(
    {
        "global": Cloud(
            "https://login.microsoftonline.com", "https://graph.microsoft.com", "https://entra.microsoft.com"
        ),
        "gcc_high": Cloud(
            "https://login.microsoftonline.us", "https://graph.microsoft.us", "https://entra.microsoft.us"
        ),
        "dod": Cloud(
            "https://login.microsoftonline.us", "https://dod-graph.microsoft.us", "https://entra.microsoft.us"
        ),
        "china": Cloud(
            "https://login.chinacloudapi.cn",
            "https://microsoftgraph.chinacloudapi.cn",
            "https://entra.microsoftonline.cn",
        ),
    }
)


@dataclass(frozen=True, kw_only=True)
class Registration:
    """What tokens are asked with; `kind` is empty where there is no credential. Its text shows no secrets."""

    client_id: str
    login_url: str
    graph_url: str
    kind: str = ""
    certificate: str = field(default="", repr=False)
    key: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)
    secret_expires: datetime | None = None
    token_file: Path | None = None
    fault: str = ""
    """Why the credential cannot be used, in words; empty while it can."""
    own: bool = False
    """Whether it is the tenant's own, not the installation's."""


Source = Callable[[str], Registration | None]
"""Entra tenant ID to the tenant's own registration, None where it uses the installation's."""

_sources: Final[list[Source]] = []


def use(source: Source) -> None:
    """Ask `source` for tenants' own registrations from now on."""
    _sources[:] = [source]


def own(entra_tenant_id: str) -> Registration | None:
    """Return the tenant's own registration, None where it has none."""
    return _sources[0](entra_tenant_id) if _sources else None


def of(settings: Config, entra_tenant_id: str) -> Registration:
    """Return the registration by which this tenant is spoken for."""
    return own(entra_tenant_id) or installation(settings)


def installation(settings: Config) -> Registration:
    """Return the installation's registration. Federated goes before certificate before secret (microsoft.md 3.5).

    A token file that only the platform names (AZURE_FEDERATED_TOKEN_FILE) counts where nothing else is set.
    """
    kind = _kind(settings)
    return Registration(
        client_id=settings.client_id or "",
        login_url=settings.login_url,
        graph_url=settings.graph_url,
        kind=kind,
        certificate=settings.client_certificate or "" if kind == CERTIFICATE else "",
        key=settings.client_key or "" if kind == CERTIFICATE else "",
        secret=settings.client_secret or "" if kind == SECRET else "",
        secret_expires=settings.client_secret_expires if kind == SECRET else None,
        token_file=token_file(settings) if kind == FEDERATED else None,
    )


def token_file(settings: Config) -> Path | None:
    """Return the file in which the platform keeps this service's own token, for federated credentials."""
    return settings.federated_token_file or settings.platform_token_file


def _kind(settings: Config) -> str:
    if settings.federated_token_file:
        return FEDERATED
    if settings.client_certificate and settings.client_key:
        return CERTIFICATE
    if settings.client_secret:
        return SECRET
    return FEDERATED if settings.platform_token_file else ""

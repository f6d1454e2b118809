"""By which way mail leaves: the operator's mail server, or a mailbox of Microsoft 365.

The installation's way is a setting. A tenant may send from a mailbox of its own, which `use` makes known: the
tables are a layer above.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from vedette.foundation import config

SMTP: Final = "smtp"
SMTP_OAUTH: Final = "smtp_oauth"
GRAPH: Final = "graph"


@dataclass(frozen=True)
class Sender:
    """A way: SMTP as VEDETTE_SMTP_URL says, or SMTP_OAUTH or GRAPH from `mailbox` of an Entra tenant.

    `installations`: it is the operator's mailbox. The installation's registration speaks for it, even where the
    tenant it lies in has a registration of its own, which need not be permitted to send.
    """

    route: str = SMTP
    entra_tenant_id: str = ""
    mailbox: str = ""
    installations: bool = False


Source = Callable[[UUID], Sender | None]
"""Tenant to its own way, None where it uses the installation's."""

_sources: Final[list[Source]] = []


def use(source: Source) -> None:
    """Ask `source` for tenants' own ways from now on."""
    _sources[:] = [source]


def installation() -> Sender:
    """Return the way that the settings name."""
    mailbox = config.current().mailbox
    return Sender(mailbox.route, mailbox.entra_tenant_id, mailbox.address, installations=True)


def of(tenant_id: UUID) -> Sender:
    """Return the way of a tenant's mail; no transaction may be open."""
    return (_sources[0](tenant_id) if _sources else None) or installation()

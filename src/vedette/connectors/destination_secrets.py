"""Secrets of a destination: sealed into its row, opened only to send, never shown again."""

import json
from collections.abc import Mapping

from vedette.connectors.destination_kinds import Target
from vedette.connectors.destination_models import Destination
from vedette.foundation import secrets


def sealed(row: Destination, plain: Mapping[str, str]) -> str:
    """Seal secrets for this row: elsewhere they do not open."""
    return secrets.seal(json.dumps(dict(plain)), context=_context(row)) if plain else ""


def opened(row: Destination) -> dict[str, str]:
    """Open a row's secrets. Raises SealError."""
    if not row.sealed:
        return {}
    found: dict[str, str] = json.loads(secrets.open_sealed(row.sealed, context=_context(row)))
    return found


def target_of(row: Destination) -> Target:
    """Return a destination as its kind sees it. Raises SealError."""
    return Target(row.pk, row.tenant_id, row.name, row.settings, opened(row))


def _context(row: Destination) -> str:
    return f"tenant:{row.tenant_id}:destination:{row.pk}"

"""Cards of the overview page; connectors hand theirs in when Django starts."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Card:
    """A connector as the overview shows it.

    ``state`` is a badge of the page kit; ``incomplete`` says, where it is not empty, what is missing beside it (C4).
    """

    title: object
    text: object
    icon: str
    href: str
    action: object
    state: str
    facts: Sequence[tuple[object, Any]] = field(default_factory=tuple)
    incomplete: object = ""


_providers: list[Callable[[uuid.UUID], Card | None]] = []


def offer(provider: Callable[[uuid.UUID], Card | None]) -> None:
    """Add a connector's card; called once per connector, when Django starts."""
    if provider not in _providers:
        _providers.append(provider)


def cards(tenant_id: uuid.UUID) -> list[Card]:
    """Draw up the cards of one tenant; call inside its door."""
    return [card for provider in _providers if (card := provider(tenant_id)) is not None]

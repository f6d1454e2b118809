"""What Vedette expects of Microsoft beside what Microsoft reports: the lines that connectors add (E3)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from vedette.devices.models import Device

Outcome = Literal["same", "differs", "outdated", "open"]


@dataclass(frozen=True)
class Line:
    """One thing compared; `outdated` was read before it was told, `open` rests with rules Vedette cannot see."""

    what: str
    expected: str
    reported: str
    outcome: Outcome
    note: str = ""


_providers: Final[list[Callable[[Device], list[Line]]]] = []


def offer(provider: Callable[[Device], list[Line]]) -> None:
    """Add a connector's lines; called once per connector, when Django starts."""
    if provider not in _providers:
        _providers.append(provider)


def lines(device: Device) -> list[Line]:
    """Compare one device in every way that connectors know; call inside the tenant's door."""
    return [line for provider in _providers for line in provider(device)]

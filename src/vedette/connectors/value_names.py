"""Names for values that are object IDs: connectors that write such values hand a reader in."""

from collections.abc import Callable, Mapping
from typing import Final

_readers: Final[list[Callable[[], Mapping[str, str]]]] = []


def offer(reader: Callable[[], Mapping[str, str]]) -> None:
    """Add a reader of values and their names; called once per connector, when Django starts."""
    if reader not in _readers:
        _readers.append(reader)


def names() -> dict[str, str]:
    """Return the names of values; call inside the tenant's door."""
    return {value: name for reader in _readers for value, name in reader().items()}

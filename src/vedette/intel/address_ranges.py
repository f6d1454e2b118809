"""Membership of an address in any of many ranges, in as many look-ups as there are lengths of prefix."""

import ipaddress
from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")
_Key = tuple[int, int]


class AddressRanges(Generic[T]):
    """Ranges like 192.0.2.0/24 to a value each."""

    __slots__ = ("_ranges",)

    def __init__(self) -> None:
        self._ranges: dict[_Key, dict[int, list[T]]] = {}

    def add(self, text: str, value: T) -> None:
        """Enter a range. Raises ValueError."""
        network = ipaddress.ip_network(text, strict=False)
        prefixes = self._ranges.setdefault((network.version, network.prefixlen), {})
        prefixes.setdefault(int(network.network_address), []).append(value)

    def containing(self, text: str) -> Iterator[T]:
        """Give the values of all ranges that hold an address; none for what is no address."""
        if not self._ranges:
            return
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return
        for (version, length), prefixes in self._ranges.items():
            if version == address.version:
                shift = address.max_prefixlen - length
                yield from prefixes.get(int(address) >> shift << shift, ())

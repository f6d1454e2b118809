"""How often somebody may call who is not known yet: a token bucket for each, in memory and of bounded size.

Each process counts for itself: with several, the limits add up. They keep one caller from using up what all
need; they are no defence against many addresses at once, which is the business of the network in front.
"""

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Hashable
from typing import Final

# Whoever has a network of IPv6 has at least so much of it, and counts as one caller.
_IPV6_PREFIX: Final = 64


class Buckets:
    """A bucket of `burst` tokens for each key, filled by `per_second`; at most `most` keys are remembered.

    The key that was quiet for longest is forgotten first: its bucket is the one most likely to be full again.
    """

    def __init__(self, per_second: float, burst: int, *, most: int = 20_000) -> None:
        self._per_second = per_second
        self._burst = burst
        self._most = most
        self._lock = threading.Lock()
        self._left: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def take(self, key: Hashable, now: float | None = None) -> float:
        """Take a token; return 0, or the seconds until there is one. `now` is of a clock that only rises."""
        now = time.monotonic() if now is None else now
        with self._lock:
            tokens, at = self._left.pop(key, (float(self._burst), now))
            tokens = min(self._burst, tokens + (now - at) * self._per_second)
            wait = 0.0 if tokens >= 1 else (1 - tokens) / self._per_second
            self._left[key] = (tokens if wait else tokens - 1, now)
            if len(self._left) > self._most:
                self._left.popitem(last=False)
        return wait

    def __len__(self) -> int:
        """Return how many keys are remembered."""
        return len(self._left)

    def forget(self) -> None:
        """Fill every bucket."""
        with self._lock:
            self._left.clear()


def caller(address: str) -> str:
    """Return what stands for the caller behind an IP address: itself, or its network of IPv6."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((int(parsed), _IPV6_PREFIX), strict=False))
    return str(parsed)

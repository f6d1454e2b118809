"""Counts, shares and their confidence intervals."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_Z: Final = 1.959964
"""Of the normal distribution: 95 % lie within so many standard deviations."""


@dataclass(frozen=True)
class Interval:
    """A share with its 95 % interval after Wilson; None where nothing was counted."""

    share: float | None
    low: float | None
    high: float | None
    hits: int
    of: int


def wilson(hits: int, of: int) -> Interval:
    """Give a share and its score interval (Wilson 1927), which holds for few and extreme counts too."""
    if of == 0:
        return Interval(None, None, None, hits, of)
    share = hits / of
    spread = _Z * math.sqrt(share * (1 - share) / of + _Z**2 / (4 * of**2))
    middle, scale = share + _Z**2 / (2 * of), 1 + _Z**2 / of
    low = 0.0 if hits == 0 else (middle - spread) / scale
    high = 1.0 if hits == of else (middle + spread) / scale
    return Interval(share, low, high, hits, of)


@dataclass(frozen=True)
class Tally:
    """What was said of harmful and harmless records."""

    true_positive: int
    false_positive: int
    true_negative: int
    false_negative: int

    @property
    def precision(self) -> Interval:
        """Of what was reported, how much is harmful."""
        return wilson(self.true_positive, self.true_positive + self.false_positive)

    @property
    def recall(self) -> Interval:
        """Of what is harmful, how much was reported."""
        return wilson(self.true_positive, self.true_positive + self.false_negative)

    @property
    def false_positive_rate(self) -> Interval:
        """Of what is harmless, how much was reported."""
        return wilson(self.false_positive, self.false_positive + self.true_negative)


def tally(pairs: Iterable[tuple[bool, bool]]) -> Tally:
    """Count pairs of (is harmful, was reported)."""
    counts = {(True, True): 0, (False, True): 0, (False, False): 0, (True, False): 0}
    for pair in pairs:
        counts[pair] += 1
    return Tally(counts[True, True], counts[False, True], counts[False, False], counts[True, False])

"""Names that an address may borrow: which word in a host stands for whom, and whom it may belong to."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final, NamedTuple

from vedette.detection.web.distance import SHORTEST, Neighbours
from vedette.detection.web.known_brands import KNOWN, WORDS
from vedette.detection.web.suffixes import Split, bundled
from vedette.detection.web.words import Words

SHORTEST_WITHIN: Final = 6
"""A name within a longer word counts from so many letters on."""


class Brand(NamedTuple):
    """A name: the word, the domains of its owner, the first of them, and whose it is.

    `common`: it is a word of its own, too. `own`: it is the organisation's.
    """

    word: str
    owners: frozenset[str]
    home: str
    common: bool = False
    own: bool = False


class Brands:
    """Names, ready for look-ups. Never changes; safe to share between threads."""

    __slots__ = ("_neighbours", "_words", "by_word", "owners")

    def __init__(self, brands: Iterable[Brand]) -> None:
        """Build the look-ups once."""
        self.by_word: Final[Mapping[str, Brand]] = {brand.word: brand for brand in brands}
        self.owners: Final = frozenset(name for brand in self.by_word.values() for name in brand.owners)
        self._neighbours = Neighbours(word for word, brand in self.by_word.items() if not brand.common)
        self._words = Words(word for word in self.by_word if len(word) >= SHORTEST_WITHIN)

    def owns(self, split: Split) -> bool:
        """Tell whether a name belongs to an owner of these brands: by registration, or under an ending of its own."""
        return split.registrable in self.owners or split.suffix in self.by_word

    def near(self, word: str) -> Brand | None:
        """Give the brand that a word is a mistyping of."""
        found = self._neighbours.near(word)
        return self.by_word[found[0]] if found else None

    def within(self, word: str) -> Brand | None:
        """Give the longest brand that stands within a word."""
        found = self._words.within(word)
        return self.by_word[max(found, key=len)] if found else None


@cache
def known() -> Brands:
    """Give the well-known brands."""
    return Brands(Brand(word, frozenset(owners), owners[0], word in WORDS) for word, owners in KNOWN.items())


def own(words: Iterable[str], domains: Iterable[str]) -> Brands:
    """Give the organisation's own names, which only its `domains` may bear."""
    owners = tuple(domains)
    return Brands(Brand(word, frozenset(owners), owners[0] if owners else word, own=True) for word in words)


def brand_words(words: Iterable[str], domains: Iterable[str]) -> tuple[str, ...]:
    """Give the words that stand for an organisation: those it named, and how its registered names begin.

    What is shorter than five letters stands in too many names to say anything, unless the organisation named it.
    """
    first = {bundled().split(name).registrable.partition(".")[0] for name in domains}
    return tuple(sorted({*words, *(word for word in first if len(word) >= SHORTEST and "xn--" not in word)}))

"""Everything that a verdict on web content needs, immutable."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from vedette.detection.web.brands import Brands, brand_words, known, own
from vedette.detection.web.names import FewNames, ManyNames, Names
from vedette.detection.web.suffixes import PublicSuffixes, bundled
from vedette.intel.index import EMPTY, Index

NO_NAMES = FewNames()


@dataclass(frozen=True)
class WebLists:
    """What one organisation's verdicts rest on. A listed name covers every name below it.

    `denied`, `allowed`: its own lists, name to note. `feeds`: its threat feeds, name to title of the feed.
    `categories`: its lists by category, name to category. `own_domains`: in ASCII; `own_brands`: words that stand for
    it, those of its domains among them. `blocked_categories`: see `categories.CATEGORIES`.
    """

    index: Index = EMPTY
    denied: Names = NO_NAMES
    allowed: Names = NO_NAMES
    feeds: Names = NO_NAMES
    categories: Names = NO_NAMES
    own_domains: Names = NO_NAMES
    own_brands: tuple[str, ...] = ()
    blocked_categories: frozenset[str] = frozenset()
    suffixes: PublicSuffixes = field(default_factory=bundled)
    brands: tuple[Brands, ...] = field(default_factory=lambda: (known(),))

    @classmethod
    def of(
        cls,
        *,
        index: Index = EMPTY,
        denied: Mapping[str, str] | None = None,
        allowed: Mapping[str, str] | None = None,
        feeds: Iterable[tuple[str, str]] = (),
        categories: Iterable[tuple[str, str]] = (),
        own_domains: Iterable[str] = (),
        own_brands: Iterable[str] = (),
        blocked_categories: Iterable[str] = (),
    ) -> "WebLists":
        """Make lists of plain values; names in lower case and ASCII."""
        domains = tuple(sorted(set(own_domains)))
        words = brand_words(own_brands, domains)
        return cls(
            index,
            FewNames(denied),
            FewNames(allowed),
            ManyNames(feeds),
            ManyNames(categories),
            FewNames(dict.fromkeys(domains, "")),
            words,
            frozenset(blocked_categories),
            brands=(own(words, domains), known()) if words else (known(),),
        )

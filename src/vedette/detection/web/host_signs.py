"""Signs of phishing in a host name: whose name it borrows, and how it is made."""

import ipaddress
import itertools
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from vedette.detection.web.addresses import Host, unicode_form
from vedette.detection.web.brands import Brand, Brands
from vedette.detection.web.confusables import looks_latin, scripts, skeleton, with_pairs, without_numbers
from vedette.detection.web.suffixes import Split
from vedette.detection.web.weights import ABUSED_ENDINGS, DELIVERY, LURES, SERVICES, STRONG_LURES, WEIGHTS
from vedette.detection.web.words import Words

_TOKENS: Final = re.compile(r"[-_.]+")
_STRONG: Final = Words(STRONG_LURES)
_ANY: Final = Words(word for word in LURES if len(word) >= 5)  # noqa: PLR2004 - shorter ones stand in other words
_COMMON_ENDINGS: Final = frozenset({"com", "net", "org", "io", "co", "app"})
_HOMOGRAPH: Final = 5
"""Names of so many letters are imitated on purpose; shorter words of other alphabets may look alike by chance."""
_MOST_LABELS: Final = 12


class Sign(NamedTuple):
    """A sign by its name in weights.WEIGHTS, and whose name is borrowed."""

    name: str
    brand: Brand | None = None


def signs_of_host(host: Host, split: Split, every: Iterable[Brands]) -> list[Sign]:
    """List the signs in a host; `every`: names that may be borrowed, the organisation's own first."""
    if host.is_ip:
        return _of_address(host)
    if split.suffix in DELIVERY or split.suffix.partition(".")[2] in DELIVERY:
        return []
    labels = unicode_form(host.name).split(".")[: -(split.suffix.count(".") + 1)][-_MOST_LABELS:]
    if not labels:
        return []
    signs = [*_borrowed(labels, split, every), *_made(labels, split)]
    if host.disguised:
        signs.append(Sign("disguised"))
    return signs


def homograph(split: Split, every: Iterable[Brands]) -> Brand | None:
    """Give the name that a registered name beyond ASCII imitates letter by letter; None where it imitates none."""
    if "xn--" not in split.registrable:
        return None
    label = unicode_form(split.registrable).partition(".")[0]
    plain = skeleton(label)
    if label.isascii() or plain == label or len(plain) < _HOMOGRAPH:
        return None
    found = (brands.by_word.get(plain) for brands in every)
    return next((brand for brand in found if brand is not None), None)


def _of_address(host: Host) -> list[Sign]:
    if ipaddress.ip_address(host.name).is_private:
        return []
    return [Sign("ip_address"), *([Sign("disguised")] if host.disguised else [])]


def _borrowed(labels: list[str], split: Split, every: Iterable[Brands]) -> Iterator[Sign]:
    """Give at most one sign about a borrowed name: the heaviest."""
    *below, registered = labels
    for brands in every:
        sign = _registered(registered, below, split, brands) or _below(below, registered, split, brands)
        if sign is not None and sign.brand is not None:
            yield sign
            # services give an organisation a place under their name, with its own name before it
            if sign.brand.own and sign.name != "name_below_other":
                yield Sign("own_name", sign.brand)
            return


def _registered(label: str, below: list[str], split: Split, brands: Brands) -> Sign | None:
    plain = skeleton(label)
    brand = brands.by_word.get(plain)
    if brand is not None:
        return _same_word(label, plain, below, brand, split)
    for reading in (without_numbers(plain), *with_pairs(plain)):
        brand = brands.by_word.get(reading)
        if reading != plain and brand is not None and not brand.common:
            return Sign("imitates_letters", brand)
    tokens = [token for token in _TOKENS.split(plain) if token]
    if sign := _in_tokens(tokens, plain, below, split, brands):
        return sign if plain == label else Sign("imitates_letters", sign.brand)
    brand = brands.near(plain.replace("-", "")) or next(
        (found for token in tokens if len(tokens) > 1 and _lures(tokens) and (found := brands.near(token))),
        None,
    )
    return Sign("mistyped_name", brand) if brand else None


def _same_word(label: str, plain: str, below: list[str], brand: Brand, split: Split) -> Sign | None:
    if label != plain:
        return Sign("imitates_letters", brand)
    if split.private:
        return None if _expected(brand, split) else Sign("name_on_shared_host", brand)
    if brand.own or (not brand.common and split.suffix in ABUSED_ENDINGS):
        return Sign("name_with_lure" if _lures(below) else "name_other_ending", brand)
    return None


def _expected(brand: Brand, split: Split) -> bool:
    """Tell whether a service gives an organisation a place under this suffix with its own name before it."""
    return brand.own and (split.suffix in SERVICES or split.suffix.partition(".")[2] in SERVICES)


def _in_tokens(tokens: list[str], plain: str, below: list[str], split: Split, brands: Brands) -> Sign | None:
    """Look for a name among the words of a label, or within the label."""
    named = [brands.by_word.get(token) or brands.by_word.get(without_numbers(token)) for token in tokens]
    brand = next((found for found in named if found is not None), None)
    rest = [token for token, found in zip(tokens, named, strict=True) if found is None]
    if brand is None:
        brand = brands.within(plain) or ("-" in plain and brands.within(plain.replace("-", ""))) or None
        rest = [plain.replace(brand.word, "-")] if brand else []
    if brand is None:
        return None
    if _glued(rest) or _lured(brand, rest, below, split):
        return Sign("name_with_lure", brand)
    if brand.common or _expected(brand, split):
        return None
    return Sign("name_on_shared_host" if split.private and brand in named else "name_within", brand)


def _below(below: list[str], registered: str, split: Split, brands: Brands) -> Sign | None:
    """Look for a name among the labels below a registered name that belongs to somebody else; give the heaviest."""
    found = [
        sign
        for at, label in enumerate(below)
        if (sign := _below_at(label, (*below[at + 1 :], registered), [*below, registered], split, brands))
    ]
    return max(found, key=lambda sign: WEIGHTS[sign.name], default=None)


def _below_at(
    label: str, after: Sequence[str], every: list[str], split: Split, brands: Brands
) -> Sign | None:
    plain = skeleton(label)
    tokens = [token for token in _TOKENS.split(plain) if token]
    brand = next((brands.by_word[token] for token in tokens if token in brands.by_word), None)
    brand = brand or brands.within(plain)
    if brand is None:
        return None
    following = after[0].partition("-")[0]
    if following in _COMMON_ENDINGS or f"{plain}.{following}" in brand.owners:
        return Sign("name_as_host", brand)
    if _lured(brand, [token for token in tokens if token != brand.word], every, split):
        return Sign("name_with_lure", brand)
    return None if brand.common else Sign("name_below_other", brand)


def _made(labels: list[str], split: Split) -> Iterator[Sign]:
    registered = labels[-1]
    tokens = [
        token for label in (labels if split.private else [registered]) for token in _TOKENS.split(label)
    ]
    lures = [token for token in tokens if token in LURES]
    glued = [] if lures else _glued_lures(registered, split)
    if lures or glued:
        yield Sign("lure_word")
    if len(lures) + len(glued) > 1:
        yield Sign("two_lure_words")
    if split.private:
        yield Sign("shared_host")
    if split.suffix in ABUSED_ENDINGS:
        yield Sign("abused_ending")
    if any(len(scripts(label)) > 1 for label in labels if not label.isascii()):
        yield Sign("mixed_scripts")
    elif looks_latin(registered) and split.suffix.isascii() and "xn--" not in split.suffix:
        yield Sign("looks_latin")
    if not split.private:  # on a host of strangers machines give names
        yield from _shape(labels, registered)


def _shape(labels: list[str], registered: str) -> Iterator[Sign]:
    if max(label.count("-") for label in labels) > 2:  # noqa: PLR2004 - names of people and firms have fewer
        yield Sign("many_hyphens")
    if sum(map(str.isdigit, registered)) > 3:  # noqa: PLR2004 - a year is no sign
        yield Sign("many_digits")
    if len(registered) > 24:  # noqa: PLR2004 - beyond, names are sentences
        yield Sign("long_label")
    if len(labels) > 4:  # noqa: PLR2004 - services of big sites have up to four
        yield Sign("many_labels")
    if _looks_random(registered):
        yield Sign("looks_random")


def _looks_random(label: str) -> bool:
    """Tell a label that nobody could say: long, of many characters, hardly a vowel or letters and digits mixed."""
    if len(label) < 12 or "-" in label or not label.isascii():  # noqa: PLR2004 - shorter ones are acronyms
        return False
    spread = -sum(n / len(label) * math.log2(n / len(label)) for n in Counter(label).values())
    vowels = sum(letter in "aeiouy" for letter in label) / len(label)
    changes = sum(a.isdigit() != b.isdigit() for a, b in itertools.pairwise(label))
    return spread > 3 and (vowels < 0.2 or changes > 3)  # noqa: PLR2004 - bits a letter; words have a third of vowels


def _lured(brand: Brand, beside: Iterable[str], around: Iterable[str], split: Split) -> bool:
    """Tell whether words that lure stand beside a name; one that is a word of its own needs more of them."""
    words = list(beside)
    weak = sum(word in LURES for word in words)
    if _strong(words) or _strong(around):
        return True
    if brand.common:
        return weak > 1 or bool(weak and (split.private or split.suffix in ABUSED_ENDINGS))
    return weak > 0


def _lures(words: Iterable[str]) -> bool:
    return any(word in LURES for word in words)


def _strong(labels: Iterable[str]) -> bool:
    return any(token in STRONG_LURES for label in labels for token in _TOKENS.split(label))


def _glued(rests: Iterable[str]) -> bool:
    """Tell whether what is left of a label without the name begins or ends with a word that lures."""
    parts = [part for rest in rests for part in _TOKENS.split(rest)]
    return any(_STRONG.within(part) for part in parts)


def _glued_lures(label: str, split: Split) -> list[str]:
    """List the words that lure within a label: on a host of strangers the weaker ones too."""
    if len(label) <= 8:  # noqa: PLR2004 - a word beside the lure
        return []
    return (_ANY if split.private else _STRONG).within(label)

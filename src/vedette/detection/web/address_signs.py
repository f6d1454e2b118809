"""Signs of phishing in the rest of an address: what stands before the @, the port, the path, what is handed on."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final
from urllib.parse import unquote

from vedette.detection.web.addresses import Address
from vedette.detection.web.brands import Brands
from vedette.detection.web.host_signs import Sign
from vedette.detection.web.weights import STRONG_LURES

_WORDS: Final = re.compile(r"[a-z0-9]+")
_HOST: Final = re.compile(r"[\w-]+\.[a-z]{2,}", re.IGNORECASE)
_ADDRESS: Final = re.compile(r"https?:/{0,2}[^/]|//[\w-]+\.[a-z]{2,}", re.IGNORECASE)
_MAIL: Final = re.compile(r"[\w.+-]+@[\w-]+\.[a-z]{2,}", re.IGNORECASE)
_APP: Final = re.compile(r"\.(?:apk|apks|xapk|ipa|mobileconfig)$", re.IGNORECASE)
_HIDDEN: Final = re.compile(
    r"/(?:wp-includes|wp-admin|wp-content/(?:plugins|themes|uploads))/.*(?:\.(?:php|html?)|/)$|/\.\w+/.*\.(?:php|html?)$",
    re.IGNORECASE,
)
"""Places of a site's own machinery: a page for people there was put in by somebody else."""
_LONG: Final = 160
_USUAL_PORTS: Final = frozenset({None, 80, 443, 8080, 8443})
_READ: Final = 4096


def signs_of_rest(address: Address, every: tuple[Brands, ...]) -> Iterator[Sign]:
    """List the signs in what is not the host; the organisation's own names come first in `every`."""
    if address.user:
        yield Sign("host_before_at" if _HOST.search(unquote(address.user)) else "user_before_at")
    if address.port not in _USUAL_PORTS:
        yield Sign("odd_port")
    if len(address.rest) > 1:
        rest = unquote(address.rest[:_READ])
        yield from _words_of(rest, every)
        yield from (Sign(name) for name, holds in _PATTERNS.items() if holds(rest))
    if len(address.rest) > _LONG:
        yield Sign("long_path")


def _words_of(rest: str, every: tuple[Brands, ...]) -> Iterator[Sign]:
    words = _WORDS.findall(rest.lower())
    for brands in every:
        brand = next((b for word in words if (b := brands.by_word.get(word)) and not b.common), None)
        if brand is not None:
            yield Sign("name_in_path", brand)
            break
    if any(word in STRONG_LURES for word in words):
        yield Sign("lure_in_path")


def _path(rest: str) -> str:
    return rest.partition("?")[0].partition("#")[0]


_PATTERNS: Final[Mapping[str, Callable[[str], object]]] = {
    "address_within": lambda rest: _ADDRESS.search(rest, 1),
    "mail_within": _MAIL.search,
    "offers_app": lambda rest: _APP.search(_path(rest)),
    "hidden_place": lambda rest: _HIDDEN.search(_path(rest)),
}

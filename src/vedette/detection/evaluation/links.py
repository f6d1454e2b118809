"""Labelled links: what makes copies of one, and the slices in which benchmarks of phishing leak."""

import re
from typing import Final

from vedette.detection.web import BadAddressError, WebLists, WebVerdict, judge_host, judge_url, parse_address
from vedette.detection.web.suffixes import bundled

_SCHEME: Final = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
_GRAM: Final = 3


def registered(url: str) -> str:
    """Give the registered name of a link, which makes copies of it; the link itself where it cannot be read."""
    try:
        host = parse_address(url).host
    except BadAddressError:
        return url[:200]
    return host.name if host.is_ip else bundled().split(host.name).registrable or host.name


def slices(url: str) -> tuple[tuple[str, str], ...]:
    """Sort a link by its shape: scheme, path, what kind of host."""
    scheme = _SCHEME.match(url.strip())
    found = [("scheme", scheme[1].lower() if scheme else "none")]
    try:
        address = parse_address(url)
    except BadAddressError:
        return (*found, ("host", "unreadable"))
    found.append(("path", "with" if address.rest.strip("/") else "without"))
    if address.host.is_ip:
        return (*found, ("host", "address"))
    split = bundled().split(address.host.name)
    below = address.host.name != split.registrable
    return (
        *found,
        ("host", "shared" if split.private else "own name"),
        ("name", "below the registered one" if below else "registered"),
        *((("letters", "beyond ASCII"),) if "xn--" in address.host.name else ()),
    )


def features(url: str) -> frozenset[str]:
    """Give what the baseline learns from: every three letters of the host that follow each other."""
    try:
        name = f"^{parse_address(url).host.name}$"
    except BadAddressError:
        return frozenset()
    return frozenset(name[at : at + _GRAM] for at in range(len(name) - _GRAM + 1))


def judge_link(url: str, lists: WebLists) -> WebVerdict:
    """Judge a link: a bare host as a resolver is asked for it, anything else as an address."""
    return judge_url(url, lists) if re.search(r"[/:?#@]", url) else judge_host(url.strip(), lists)

"""What the installation's feeds say of a host or an address."""

from collections.abc import Iterator
from typing import Final

from vedette.detection.web.addresses import Address, Host
from vedette.detection.web.names import with_parents
from vedette.detection.web.suffixes import Split
from vedette.intel.index import Hit, Index
from vedette.intel.indicators import Kind
from vedette.verdict.classifications import CLASSIFICATIONS, Family

CATEGORY: Final = "UNAUTHORIZED_CONTENT"
"""What feeds list so is a matter of the organisation's taste (categories.py)."""
SURE: Final = 30
"""Confidence (STIX 2.1, appendix A: low ends at 29) from which a hit blocks."""


def known_bad(host: Host, split: Split, index: Index, address: Address | None = None) -> Hit | None:
    """Give the hit that says most: of the address, else of the host, else of the nearest name above it.

    A name above counts down to the registered one. Under a host that is shared by strangers (a public suffix, or one
    that an allow or warning list names) nobody answers for the others, so that only exactly what is listed counts.
    """
    if not index.size:
        return None
    hits = (hit for hit in _hits(host, split, index, address) if hit.classification != CATEGORY)
    return max(hits, key=_weight, default=None)


def is_vouched_for(split: Split, index: Index) -> bool:
    """Tell whether an allow or warning list of the installation names the registered name: then signs say nothing."""
    return bool(index.size and split.registrable and index.overruled(Kind.DOMAIN, split.registrable))


def classification_of(hit: Hit) -> str:
    """Give the classification of web content for what feeds say of it."""
    known = CLASSIFICATIONS.get(hit.classification)
    if known is not None and known.family is Family.WEB_CONTENT:
        return hit.classification
    return "MALICIOUS_CONTENT"


def is_sure(hit: Hit) -> bool:
    """Tell whether a feed is sure enough of an indicator that it may block."""
    return hit.confidence is None or hit.confidence >= SURE


def _weight(hit: Hit) -> tuple[bool, int, int]:
    return is_sure(hit), CLASSIFICATIONS[classification_of(hit)].default_risk, hit.confidence or 0


def _hits(host: Host, split: Split, index: Index, address: Address | None) -> Iterator[Hit]:
    if address is not None:
        for url in _spellings(address):
            yield from index.find(Kind.URL, url)
    if host.is_ip:
        yield from index.find(Kind.IPV6 if ":" in host.name else Kind.IPV4, host.name)
        return
    for name in names_of(host, split):
        yield from index.find(Kind.DOMAIN, name)


def names_of(host: Host, split: Split) -> Iterator[str]:
    """Give a host's name and those above it, down to the registered one."""
    if host.is_ip:
        return
    yield host.name
    if not split.registrable:
        return
    for name in with_parents(host.name.partition(".")[2]):
        if len(name) < len(split.registrable):
            break
        yield name


def _spellings(address: Address) -> Iterator[str]:
    """Give the forms in which feeds write one address: either scheme, with and without what follows the path."""
    host = f"[{address.host.name}]" if ":" in address.host.name else address.host.name
    place = host if address.port is None else f"{host}:{address.port}"
    rest = address.rest.partition("#")[0]
    path = rest.partition("?")[0]
    tails = dict.fromkeys((rest, path, path.rstrip("/"), path.rstrip("/") + "/"))
    for scheme in ("http", "https"):
        for tail in tails:
            yield f"{scheme}://{place}{tail if tail.startswith('/') or not tail else '/' + tail}"

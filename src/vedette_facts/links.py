"""Addresses of pages in running text."""

import re

_URL = re.compile(r"""\bhttps?://[^\s<>"'\]\[(){}|\\^`]{3,2000}""", re.IGNORECASE)


def links(text: str) -> list[str]:
    """Find the addresses, each once, without the punctuation that ends a sentence."""
    return list(dict.fromkeys(match.rstrip(".,;:!?") for match in _URL.findall(text)))

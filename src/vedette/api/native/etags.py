"""Entity tags (RFC 9110, section 8.8.3): whether what somebody has seen is still what there is."""

import hashlib
import re
from typing import Final

_ONE: Final = r'(?:W/)?"[!#-~]*"'
LIST: Final = rf"^(?:\*|{_ONE}(?: ?, ?{_ONE})*)$"
"""What If-Match and If-None-Match look like (RFC 9110, section 13.1): tags in quotes, or an asterisk."""
_TAG: Final = re.compile(r'(?:W/)?"([^"]*)"')
_LENGTH: Final = 32


def of(content: bytes, kind: str = "") -> str:
    """Return the tag of a content, without quotes; `kind` tells its representations apart."""
    return hashlib.sha256(content).hexdigest()[:_LENGTH] + (f"-{kind}" if kind else "")


def holds(header: str, tag: str) -> bool:
    """Tell whether If-None-Match or If-Match names a tag. Whether it was JSON or YAML that was seen is the same."""
    if header.strip() == "*":
        return True
    content = tag.partition("-")[0]
    return any(found.partition("-")[0] == content for found in _TAG.findall(header))


def names(header: str, tag: str) -> bool:
    """Tell whether If-None-Match names this very representation."""
    return header.strip() == "*" or tag in _TAG.findall(header)

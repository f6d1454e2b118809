"""The 49 threat classifications (lookout.md 1.5) by their code."""

from types import MappingProxyType

from vedette.verdict.classifications.configuration import CONFIGURATION
from vedette.verdict.classifications.malware import MALWARE
from vedette.verdict.classifications.model import Classification, Family, Text
from vedette.verdict.classifications.network import NETWORK
from vedette.verdict.classifications.permissions import PERMISSIONS
from vedette.verdict.classifications.system import SYSTEM
from vedette.verdict.classifications.unwanted import UNWANTED
from vedette.verdict.classifications.web_content import WEB_CONTENT

CLASSIFICATIONS = MappingProxyType(
    {c.code: c for c in (*MALWARE, *UNWANTED, *SYSTEM, *CONFIGURATION, *PERMISSIONS, *NETWORK, *WEB_CONTENT)}
)


def classification(code: str) -> Classification:
    """Look up a classification; UNKNOWN for a code that is not one of the 49."""
    return CLASSIFICATIONS.get(code, CLASSIFICATIONS["UNKNOWN"])


__all__ = ["CLASSIFICATIONS", "Classification", "Family", "Text", "classification"]

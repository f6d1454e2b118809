"""Who speaks: vendor, product and version, as flat formats name them."""

from functools import lru_cache
from importlib import metadata
from typing import Final

VENDOR: Final = "Vedette"
PRODUCT: Final = "Mobile Threat Defense"


@lru_cache(maxsize=1)
def version() -> str:
    """Return the version of the service."""
    return metadata.version("vedette")

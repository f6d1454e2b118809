"""Pure: the two platforms the product protects, behind the spellings of Entra and Intune."""

from typing import Final

ANDROID: Final = "ANDROID"
IOS: Final = "IOS"

# Intune and Entra name the platform differently by enrolment type (microsoft.md 2.3 and 2.6).
_APPLE: Final = frozenset({"ios", "ipados", "iphone", "ipad", "iphone/ipad", "iphoneos"})


def platform_of(operating_system: str) -> str | None:
    """Return ANDROID, IOS, or None for what the product does not protect (Windows, macOS, Linux…)."""
    name = "".join(operating_system.lower().split())
    if name.startswith("android"):
        return ANDROID
    return IOS if name in _APPLE else None

"""Applications that pretend to be another: by name as people read it, or by a package name that looks official."""

import unicodedata
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from vedette_facts.report import App

KNOWN: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "whatsapp": ("com.whatsapp",),
        "telegram": ("org.telegram.",),
        "signal": ("org.thoughtcrime.securesms",),
        "facebook": ("com.facebook.",),
        "messenger": ("com.facebook.", "com.google.android.apps.messaging"),
        "instagram": ("com.instagram.",),
        "youtube": ("com.google.android.",),
        "gmail": ("com.google.android.gm",),
        "chrome": ("com.android.chrome", "com.chrome."),
        "google chrome": ("com.android.chrome",),
        "google play store": ("com.android.vending",),
        "google play services": ("com.google.android.gms",),
        "play protect": ("com.android.vending", "com.google.android.gms"),
        "microsoft authenticator": ("com.azure.authenticator",),
        "google authenticator": ("com.google.android.apps.authenticator2",),
        "outlook": ("com.microsoft.",),
        "microsoft teams": ("com.microsoft.",),
        "company portal": ("com.microsoft.windowsintune.companyportal",),
        "paypal": ("com.paypal.",),
        "adobe flash player": ("com.adobe.",),
        "android system": ("android", "com.android."),
        "system update": ("com.android.", "com.google.", "com.sec.", "com.samsung."),
        "security": ("com.android.", "com.miui.", "com.sec.", "com.samsung."),
        "system service": ("com.android.", "com.google.", "com.sec."),
    }
)
"""Name in its plain form to beginnings of the package names that may bear it."""

_OFFICIAL: Final = (
    "com.android.",
    "com.google.android.",
    "com.samsung.android.",
    "com.sec.android.",
    "com.miui.",
)
_FOLDED: Final = str.maketrans("01\u0456\u0430\u0435\u043e\u0440\u0441\u0445", "oliaeopcx")
"""Digits and Cyrillic letters that look like Latin letters."""


def imitated(app: App, apps: Sequence[App], *, from_store: bool) -> str | None:
    """Name what an application pretends to be; None if it pretends nothing.

    By name: that of a well-known application, or of a part of this phone's own system, under another package. By
    package: a name that only makers of phones use, on what neither came with the phone nor from a store.
    """
    if app.system:
        return None
    name = plain(app.name or "")
    owners = KNOWN.get(name)
    if owners and not app.package.startswith(owners):
        return app.name
    if not from_store and app.package.startswith(_OFFICIAL):
        return ".".join(app.package.split(".")[:3])
    if name and not from_store:
        return next((a.name for a in apps if a.system and a.name and plain(a.name) == name), None)
    return None


def plain(name: str) -> str:
    """Fold a name to how it looks: width, accents, case, digits and letters of other alphabets, spaces."""
    folded = unicodedata.normalize("NFKD", name).casefold()
    letters = "".join(c for c in folded if not unicodedata.combining(c) and unicodedata.category(c) != "Cf")
    return " ".join(letters.translate(_FOLDED).split())

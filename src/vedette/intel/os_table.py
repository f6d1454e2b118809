"""What tables about operating systems say, in one form whatever their source: fixes, exploitation, ends of support."""

import datetime as dt

import msgspec


class AndroidFix(msgspec.Struct, frozen=True, array_like=True):
    """A flaw of one Android version and the patch level that mends it. `severity` is Google's, or empty."""

    cve: str
    version: str
    patch_level: dt.date
    severity: str = ""
    component: str = ""


class AppleRelease(msgspec.Struct, frozen=True, array_like=True):
    """A release of iOS or iPadOS: what it mends, and for which kind of device it came."""

    version: str
    released: dt.date | None
    iphone: bool
    ipad: bool
    cves: list[str]
    exploited: list[str] = []
    devices: list[str] = []


class Exploited(msgspec.Struct, frozen=True, array_like=True):
    """A flaw that is known to be used in attacks."""

    cve: str
    since: dt.date | None = None
    ransomware: bool = False


class Lifetime(msgspec.Struct, frozen=True, array_like=True):
    """How long a version or a model is mended. `ends` None: `ended` says it without a date."""

    product: str
    cycle: str
    label: str
    ended: bool
    ends: dt.date | None = None
    latest: str = ""


class OsTable(msgspec.Struct, frozen=True, kw_only=True):
    """One feed's part of the knowledge."""

    android: list[AndroidFix] = []
    apple: list[AppleRelease] = []
    exploited: list[Exploited] = []
    lifetimes: list[Lifetime] = []

"""What the tables about operating systems say, for answers: newest versions, dates, and flaws by version and by name.

Looked up in a thread, since feeds are Django's; kept for a minute. Without tables nothing is said about flaws: an empty
list would say that there are none.
"""

import asyncio
import datetime as dt
import time
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from vedette.api.mobile_risk.answers import ProblemError
from vedette.api.mobile_risk.shapes import Vulnerability
from vedette.api.threads import Threads
from vedette.feeds import tables
from vedette.foundation import database
from vedette.intel.os_knowledge import NOTHING_KNOWN, Missing, OsKnowledge
from vedette.intel.os_versions import is_ipad

_KEPT_SECONDS: Final = 60.0
_POINTS: Final = {"Critical": 9, "High": 7, "Moderate": 4, "Medium": 4, "Low": 1}
"""Where each of Google's words begins on the scale of CVSS, which the parameter `severity` is on."""


class Version(NamedTuple):
    """What decides which flaws a device has."""

    platform: str
    os_version: str
    security_patch: dt.date | None
    ipad: bool


class Systems:
    """The knowledge in force."""

    def __init__(self, threads: Threads) -> None:
        self._threads = threads
        self._known = NOTHING_KNOWN
        self._until = 0.0
        self._lock = asyncio.Lock()

    async def current(self) -> OsKnowledge:
        """Return what is known now."""
        async with self._lock:
            if time.monotonic() >= self._until:
                self._known = await self._threads.run(_read)
                self._until = time.monotonic() + _KEPT_SECONDS
        return self._known

    async def loaded(self) -> OsKnowledge:
        """Return what is known. Raises ProblemError 503 while nothing is."""
        known = await self.current()
        if known.empty:
            raise ProblemError(
                503,
                "No tables about system versions are loaded, so nothing can be said about their flaws. An operator"
                " can load them: vedette intel --help.",
                "NO_INTELLIGENCE",
            )
        return known


def missing(known: OsKnowledge, version: Version) -> tuple[Missing, ...]:
    """Return the flaws of a version, most pressing first; none where the tables do not cover it."""
    if version.platform == "IOS":
        return known.apple(version.os_version, ipad=version.ipad).missing
    if version.security_patch is None:
        return ()
    return known.android(version.os_version, None, version.security_patch).missing


def latest_version(known: OsKnowledge, platform: str, model: str) -> str | None:
    """Return the newest version of a platform that the tables name."""
    newest = _newest(known)
    if platform != "IOS":
        return newest.android
    return newest.ipad if is_ipad(model) else newest.iphone


def released(known: OsKnowledge, version: str) -> dt.date | None:
    """Return the day on which Apple released a version."""
    return _newest(known).days.get(version)


def tell(flaws: Iterable[Missing], least: int | None = None) -> list[Vulnerability]:
    """Tell flaws; those of which nobody said how severe they are count as any."""
    return [
        _vulnerability(flaw)
        for flaw in flaws
        if not least or not flaw.severity or _POINTS.get(flaw.severity, 10) >= least
    ]


def android_flaws(known: OsKnowledge, patch: dt.date) -> list[Missing]:
    """Return the flaws whose fix came after a patch level, whichever the version."""
    versions = {fix.version for fix in known.android_fixes()}
    found = {
        flaw.cve: flaw for version in sorted(versions) for flaw in known.android(version, None, patch).missing
    }
    return sorted(found.values(), key=lambda flaw: (not flaw.exploited, flaw.cve))


def named(known: OsKnowledge, cve: str) -> list[Missing]:
    """Return a flaw by its name, if any table knows it."""
    for fix in known.android_fixes():
        if fix.cve == cve:
            return [Missing(cve, fix.severity, known.exploited(cve) is not None, fix.patch_level.isoformat())]
    for release in known.apple_releases():
        if cve in release.cves:
            return [Missing(cve, "", known.exploited(cve) is not None, release.version)]
    return [Missing(cve, "", exploited=True, mended_by="")] if known.exploited(cve) else []


def vulnerable_android(known: OsKnowledge, cve: str) -> Iterator[tuple[str, str]]:
    """Return the versions with their patch levels that have a flaw, as far as the tables name levels."""
    fixes = list(known.android_fixes())
    for version, mended in sorted({(fix.version, fix.patch_level) for fix in fixes if fix.cve == cve}):
        levels = {fix.patch_level for fix in fixes if fix.version == version and fix.patch_level < mended}
        yield from ((version, level.isoformat()) for level in sorted(levels))


def vulnerable_apple(known: OsKnowledge, cve: str) -> Iterator[str]:
    """Return the versions of iOS that have a flaw: those for iPhones that a later one mends."""
    seen = dict.fromkeys(release.version for release in known.apple_releases() if release.iphone)
    for version in seen:
        if any(flaw.cve == cve for flaw in known.apple(version, ipad=False).missing):
            yield version


class _Newest(NamedTuple):
    """What is asked for each device, found once."""

    android: str | None
    iphone: str | None
    ipad: str | None
    days: dict[str, dt.date]


@lru_cache(maxsize=2)
def _newest(known: OsKnowledge) -> _Newest:
    releases = list(known.apple_releases())
    numbers = {fix.version for fix in known.android_fixes() if fix.version.isdecimal()}
    return _Newest(
        max(numbers, key=int, default=None),
        next((one.version for one in reversed(releases) if one.iphone), None),
        next((one.version for one in reversed(releases) if one.ipad), None),
        {one.version: one.released for one in releases if one.released},
    )


def _vulnerability(flaw: Missing) -> Vulnerability:
    mended = f"Mended by {flaw.mended_by}." if flaw.mended_by else None
    used = "Known to be used in attacks." if flaw.exploited else None
    return Vulnerability(
        name=flaw.cve,
        severity=flaw.severity or None,
        category="EXPLOITED" if flaw.exploited else None,
        summary=" ".join(part for part in (used, mended) if part) or None,
        uri=f"https://nvd.nist.gov/vuln/detail/{flaw.cve}",
    )


def _read() -> OsKnowledge:
    with database.system():
        return tables.current()

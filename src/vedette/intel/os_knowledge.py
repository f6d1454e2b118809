"""What is known of a system's version: flaws it lacks the fixes of, and whether anybody still mends it."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from vedette.intel.os_table import AndroidFix, AppleRelease, Exploited, Lifetime, OsTable
from vedette.intel.os_versions import android_release

SEVERITIES: Mapping[str, int] = MappingProxyType(
    {"Critical": 4, "High": 3, "Moderate": 2, "Medium": 2, "Low": 1}
)
"""Google's words in the order of danger; Apple gives none (detection.md 1.6)."""
_RECENT_DAYS = 180
"""Each device that is still supported got a release within so long of the newest."""
_QUIET_DAYS = 365
"""A branch of Apple's without a release for so long, while others got some, is at its end."""


class Missing(NamedTuple):
    """A flaw that a version has, and what mends it: a patch level or a version."""

    cve: str
    severity: str
    exploited: bool
    mended_by: str


class Answer(NamedTuple):
    """Flaws, most pressing first. `covered` is false where no table tells anything about this version.

    `ended`: no more fixes come for this branch; then `missing` holds what later branches have mended since.
    """

    covered: bool
    missing: tuple[Missing, ...] = ()
    ended: bool = False


class Support(NamedTuple):
    """Whether fixes still come. None: not known. `subject` is the version or model as the table names it."""

    supported: bool | None
    subject: str = ""
    ended: dt.date | None = None


NOT_COVERED = Answer(covered=False)


class OsKnowledge:
    """All tables in force. Never changes after it is built."""

    __slots__ = ("_android", "_apple", "_exploited", "_lifetimes", "empty", "newest_patch")

    def __init__(self, tables: Iterable[OsTable] = ()) -> None:
        self._android: dict[str, dict[AndroidFix, None]] = {}
        self._apple: list[tuple[tuple[int, ...], AppleRelease]] = []
        self._exploited: dict[str, Exploited] = {}
        self._lifetimes: dict[str, dict[str, Lifetime]] = {}
        for table in tables:
            for fix in table.android:
                self._android.setdefault(fix.version, {})[fix] = None
            self._apple += [(_numbers(release.version), release) for release in table.apple]
            self._exploited |= {item.cve: item for item in table.exploited}
            for release in table.apple:
                self._exploited |= {
                    cve: Exploited(cve) for cve in release.exploited if cve not in self._exploited
                }
            for lifetime in table.lifetimes:
                self._lifetimes.setdefault(lifetime.product, {})[lifetime.cycle.lower()] = lifetime
        self._apple.sort(key=lambda pair: pair[0])
        levels = [fix.patch_level for fixes in self._android.values() for fix in fixes]
        self.newest_patch = max(levels, default=None)
        self.empty = not (self._android or self._apple or self._lifetimes)

    def android_fixes(self) -> Iterator[AndroidFix]:
        """Give every fix that the tables name."""
        return (fix for fixes in self._android.values() for fix in fixes)

    def apple_releases(self) -> Iterator[AppleRelease]:
        """Give every release, oldest version first."""
        return (release for _, release in self._apple)

    def exploited(self, cve: str) -> Exploited | None:
        """Say whether a flaw is known to be used in attacks."""
        return self._exploited.get(cve)

    def android(self, version: str, sdk: int | None, patch: dt.date) -> Answer:
        """Give the flaws of an Android version whose fix came with a later patch level, compared as dates."""
        release = android_release(version, sdk)
        fixes = self._android.get(release or "")
        if not fixes:
            return NOT_COVERED
        found: dict[str, Missing] = {}
        for fix in fixes:
            if fix.patch_level > patch:
                known = found.get(fix.cve)
                if known is None or SEVERITIES.get(fix.severity, 0) > SEVERITIES.get(known.severity, 0):
                    found[fix.cve] = self._missing(fix.cve, fix.severity, fix.patch_level.isoformat())
        return Answer(covered=True, missing=_sorted(found.values()))

    def apple(self, version: str, *, ipad: bool) -> Answer:
        """Give the flaws mended by later releases of the same branch for this kind of device."""
        mine = _numbers(version)
        if not mine:
            return NOT_COVERED
        branch = [(numbers, release) for numbers, release in self._apple if numbers[0] == mine[0]]
        if not branch:
            return NOT_COVERED
        later = [release for numbers, release in branch if numbers > mine and _for(release, ipad=ipad)]
        ended = self._branch_ended(branch, ipad=ipad)
        if ended:
            end = max((r.released for _, r in branch if r.released and _for(r, ipad=ipad)), default=None)
            later += [
                r
                for numbers, r in self._apple
                if numbers[0] > mine[0]
                and _for(r, ipad=ipad)
                and r.released
                and (end is None or r.released > end)
            ]
        found: dict[str, Missing] = {}
        for release in later:
            for cve in release.cves:
                found.setdefault(cve, self._missing(cve, "", release.version))
        return Answer(covered=True, missing=_sorted(found.values()), ended=ended)

    def _branch_ended(self, branch: list[tuple[tuple[int, ...], AppleRelease]], *, ipad: bool) -> bool:
        """An iPhone on a branch that only iPads still get is out of support, not "0 missing" (detection.md 1.6)."""
        ours = [pair for pair in branch if _for(pair[1], ipad=ipad)]
        if not ours or branch[-1][0] > ours[-1][0]:
            return True
        days = [release.released for _, release in self._apple if release.released]
        mine = [release.released for _, release in ours if release.released]
        return bool(mine and (max(days) - max(mine)).days > _QUIET_DAYS)

    def _missing(self, cve: str, severity: str, mended_by: str) -> Missing:
        return Missing(cve, severity, cve in self._exploited, mended_by)

    def android_support(self, version: str, sdk: int | None, at: dt.date) -> Support:
        """Say whether Google still mends a version of Android."""
        release = android_release(version, sdk)
        cycles = self._lifetimes.get("android", {})
        found = cycles.get({"12L": "12.1"}.get(release or "", release or "").lower())
        return _support(found, at)

    def apple_support(self, version: str, *, ipad: bool, at: dt.date) -> Support:
        """Say whether Apple still mends a branch of its system."""
        cycles = self._lifetimes.get("ipados" if ipad else "ios", {})
        return _support(cycles.get(version.partition(".")[0]), at)

    def model_support(self, manufacturer: str, model: str, at: dt.date) -> Support:
        """Say whether a model still gets fixes, by its name; most tables do not know codes like `SM-S911B`."""
        wanted = {_plain(model), _plain(f"{manufacturer} {model}")} - {""}
        for product, cycles in self._lifetimes.items():
            if product in {"android", "ios", "ipados"}:
                continue
            for lifetime in cycles.values():
                names = {_plain(lifetime.label), _plain(f"{product} {lifetime.cycle}")}
                if names & wanted:
                    return _support(lifetime, at)
        return self._apple_model(model)

    def _apple_model(self, model: str) -> Support:
        """Look an identifier like `iPhone15,4` up among the devices that got any release of late."""
        dated = [
            (release.released, release) for _, release in self._apple if release.released and release.devices
        ]
        if not dated or "," not in model:
            return Support(None)
        newest = max(day for day, _ in dated)
        served = {d for day, release in dated if (newest - day).days <= _RECENT_DAYS for d in release.devices}
        return Support(model in served, model)


def _support(found: Lifetime | None, at: dt.date) -> Support:
    if found is None:
        return Support(None)
    over = found.ended or (found.ends is not None and found.ends <= at)
    return Support(not over, found.label, found.ends if over else None)


def _for(release: AppleRelease, *, ipad: bool) -> bool:
    return release.ipad if ipad else release.iphone


def _numbers(version: str) -> tuple[int, ...]:
    """`18.1 (a)` sorts between 18.1 and 18.1.1."""
    bare, _, letter = version.partition(" (")
    parts = bare.split(".")
    if not all(part.isdigit() for part in parts):
        return ()
    numbers = [int(part) for part in parts] + [0] * (3 - len(parts))
    return (*numbers[:3], ord(letter[0]) - 96 if letter[:1].isalpha() else 0)


def _plain(name: str) -> str:
    return "".join(character for character in name.lower() if character.isalnum())


def _sorted(found: Iterable[Missing]) -> tuple[Missing, ...]:
    return tuple(sorted(found, key=lambda m: (not m.exploited, -SEVERITIES.get(m.severity, 0), m.cve)))


NOTHING_KNOWN = OsKnowledge()

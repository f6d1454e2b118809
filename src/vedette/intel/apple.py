"""SOFA: releases of iOS and iPadOS with the flaws they mend; versions 1 and 2 of its feed, and its CVE context."""

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from vedette.intel.os_table import AppleRelease, Exploited, OsTable
from vedette.intel.tally import Document, ImportFailedError, Tally

_CVE: Final = re.compile(r"CVE-\d{4}-\d{4,}")
_VERSION: Final = re.compile(r"\d{1,3}(?:\.\d{1,3}){0,3}(?: \([a-z]\))?")
_CONTEXT_VERSION: Final = re.compile(r"(iOS|iPadOS) (\d{1,3}(?:\.\d{1,3}){0,3}(?: \([a-z]\))?)")


def is_sofa(head: bytes) -> bool:
    """Tell the feed and the CVE context by their members."""
    return (
        b'"OSVersions"' in head or b'"UpdateHash"' in head or b'"total_cves"' in head or b'"cve_id"' in head
    )


def read_sofa(content: bytes) -> Document:
    """Read a feed of iOS, or the lines of `apple_cves_with_context`. Raises ImportFailedError.

    The scope is read from the update's name: "iPadOS 17.7.3" is for iPads only, whatever `DeviceScope` says
    (detection.md 1.6). Apple gives no severity.
    """
    tally = Tally("sofa")
    if b'"OSVersions"' in content[:200_000]:
        return tally.finish(_feed(content, tally))
    return tally.finish(_context(content.splitlines(), tally))


def _feed(content: bytes, tally: Tally) -> OsTable | None:
    try:
        feed = msgspec.json.decode(content, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise ImportFailedError(f"This is not a feed of SOFA: {error}") from None
    releases = []
    for branch in _maps(feed.get("OSVersions")):
        for item in _maps(branch.get("SecurityReleases")):
            release = _release(item)
            if release is None:
                tally.puzzle("release", str(item.get("UpdateName")), "it is no release of iOS or iPadOS")
            else:
                tally.count("release")
                tally.count("cve", len(release.cves))
                releases.append(release)
    return OsTable(apple=releases) if releases else None


def _release(item: Mapping[str, Any]) -> AppleRelease | None:
    name, version = str(item.get("UpdateName") or ""), str(item.get("ProductVersion") or "")
    iphone, ipad = bool(re.search(r"\biOS\b", name)), "iPadOS" in name
    if not (iphone or ipad) or not _VERSION.fullmatch(version):
        return None
    if iphone and not ipad and version.partition(".")[0].isdigit() and int(version.partition(".")[0]) < 13:  # noqa: PLR2004 - before iPadOS 13 iPads ran iOS
        ipad = True
    cves = item.get("CVEs")
    listed = sorted(filter(_CVE.fullmatch, cves)) if isinstance(cves, dict) else []
    flagged = [cve for cve in listed if isinstance(cves, dict) and cves[cve] is True]
    exploited = {*flagged, *filter(_CVE.fullmatch, _texts(item.get("ActivelyExploitedCVEs")))}
    devices = _texts(item.get("SupportedDevices"))
    return AppleRelease(
        version, _day(item.get("ReleaseDate")), iphone, ipad, listed, sorted(exploited), devices
    )


def _context(lines: Iterable[bytes], tally: Tally) -> OsTable | None:
    """Turn CVEs with the versions that mend them into releases with the CVEs that they mend."""
    mended: dict[tuple[str, str], list[str]] = {}
    exploited = []
    for line in filter(None, lines):
        try:
            item = msgspec.json.decode(line, type=dict[str, Any])
        except (msgspec.MsgspecError, UnicodeError) as error:
            tally.puzzle("line", line[:200].decode(errors="replace"), str(error))
            continue
        cve = str(item.get("cve_id") or "")
        if not _CVE.fullmatch(cve):
            if "_metadata" not in item:
                tally.puzzle("line", cve, "it names no CVE")
            continue
        if item.get("is_actively_exploited") is True or item.get("is_in_kev_catalog") is True:
            exploited.append(Exploited(cve))
        for text in _texts(item.get("os_versions_with_fix")):
            if match := _CONTEXT_VERSION.fullmatch(text):
                mended.setdefault((match[1], match[2]), []).append(cve)
            else:
                tally.skip("version", "of another system")
    releases = [
        # iPads had iOS before 13, and CVE lists since say "iOS" for both
        AppleRelease(version, None, system == "iOS", ipad=True, cves=sorted(cves))
        for (system, version), cves in mended.items()
    ]
    tally.count("release", len(releases))
    tally.count("exploited", len(exploited))
    return OsTable(apple=releases, exploited=exploited) if releases else None


def _maps(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _texts(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _day(value: Any) -> dt.date | None:
    try:
        return dt.date.fromisoformat(str(value)[:10])
    except ValueError:
        return None

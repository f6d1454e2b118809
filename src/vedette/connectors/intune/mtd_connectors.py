"""Pure: the tenant's threat-defense connectors as Intune lists them (microsoft.md 1.4, 2.1; names: Appendix B)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

PARTNERS: Final = {
    "2c7790de-8b02-4814-85cf-e0c59380dee8": "Lookout",
    "fc780465-2017-40d4-a0c5-307022471b92": "Microsoft Defender for Endpoint",
    "860d3ab4-8fd1-45f5-89cd-ecf51e4f92e5": "Better Mobile",
    "d3ddeae8-441f-4681-b80f-aef644f7195a": "Check Point Harmony Mobile",
    "8d0ed095-8191-4bd3-8a41-953b22d51ff7": "Pradeo",
    "1f58d6d2-02cc-4c80-b008-1bfe7396a10a": "Jamf",
    "a447eca6-a986-4d3f-9838-5862bf50776c": "BlackBerry",
    "4928f0f6-2660-4f69-b4c5-5170ec921f7b": "Trend Micro",
    "bb13fe25-ce1f-45aa-b278-cabbc6b9072e": "SentinelOne",
    "e6f777f8-e4c2-4a5b-be01-50b5c124bc7f": "Windows Security Center",
    "29ee2d98-e795-475f-a0f8-0802dc3384a9": "CrowdStrike",
    "870b252b-0ef0-4707-8847-50fc571472b3": "Sophos",
    "28fd67fd-b179-4629-a8b0-dad420b697c7": "Symantec",
    "08a8455c-48dd-45ff-ad82-7211355354f3": "Zimperium",
}
_PLATFORMS: Final = (("Android", "androidEnabled"), ("iOS", "iosEnabled"))
# Intune's way to say "never".
_NEVER_YEAR: Final = 1


@dataclass(frozen=True)
class MtdConnector:
    """One partner's connector; ``state`` in Intune's word, ``threshold_days`` until it counts as unresponsive."""

    name: str
    state: str
    platforms: tuple[str, ...]
    last_heartbeat: datetime | None
    threshold_days: int
    blocks_without_data: tuple[str, ...]


def of(rows: Sequence[Mapping[str, Any]]) -> list[MtdConnector]:
    """Read Graph's rows, by name."""
    return sorted((_one(row) for row in rows), key=lambda each: each.name)


def _one(row: Mapping[str, Any]) -> MtdConnector:
    identifier = str(row.get("id", "")).lower()
    blocking = (
        ("Android", "androidDeviceBlockedOnMissingPartnerData"),
        ("iOS", "iosDeviceBlockedOnMissingPartnerData"),
    )
    return MtdConnector(
        name=str(row.get("partnerDisplayName") or PARTNERS.get(identifier, identifier)),
        state=str(row.get("partnerState") or "unknown"),
        platforms=tuple(name for name, key in _PLATFORMS if row.get(key)),
        last_heartbeat=_moment(row.get("lastHeartbeatDateTime")),
        threshold_days=int(row.get("partnerUnresponsivenessThresholdInDays") or 0),
        blocks_without_data=tuple(name for name, key in blocking if row.get(key)),
    )


def _moment(text: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.year > _NEVER_YEAR and found.tzinfo else None


def doubled(connectors: Sequence[MtdConnector]) -> dict[str, list[str]]:
    """Return the platforms that two or more partners serve, with their names.

    Every configured partner's app has to be installed and to have scanned, or Intune marks the phone as
    noncompliant (microsoft.md 1.4). A connector that is deprovisioned serves nobody.
    """
    found: dict[str, list[str]] = {}
    for connector in connectors:
        if connector.state != "unavailable":
            for platform in connector.platforms:
                found.setdefault(platform, []).append(connector.name)
    return {platform: names for platform, names in found.items() if len(names) > 1}

"""Pure: which devices of the directory are protected, and why another one is not (D1)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from vedette.directory.platforms import ANDROID, platform_of
from vedette_facts.versions import parse_version

SUPPORTED: Final = ""
NOT_SEEN: Final = "not_seen"


@dataclass(frozen=True)
class Limits:
    """What the administrator set on Enrollment Management."""

    intune_only: bool
    minimum_android: str
    minimum_ios: str
    seen_within: timedelta


@dataclass(frozen=True)
class Candidate:
    """A device as the directory tells of it."""

    operating_system: str
    os_version: str
    enabled: bool
    managed: bool
    last_sign_in_at: datetime | None


def unsupported_reason(candidate: Candidate, limits: Limits, now: datetime) -> str:
    """Return the code of the first reason against a device, or SUPPORTED.

    A version or a date the directory does not give is no reason: missing is not old.
    """
    platform = platform_of(candidate.operating_system)
    if platform is None:
        return "platform"
    if not candidate.enabled:
        return "disabled"
    if limits.intune_only and not candidate.managed:
        return "not_in_intune"
    minimum = limits.minimum_android if platform == ANDROID else limits.minimum_ios
    version, oldest = parse_version(candidate.os_version), parse_version(minimum)
    if version and oldest and version < oldest:
        return "os_too_old"
    if candidate.last_sign_in_at and now - candidate.last_sign_in_at > limits.seen_within:
        return NOT_SEEN
    return SUPPORTED

"""The settings of a compliance policy, each judged by a small pure function.

A setting is asked only when the policy demands it; the answer is compliant, noncompliant or notApplicable,
with the reason in words. Names are Graph's. Source: reference microsoft.md 1.3, 1.5 and 2.4; what is not
published there is marked "assumed" and listed in docs/lab-enforcement.md.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any


class State(StrEnum):
    """Outcome of one setting or one policy (Graph `complianceStatus`)."""

    COMPLIANT = "compliant"
    NONCOMPLIANT = "nonCompliant"
    NOT_APPLICABLE = "notApplicable"


@dataclass(frozen=True)
class Result:
    """Outcome of one setting, with what the phone reported and why that counts as it does."""

    setting: str
    state: State
    current: str
    why: str


@dataclass(frozen=True)
class ThreatData:
    """What Intune may use of a partner for one phone.

    `partner` is None when no connector is enabled for the platform; `unresponsive` when its verdicts are
    ignored; `missing_blocks` is the toggle `…DeviceBlockedOnMissingPartnerData`; `silent_partners` are
    other enabled connectors from which no scan has come.
    """

    state: str = "unknown"
    partner: str | None = None
    unresponsive: bool = False
    missing_blocks: bool = False
    silent_partners: tuple[str, ...] = ()


@dataclass(frozen=True)
class Phone:
    """The facts of a phone that compliance looks at; `jail_broken` is True, False or Unknown as text."""

    os_version: str
    security_patch: str | None
    jail_broken: str
    encrypted: bool
    passcode: bool
    threat: ThreatData


Judge = Callable[[str, Any, Phone], Result]


def judge(settings: Mapping[str, Any], phone: Phone, *, through_user: bool) -> list[Result]:
    """Judge every demanded setting. `through_user`: the policy reaches the phone through its user."""
    results = [
        _JUDGES[name](name, wanted, phone) for name, wanted in settings.items() if name in _JUDGES and wanted
    ]
    if settings.get("deviceThreatProtectionEnabled"):
        level = str(settings.get("deviceThreatProtectionRequiredSecurityLevel") or "notSet")
        results.append(_threat_level(level, phone.threat, through_user=through_user))
    return results


def _result(setting: str, current: object, why: str, *, good: bool) -> Result:
    return Result(setting, State.COMPLIANT if good else State.NONCOMPLIANT, str(current), why)


def version_key(version: str) -> tuple[int, ...]:
    """Return the numbers of a version, without trailing zeros, so that 15 equals 15.0."""
    numbers = [int(part) for part in re.findall(r"\d+", version)]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def _minimum_os(name: str, wanted: Any, phone: Phone) -> Result:
    good = bool(version_key(phone.os_version)) and version_key(phone.os_version) >= version_key(str(wanted))
    return _result(
        name, phone.os_version, f"version {phone.os_version}, at least {wanted} required", good=good
    )


def _maximum_os(name: str, wanted: Any, phone: Phone) -> Result:
    good = bool(version_key(phone.os_version)) and version_key(phone.os_version) <= version_key(str(wanted))
    return _result(name, phone.os_version, f"version {phone.os_version}, at most {wanted} allowed", good=good)


def _jailbreak(name: str, _: Any, phone: Phone) -> Result:
    """Only a plain "False" is good: an unknown phone is not a clean one (assumed)."""
    words = {"true": "the device is rooted or jailbroken", "false": "the device is not rooted"}
    said = phone.jail_broken.lower()
    why = words.get(said, "the device has not said whether it is rooted")
    return _result(name, phone.jail_broken, why, good=said == "false")


def _encryption(name: str, _: Any, phone: Phone) -> Result:
    why = "storage is encrypted" if phone.encrypted else "storage is not encrypted"
    return _result(name, phone.encrypted, why, good=phone.encrypted)


def _password(name: str, _: Any, phone: Phone) -> Result:
    why = "a screen lock is set" if phone.passcode else "no screen lock is set"
    return _result(name, phone.passcode, why, good=phone.passcode)


def _patch_level(name: str, wanted: Any, phone: Phone) -> Result:
    """Compare dates; a level that is missing or no date is not good enough."""
    have = phone.security_patch or "unknown"
    good = _date(have) is not None and (_date(have) or date.min) >= (_date(str(wanted)) or date.max)
    return _result(name, have, f"security patch level {have}, at least {wanted} required", good=good)


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


_JUDGES: dict[str, Judge] = {
    "osMinimumVersion": _minimum_os,
    "osMaximumVersion": _maximum_os,
    "securityBlockJailbrokenDevices": _jailbreak,
    "storageRequireEncryption": _encryption,
    "passwordRequired": _password,
    "passcodeRequired": _password,
    "minAndroidSecurityPatchLevel": _patch_level,
}

THREAT_SETTING = "deviceThreatProtectionRequiredSecurityLevel"
LEVELS = {"secured": 0, "low": 1, "medium": 2, "high": 3}
"""What is tolerated: the scale is inverted, "high" tolerates everything (microsoft.md 1.5)."""

SEVERITY = {"secured": 0, "lowSeverity": 1, "mediumSeverity": 2, "highSeverity": 3, "compromised": 3}
NO_DATA = frozenset({"unknown", "activated", "deactivated"})
HEALTH_STATES = (
    "unknown",
    "activated",
    "deactivated",
    "secured",
    "lowSeverity",
    "mediumSeverity",
    "highSeverity",
    "unresponsive",
    "compromised",
    "misconfigured",
)


def _threat_level(level: str, threat: ThreatData, *, through_user: bool) -> Result:
    ignored = _ignored(level, threat, through_user=through_user)
    if ignored:
        return Result(THREAT_SETTING, State.NOT_APPLICABLE, threat.state, ignored)
    if threat.silent_partners:
        names = ", ".join(threat.silent_partners)
        why = f"no scan has come from {names}; every enabled partner must report"
        return _result(THREAT_SETTING, threat.state, why, good=False)
    good, why = _verdict(level, threat)
    return _result(THREAT_SETTING, threat.state, why, good=good)


def _ignored(level: str, threat: ThreatData, *, through_user: bool) -> str | None:
    """Return why the level is not asked at all, or None."""
    if level not in LEVELS:
        return f"no level is required ({level})"
    if not through_user:
        return "the policy comes through a device group; the threat level works with user groups only"
    if threat.partner is None:
        return "no Mobile Threat Defense connector is turned on for this platform"
    if threat.unresponsive:
        return f"{threat.partner} is unresponsive, so its reports are ignored"
    return None


def _verdict(level: str, threat: ThreatData) -> tuple[bool, str]:
    said = f"{threat.partner} reports {threat.state}"
    if threat.state in SEVERITY:
        return SEVERITY[threat.state] <= LEVELS[level], f"{said}; {level} or less is allowed"
    if level == "high":
        activated = threat.state in {"activated", "misconfigured"}
        why = "threats are only reported" if activated else "the partner's app must be activated"
        return activated, f"{said}; {why}"
    if threat.state in NO_DATA:
        why = "data is required" if threat.missing_blocks else "missing data is not held against it"
        return not threat.missing_blocks, f"{said}; {why}"
    return False, said

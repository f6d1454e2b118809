"""The device: integrity of the system, settings, and age of system and security patch."""

from collections.abc import Iterator
from dataclasses import dataclass

from vedette.detection.detector import Context, fine, found, unknown
from vedette.detection.root import judge_root
from vedette.verdict.classifications import CLASSIFICATIONS
from vedette.verdict.findings import Evidence, Observation
from vedette_facts.report import Facts
from vedette_facts.versions import older, patch_older

DEBUG_BUILD = "device.debug_build"
MINIMUM_OS = "device.minimum_os"
PATCH_LEVEL = "device.patch_level"

_DEBUG_TYPES = frozenset({"userdebug", "eng"})


@dataclass(frozen=True)
class _Setting:
    """A yes-or-no fact of the posture and the answer that is bad."""

    rule: str
    fact: str
    bad: bool
    classification: str
    key: str


_SETTINGS = (
    _Setting("device.encryption", "encrypted", bad=False, classification="UNENCRYPTED", key="encryption"),
    _Setting("device.screen_lock", "screen_lock", bad=False, classification="NO_DEVICE_LOCK", key="lock"),
    _Setting(
        "device.developer_options",
        "developer_options",
        bad=True,
        classification="DEVELOPER_MODE_ENABLED",
        key="developer_options",
    ),
    _Setting("device.adb", "adb", bad=True, classification="USB_DEBUGGING_ENABLED", key="adb"),
)


def judge(facts: Facts, context: Context) -> Iterator[Observation]:
    """Judge the device; rules whose classification does not exist on its platform are not asked."""
    answers = (
        judge_root(facts),
        _debug_build(facts),
        *(_setting(setting, facts) for setting in _SETTINGS),
        _minimum_os(facts, context),
        _patch_level(facts, context),
    )
    for answer in answers:
        if facts.device.platform in CLASSIFICATIONS[answer.classification].platforms:
            yield answer


def _setting(setting: _Setting, facts: Facts) -> Observation:
    value: bool | None = getattr(facts.posture, setting.fact)
    if value is None:
        return unknown(
            setting.rule, setting.classification, setting.key, f"`{setting.fact}` was not reported"
        )
    if value is setting.bad:
        evidence = Evidence(setting.fact, str(value).lower(), setting.rule)
        return found(setting.classification, setting.key, (evidence,))
    return fine(setting.rule, setting.classification, setting.key, f"{setting.fact} is {str(value).lower()}")


def _debug_build(facts: Facts) -> Observation:
    """A developer build lets adb become root and any app be debugged: access control is weakened, not yet root.

    So it is ACCESS_CONTROL_VIOLATION and never by itself ROOT_JAILBREAK: custom systems such as LineageOS are
    `userdebug` builds and set `ro.debuggable` without being rooted (detection.md 1.10).
    """
    code, key = "ACCESS_CONTROL_VIOLATION", "debug_build"
    kind, flag = facts.device.build_type, facts.posture.debug_build
    if flag or kind in _DEBUG_TYPES:
        parts = (kind or "", facts.device.build_tags or "", "ro.debuggable" if flag else "")
        build = ", ".join(part for part in parts if part)
        return found(code, key, (Evidence("build", build, DEBUG_BUILD),))
    if flag is None and kind is None:
        return unknown(DEBUG_BUILD, code, key, "neither the build type nor `ro.debuggable` was reported")
    return fine(DEBUG_BUILD, code, key, f"build type {kind or 'not reported'}, not debuggable")


def _minimum_os(facts: Facts, context: Context) -> Observation:
    code, key = "OUT_OF_DATE_OS", "os"
    minimum = context.policy.minimum_os.get(facts.device.platform)
    if not minimum:
        return fine(MINIMUM_OS, code, key, "the policy asks for no minimum")
    version = facts.device.os_version
    outdated = older(version, minimum)
    if outdated is None:
        return unknown(MINIMUM_OS, code, key, f"version {version} cannot be compared with {minimum}")
    if not outdated:
        return fine(MINIMUM_OS, code, key, f"version {version}, minimum {minimum}")
    evidence = (Evidence("os_version", version, MINIMUM_OS), Evidence("minimum", minimum, MINIMUM_OS))
    return found(code, key, evidence)


def _patch_level(facts: Facts, context: Context) -> Observation:
    code, key = "OUT_OF_DATE_ASPL", "patch"
    minimum = context.policy.minimum_patch
    if minimum is None:
        return fine(PATCH_LEVEL, code, key, "the policy asks for no minimum")
    patch = facts.device.security_patch
    outdated = patch_older(patch, minimum)
    if outdated is None:
        return unknown(PATCH_LEVEL, code, key, f"patch level {patch or 'not reported'}")
    if not outdated:
        return fine(PATCH_LEVEL, code, key, f"patch level {patch}, minimum {minimum}")
    evidence = (
        Evidence("security_patch", patch or "", PATCH_LEVEL),
        Evidence("minimum", minimum.isoformat(), PATCH_LEVEL),
    )
    return found(code, key, evidence)

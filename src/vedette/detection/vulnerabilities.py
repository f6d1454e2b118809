"""Flaws that this very version has: exploited ones that a newer one mends, versions and models that nobody mends."""

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Final

from vedette.detection.detector import Context, fine, found
from vedette.intel.os_knowledge import NOT_COVERED, Answer, OsKnowledge
from vedette.intel.os_versions import is_ipad
from vedette.verdict.findings import Evidence, Observation
from vedette_facts.report import DeviceFacts, Facts
from vedette_facts.versions import Version, parse_version, patch_date

EXPLOITED: Final = "device.exploited"
SUPPORT: Final = "device.support"
MODEL: Final = "device.model_support"
_NAMED: Final = 5


def judge(facts: Facts, context: Context) -> Iterator[Observation]:
    """Judge the version. Without tables the rules are off, as a minimum that the policy does not set."""
    device, known = facts.device, context.systems
    code = "OUT_OF_DATE_ASPL" if device.platform == "ANDROID" else "OUT_OF_DATE_OS"
    answer = missing(device, known)
    exploited = [flaw for flaw in answer.missing if flaw.exploited]
    if exploited:
        named = ", ".join(flaw.cve for flaw in exploited[:_NAMED])
        evidence = (
            Evidence("count", str(len(exploited)), EXPLOITED),
            Evidence("cves", named, EXPLOITED),
            Evidence("mended_by", _newest(flaw.mended_by for flaw in exploited), EXPLOITED),
            Evidence("missing", str(len(answer.missing)), EXPLOITED),
        )
        yield found(code, "exploited", evidence)
    elif answer.covered:
        yield fine(
            EXPLOITED, code, "exploited", f"{len(answer.missing)} fixes missing, none of an exploited flaw"
        )
    elif known.empty:
        yield fine(EXPLOITED, code, "exploited", "no tables about systems are loaded: the rule is off")
    yield from _support(device, known, answer, context.today)


def missing(device: DeviceFacts, known: OsKnowledge) -> Answer:
    """Give the flaws of a device's version and patch level."""
    if device.platform == "IOS":
        return known.apple(device.os_version, ipad=is_ipad(device.model))
    patch = patch_date(device.security_patch)
    return NOT_COVERED if patch is None else known.android(device.os_version, device.sdk, patch)


def _newest(names: Iterable[str]) -> str:
    """Choose what mends all: 16.7.10 is newer than 16.7.9. Patch levels, which are no versions, compare as texts."""
    return max(names, key=lambda name: (parse_version(name) or Version(()), name))


def _support(
    device: DeviceFacts, known: OsKnowledge, answer: Answer, today: dt.date | None
) -> Iterator[Observation]:
    if today is None or known.empty:
        yield fine(
            SUPPORT, "OUT_OF_DATE_OS", "support", "no tables about systems are loaded: the rule is off"
        )
        yield fine(MODEL, "OUT_OF_DATE_OS", "model", "no tables about models are loaded: the rule is off")
        return
    if device.platform == "IOS":
        system = known.apple_support(device.os_version, ipad=is_ipad(device.model), at=today)
    else:
        system = known.android_support(device.os_version, device.sdk, today)
    if answer.ended or system.supported is False:
        since = f" ({system.ended.isoformat()})" if system.ended else ""
        evidence = (Evidence("system", (system.subject or device.os_version) + since, SUPPORT),)
        yield found("OUT_OF_DATE_OS", "support", evidence)
    elif system.supported or (answer.covered and device.platform == "IOS"):
        yield fine(SUPPORT, "OUT_OF_DATE_OS", "support", "the maker still mends this version")
    model = known.model_support(device.manufacturer, device.model, today)
    if model.supported is False:
        since = f" ({model.ended.isoformat()})" if model.ended else ""
        yield found("OUT_OF_DATE_OS", "model", (Evidence("model", model.subject + since, MODEL),))
    elif model.supported:
        yield fine(MODEL, "OUT_OF_DATE_OS", "model", f"{model.subject} still gets fixes")

"""Root and jailbreak: never from a single flag."""

import re

from vedette.detection.detector import fine, found, unknown
from vedette.verdict.findings import Evidence, Observation
from vedette_facts.report import Facts

RULE = "device.root"
_CODE, _KEY = "ROOT_JAILBREAK", "root"

_WEAK = re.compile(
    r"test-keys|dev-keys|debuggable|ro\.build\.(?:tags|type)|userdebug|boot.?loader|verified.?boot|flash\.locked",
    re.IGNORECASE,
)
"""True of every custom or developer system, rooted or not: never counted (detection.md 1.10)."""

_SORTS = (
    (
        re.compile(
            r"magisk|kernelsu|apatch|supersu|superuser|cydia|sileo|zebra|unc0ver|checkra1n|palera1n|dopamine",
            re.IGNORECASE,
        ),
        "root manager",
    ),
    (re.compile(r"xposed|frida|substrate|substitute|ellekit", re.IGNORECASE), "hooking framework"),
    (re.compile(r"ro\.secure=0|adbd.*root|root shell", re.IGNORECASE), "root shell"),
    (re.compile(r"remount|writable|\brw\b", re.IGNORECASE), "writable system"),
    (re.compile(r"(?:^|[/\s])su(?:$|[\s:.])|\bsu binary", re.IGNORECASE), "su binary"),
)
"""Signs of one sort are one sign: three paths of su are one su."""

MANAGERS = frozenset(
    {
        "com.topjohnwu.magisk",
        "io.github.vvb2060.magisk",
        "me.weishu.kernelsu",
        "me.bmax.apatch",
        "eu.chainfire.supersu",
        "com.koushikdutta.superuser",
        "com.noshufou.android.su",
    }
)
"""Applications that keep a phone rooted and give root to others."""


def judge_root(facts: Facts) -> Observation:
    """Answer *failed* if the agent says root and a sign agrees, or if two signs of different sorts do.

    A flag without a sign and a sign without the flag contradict each other: *unknown*, so that neither a false
    alarm blocks a phone nor a hidden root passes for clean.
    """
    flag = facts.posture.root
    signs = _signs(facts)
    sorts = {_sort(sign) for sign in signs}
    if (flag and sorts) or len(sorts) > 1:
        listed = ", ".join(signs)
        evidence = (
            Evidence("signs", listed, RULE),
            Evidence("root", "not reported" if flag is None else str(flag).lower(), RULE),
        )
        return found(_CODE, _KEY, evidence)
    if flag is False and not sorts:
        return fine(RULE, _CODE, _KEY, "not rooted, and no sign of it")
    if flag:
        return unknown(RULE, _CODE, _KEY, "the agent says root, but no sign bears it out")
    if sorts:
        return unknown(RULE, _CODE, _KEY, f"a single sign ({', '.join(signs)}) proves nothing")
    return unknown(RULE, _CODE, _KEY, "the agent could not tell")


def _signs(facts: Facts) -> list[str]:
    reported = [sign for sign in facts.posture.root_signs if sign.strip() and not _WEAK.search(sign)]
    managers = [f"application {app.package}" for app in facts.apps or () if app.package in MANAGERS]
    return [*reported, *managers]


def _sort(sign: str) -> str:
    if sign.removeprefix("application ") in MANAGERS:
        return "root manager"
    return next((name for pattern, name in _SORTS if pattern.search(sign)), sign.strip().lower())

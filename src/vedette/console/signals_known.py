"""Which signals there are of a device, from where, how old, and which are lacking."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from vedette.compliance import known
from vedette.detection import sources
from vedette.detection.sources import Known, Whole
from vedette.devices.models import Device
from vedette.directory.models import DirectoryDevice
from vedette.directory.platforms import ANDROID
from vedette.foundation import clock
from vedette.verdict.findings import INTUNE
from vedette_facts.report import Facts

APP: Final = gettext_lazy("The app")
INTUNE_NAME: Final = "Intune"
LACKING: Final = "lacking"
KNOWN: Final = "known"
OLD: Final = "old"


@dataclass(frozen=True)
class Signal:
    """One thing that may be known; `state` is known, old (no longer counts) or lacking."""

    name: str | Promise
    value: str | Promise = ""
    source: str | Promise = ""
    at: datetime | None = None
    state: str = KNOWN
    note: str = ""


SHARED: Final[dict[str, Promise]] = {
    sources.ROOT: gettext_lazy("Rooted or jailbroken"),
    sources.ENCRYPTED: gettext_lazy("Storage encrypted"),
    sources.OS_VERSION: gettext_lazy("System version"),
    sources.SECURITY_PATCH: gettext_lazy("Security patch"),
}


def _counted(facts: Facts) -> str | None:
    if facts.apps is None:
        return None
    count = len(facts.apps)
    return ngettext("%(count)d application", "%(count)d applications", count) % {"count": count}


_ANDROID_ONLY: Final = frozenset({sources.ENCRYPTED, sources.SECURITY_PATCH})
_OF_THE_APP: Final[tuple[tuple[Promise, bool, Callable[[Facts], object]], ...]] = (
    (gettext_lazy("Screen lock"), False, lambda facts: facts.posture.screen_lock),
    (gettext_lazy("Developer build"), True, lambda facts: facts.posture.debug_build),
    (gettext_lazy("Developer options"), True, lambda facts: facts.posture.developer_options),
    (gettext_lazy("USB debugging"), True, lambda facts: facts.posture.adb),
    (gettext_lazy("Applications by package, file and signer"), True, _counted),
)
"""What only the app can tell: its name, whether on Android alone, and how it is read."""


def of(device: Device, reported: DirectoryDevice | None) -> list[Signal]:
    """Lay out what is known of a device; `reported` is its entry in the directory."""
    everything, now = known.of(device), clock.now()
    current = everything.current(now)
    whole = sources.whole(everything, now)
    return [
        *_shared(everything, current, whole),
        *_of_the_app(everything, dropped=device.facts_dropped is not None),
        _names(everything, current),
        *_standing(device, reported),
    ]


def lacking(signals: list[Signal]) -> int:
    """Count what is not known."""
    return sum(signal.state == LACKING for signal in signals)


def _shared(everything: Known, current: Known, whole: Whole | None) -> Iterator[Signal]:
    for fact, name in SHARED.items():
        if fact in _ANDROID_ONLY and everything.platform != ANDROID:
            continue
        mine = sources.from_agent(everything.agent, fact) if everything.agent else None
        theirs = sources.from_intune(everything.managed, fact) if everything.managed else None
        origin = whole.origins.get(fact, "") if whole else ""
        if origin == INTUNE:
            note = _otherwise(mine, theirs, APP)
            yield Signal(name, _words(theirs), INTUNE_NAME, everything.managed_at, note=note)
        elif origin:
            note = _otherwise(theirs, mine, INTUNE_NAME) if current.managed else ""
            yield Signal(name, _words(mine), APP, everything.agent_at, note=note)
        elif theirs is not None:
            note = _("too old to count")
            yield Signal(name, _words(theirs), INTUNE_NAME, everything.managed_at, OLD, note)
        else:
            yield Signal(name, state=LACKING, note=_("neither the app nor Intune tells it"))


def _otherwise(other: object, chosen: object, whose: str | Promise) -> str:
    """Say that the source whose word does not count says something else."""
    if other is None or other == chosen:
        return ""
    return _("%(source)s says otherwise: %(value)s") % {"source": whose, "value": _words(other)}


def _of_the_app(everything: Known, *, dropped: bool) -> Iterator[Signal]:
    for name, android_only, read in _OF_THE_APP:
        if android_only and everything.platform != ANDROID:
            continue
        value = read(everything.agent) if everything.agent else None
        if dropped and read is _counted:
            value = _("matched, then dropped")
        if value is None:
            yield Signal(name, state=LACKING, note=_("only the app can tell it"))
        else:
            yield Signal(name, _words(value), APP, everything.agent_at)


def _names(everything: Known, current: Known) -> Signal:
    name = _("Applications with the name of a harmful one")
    if everything.inventory is None:
        return Signal(name, state=LACKING, note=_("Intune's inventory has not been read for it"))
    found = [app.name for app in everything.inventory.apps]
    state, note = (KNOWN, "") if current.inventory else (OLD, _("too old to count"))
    return Signal(
        name, ", ".join(found) or _("none found"), INTUNE_NAME, everything.inventory_at, state, note
    )


def _standing(device: Device, reported: DirectoryDevice | None) -> Iterator[Signal]:
    """What Intune says of the phone's standing: shown, and judged by nobody here."""
    managed = reported is not None and reported.managed_device_id
    rows = (
        (_("Ownership"), (device.managed_facts or {}).get("ownership", "")),
        (_("Compliance"), reported.compliance_state if reported else ""),
        (_("Threat state reported to Intune"), reported.reported_health if reported else ""),
    )
    for name, value in rows:
        if managed and value:
            yield Signal(name, _STANDING.get(value, value), INTUNE_NAME, device.managed_at)
        else:
            yield Signal(name, state=LACKING, note=_("Intune does not manage it") if not managed else "")


_STANDING: Final[dict[str, str | Promise]] = {
    "company": gettext_lazy("company"),
    "personal": gettext_lazy("personal"),
    "compliant": gettext_lazy("compliant"),
    "noncompliant": gettext_lazy("not compliant"),
    "inGracePeriod": gettext_lazy("in its grace period"),
    "unknown": gettext_lazy("unknown"),
}


def _words(value: object) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(value)

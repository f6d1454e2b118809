"""Special access that applications were given, and protection that was switched off."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from vedette.detection.capabilities import PERMISSIONS, held
from vedette.detection.detector import Context, fine, found, unknown
from vedette.detection.installers import is_from_store
from vedette.detection.labels import app_label
from vedette.verdict.findings import Evidence, Observation
from vedette_facts.report import App, Facts
from vedette_facts.settings import Settings

UNKNOWN_SOURCES: Final = "device.unknown_sources"
ADB_NETWORK: Final = "device.adb_network"
ACCESSIBILITY: Final = "device.accessibility"
DEVICE_ADMIN: Final = "device.device_admin"
NOTIFICATIONS: Final = "device.notification_listener"
VERIFIER: Final = "device.package_verifier"
SECURITY_OFF: Final = "device.security_disabled"
BACKUP: Final = "device.backup"
_PER_APP_SINCE: Final = 26
_ADB_PORT: Final = "tcp/5555"
_PROTECTORS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "com.google.android.gms": "Google Play services",
        "com.android.vending": "Google Play",
        "com.google.android.packageinstaller": "package installer",
        "com.android.packageinstaller": "package installer",
        "com.samsung.android.knox.attestation": "Knox attestation",
        "com.samsung.klmsagent": "Knox licence agent",
        "com.samsung.android.sm.devicesecurity": "Samsung Device Protection",
        "com.wssyncmldm": "Samsung software update",
        "com.sec.android.soagent": "Samsung software update",
        "com.google.android.modulemetadata": "Play system updates",
    }
)
"""Packages of the system that protect it or bring updates (detection.md 2, disabled security packages)."""
_LOCAL_BACKUP: Final = "com.android.localtransport"


def judge_access(facts: Facts, settings: Settings, context: Context) -> Iterator[Observation]:
    """Answer for each fact that was read; what is None was not, and is not asked."""
    apps = None if facts.apps is None else {app.package: app for app in facts.apps}
    yield from _unknown_sources(facts, settings)
    yield from _adb_network(settings)
    yield from _verifier(settings)
    yield from _security_off(settings)
    if settings.backup_transport is not None and settings.backup_transport.startswith(_LOCAL_BACKUP):
        yield found("RISKWARE", "backup", (Evidence("transport", settings.backup_transport, BACKUP),))
    elif settings.backup_transport is not None:
        yield fine(BACKUP, "RISKWARE", "backup", f"backups go to {settings.backup_transport}")
    for rule, key, listed in (
        (ACCESSIBILITY, "accessibility", settings.accessibility_services),
        (DEVICE_ADMIN, "admin", settings.device_admins),
        (NOTIFICATIONS, "listener", settings.notification_listeners),
    ):
        if listed is not None:
            yield from _given(rule, key, listed, apps, context)


def _unknown_sources(facts: Facts, settings: Settings) -> Iterator[Observation]:
    """Below API 26 there is one switch for all; from then on each application is allowed by itself.

    There `install_non_market_apps` is always 1 and says nothing (detection.md 1.10).
    """
    code, key = "UNKNOWN_SOURCES_ENABLED", "unknown_sources"
    sdk = facts.device.sdk
    if sdk is None or sdk >= _PER_APP_SINCE:
        if settings.unknown_source_apps is None:
            return
        allowed = [name for name in settings.unknown_source_apps if not _may_install(name)]
        if allowed:
            yield found(code, key, (Evidence("apps", ", ".join(sorted(allowed)), UNKNOWN_SOURCES),))
        else:
            yield fine(UNKNOWN_SOURCES, code, key, "no application but stores may install others")
    elif settings.unknown_sources is not None:
        if settings.unknown_sources:
            yield found(code, key, (Evidence("apps", "every_app", UNKNOWN_SOURCES),))
        else:
            yield fine(UNKNOWN_SOURCES, code, key, "the device-wide switch is off")


def _may_install(package: str) -> bool:
    """Stores and management install by profession; adb's shell holds every app-op (detection.md 1.10)."""
    return is_from_store(package) or package == "com.android.shell"


def _adb_network(settings: Settings) -> Iterator[Observation]:
    listening = _ADB_PORT in (settings.listening or ())
    if settings.adb_network or listening:
        how = "port_open" if listening else "switched_on"
        if settings.adb_authorised_only is False:  # ro.adb.secure=0
            how += ", nobody_asked"
        yield found("USB_DEBUGGING_ENABLED", "adb_network", (Evidence("how", how, ADB_NETWORK),))
    elif settings.adb_network is False or settings.listening is not None:
        yield fine(ADB_NETWORK, "USB_DEBUGGING_ENABLED", "adb_network", "no debugging over the network")


def _verifier(settings: Settings) -> Iterator[Observation]:
    if settings.package_verifier is False:
        yield found("RISKWARE", "package_verifier", (Evidence("package_verifier", "false", VERIFIER),))
    elif settings.package_verifier:
        yield fine(VERIFIER, "RISKWARE", "package_verifier", "applications are checked by the system")


def _security_off(settings: Settings) -> Iterator[Observation]:
    if settings.disabled_packages is None:
        return
    off = [name for name in settings.disabled_packages if name in _PROTECTORS]
    if off:
        named = ", ".join(sorted({_PROTECTORS[name] for name in off}))
        evidence = (
            Evidence("disabled", named, SECURITY_OFF),
            *(Evidence("package", n, SECURITY_OFF) for n in off),
        )
        yield found("RISKWARE", "security_disabled", evidence)
    else:
        yield fine(SECURITY_OFF, "RISKWARE", "security_disabled", "no protecting package is switched off")


def _given(
    rule: str, key: str, listed: Collection[str], apps: Mapping[str, App] | None, context: Context
) -> Iterator[Observation]:
    """Report special access of what came from elsewhere; of stores' and the system's applications it is usual.

    What holds it and is not in the inventory cannot be judged: what was found of it stays.
    """
    names = sorted({component.partition("/")[0] for component in listed})
    if apps is None and names:
        yield unknown(rule, "RISKWARE", f"{key}:*", "the list of applications was not collected")
        return
    known = apps or {}
    for name in names:
        app = known.get(name)
        if app is None or app.system or context.lists.allows(app) or is_from_store(app.installer):
            continue
        yield found(
            "RISKWARE",
            f"{key}:{name}",
            (
                Evidence("app", app_label(app), rule),
                Evidence("installer", app.installer or "not known", rule),
                Evidence("package", name, rule),
                *((Evidence("capabilities", _reads(app), rule),) if _reads(app) else ()),
            ),
        )
    unjudged = frozenset(f"{key}:{name}" for name in names if name not in known)
    yield replace(fine(rule, "RISKWARE", f"{key}:*", "special access checked"), exempt=unjudged)


def _reads(app: App) -> str:
    if app.manifest is None:
        return ""
    permissions = held(app.manifest)
    named = (
        name for name in ("read_sms", "call_log", "contacts", "microphone") if permissions & PERMISSIONS[name]
    )
    return ", ".join(named)

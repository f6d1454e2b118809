"""What was printed on an Android phone, collected from wherever it stands, and the facts in it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from vedette_facts.android import dumpsys_access, dumpsys_package, properties, settings
from vedette_facts.android.packages import parse_packages
from vedette_facts.android.processes import parse_processes
from vedette_facts.report import AgentFacts, App, Facts, Posture, decode_facts
from vedette_facts.settings import Settings


@dataclass
class Texts:
    """Parts that were found; None and empty mean "not collected".

    `services`: texts of `dumpsys` by service. `apps`: read elsewhere, with hashes and signers. `root_paths`: files that
    were looked for and found; an empty list says that they were looked for.
    """

    properties: dict[str, str] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    services: dict[str, str] = field(default_factory=dict)
    packages: str = ""
    system_packages: str = ""
    disabled_packages: str = ""
    apps: list[App] = field(default_factory=list)
    processes: str = ""
    selinux: str = ""
    root_paths: list[str] | None = None

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing was found at all."""
        return self == Texts()


def facts_of(texts: Texts, agent: AgentFacts) -> Facts:
    """Build the facts of one phone. Values beyond the protocol's limits are cut where they are read."""
    apps, complete = _apps(texts)
    facts = Facts(
        device=properties.device_of(texts.properties),
        agent=agent,
        posture=_posture(texts),
        apps=apps,
        apps_complete=complete,
        settings=_settings(texts, apps or ()),
        collected=_collected(texts, apps),
    )
    return decode_facts(msgspec.to_builtins(facts))


def _apps(texts: Texts) -> tuple[list[App] | None, bool]:
    """Join what the sources say of each application. Only a list of all packages makes absence an evidence."""
    system = {app.package for app in parse_packages(texts.system_packages)}
    disabled = {app.package for app in parse_packages(texts.disabled_packages)}
    listed = [
        msgspec.structs.replace(
            app,
            system=app.package in system,
            enabled=app.package not in disabled if texts.disabled_packages else None,
        )
        for app in parse_packages(texts.packages)
    ]
    dumped = dumpsys_package.installed(texts.services.get("package", ""), zone_of(texts.properties))
    joined: dict[str, App] = {}
    for app in (*dumped, *listed, *texts.apps):
        joined[app.package] = _joined(joined[app.package], app) if app.package in joined else app
    return (list(joined.values()) or None), bool(listed or texts.apps or dumped)


def _joined(first: App, second: App) -> App:
    """Fill what the first does not know from the second."""
    known = {
        name: value
        for name in first.__struct_fields__
        if (value := getattr(second, name)) not in (None, [], "") and getattr(first, name) in (None, [], "")
    }
    return msgspec.structs.replace(first, **known, system=first.system or second.system)


def zone_of(values: Mapping[str, str]) -> ZoneInfo:
    """Time zone of the phone's clock; UTC where it is not told."""
    try:
        return ZoneInfo(values.get("persist.sys.timezone") or "UTC")
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


def _posture(texts: Texts) -> Posture:
    signs = properties.root_signs(texts.properties, texts.root_paths or ())
    return Posture(
        root=properties.root_verdict(texts.properties, signs),
        root_signs=[sign[:255] for sign in signs][:50],
        debug_build=properties.flag(texts.properties.get("ro.debuggable")),
        encrypted=properties.encrypted(texts.properties),
        screen_lock=_screen_lock(texts.settings),
        developer_options=settings.switch(texts.settings, "development_settings_enabled"),
        adb=settings.switch(texts.settings, "adb_enabled"),
    )


def _screen_lock(values: Mapping[str, str]) -> bool | None:
    # 1 proves that there is none; 0 may still be a bare swipe, so it proves nothing
    return False if values.get("lockscreen.disabled", "").strip() in {"1", "true"} else None


def _settings(texts: Texts, apps: Sequence[App]) -> Settings:
    values, services = texts.settings, texts.services
    accessibility = settings.listed(values, "enabled_accessibility_services")
    if "accessibility" in services:
        dumped = dumpsys_access.accessibility_services(services["accessibility"])
        accessibility = list(dict.fromkeys([*(accessibility or ()), *dumped]))
    network = settings.switch(values, "adb_wifi_enabled")
    port = properties.adb_port(texts.properties)
    processes = parse_processes(texts.processes)
    return Settings(
        selinux=_selinux(texts),
        verified_boot=properties.verified_boot(texts.properties),
        bootloader_locked=properties.bootloader_locked(texts.properties),
        adb_network=True if port or network else network if port is None else port,
        adb_authorised_only=properties.flag(texts.properties.get("ro.adb.secure")),
        package_verifier=settings.verifier(values),
        unknown_sources=settings.switch(values, "install_non_market_apps"),
        unknown_source_apps=_service(services, "appops", dumpsys_access.installing_apps),
        accessibility_services=accessibility,
        device_admins=_service(services, "device_policy", dumpsys_access.device_admins),
        notification_listeners=settings.listed(values, "enabled_notification_listeners"),
        disabled_packages=[app.package for app in apps if app.enabled is False][:200] if apps else None,
        default_sms=settings.package(values, "sms_default_application"),
        default_dialer=settings.package(values, "dialer_default_application"),
        default_keyboard=settings.package(values, "default_input_method"),
        backup_transport=(values["backup_transport"][:255] if "backup_transport" in values else None),
        processes=processes or None,
    )


def _service(services: Mapping[str, str], name: str, read: Callable[[str], list[str]]) -> list[str] | None:
    return read(services[name]) if name in services else None


def _selinux(texts: Texts) -> Literal["enforcing", "permissive", "disabled"] | None:
    word = texts.selinux.strip().lower() or texts.properties.get("ro.boot.selinux", "").lower()
    match word:
        case "enforcing" | "permissive" | "disabled":
            return word
        case _:
            return None


def _collected(texts: Texts, apps: list[App] | None) -> list[str]:
    parts = {
        "device": bool(texts.properties),
        "posture": bool(texts.settings or texts.root_paths is not None or texts.properties),
        "settings": bool(texts.settings or texts.services),
        "apps": apps is not None,
        "processes": bool(texts.processes),
    }
    return [name for name, there in parts.items() if there]

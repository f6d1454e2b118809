"""The service *package*: what is installed, by whom, since when, with which permissions, and what it declares."""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from vedette_facts.android.packages import installer_of
from vedette_facts.manifest import Manifest
from vedette_facts.report import MAX_APPS, App

_HEAD = re.compile(r"^ {2}Package \[(?P<name>[^\]\s]{1,255})\]", re.MULTILINE)
_LIST = re.compile(r"^Packages:\s*$", re.MULTILINE)
_NEXT_PART = re.compile(r"^\S", re.MULTILINE)
_VALUE = re.compile(r"^ {4}(?P<key>[A-Za-z]+)=(?P<value>.*)$", re.MULTILINE)
_VERSION_CODE = re.compile(r"^(\d{1,15})\b")
_SDK = re.compile(r"\b(minSdk|targetSdk)=(\d{1,4})\b")
_USER = re.compile(
    r"^ {4}User \d{1,9}: .{0,500}?installed=(?P<installed>true|false).{0,1000}?enabled=(?P<enabled>\d)",
    re.MULTILINE,
)
_GRANT = re.compile(r"^[ \t]+(?P<name>[\w.]{1,255}): granted=(?P<granted>true|false)", re.MULTILINE)
_REQUESTED = re.compile(r"^ {4}requested permissions:\n(?P<names>(?: {6}\S.*\n?)*)", re.MULTILINE)
_TABLE = re.compile(
    r"^(?P<table>Receiver|Service) Resolver Table:\n(?P<text>(?:[ \t].*\n|\n)*)", re.MULTILINE
)
_ACTION = re.compile(r"^ {6}(?P<action>[\w.\-]{1,255}):\n(?P<lines>(?: {8}.*\n?)*)", re.MULTILINE)
_COMPONENT = re.compile(r"^ {8}[0-9a-f]+ (?P<package>[\w.]{1,255})/", re.MULTILINE)
_DISABLED: Final = frozenset({"2", "3"})
"""PackageManager.COMPONENT_ENABLED_STATE_DISABLED and …_DISABLED_USER."""
_GUARDS: Final = MappingProxyType(
    {
        "android.accessibilityservice.AccessibilityService": "android.permission.BIND_ACCESSIBILITY_SERVICE",
        "android.service.notification.NotificationListenerService": (
            "android.permission.BIND_NOTIFICATION_LISTENER_SERVICE"
        ),
        "android.net.VpnService": "android.permission.BIND_VPN_SERVICE",
        "android.view.InputMethod": "android.permission.BIND_INPUT_METHOD",
        "android.app.action.DEVICE_ADMIN_ENABLED": "android.permission.BIND_DEVICE_ADMIN",
    }
)
"""Actions that the system answers only to components under this permission."""


@dataclass
class _Declared:
    actions: list[str] = field(default_factory=list)
    guards: list[str] = field(default_factory=list)


def installed(text: str, zone: ZoneInfo) -> list[App]:
    """Applications that are installed for some user. `zone`: that of the phone, whose clock the times are of."""
    start = _LIST.search(text)
    if start is None:
        return []
    end = _NEXT_PART.search(text, start.end())
    listed = text[start.end() : end.start() if end else len(text)]
    declared = _declared(text)
    apps = {}
    for name, block in _blocks(listed):
        users = list(_USER.finditer(block))
        if users and all(user["installed"] == "false" for user in users):
            continue
        apps[name] = _app(name, block, users, declared.get(name, _Declared()), zone)
        if len(apps) == MAX_APPS:
            break
    return list(apps.values())


def _blocks(text: str) -> Iterator[tuple[str, str]]:
    heads = list(_HEAD.finditer(text))
    for head, end in zip(heads, [*(h.start() for h in heads[1:]), len(text)], strict=False):
        yield head["name"], text[head.end() : end]


def _app(name: str, block: str, users: list[re.Match[str]], declared: _Declared, zone: ZoneInfo) -> App:
    values = {match["key"]: match["value"] for match in _VALUE.finditer(block)}
    code = _VERSION_CODE.match(values.get("versionCode", ""))
    flags = values.get("pkgFlags") or values.get("flags") or ""
    installer = installer_of(values.get("installerPackageName"))
    return App(
        package=name,
        version=values["versionName"][:128] if "versionName" in values else None,
        version_code=int(code[1]) if code else None,
        installer=installer[:255] if installer else None,
        system=" SYSTEM " in flags,
        enabled=not all(user["enabled"] in _DISABLED for user in users) if users else None,
        first_installed=_time(values.get("firstInstallTime"), zone),
        last_updated=_time(values.get("lastUpdateTime"), zone),
        manifest=_manifest(block, values, declared, debuggable=" DEBUGGABLE " in flags),
    )


def _manifest(block: str, values: dict[str, str], declared: _Declared, *, debuggable: bool) -> Manifest:
    requested = _REQUESTED.search(block)
    names = [line.split(":")[0].strip() for line in requested["names"].splitlines()] if requested else []
    granted = {match["name"] for match in _GRANT.finditer(block) if match["granted"] == "true"}
    sdks = {key: int(number) for key, number in _SDK.findall(values.get("versionCode", "")) if int(number)}
    return Manifest(
        requested=[name[:255] for name in dict.fromkeys(names) if name][:500],
        granted=sorted(name[:255] for name in granted)[:500],
        guards=sorted(set(declared.guards))[:100],
        actions=sorted({action[:255] for action in declared.actions})[:200],
        debuggable=debuggable,
        min_sdk=sdks.get("minSdk"),
        target_sdk=sdks.get("targetSdk"),
    )


def _declared(text: str) -> dict[str, _Declared]:
    """Actions of receivers and kinds of services by package, out of the resolver tables."""
    found: dict[str, _Declared] = {}
    for table in _TABLE.finditer(text):
        for entry in _ACTION.finditer(table["text"]):
            guard = _GUARDS.get(entry["action"])
            for component in _COMPONENT.finditer(entry["lines"]):
                declared = found.setdefault(component["package"], _Declared())
                if guard:
                    declared.guards.append(guard)
                if table["table"] == "Receiver":
                    declared.actions.append(entry["action"])
    return found


def _time(text: str | None, zone: ZoneInfo) -> dt.datetime | None:
    """Read a time of the phone's clock; times before Android are what an unset clock said, and not known."""
    try:
        local = dt.datetime.strptime(text or "", "%Y-%m-%d %H:%M:%S").replace(tzinfo=zone)
    except ValueError:
        return None
    return local.astimezone(dt.UTC) if local.year > 2008 else None  # noqa: PLR2004 - the year of the first phone

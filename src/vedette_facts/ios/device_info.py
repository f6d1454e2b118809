"""Property lists about an iPhone: of a backup, of `ideviceinfo`, of a device list; and lists of its applications."""

import csv
import io
import plistlib
import re
from collections.abc import Mapping
from typing import Any, Final

from vedette_facts.limits import UnreadableError
from vedette_facts.report import MAX_APPS, AgentFacts, App, DeviceFacts, Facts, Posture
from vedette_facts.settings import Profile, Settings

COLLECTED_BY: Final = AgentFacts(version="acquisition")
_LARGEST: Final = 16 * 1024 * 1024
_BUNDLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*(?:\.[A-Za-z0-9_-]+)+")
_PAIR = re.compile(r"^(?P<key>[A-Za-z]\w*): (?P<value>.*)$", re.MULTILINE)
_JAILBREAK: Final = {
    "com.saurik.Cydia": "Cydia",
    "org.coolstar.SileoStore": "Sileo",
    "xyz.willy.Zebra": "Zebra",
    "science.xnu.undecimus": "unc0ver",
    "com.electrateam.chimera": "Chimera",
    "org.coolstar.odyssey": "Odyssey",
    "in.palera.loader": "palera1n loader",
    "com.opa334.Dopamine": "Dopamine",
    "kjc.loader": "checkra1n loader",
}
"""Applications that come with a jailbreak."""


def parse_plist(content: bytes) -> Any:
    """Read a property list, XML or binary. UnreadableError for anything else, and for one that is too large."""
    if len(content) > _LARGEST:
        raise UnreadableError("The property list is larger than 16 MiB.")
    if b"<!ENTITY" in content:
        raise UnreadableError("The property list declares entities, which none that Apple writes does.")
    try:
        return plistlib.loads(content)
    except Exception as error:  # noqa: BLE001 - plistlib lets a dozen kinds through on hostile bytes
        raise UnreadableError(f"It is not a readable property list: {type(error).__name__}.") from None


def device_info(content: bytes) -> dict[str, Any] | None:
    """Read what describes a device: a property list or lines `ProductType: iPhone14,5`; None when it does not."""
    if content.startswith((b"bplist", b"<?xml")):
        found = parse_plist(content)
        values = found if isinstance(found, dict) else {}
    else:
        values = {
            match["key"]: match["value"] for match in _PAIR.finditer(content.decode("utf-8", "replace"))
        }
    return values if _first(values, "ProductType", "Product Type") else None


def facts_of(info: Mapping[str, Any], apps: list[App], profiles: list[Profile] | None) -> Facts:
    """Build the facts of an iPhone."""
    named = list(apps) or [App(package=name) for name in bundle_ids(info)]
    signs = [f"application {_JAILBREAK[app.package]}" for app in named if app.package in _JAILBREAK]
    supervised = info.get("IsSupervised")
    return Facts(
        device=DeviceFacts(
            platform="IOS",
            manufacturer="Apple",
            model=_first(info, "Product Type", "ProductType")[:255],
            os_version=_first(info, "Product Version", "ProductVersion")[:64] or "unknown",
        ),
        agent=COLLECTED_BY,
        posture=Posture(
            root=True if signs else None, root_signs=signs, screen_lock=_flag(info.get("PasswordProtected"))
        ),
        apps=named[:MAX_APPS] or None,
        settings=Settings(profiles=profiles, supervised=supervised if isinstance(supervised, bool) else None),
        collected=["device"] + (["apps"] if named else []),
    )


def bundle_ids(info: Mapping[str, Any]) -> list[str]:
    """List the applications that the property list of a backup names."""
    listed = info.get("Installed Applications")
    names = [name for name in listed if isinstance(name, str)] if isinstance(listed, list) else []
    described = info.get("Applications")
    names += [name for name in described if isinstance(name, str)] if isinstance(described, dict) else []
    return [name for name in dict.fromkeys(names) if _BUNDLE.fullmatch(name) and len(name) <= 255]  # noqa: PLR2004 - the protocol's longest line


def app_list(content: bytes) -> list[App] | None:
    """Read a list of applications: of `ideviceinstaller` as property list or lines; None when it is none."""
    if content.startswith((b"bplist", b"<?xml")):
        listed = parse_plist(content)
        rows = listed if isinstance(listed, list) else []
        return [app for row in rows if isinstance(row, dict) and (app := _app(row))] or None
    text = content.decode("utf-8", "replace")
    if "CFBundleIdentifier" not in text[:200]:
        return None
    found = []
    for row in csv.reader(io.StringIO(text), skipinitialspace=True):
        if row and _BUNDLE.fullmatch(row[0].strip()) and row[0] != "CFBundleIdentifier":
            cells = [cell.strip()[:128] for cell in (*row, "", "")]
            found.append(App(package=cells[0], version=cells[1] or None, name=cells[2] or None))
    return found[:MAX_APPS] or None


def profile_of(content: bytes) -> Profile | None:
    """Read one configuration profile; None when it has no identifier."""
    row = parse_plist(content)
    if (
        not isinstance(row, dict)
        or not isinstance(row.get("PayloadIdentifier"), str)
        or not row["PayloadIdentifier"]
    ):
        return None
    parts = row.get("PayloadContent")
    named = (
        [part.get("PayloadType") for part in parts if isinstance(part, dict)]
        if isinstance(parts, list)
        else []
    )
    kinds = [kind for kind in named if isinstance(kind, str)]
    managed = row.get("IsManaged")
    return Profile(
        identifier=row["PayloadIdentifier"][:255],
        name=str(row.get("PayloadDisplayName", ""))[:255],
        signer=None,
        managed=managed if isinstance(managed, bool) else None,
        kinds=[kind[:255] for kind in dict.fromkeys(kinds)][:50],
    )


def _app(row: Mapping[str, Any]) -> App | None:
    name = row.get("CFBundleIdentifier")
    if not isinstance(name, str) or not _BUNDLE.fullmatch(name):
        return None
    version = row.get("CFBundleShortVersionString") or row.get("CFBundleVersion")
    title = row.get("CFBundleDisplayName") or row.get("CFBundleName")
    return App(
        package=name[:255],
        version=version[:128] if isinstance(version, str) else None,
        name=title[:255] if isinstance(title, str) else None,
        system=row.get("ApplicationType") == "System",
    )


def _first(values: Mapping[str, Any], *keys: str) -> str:
    return next((str(values[key]) for key in keys if values.get(key)), "")


def _flag(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(str(value).lower())

"""System properties (`getprop`): make and model, build, encryption, and what verified boot says."""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, Literal, cast

from vedette_facts.report import DeviceFacts
from vedette_facts.versions import patch_date

Boot = Literal["green", "yellow", "orange", "red"]

_LINE = re.compile(r"^\[([^\]\n]{1,255})\]: \[([^\]]{0,4096})\][ \t\r]*$", re.MULTILINE)
_ROOT_TOOLS: Final = MappingProxyType(
    {
        "su": "su binary",
        "daemonsu": "SuperSU",
        "sugote": "SuperSU",
        "magisk": "Magisk",
        "magiskhide": "Magisk",
        "magiskpolicy": "Magisk",
        "magiskinit": "Magisk",
        "resetprop": "Magisk",
        "ksud": "KernelSU",
        "ksu": "KernelSU",
        "apd": "APatch",
        "ap": "APatch",
        "busybox": "BusyBox",
        "frida-server": "Frida",
    }
)
"""File names of tools that give or use root (detection.md 2)."""
ROOT_PATHS: Final = (
    "/system/bin/su",
    "/system/xbin/su",
    "/sbin/su",
    "/su/bin/su",
    "/data/adb/magisk",
    "/data/adb/ksu",
    "/data/adb/ap",
)
"""Where a live phone is asked for them."""
_DIGITS: Final = re.compile(r"[0-9]{1,9}")
_LARGEST_SDK: Final = 10_000
_LARGEST_PORT: Final = 65_535
_BOOTS: Final = ("green", "yellow", "orange", "red")


def parse_properties(text: str) -> dict[str, str]:
    """Lines `[name]: [value]`, values over several lines too; the last of a name counts."""
    return dict(_LINE.findall(text))


def device_of(properties: Mapping[str, str]) -> DeviceFacts:
    """Device facts from system properties."""
    patch = properties.get("ro.build.version.security_patch", "")
    sdk = properties.get("ro.build.version.sdk", "")
    return DeviceFacts(
        platform="ANDROID",
        manufacturer=_first(properties, "ro.product.manufacturer", "ro.product.vendor.manufacturer"),
        model=_first(properties, "ro.product.model", "ro.product.vendor.model"),
        os_version=properties.get("ro.build.version.release", "")[:64] or "unknown",
        security_patch=patch if patch_date(patch) else None,
        sdk=level if (level := _number(sdk, _LARGEST_SDK)) else None,
        build_type=_cut(properties.get("ro.build.type"), 64),
        build_tags=_cut(properties.get("ro.build.tags"), 255),
        fingerprint=_cut(properties.get("ro.build.fingerprint"), 512),
    )


def root_signs(properties: Mapping[str, str], paths: Sequence[str]) -> list[str]:
    """Name what speaks for root. `ro.debuggable` alone does not (custom ROMs set it), so it is not here."""
    signs = [f"{tool} at {path}" for path in paths if (tool := root_tool(path))]
    if "test-keys" in properties.get("ro.build.tags", ""):
        signs.append("ro.build.tags=test-keys")
    if properties.get("ro.secure") == "0":
        signs.append("ro.secure=0")
    return signs


def root_tool(path: str) -> str | None:
    """Name the tool behind a path, None for an ordinary file."""
    return _ROOT_TOOLS.get(path.rpartition("/")[2])


def root_verdict(properties: Mapping[str, str], signs: Sequence[str]) -> bool | None:
    """Say True for a root tool, False only where verified boot vouches for the system, else None.

    Absence of su proves little, since an ordinary app is not shown every path. BusyBox alone gives nobody root.
    """
    if any(" at /" in sign and not sign.startswith("BusyBox") for sign in signs):
        return True
    verified = properties.get("ro.boot.verifiedbootstate") == "green"
    return False if verified and bootloader_locked(properties) and not signs else None


def bootloader_locked(properties: Mapping[str, str]) -> bool | None:
    """Whether the boot loader is locked: `ro.boot.flash.locked`, else the state of the verified device."""
    locked = flag(properties.get("ro.boot.flash.locked"))
    if locked is not None:
        return locked
    return {"locked": True, "unlocked": False}.get(properties.get("ro.boot.vbmeta.device_state", ""))


def verified_boot(properties: Mapping[str, str]) -> Boot | None:
    """`ro.boot.verifiedbootstate`, None when it is not one of the four colours."""
    state = properties.get("ro.boot.verifiedbootstate", "").lower()
    return cast("Boot", state) if state in _BOOTS else None


def encrypted(properties: Mapping[str, str]) -> bool | None:
    """`ro.crypto.state`."""
    return {"encrypted": True, "unencrypted": False}.get(properties.get("ro.crypto.state", ""))


def adb_port(properties: Mapping[str, str]) -> bool | None:
    """Whether adb listens on the network: a port in `service.adb.tcp.port` or its persistent twin."""
    ports = [properties.get(name) for name in ("service.adb.tcp.port", "persist.adb.tcp.port")]
    known = [port for port in ports if port]
    return any(_number(port, _LARGEST_PORT) for port in known) if known else None


def flag(text: str | None) -> bool | None:
    """`1` and `0` as a property or setting holds them; None for anything else."""
    return {"1": True, "0": False}.get((text or "").strip())


def _first(properties: Mapping[str, str], *names: str) -> str:
    return next((properties[name][:255] for name in names if properties.get(name)), "")


def _cut(text: str | None, most: int) -> str | None:
    return None if text is None else text[:most]


def _number(text: str, most: int) -> int | None:
    """Read a number of ordinary digits, None when it is none or too large to be meant."""
    return int(text) if _DIGITS.fullmatch(text) and int(text) <= most else None

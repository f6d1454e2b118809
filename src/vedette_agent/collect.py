"""Where an agent's facts come from: a file (a simulated or prepared phone), or this Android device itself."""

import re
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec

from vedette_agent import __version__
from vedette_facts.protocol import EnrollDevice
from vedette_facts.report import AgentFacts, App, DeviceFacts, Facts, FactsError, Posture, decode_facts
from vedette_facts.versions import patch_date

_ROOT_PATHS = {
    "/system/bin/su": "su binary",
    "/system/xbin/su": "su binary",
    "/sbin/su": "su binary",
    "/su/bin/su": "su binary",
    "/data/adb/magisk": "Magisk",
    "/data/adb/ksu": "KernelSU",
    "/data/adb/ap": "APatch",
}
"""Traces of tools that give root (shared notes on detection, section 2)."""
_PACKAGE = re.compile(
    r"^package:(?P<package>\S+)(?: versionCode:(?P<code>\d{1,15})\b)?(?:\s+installer=(?P<installer>\S+))?"
)
_SECONDS = 20
_MOST_FACTS = 1024 * 1024

Run = Callable[[Sequence[str]], str | None]
"""Runs a command: its output, or None when it failed."""


class CollectError(RuntimeError):
    """No facts could be had; the text says why and what to do."""


class Collector(Protocol):
    """A source of facts."""

    def collect(self) -> Facts: ...  # noqa: D102 - the class says it


@dataclass(frozen=True)
class FileCollector:
    """Facts from a JSON file in the shape of docs/device-protocol.md, section "Facts"."""

    path: Path

    def collect(self) -> Facts:
        """Read and check the file; CollectError names the field that is wrong."""
        try:
            with self.path.open("rb") as file:
                text = file.read(_MOST_FACTS + 1)
        except OSError as error:
            raise CollectError(f"{self.path} cannot be read: {error.strerror}.") from error
        if len(text) > _MOST_FACTS:
            raise CollectError(f"{self.path} is larger than 1 MiB, more than the service takes.")
        try:
            return decode_facts(text)
        except FactsError as error:
            raise CollectError(f"{self.path} is not a report: {error.message}, at {error.path}.") from error


def run(command: Sequence[str]) -> str | None:
    """Run one of Android's own tools, found on the PATH; None when absent, failing or too slow."""
    tool = shutil.which(command[0])
    if tool is None:
        return None
    try:
        done = subprocess.run(  # noqa: S603 - fixed commands of this module, no shell
            [tool, *command[1:]], capture_output=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None


@dataclass(frozen=True)
class AndroidCollector:
    """What an Android shell may see: properties, settings and the package list. The rest stays unknown."""

    run: Run = run
    exists: Callable[[str], bool] = lambda path: Path(path).exists()

    def collect(self) -> Facts:
        """Ask getprop, settings and pm; CollectError where there is no getprop."""
        text = self.run(["getprop"])
        if text is None:
            raise CollectError(
                "This machine is not an Android device (there is no getprop). "
                "Name a file with the phone's facts: --facts FILE."
            )
        properties = parse_properties(text)
        apps = self._apps()
        return Facts(
            device=device_of(properties),
            posture=self._posture(properties),
            apps=apps,
            apps_complete=apps is not None,
            agent=AgentFacts(version=__version__),
            collected=["device", "posture"] + (["apps"] if apps is not None else []),
        )

    def _posture(self, properties: Mapping[str, str]) -> Posture:
        signs = root_signs(properties, [path for path in _ROOT_PATHS if self.exists(path)])
        return Posture(
            root=root_verdict(properties, signs),
            root_signs=signs,
            debug_build=_flag(properties.get("ro.debuggable")),
            encrypted={"encrypted": True, "unencrypted": False}.get(properties.get("ro.crypto.state", "")),
            screen_lock=self._screen_lock(),
            developer_options=_flag(self._setting("development_settings_enabled")),
            adb=_flag(self._setting("adb_enabled")),
        )

    def _setting(self, name: str) -> str | None:
        return self.run(["settings", "get", "global", name])

    def _screen_lock(self) -> bool | None:
        # "disabled" proves that there is none; "enabled" may still be a bare swipe, so it proves nothing
        return False if (self.run(["locksettings", "get-disabled"]) or "").strip() == "true" else None

    def _apps(self) -> list[App] | None:
        every = self.run(["pm", "list", "packages", "-i", "--show-versioncode"])
        if not every:
            return None
        system = parse_packages(self.run(["pm", "list", "packages", "-s"]) or "")
        names = {app.package for app in system}
        return [
            msgspec.structs.replace(app, system=app.package in names) for app in parse_packages(every)
        ] or None


def parse_properties(text: str) -> dict[str, str]:
    """Lines `[name]: [value]` of getprop; other lines (a value over several lines) are passed over."""
    return dict(re.findall(r"^\[([^\]]+)\]: \[([^\]]*)\]\s*$", text, re.MULTILINE))


def parse_packages(text: str) -> list[App]:
    """Lines `package:NAME versionCode:N installer=NAME` of pm; `installer=null` is none."""
    found = []
    for line in text.splitlines():
        match = _PACKAGE.match(line.strip())
        if match is None:
            continue
        installer = match["installer"]
        found.append(
            App(
                package=match["package"],
                version_code=int(match["code"]) if match["code"] else None,
                installer=None if installer in {None, "null"} else installer,
            )
        )
    return found


def device_of(properties: Mapping[str, str]) -> DeviceFacts:
    """Device facts from system properties."""
    patch = properties.get("ro.build.version.security_patch", "")
    sdk = properties.get("ro.build.version.sdk", "")
    return DeviceFacts(
        platform="ANDROID",
        manufacturer=properties.get("ro.product.manufacturer", ""),
        model=properties.get("ro.product.model", ""),
        os_version=properties.get("ro.build.version.release") or "unknown",
        security_patch=patch if patch_date(patch) else None,
        sdk=int(sdk) if sdk.isdecimal() else None,
        build_type=properties.get("ro.build.type"),
        build_tags=properties.get("ro.build.tags"),
        fingerprint=properties.get("ro.build.fingerprint"),
    )


def root_signs(properties: Mapping[str, str], paths: Sequence[str]) -> list[str]:
    """Name what speaks for root. `ro.debuggable` alone does not (custom ROMs set it), so it is not here."""
    signs = [f"{_ROOT_PATHS[path]} at {path}" for path in paths]
    if "test-keys" in properties.get("ro.build.tags", ""):
        signs.append("ro.build.tags=test-keys")
    if properties.get("ro.secure") == "0":
        signs.append("ro.secure=0")
    return signs


def root_verdict(properties: Mapping[str, str], signs: Sequence[str]) -> bool | None:
    """Say True for a root path, False only where verified boot vouches for the system, else None.

    Absence of su proves little, since an ordinary app is not shown every path.
    """
    if any(" at /" in sign for sign in signs):
        return True
    verified = properties.get("ro.boot.verifiedbootstate") == "green"
    locked = properties.get("ro.boot.flash.locked") == "1"
    return False if verified and locked and not signs else None


def enroll_device(facts: Facts, name: str | None = None) -> EnrollDevice:
    """Give what enrolment says of the phone, taken from its facts."""
    device = facts.device
    return EnrollDevice(
        platform=device.platform,
        manufacturer=device.manufacturer,
        model=device.model,
        os_version=device.os_version,
        name=name,
    )


def _flag(text: str | None) -> bool | None:
    return {"1": True, "0": False}.get((text or "").strip())

"""Apps that simulated phones carry, from stories.json; hashes and signers follow from the package and version."""

import hashlib
import json
from importlib.resources import files
from typing import Any

from vedette_facts.manifest import Manifest
from vedette_facts.report import App

_PLAY = "com.android.vending"
_PERMISSION = "android.permission."
_NETWORK = ("INTERNET", "ACCESS_NETWORK_STATE")
_CATALOGUE: dict[str, list[dict[str, Any]]] = json.loads(
    files("vedette_lab.fleet").joinpath("stories.json").read_text("utf-8")
)


def _app(entry: dict[str, Any]) -> App:
    package, version = entry["package"], entry["version"]
    system = bool(entry.get("system", False))
    developer = ".".join(package.split(".")[:2])
    return App(
        package=package,
        name=entry["name"],
        version=version,
        version_code=int("".join(part.zfill(2) for part in version.split("."))),
        installer=None if system else entry.get("installer", _PLAY),
        sha256=entry.get("sha256") or hashlib.sha256(f"apk {package} {version}".encode()).hexdigest(),
        certificates=entry.get("certificates")
        or [hashlib.sha256(f"signer {developer}".encode()).hexdigest()],
        system=system,
        manifest=None if system else _manifest(entry),
    )


def _manifest(entry: dict[str, Any]) -> Manifest:
    """Give what its manifest says; whatever it asks for was granted."""
    asked = [_PERMISSION + name for name in dict.fromkeys((*_NETWORK, *entry.get("permissions", ())))]
    return Manifest(
        requested=asked,
        granted=asked,
        guards=[_PERMISSION + name for name in entry.get("guards", ())],
        actions=entry.get("actions", []),
        launcher=entry.get("launcher", True),
        debuggable=False,
        cleartext=False,
        min_sdk=26,
        target_sdk=35,
    )


EVERYDAY: tuple[App, ...] = tuple(_app(entry) for entry in _CATALOGUE["everyday"])
MALWARE: tuple[App, ...] = tuple(_app(entry) for entry in _CATALOGUE["malware"])
UNLISTED: tuple[App, ...] = tuple(_app(entry) for entry in _CATALOGUE["unlisted"])
"""Harmful applications that no feed names: only what they can do gives them away."""
SIDELOADED: tuple[App, ...] = tuple(_app(entry) for entry in _CATALOGUE["sideloaded"])
_KNOWN = {app.package: app for app in (*EVERYDAY, *MALWARE, *UNLISTED, *SIDELOADED)}


def named(package: str) -> App:
    """Give the app of this package; one that no catalogue knows was side-loaded."""
    return _KNOWN.get(package) or _app(
        {
            "package": package,
            "name": package.rsplit(".", maxsplit=1)[-1],
            "version": "1.0",
            "installer": "com.google.android.packageinstaller",
        }
    )

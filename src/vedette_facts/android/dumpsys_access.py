"""Special access that applications were given: accessibility, device administrators, installing others."""

import re
from collections.abc import Iterable
from typing import Final

_ENABLED_SINCE_14 = re.compile(r"Enabled services:\{(?P<list>[^\n]*?)\}\s*$", re.MULTILINE)
_ENABLED = re.compile(r"^\s*enabled services: ?\{\n(?P<lines>.*?)^\s*\}", re.MULTILINE | re.DOTALL)
_COMPONENT = re.compile(r"[\w.]+/[\w.$]+")
_ADMINS = re.compile(r"^ {2}Enabled Device Admins \(.*?\):\n(?P<lines>(?: {4}.*\n?)*)", re.MULTILINE)
_ADMIN = re.compile(r"^ {4}(?P<component>[\w.]+/[\w.$]+):", re.MULTILINE)
_OP_PACKAGE = re.compile(r"^ {4}Package (?P<name>[\w.]+):\n(?P<ops>(?: {6}.*\n?)*)", re.MULTILINE)
_INSTALLS = re.compile(
    r"^ {6}REQUEST_INSTALL_PACKAGES \(allow\):|^ {6}REQUEST_INSTALL_PACKAGES: mode=allow", re.MULTILINE
)
_MOST: Final = 200


def accessibility_services(text: str) -> list[str]:
    """Enabled services of the service *accessibility*, before Android 14 and since, as `package/class`."""
    lists = [match["list"] for match in _ENABLED_SINCE_14.finditer(text)]
    lists += [match["lines"] for match in _ENABLED.finditer(text)]
    return _unique(name for part in lists for name in _COMPONENT.findall(part))


def device_admins(text: str) -> list[str]:
    """Active administrators of the service *device_policy*, as `package/class`."""
    return _unique(
        admin["component"] for part in _ADMINS.finditer(text) for admin in _ADMIN.finditer(part["lines"])
    )


def installing_apps(text: str) -> list[str]:
    """Packages that the service *appops* lets install others (API 26 and later)."""
    return _unique(match["name"] for match in _OP_PACKAGE.finditer(text) if _INSTALLS.search(match["ops"]))


def _unique(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(name[:255] for name in names))[:_MOST]

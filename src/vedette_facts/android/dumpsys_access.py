"""Special access that applications were given: accessibility, device administrators, installing others."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

_SINCE_14: Final = "Enabled services:{"
_BEFORE_14: Final = frozenset({"enabled services: {", "enabled services:{"})
_COMPONENT = re.compile(r"(?<![\w.])[\w.]{1,255}/[\w.$]{1,255}")
_ADMINS = re.compile(
    r"^ {2}Enabled Device Admins \([^\n]{0,500}?\):\n(?P<lines>(?: {4}.*\n?)*)", re.MULTILINE
)
_ADMIN = re.compile(r"^ {4}(?P<component>[\w.]{1,255}/[\w.$]{1,255}):", re.MULTILINE)
_OP_PACKAGE = re.compile(r"^ {4}Package (?P<name>[\w.]{1,255}):\n(?P<ops>(?: {6}.*\n?)*)", re.MULTILINE)
_INSTALLS = re.compile(
    r"^ {6}REQUEST_INSTALL_PACKAGES \(allow\):|^ {6}REQUEST_INSTALL_PACKAGES: mode=allow", re.MULTILINE
)
_MOST: Final = 200


def accessibility_services(text: str) -> list[str]:
    """Enabled services of the service *accessibility*, before Android 14 and since, as `package/class`."""
    return _unique(name for part in _enabled(text) for name in _COMPONENT.findall(part))


def _enabled(text: str) -> Iterator[str]:
    """Yield the lines that list enabled services: one line since Android 14, a block of lines before."""
    inside = False
    for line in text.splitlines():
        stripped = line.strip()
        if inside and stripped == "}":
            inside = False
        elif inside:
            yield stripped
        elif stripped in _BEFORE_14:
            inside = True
        elif _SINCE_14 in line and stripped.endswith("}"):
            yield line.partition(_SINCE_14)[2]


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

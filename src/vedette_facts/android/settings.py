"""Lists of settings (`settings list global|secure|system`): lines `name=value`, read into facts."""

from collections.abc import Mapping
from typing import Final

_NOTHING: Final = {"", "null", "none"}
_MOST: Final = 200


def parse_settings(text: str) -> dict[str, str]:
    """Lines `name=value`; others (a value over several lines) are passed over."""
    found = {}
    for line in text.splitlines():
        name, equals, value = line.strip().partition("=")
        if equals and name and " " not in name:
            found[name] = value
    return found


def switch(settings: Mapping[str, str], name: str) -> bool | None:
    """Whether a setting is on: 0 is off, any other number on, a missing or odd one not known."""
    value = settings.get(name, "").strip()
    return value != "0" if value.lstrip("-").isdecimal() else None


def listed(settings: Mapping[str, str], name: str) -> list[str] | None:
    """Read components joined with colons; None where the setting was not read, `null` means none."""
    value = settings.get(name)
    if value is None:
        return None
    parts = (part.strip() for part in value.split(":"))
    return [part[:255] for part in parts if part.lower() not in _NOTHING][:_MOST]


def package(settings: Mapping[str, str], name: str) -> str | None:
    """Read the package of a component or the package itself; None where there is none."""
    value = settings.get(name, "").partition("/")[0].strip()
    return None if value.lower() in _NOTHING else value[:255]


def verifier(settings: Mapping[str, str]) -> bool | None:
    """Whether the system checks applications: off where the switch is, or where the person refused it (-1)."""
    if settings.get("package_verifier_user_consent", "").strip() == "-1":
        return False
    return switch(settings, "package_verifier_enable")

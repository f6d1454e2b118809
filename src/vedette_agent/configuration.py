"""Managed app configuration, as the MDM hands it to the app: a flat set of keys and values (docs/device-protocol.md 4).

Keys are read in any case, also by the names that other vendors' apps use, so that a configuration can be kept.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from vedette_facts.protocol import AppConfiguration

_NAMES: Final = {
    "server": ("serverurl", "server_url"),
    "tenant": ("tenantid", "tenant_id"),
    "enrollment_code": ("enrollmentcode", "enrollment_code", "global_enrollment_code"),
    "entra_device_id": ("azureaddeviceid", "aad_device_id", "mdmdeviceid", "better_udid"),
    "upn": ("upn", "userprincipalname", "user_principal_name", "better_user"),
}


class ConfigurationError(ValueError):
    """The configuration cannot be used; the text says why and what to do."""


class Managed(msgspec.Struct, frozen=True, kw_only=True):
    """What the configuration says; what it does not say is empty."""

    server: str = ""
    tenant: str = ""
    enrollment_code: str = ""
    entra_device_id: str = ""
    upn: str = ""

    def claim(self) -> AppConfiguration:
        """Return what is sent to be activated by it; ConfigurationError when a part is missing."""
        for value, name in (
            (self.enrollment_code, "enrollmentCode"),
            (self.entra_device_id, "azureADDeviceId"),
        ):
            if not value:
                raise ConfigurationError(
                    f"The app configuration has no {name}. Ask your administrator to complete it in Intune."
                )
        if "{{" in self.entra_device_id:
            raise ConfigurationError(
                "Intune has not filled in the device ID of the app configuration: register this phone first."
            )
        return AppConfiguration(
            enrollment_code=self.enrollment_code,
            entra_device_id=self.entra_device_id,
            user_principal_name=self.upn if self.upn and "{{" not in self.upn else None,
        )


def read(path: Path) -> Managed:
    """Read a JSON file with the keys and values of the app configuration; ConfigurationError."""
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path} cannot be read as JSON: {error}") from error
    if not isinstance(given, dict):
        raise ConfigurationError(f"{path} holds no set of keys and values.")
    return of(given)


def of(given: Mapping[str, Any]) -> Managed:
    """Return what a set of keys and values says."""
    known = {str(key).lower(): str(value).strip() for key, value in given.items() if isinstance(value, str)}
    found = {name: next((known[key] for key in keys if known.get(key)), "") for name, keys in _NAMES.items()}
    return Managed(**found)

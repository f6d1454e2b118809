"""How a phone is set up beyond the posture: integrity of the system, special access, profiles, certificates.

`None` means "not known"; an empty list means "none".
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from vedette_facts.fields import FilledLine, Line, Sha256, Short

Names = Annotated[list[Line], Meta(max_length=200)]


class UserCertificate(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate authority that somebody added to those of the system."""

    sha256: Sha256
    subject: Line = ""
    managed: bool | None = None


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """A configuration profile of an iPhone. `kinds`: payload types, as `com.apple.vpn.managed`."""

    identifier: FilledLine
    name: Line = ""
    signer: Line | None = None
    managed: bool | None = None
    kinds: Annotated[list[Line], Meta(max_length=50)] = []


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Settings and integrity. Android unless said otherwise.

    `verified_boot` is `ro.boot.verifiedbootstate`; `unknown_sources` the device-wide switch, which says something below
    API 26 only; `unknown_source_apps` the applications that may install others (API 26 and later);
    `listening` holds ports as `tcp/5555`; `trusted_developers` (iOS) are trusted signers outside the App Store.
    """

    selinux: Literal["enforcing", "permissive", "disabled"] | None = None
    verified_boot: Literal["green", "yellow", "orange", "red"] | None = None
    bootloader_locked: bool | None = None
    adb_network: bool | None = None
    adb_authorised_only: bool | None = None
    package_verifier: bool | None = None
    unknown_sources: bool | None = None
    unknown_source_apps: Names | None = None
    accessibility_services: Names | None = None
    device_admins: Names | None = None
    notification_listeners: Names | None = None
    disabled_packages: Names | None = None
    default_sms: Line | None = None
    default_dialer: Line | None = None
    default_keyboard: Line | None = None
    backup_transport: Line | None = None
    user_certificates: Annotated[list[UserCertificate], Meta(max_length=100)] | None = None
    processes: Annotated[list[Line], Meta(max_length=2000)] | None = None
    listening: Annotated[list[Short], Meta(max_length=500)] | None = None
    profiles: Annotated[list[Profile], Meta(max_length=100)] | None = None
    supervised: bool | None = None
    trusted_developers: Names | None = None

"""Files of iOS applications (.ipa): who made them, and by which way they come past the App Store.

An application from the App Store carries no provisioning profile; one that is handed out otherwise carries the profile
that lets a phone run it (Apple, TN3125 "Inside Code Signing: Provisioning Profiles"). The profile's signature is held
against what it says; that it ends at Apple is not checked, since only a phone has to be sure of that.
"""

import datetime as dt
import hashlib
import plistlib
import re
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from xml.parsers.expat import ExpatError

import msgspec
from msgspec import Meta

from vedette_facts.apk.container import Container
from vedette_facts.apk.facts import Certificate
from vedette_facts.apk.files import mapped
from vedette_facts.apk.limits import DEFAULT, MIB, ApkLimits
from vedette_facts.apk.signing import der
from vedette_facts.apk.signing.certificates import describe
from vedette_facts.apk.signing.pkcs7 import signer_of
from vedette_facts.fields import Line
from vedette_facts.limits import Unread, UnreadableError
from vedette_facts.report import App

_INFO: Final = re.compile(r"Payload/[^/]+\.app/Info\.plist\Z")
_PROFILE: Final = "embedded.mobileprovision"
_LARGEST_PLIST: Final = 4 * MIB
_LONGEST: Final = 255
_PLIST_ERRORS: Final = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    OverflowError,
    RecursionError,
    ExpatError,
)
"""What `plistlib` raises for broken lists of both kinds (CPython, Lib/plistlib.py; its own error is a ValueError)."""
_HASHED_AT_ONCE: Final = MIB

Way = Literal["app_store", "enterprise", "ad_hoc", "development"]


class Provisioning(msgspec.Struct, frozen=True, kw_only=True):
    """The profile inside. `way`: how it lets phones run it; `devices`: how many it names; `expires`: a date."""

    name: Line
    team: Line
    team_id: Line
    way: Way
    expires: Annotated[str, Meta(max_length=10)] = ""
    devices: int = 0
    signers: list[Certificate] = []


class IpaFacts(msgspec.Struct, frozen=True, kw_only=True):
    """All facts of one file. `profile` None: it has none, as what comes from the App Store."""

    sha256: str
    size: int
    app: App | None = None
    minimum_os: Line = ""
    profile: Provisioning | None = None
    unread: list[Unread] = []


def is_ipa(path: Path, name: str = "") -> bool:
    """Whether a file is one, by its name or by what it holds."""
    return (name or path.name).lower().endswith(".ipa") or holds_ipa(path)


def holds_ipa(path: Path) -> bool:
    """Whether a file holds an iOS application, whatever it is called."""
    try:
        with mapped(path, DEFAULT) as data:
            return any(map(_INFO.match, Container(data, DEFAULT).entries))
    except UnreadableError:
        return False


def read_ipa(path: Path, limits: ApkLimits = DEFAULT) -> IpaFacts:
    """Read a file. UnreadableError when it is no archive with an application in it."""
    with mapped(path, limits) as data:
        container = Container(data, limits)
        info = next(filter(_INFO.match, container.entries), None)
        if info is None:
            raise UnreadableError("It holds no iOS application (Payload/….app/Info.plist).")
        unread: list[Unread] = []
        profile = _profile(container, info.removesuffix("Info.plist") + _PROFILE, unread)
        sha256 = _sha256(data)
        app, minimum = _application(container, info, sha256, profile, unread)
        return IpaFacts(
            sha256=sha256, size=len(data), app=app, minimum_os=minimum, profile=profile, unread=unread
        )


def _application(
    container: Container, name: str, sha256: str, profile: Provisioning | None, unread: list[Unread]
) -> tuple[App | None, str]:
    try:
        values = _plist(container.read(container.entries[name], _LARGEST_PLIST))
    except UnreadableError as error:
        unread.append(Unread(name[:_LONGEST], str(error)))
        return None, ""
    bundle = _text(values, "CFBundleIdentifier")
    if not bundle:
        unread.append(Unread(name[:_LONGEST], "It names no bundle ID."))
        return None, ""
    signers = profile.signers if profile else []
    app = App(
        package=bundle,
        name=_text(values, "CFBundleDisplayName") or _text(values, "CFBundleName") or None,
        version=_text(values, "CFBundleShortVersionString")[:128] or None,
        sha256=sha256,
        certificates=[print_ for signer in signers[:8] for print_ in (signer.sha256, signer.sha1)],
    )
    return app, _text(values, "MinimumOSVersion")


def _profile(container: Container, name: str, unread: list[Unread]) -> Provisioning | None:
    entry = container.entries.get(name)
    if entry is None:
        return None
    try:
        return _provisioning(container.read(entry, _LARGEST_PLIST))
    except UnreadableError as error:
        unread.append(Unread(name[:_LONGEST], str(error)))
        return None


def _provisioning(block: bytes) -> Provisioning:
    """Read a profile: signed data (PKCS #7) around a property list."""
    outer = der.first(block).children()
    signed = outer[1].children()[0].children() if len(outer) > 1 and outer[1].children() else []
    wrapped = signed[2].children() if len(signed) > 2 else []  # noqa: PLR2004 - version, digests, content
    held = wrapped[1].children() if len(wrapped) > 1 else []
    if not held:
        raise UnreadableError("The profile is no signed data.")
    content = held[0].octets()
    signer_of(block, content)
    values = _plist(content)
    return Provisioning(
        name=_text(values, "Name"),
        team=_text(values, "TeamName"),
        team_id=_first_text(values.get("TeamIdentifier")),
        way=_way(values),
        expires=_date(values.get("ExpirationDate")),
        devices=_count(values.get("ProvisionedDevices")),
        signers=[describe(each) for each in _blobs(values.get("DeveloperCertificates"))],
    )


def _way(values: dict[str, Any]) -> Way:
    if values.get("ProvisionsAllDevices") is True:
        return "enterprise"
    entitlements = values.get("Entitlements")
    debug = isinstance(entitlements, dict) and entitlements.get("get-task-allow") is True
    if debug:
        return "development"
    return "ad_hoc" if values.get("ProvisionedDevices") else "app_store"


def _plist(content: bytes) -> dict[str, Any]:
    try:
        values = plistlib.loads(content)
    except _PLIST_ERRORS:
        raise UnreadableError("It is no property list.") from None
    if not isinstance(values, dict):
        raise UnreadableError("It is no property list of names and values.")
    return values


def _text(values: dict[str, Any], name: str) -> str:
    value = values.get(name)
    return value[:_LONGEST].replace("\0", "") if isinstance(value, str) else ""


def _first_text(value: object) -> str:
    return value[0][:_LONGEST] if isinstance(value, list) and value and isinstance(value[0], str) else ""


def _date(value: object) -> str:
    return f"{value:%Y-%m-%d}" if isinstance(value, dt.datetime) else ""


def _count(value: object) -> int:
    return len(value) if isinstance(value, list) else 0


def _blobs(value: object) -> list[bytes]:
    return [each for each in value[:8] if isinstance(each, bytes)] if isinstance(value, list) else []


def _sha256(data: memoryview) -> str:
    hasher = hashlib.sha256()
    for at in range(0, len(data), _HASHED_AT_ONCE):
        hasher.update(data[at : at + _HASHED_AT_ONCE])
    return hasher.hexdigest()

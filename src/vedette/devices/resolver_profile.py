"""The configuration profile that sets an iPhone, iPad or Mac up to ask the resolver.

Payload `com.apple.dnsSettings.managed`: Apple, Device Management, "DNSSettings" (iOS 14, macOS 11 and later). With
`ProhibitDisablement` the person could not switch it off; that key needs a supervised phone, so an MDM sets it.
Not signed: iOS shows "Not Signed" and installs it all the same; an MDM delivers it inside its own signed channel.
"""

import plistlib
import uuid
from typing import Any, Final, Literal

from vedette.devices.resolver import Address

CONTENT_TYPE: Final = "application/x-apple-aspen-config"
FILE_NAME: Final = "web-protection.mobileconfig"
Way = Literal["doh", "dot"]
_SPACE: Final = uuid.UUID("a4f3c2d8-5f0e-5d4c-9a53-0a4a7f0f4f11")
"""Names below it give the same payload the same UUID each time: iOS then replaces a profile instead of adding one."""


def profile(address: Address, way: Way, *, organisation: str, device: str, language: str = "en") -> bytes:
    """Return the profile as an XML property list. ValueError for DNS over TLS where no name is set up."""
    if way == "dot" and not address.host:
        raise ValueError("DNS over TLS is not set up")
    words = _WORDS["fr" if language.startswith("fr") else "en"]
    identifier = f"eu.vedette.web-protection.{device}"
    return plistlib.dumps(
        {
            "PayloadType": "Configuration",
            "PayloadVersion": 1,
            "PayloadIdentifier": identifier,
            "PayloadUUID": _uuid(identifier, address.token, way),
            "PayloadDisplayName": words[0],
            "PayloadDescription": words[1].format(organisation=organisation),
            "PayloadOrganization": organisation,
            "PayloadRemovalDisallowed": False,
            "PayloadScope": "System",
            "PayloadContent": [_payload(address, way, f"{identifier}.dns", words[0])],
        },
        sort_keys=False,
    )


def _payload(address: Address, way: Way, identifier: str, name: str) -> dict[str, Any]:
    settings: dict[str, Any] = (
        {"DNSProtocol": "HTTPS", "ServerURL": address.https}
        if way == "doh"
        else {"DNSProtocol": "TLS", "ServerName": address.host}
    )
    return {
        "PayloadType": "com.apple.dnsSettings.managed",
        "PayloadVersion": 1,
        "PayloadIdentifier": identifier,
        "PayloadUUID": _uuid(identifier, address.token, way),
        "PayloadDisplayName": name,
        "DNSSettings": settings,
    }


def _uuid(*parts: str) -> str:
    return str(uuid.uuid5(_SPACE, "\0".join(parts))).upper()


_WORDS: Final = {
    "en": (
        "Web protection",
        "{organisation} keeps this phone from dangerous pages. Names of other pages are not kept.",
    ),
    "fr": (
        "Protection Web",
        "{organisation} protège ce téléphone des pages dangereuses. Les noms des autres pages ne sont pas conservés.",
    ),
}

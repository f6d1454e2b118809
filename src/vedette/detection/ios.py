"""iPhones: configuration profiles, trusted developers, indicators by profile."""

from collections.abc import Iterator
from typing import Final

from vedette.detection.detector import fine, found
from vedette.intel.index import Index
from vedette.intel.indicators import Kind
from vedette.verdict.findings import Evidence, Observation
from vedette_facts.settings import Profile, Settings

DEVELOPERS: Final = "device.trusted_developers"
PROFILES: Final = "device.profiles"
LISTED_PROFILE: Final = "device.listed_profile"
_POWERFUL: Final = (
    ("com.apple.security.root", "root_certificate"),
    ("com.apple.mdm", "management"),
    ("com.apple.vpn", "vpn_profile"),
    ("com.apple.proxy", "proxy_profile"),
    ("com.apple.dnsSettings", "dns_profile"),
    ("com.apple.webcontent-filter", "content_filter"),
    ("com.apple.relay", "relay"),
)


def judge_ios(settings: Settings, index: Index) -> Iterator[Observation]:
    """Answer for each fact that was read."""
    if settings.trusted_developers is not None:
        if settings.trusted_developers:
            named = ", ".join(settings.trusted_developers)
            yield found("NON_APP_STORE_SIGNER", "signer", (Evidence("signers", named, DEVELOPERS),))
        else:
            yield fine(
                DEVELOPERS, "NON_APP_STORE_SIGNER", "signer", "no developer outside the App Store is trusted"
            )
    if settings.profiles is None:
        return
    for profile in settings.profiles:
        yield from _profile(profile, index)
    yield fine(PROFILES, "RISKWARE", "profile:*", "profiles checked")
    if index.size:
        yield fine(LISTED_PROFILE, "SURVEILLANCEWARE", "listed_profile:*", "profiles compared with the feeds")


def _profile(profile: Profile, index: Index) -> Iterator[Observation]:
    label = f"{profile.name} ({profile.identifier})" if profile.name else profile.identifier
    for hit in index.find(Kind.PROFILE, profile.identifier)[:1]:
        evidence = (
            Evidence("profile", label, LISTED_PROFILE),
            Evidence("family", hit.family or hit.classification, LISTED_PROFILE),
            Evidence("feed", str(hit.source), LISTED_PROFILE, str(hit.source)),
        )
        key = f"listed_profile:{profile.identifier}"
        yield found("SURVEILLANCEWARE", key, evidence, family=hit.family, source=str(hit.source))
    if profile.managed is True:
        return
    powers = [code for kind, code in _POWERFUL if any(k.startswith(kind) for k in profile.kinds)]
    if powers:
        evidence = (
            Evidence("profile", label, PROFILES),
            Evidence("powers", ", ".join(powers), PROFILES),
            Evidence("signer", profile.signer or "not signed", PROFILES),
        )
        yield found("RISKWARE", f"profile:{profile.identifier}", evidence)

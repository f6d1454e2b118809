"""From the words of feeds to our classifications, cautiously."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from vedette.verdict.classifications import CLASSIFICATIONS

UNTYPED_MALWARE = "TROJAN"
"""Malware of which the feed says no type."""

_WORDS: Mapping[str, str] = MappingProxyType(
    {
        # STIX 2.1 malware-type-ov (section 10.18), STIX 2.0 malware-label-ov
        "adware": "ADWARE",
        "backdoor": "BACKDOOR",
        "bot": "BOT",
        "bootkit": "EXPLOIT",
        "ddos": "BOT",
        "downloader": "APP_DROPPER",
        "dropper": "APP_DROPPER",
        "exploit-kit": "EXPLOIT",
        "keylogger": "SPYWARE",
        "ransomware": "TROJAN",
        "remote-access-trojan": "BACKDOOR",
        "resource-exploitation": "RISKWARE",
        "rogue-security-software": "TROJAN",
        "rootkit": "EXPLOIT",
        "screen-capture": "SPYWARE",
        "spyware": "SPYWARE",
        "trojan": "TROJAN",
        "virus": "VIRUS",
        "webshell": "BACKDOOR",
        "wiper": "TROJAN",
        "worm": "WORM",
        # the stalkerware feed and common names
        "stalkerware": "SURVEILLANCEWARE",
        "surveillanceware": "SURVEILLANCEWARE",
        "mercenary-spyware": "SURVEILLANCEWARE",
        "watchware": "RISKWARE",
        "riskware": "RISKWARE",
        "banker": "TROJAN",
        "banking-trojan": "TROJAN",
        "pua": "RISKWARE",
        "phishing": "PHISHING_CONTENT",
    }
)

_DUAL_USE = frozenset({"org.traccar.client", "net.majorkernelpanic.spydroid"})
DUAL_USE_NOTE = "dual use: also a published open-source tool, so rated as risky, not as surveillance"


def classify(labels: Iterable[str]) -> str | None:
    """Give the classification of the most dangerous label that is known; None if none is."""
    known = [code for label in labels if (code := _code(label))]
    return max(known, key=lambda code: CLASSIFICATIONS[code].default_risk, default=None)


def dual_use(package: str) -> bool:
    """Whether an application that feeds list is also openly published and wanted by some (intel README)."""
    return package in _DUAL_USE


def _code(label: str) -> str | None:
    word = label.strip().lower().replace("_", "-").replace(" ", "-")
    return _WORDS.get(word) or (label if label in CLASSIFICATIONS else None)

"""Words of web protection: categories, lists, outcomes, ways, and its acts in the audit trail."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from vedette.detection.web.categories import BY_NAME, LISTED
from vedette.feeds.models import WebName

LISTS: Final[Mapping[str, Promise]] = {
    WebName.List.DENY: _("Deny: phones are kept from it"),
    WebName.List.ALLOW: _("Allow: never blocked, whatever else is known"),
    WebName.List.CATEGORY: _("Category: blocked where you block the category"),
}
SHORT: Final[Mapping[str, Promise]] = {
    WebName.List.DENY: _("denied"),
    WebName.List.ALLOW: _("allowed"),
    WebName.List.CATEGORY: _("category"),
}
OUTCOMES: Final[Mapping[str, Promise]] = {
    "blocked": _("Blocked"),
    "suspicious": _("Suspicious"),
    "clean": _("Nothing is known against it"),
    "allowed": _("Allowed by your organisation"),
}
WAYS: Final[Mapping[str, Promise]] = {
    "doh": _("name asked (DNS over HTTPS)"),
    "dot": _("name asked (DNS over TLS)"),
    "link": _("link checked"),
    "text": _("text checked"),
    "qr": _("QR code checked"),
    "report": _("reported by the phone"),
}
ACTIONS: Final[Mapping[str, Promise]] = {
    "web.settings_changed": _("Web protection changed"),
    "web.names_listed": _("Names put on a list of web protection"),
    "web.names_removed": _("Names taken off a list of web protection"),
}
AREAS: Final[Mapping[str, Promise]] = {"web": _("Web protection")}
ATTRIBUTES: Final[Mapping[str, Promise]] = {
    "on": _("Web protection"),
    "upstream": _("Resolver for clean names"),
    "pause_minutes": _("Minutes a person may pause it"),
    "block_suspicious": _("Block what is only suspicious"),
    "open_hours": _("Hours an encounter counts against the phone"),
    "keep_addresses": _("Keep whole addresses"),
    "blocked_categories": _("Blocked categories"),
    "own_domains": _("Own domains"),
    "own_brands": _("Own names"),
    "list": _("List"),
}
RULES: Final[Mapping[str, Promise]] = {
    "web.denied": _("Addresses should not be on your organisation's deny list"),
    "web.threat_feed": _("Addresses should not be in your organisation's threat feeds"),
    "web.indicators": _("Addresses are compared with the threat intelligence"),
    "web.category": _("Addresses should not be of a category that your organisation blocks"),
    "web.homograph": _("Names should not look like another one letter by letter"),
    "web.signs": _("Addresses should not look like phishing"),
    "web.unreadable": _("Addresses should be readable"),
    "web.allowed": _("Your organisation's allow list"),
}
FACTS: Final[Mapping[str, Promise]] = {
    "entry": _("Entry of the list"),
    "imitated": _("Looks like"),
    "signs_of_phishing": _("Signs"),
    "score": _("Points, and from how many on it is suspicious"),
    "category": _("Category"),
    "problem": _("Problem"),
}


def grouped() -> dict[str, list[str]]:
    """Sort the categories that can be blocked into their groups."""
    found: dict[str, list[str]] = {}
    for name, group in LISTED.items():
        found.setdefault(group, []).append(name)
    return {**found, "by_name": list(BY_NAME)}

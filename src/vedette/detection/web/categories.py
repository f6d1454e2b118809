"""Categories that an organisation may block: what its lists and the installation's feeds name, and what a name tells.

The words follow what phones' other guards call them (lookout.md 1.5, `pcpCategories`, in groups).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from vedette.detection.web.addresses import Host
from vedette.detection.web.intelligence import CATEGORY, names_of
from vedette.detection.web.lists import WebLists
from vedette.detection.web.suffixes import Split
from vedette.intel.indicators import Kind

LISTED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "pornography": "adult",
        "nudity": "adult",
        "violence": "violent",
        "hate_speech": "violent",
        "self_harm": "violent",
        "terrorism": "violent",
        "criminal_skills": "criminal",
        "illegal_drugs": "criminal",
        "hacking": "criminal",
        "piracy": "criminal",
        "gambling": "other",
        "online_ads": "other",
        "trackers": "other",
        "social_networks": "other",
        "proxies_and_vpn": "other",
        "generative_ai": "other",
    }
)
"""Category to its group: known only by a list of names."""
BY_NAME: Final = ("link_shorteners", "shared_hosts", "dynamic_dns", "ip_addresses")
"""Categories that the name itself tells, or a table here."""
CATEGORIES: Final = (*LISTED, *BY_NAME)

SHORTENERS: Final = frozenset({
    "bit.ly", "tinyurl.com", "t.co", "goo.gl", "ow.ly", "is.gd", "v.gd", "buff.ly", "rebrand.ly",
    "cutt.ly", "rb.gy", "t.ly", "shorturl.at", "s.id", "lnkd.in", "tiny.cc", "bl.ink", "shorte.st",
    "adf.ly", "ouo.io", "qrco.de", "urlz.fr", "x.gd", "n9.cl", "clck.ru", "vk.cc", "u.to", "dub.sh",
})  # fmt: skip
"""Services that hide where a link leads; a shared table of the best-known."""
DYNAMIC_DNS: Final = frozenset({
    "duckdns.org", "ddns.net", "dynamic-dns.net", "no-ip.org", "no-ip.biz", "hopto.org", "zapto.org",
    "sytes.net", "servebeer.com", "myvnc.com", "dyndns.org", "changeip.org", "changeip.net",
    "freeddns.org", "mooo.com", "ydns.eu", "dynv6.net", "ddnss.de", "spdns.de", "myddns.me",
    "gotdns.org",
})  # fmt: skip


def category_of(host: Host, split: Split, lists: WebLists) -> str:
    """Give the blocked category of a host; empty where it is in none that the organisation blocks."""
    blocked = lists.blocked_categories
    if not blocked:
        return ""
    listed = lists.categories.covering(host.name)
    if listed is not None and listed.word in blocked:
        return listed.word
    for name in names_of(host, split) if lists.index.size else ():
        for hit in lists.index.find(Kind.DOMAIN, name):
            if hit.classification == CATEGORY and hit.family in blocked:
                return hit.family
    return next((name for name in _by_name(host, split) if name in blocked), "")


def _by_name(host: Host, split: Split) -> tuple[str, ...]:
    if host.is_ip:
        return ("ip_addresses",)
    found = []
    if split.registrable in SHORTENERS:
        found.append("link_shorteners")
    if split.suffix in DYNAMIC_DNS or split.registrable in DYNAMIC_DNS:
        found.append("dynamic_dns")
    if split.private:
        found.append("shared_hosts")
    return tuple(found)

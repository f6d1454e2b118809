"""The verdict on a host or an address: the organisation's lists first, then intelligence.

Allowed wins over everything, denied over everything else.
"""

from typing import Final

from vedette.detection.web.addresses import (
    Address,
    BadAddressError,
    Host,
    parse_address,
    parse_host,
    unicode_form,
)
from vedette.detection.web.intelligence import classification_of, is_sure, known_bad
from vedette.detection.web.lists import WebLists
from vedette.detection.web.verdict import WebVerdict
from vedette.verdict.findings import Evidence

DENYLISTED: Final = "DENYLISTED_CONTENT"
PHISHING: Final = "PHISHING_CONTENT"
UNAUTHORIZED: Final = "UNAUTHORIZED_CONTENT"

_SHOWN: Final = 253


def judge_host(host: str, lists: WebLists) -> WebVerdict:
    """Judge a host name or IP address as a resolver or a phone gives it. Never raises."""
    try:
        parsed = parse_host(host)
    except BadAddressError as error:
        return unreadable(host, error)
    return _judge(parsed, None, parsed.name, lists)


def judge_url(url: str, lists: WebLists) -> WebVerdict:
    """Judge an address of a page, with or without its scheme, defanged or not. Never raises."""
    try:
        address = parse_address(url)
    except BadAddressError as error:
        return unreadable(url, error)
    return _judge(address.host, address, url.strip(), lists)


def unreadable(text: str, error: BadAddressError) -> WebVerdict:
    """Say of what is no address that nobody can tell where it leads; nothing at all is clean."""
    shown = "".join(c if c.isprintable() else "\ufffd" for c in text[:_SHOWN])
    if not text.strip(". \t\r\n"):
        return WebVerdict("clean", "", (), shown)
    evidence = (Evidence("host", shown, "web.unreadable"), Evidence("problem", str(error), "web.unreadable"))
    return WebVerdict("suspicious", PHISHING, evidence, shown)


def _judge(host: Host, address: Address | None, subject: str, lists: WebLists) -> WebVerdict:
    name = host.name
    if allowed := lists.allowed.covering(name):
        return WebVerdict("allowed", "", _listed("web.allowed", name, allowed.name), subject)
    if denied := lists.denied.covering(name):
        return WebVerdict("blocked", DENYLISTED, _listed("web.denied", name, denied.name), subject)
    if fed := lists.feeds.covering(name):
        return WebVerdict(
            "blocked", DENYLISTED, _listed("web.threat_feed", name, fed.name, fed.word), subject
        )
    if hit := known_bad(host, lists.index, lists.suffixes, address):
        outcome = "blocked" if is_sure(hit) else "suspicious"
        reasons = _listed("web.indicators", name, hit.value, str(hit.source), hit.family)
        return WebVerdict(outcome, classification_of(hit), reasons, subject)  # type: ignore[arg-type] # mypy widens it
    return WebVerdict("clean", "", (), subject)


def _listed(rule: str, name: str, entry: str, feed: str = "", family: str = "") -> tuple[Evidence, ...]:
    facts = {"host": unicode_form(name), "entry": entry, "feed": feed, "family": family}
    return tuple(Evidence(fact, value, rule, feed or None) for fact, value in facts.items() if value)

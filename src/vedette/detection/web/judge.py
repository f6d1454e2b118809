"""The verdict on a host or an address: the organisation's lists, then intelligence, categories, and signs.

Allowed wins over everything, denied over everything else. Lists block; of signs only one does: a name beyond ASCII that
looks like a known one letter by letter. All other signs make an address suspicious, whatever they add up to.
"""

from collections.abc import Sequence
from typing import Final

from vedette.detection.web import brands as brand_names
from vedette.detection.web.address_signs import signs_of_rest
from vedette.detection.web.addresses import (
    Address,
    BadAddressError,
    Host,
    parse_address,
    parse_host,
    unicode_form,
)
from vedette.detection.web.categories import category_of
from vedette.detection.web.host_signs import Sign, homograph, signs_of_host
from vedette.detection.web.intelligence import classification_of, is_sure, is_vouched_for, known_bad
from vedette.detection.web.lists import WebLists
from vedette.detection.web.suffixes import Split
from vedette.detection.web.verdict import Outcome, WebVerdict
from vedette.detection.web.weights import SUSPICIOUS, WEIGHTS
from vedette.verdict.findings import Evidence

DENYLISTED: Final = "DENYLISTED_CONTENT"
PHISHING: Final = "PHISHING_CONTENT"
UNAUTHORIZED: Final = "UNAUTHORIZED_CONTENT"

_SHOWN: Final = 253
_UNSPLIT: Final = Split("", "", private=False, known=False)


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
    evidence = (Evidence("host", shown, "web.unreadable"), Evidence("problem", error.code, "web.unreadable"))
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
    split = _UNSPLIT if host.is_ip else lists.suffixes.split(name)
    if hit := known_bad(host, split, lists.index, address):
        outcome: Outcome = "blocked" if is_sure(hit) else "suspicious"
        reasons = _listed("web.indicators", name, hit.value, str(hit.source), hit.family)
        return WebVerdict(outcome, classification_of(hit), reasons, subject)
    if category := category_of(host, split, lists):
        reasons = (_host(name, "web.category"), Evidence("category", category, "web.category"))
        return WebVerdict("blocked", UNAUTHORIZED, reasons, subject)
    return _by_signs(host, split, address, subject, lists)


def _by_signs(host: Host, split: Split, address: Address | None, subject: str, lists: WebLists) -> WebVerdict:
    clean = WebVerdict("clean", "", (), subject)
    if lists.own_domains.covering(host.name) or brand_names.known().owns(split):
        return clean
    every = lists.brands
    if imitated := homograph(split, every):
        reasons = (_host(host.name, "web.homograph"), Evidence("imitated", imitated.home, "web.homograph"))
        return WebVerdict("blocked", PHISHING, reasons, subject)
    signs = signs_of_host(host, split, every)
    if address is not None:
        signs += signs_of_rest(address, every)
    score = sum(WEIGHTS[sign.name] for sign in signs)
    if score < SUSPICIOUS or is_vouched_for(split, lists.index):
        return clean
    return WebVerdict("suspicious", PHISHING, _reasons(host, signs, score), subject)


def _reasons(host: Host, signs: Sequence[Sign], score: int) -> tuple[Evidence, ...]:
    """Tell the signs, heaviest first, whose name is borrowed, and what it added up to."""
    rule = "web.signs"
    ordered = sorted(dict.fromkeys(sign.name for sign in signs), key=lambda name: -WEIGHTS[name])
    brand = next((sign.brand for sign in signs if sign.brand is not None), None)
    facts = [_host(host.name, rule), Evidence("signs_of_phishing", ", ".join(ordered), rule)]
    if brand is not None:
        facts.append(Evidence("imitated", brand.home, rule))
    return (*facts, Evidence("score", f"{score} / {SUSPICIOUS}", rule))


def _host(name: str, rule: str) -> Evidence:
    return Evidence("host", unicode_form(name), rule)


def _listed(rule: str, name: str, entry: str, feed: str = "", family: str = "") -> tuple[Evidence, ...]:
    facts = {"host": unicode_form(name), "entry": entry, "feed": feed, "family": family}
    return tuple(Evidence(fact, value, rule, feed or None) for fact, value in facts.items() if value)

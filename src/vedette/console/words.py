"""The detectors' codes in the reader's language: classifications, rules, facts, summaries."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from vedette.compliance import simulate
from vedette.console import apk_words, check_words, web_protection_words
from vedette.threats.models import Threat
from vedette.verdict import summaries, terms
from vedette.verdict.classifications import CLASSIFICATIONS, Text
from vedette.verdict.findings import Evidence, Finding

ENGLISH: Final = "en"
SIMULATED: Final = simulate.KEY

RULES: Final[Mapping[str, Promise]] = {
    **apk_words.RULES,
    **check_words.RULES,
    **web_protection_words.RULES,
    "apps.indicators": _("Apps are compared with the threat intelligence by name, signer and file"),
    "apps.sideloaded": _("Apps should come from an official store"),
    "apps.public_key": _("Apps should not be signed with a key that anybody can have"),
    "apps.listed_name": _("Apps should not carry the name of a known harmful one"),
    "device.root": _("The phone should not be rooted or jailbroken"),
    "device.debug_build": _("The system should not be a developer build"),
    "device.encryption": _("The storage should be encrypted"),
    "device.screen_lock": _("The phone should have a screen lock"),
    "device.developer_options": _("Developer options should be off"),
    "device.adb": _("USB debugging should be off"),
    "device.minimum_os": _("The system should not be older than your security policy allows"),
    "device.patch_level": _("The security patch should not be older than your security policy allows"),
}
"""What each rule of the detectors asks for."""

FACTS: Final[Mapping[str, Promise]] = {
    **apk_words.FACTS,
    **check_words.FACTS,
    **web_protection_words.FACTS,
    "app": _("App"),
    "family": _("Listed as"),
    "feed": _("Threat intelligence"),
    "package": _("Package name"),
    "ios_bundle": _("Bundle ID"),
    "sha256": _("File (SHA-256)"),
    "sha1": _("File (SHA-1)"),
    "md5": _("File (MD5)"),
    "certificate": _("Signer's certificate"),
    "certificate_sha1": _("Signer's certificate (SHA-1)"),
    "certificate_sha256": _("Signer's certificate (SHA-256)"),
    "note": _("Note of the feed"),
    "installer": _("Installed by"),
    "key": _("Signing key"),
    "signs": _("Signs found"),
    "root": _("The app says rooted"),
    "build": _("System build"),
    "encrypted": _("Storage encrypted"),
    "screen_lock": _("Screen lock set"),
    "developer_options": _("Developer options on"),
    "adb": _("USB debugging on"),
    "os_version": _("System version"),
    "security_patch": _("Security patch of"),
    "minimum": _("Oldest accepted"),
    "reported_by": _("Reported by"),
    "version": _("Version"),
}
"""Names of the facts that stand in evidence."""

DETECTORS: Final[Mapping[str, Promise]] = {
    **check_words.DETECTORS,
    "simulation": _("An administrator's test"),
    "web": _("Web content"),
    "apps": _("Applications"),
    "device": _("Device and settings"),
    "named_apps": _("Names of applications"),
    "report": _("Reading the report"),
}
_YES_NO: Final = {"true": _("yes"), "false": _("no"), "not reported": _("not reported")}


def text_of(code: str) -> Text:
    """Return title, description and mend of a classification; unknown codes are an error of ours (KeyError)."""
    texts = CLASSIFICATIONS[code].text
    return texts.get(_language(), texts[ENGLISH])


def title_of(code: str) -> str:
    """Return the title of a classification; a code that is none is shown as it is."""
    return text_of(code).title if code in CLASSIFICATIONS else code


def title_of_reason(reason: Mapping[str, Any]) -> str:
    """Return the title of the threat behind a reason of a state; a test threat is called one."""
    title = title_of(str(reason.get("subject", "")))
    if reason.get("key") != SIMULATED:
        return title
    return gettext("%(title)s (simulated)") % {"title": title}


def codes_called(word: str) -> list[str]:
    """List the classifications whose title in the reader's language holds WORD: people search for what they read."""
    wanted = word.casefold()
    return [code for code in CLASSIFICATIONS if wanted in text_of(code).title.casefold()]


def summary_of(threat: Threat) -> str:
    """Tell what was found in the reader's language; the stored English words where no sentence fits."""
    if threat.simulated:
        return gettext("A test threat: nothing is wrong with the phone.")
    return summaries.summary_in(_language(), evidence_of(threat.evidence)) or threat.summary


def sentence_of(finding: Finding) -> str:
    """Tell a finding in the reader's language; its English words where no sentence fits."""
    return summaries.summary_in(_language(), finding.evidence) or finding.summary


def known_text(code: str) -> Text | None:
    """Return what `text_of` returns, None for a code that is no classification."""
    return text_of(code) if code in CLASSIFICATIONS else None


def evidence_of(stored: Iterable[Mapping[str, Any]]) -> list[Evidence]:
    """Read evidence as it is stored with a threat."""
    return [
        Evidence(str(item["fact"]), str(item["value"]), str(item["rule"]), item.get("source"))
        for item in stored
    ]


def rule_words(rule: str) -> str:
    """Say what a rule asks for."""
    return str(RULES.get(rule, rule))


def fact_words(fact: str) -> str:
    """Name a fact."""
    return str(FACTS.get(fact, fact.replace("_", " ")))


def value_words(value: str, fact: str = "") -> str:
    """Write the value of a fact; yes, no and codes in words."""
    return str(_YES_NO.get(value) or terms.told(fact, value, _language()))


def detector_words(label: str) -> str:
    """Name a detector or a rule by which a device was judged: `apps/1`, `apps` or `device.screen_lock`."""
    name, _slash, version = label.partition("/")
    if name in RULES:
        return rule_words(name)
    words = str(DETECTORS.get(name, name))
    return (
        gettext("%(check)s, version %(version)s") % {"check": words, "version": version} if version else words
    )


def _language() -> str:
    return (translation.get_language() or ENGLISH)[:2]

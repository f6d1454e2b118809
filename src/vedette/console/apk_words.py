"""Words about files of applications: rules, facts of evidence, and what is told of a file on the page of a scan."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from vedette_facts.apk import ApkFacts, Signatures
from vedette_facts.ios.ipa import IpaFacts

RULES: Final[Mapping[str, Promise]] = {
    "apk.signature": _("Files of apps should be signed in a way that Android accepts"),
    "apk.old_signature": _("Files of apps should have a newer signature than v1"),
    "apk.debug_key": _("Files of apps should not be signed with the key of a development tool"),
    "apk.weak_key": _("Files of apps should be signed with a key that cannot be broken"),
    "apk.janus": _("Nothing should stand before the archive of an app"),
    "apk.indicators": _("What is in a file is compared with the threat intelligence"),
    "apk.trackers": _("Code of trackers is compared with the lists of trackers"),
    "apk.rule": _("Files of apps are looked at with your organisation's file rules"),
    "apk.deceives": _("Files of apps should not be built to deceive"),
    "ipa.way": _("iOS apps should come from the App Store or your organisation"),
    "apk.inside": _("Apps should carry no programs where Android does not look for them"),
}
FACTS: Final[Mapping[str, Promise]] = {
    "signature_problem": _("Signature"),
    "versions": _("Versions of Android"),
    "detail": _("In detail"),
    "schemes": _("Signature schemes"),
    "subject": _("Name in the certificate"),
    "trackers": _("Trackers"),
    "code": _("Code"),
    "rule": _("Rule"),
    "place": _("Found in"),
    "description": _("What the rule says"),
    "reference": _("Reference"),
    "tricks": _("Tricks"),
    "entry": _("Entry"),
    "programs": _("Programs"),
    "program": _("Program"),
    "opaque": _("Looks encrypted"),
    "way": _("How it comes to phones"),
    "team": _("Team"),
    "until": _("Valid until"),
}


def rows(apks: Sequence[ApkFacts]) -> Iterator[tuple[str, object]]:
    """Give what is told of a file, and of the first part where there are several."""
    if not apks:
        return
    facts, app = apks[0], apks[0].app
    if app is not None:
        yield gettext("App"), app.name or app.package
        yield gettext("Package name"), app.package
        yield gettext("Version"), app.version or gettext("not told")
        manifest = app.manifest
        if manifest is not None and manifest.min_sdk and manifest.target_sdk:
            yield gettext("Made for (API level)"), f"{manifest.min_sdk}\u2013{manifest.target_sdk}"
    if len(apks) > 1:
        yield gettext("File (SHA-256)"), facts.sha256
    yield gettext("Signatures"), signatures(facts.signatures)
    for signer in facts.signatures.signers[:3]:
        yield gettext("Signed by"), signer.subject or signer.sha256
    yield gettext("Classes"), facts.class_count
    if len(apks) > 1:
        yield gettext("Parts"), ", ".join(part.split or gettext("base") for part in apks)


def ios_rows(ipas: Sequence[IpaFacts]) -> Iterator[tuple[str, object]]:
    """Give what is told of a file of an iOS application."""
    for facts in ipas:
        if facts.app is not None:
            yield gettext("App"), facts.app.name or facts.app.package
            yield gettext("Bundle ID"), facts.app.package
            yield gettext("Version"), facts.app.version or gettext("not told")
        if facts.profile is not None:
            yield gettext("Profile"), facts.profile.name
            yield gettext("Team"), facts.profile.team


def signatures(found: Signatures) -> str:
    """Say which schemes are there, and which of them do not verify."""
    told = [
        check.scheme if check.verifies else gettext("%(scheme)s (does not verify)") % {"scheme": check.scheme}
        for check in found.schemes
    ]
    return ", ".join(told) or gettext("not signed")

"""A file of an iOS application: known to feeds by bundle ID, signer or file, and its way past the App Store."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from vedette.detection import apps, organisation
from vedette.detection.detector import Context, found
from vedette.detection.labels import app_label
from vedette.verdict.findings import Evidence, Observation
from vedette_facts.ios.ipa import IpaFacts
from vedette_facts.report import AgentFacts, DeviceFacts, Facts

LABEL: Final = "ipa/1"
WAY: Final = "ipa.way"


def judge_ipa(facts: IpaFacts, context: Context) -> list[Observation]:
    """Judge one file; answers *failed* only: a file proves nothing about a phone."""
    app = facts.app
    # nothing here proves that a profile comes from Apple, nor that the code is its signer's
    context = replace(context, lists=context.lists.without_allowed_signers())
    if app is None or context.lists.allows(app):
        return []
    phone = Facts(
        device=DeviceFacts(platform="IOS", manufacturer="Apple", model="", os_version="-"),
        agent=AgentFacts(version="-"),
        apps=[app],
    )
    answers = [
        *apps.judge(phone, context),
        *organisation.judge(phone, context),
        *_way(facts, app_label(app), app.package, context.today),
    ]
    return [
        replace(answer, finding=replace(answer.finding, detector=LABEL))
        for answer in answers
        if answer.finding is not None
    ]


def _way(facts: IpaFacts, label: str, key: str, today: dt.date | None) -> Iterator[Observation]:
    """An application with a profile of its own was never seen by Apple's review."""
    profile = facts.profile
    if profile is None or profile.way == "app_store":
        return
    over = today is not None and bool(profile.expires) and profile.expires < today.isoformat()
    yield found(
        "NON_APP_STORE_SIGNER",
        f"signer:{key}",
        (
            Evidence("app", label, WAY),
            Evidence("way", f"ipa_{profile.way}", WAY),
            Evidence("team", f"{profile.team} ({profile.team_id})", WAY),
            Evidence("profile", profile.name, WAY),
            Evidence("until", profile.expires + (" \u2717" if over else ""), WAY),
            *(Evidence("subject", signer.subject, WAY) for signer in profile.signers),
            *(Evidence("certificate", signer.sha256, WAY) for signer in profile.signers),
        ),
    )

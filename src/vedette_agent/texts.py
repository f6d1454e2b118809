"""What the agent tells a person in a terminal: short, plain, with the next step."""

import datetime as dt

from vedette_agent.web import Checked
from vedette_facts.collected import NEVER, Fate, groups
from vedette_facts.privacy import Collect
from vedette_facts.protocol import Activated, CheckInAnswer, DeviceStatus, Waiting
from vedette_facts.web_protocol import ResolverAnswer

_STATES = {
    "pending": "waiting for its first assessment",
    "secured": "secured: no threat found",
    "low": "at LOW risk",
    "medium": "at MEDIUM risk",
    "high": "at HIGH risk",
    "misconfigured": "not fully protected: a permission or profile is missing",
    "disconnected": "disconnected: it was silent for too long",
    "deactivated": "no longer protected by your organisation",
}


def activated(answer: Activated) -> list[str]:
    """Lines for an activated phone."""
    return [
        "This phone is activated.",
        f"  Device {answer.device_id}, bound by: {answer.binding}.",
        "Next: send the first report with  vedette-agent check-in",
    ]


def waiting(answer: Waiting) -> list[str]:
    """Lines for a phone that has an identity but is not activated yet."""
    if answer.reason == "not_in_enrollment_group":
        first = f"You are not in an enrollment group yet: {answer.message}"
        last = "Once your administrator has added you, run  vedette-agent enroll  again (no code needed)."
    else:
        first = f"Your activation waits: {answer.message}"
        last = "Run  vedette-agent enroll  again later (no code needed)."
    return [first, "This phone keeps its identity and its place.", last]


def accepted(count: int, answer: CheckInAnswer) -> list[str]:
    """Lines after a check-in that went through."""
    first = "Report accepted." if count == 1 else f"{count} reports accepted, oldest first."
    lines = [first, *state(answer.state)]
    skew = answer.clock_skew_seconds
    if abs(skew) >= 60:  # noqa: PLR2004 - below a minute nobody needs to set a clock
        lines.append(f"This phone's clock is off by {duration(abs(skew))}; the service allows for it.")
    lines.append(f"Next report is expected within {duration(answer.check_in_seconds)}.")
    return lines


def state(status: DeviceStatus) -> list[str]:
    """Lines for the phone's state: blocked or not, each threat with how to fix it."""
    lines = [f"This phone is {_STATES.get(status.state, status.state)}."]
    if status.blocked:
        lines.append("Access to your organisation's apps and mail is BLOCKED until this is fixed.")
    for number, threat in enumerate(status.threats, 1):
        lines += [
            "",
            f"  {number}. {threat.title} (risk: {threat.risk.lower()})",
            f"     {threat.summary}",
            f"     How to fix it: {threat.mend}",
        ]
    if status.threats:
        lines += ["", "Fixed it? Tell the service now with  vedette-agent check-in"]
    return lines


def collected(asked: Collect, language: str) -> list[str]:
    """Lines of what is collected, by group, each with what becomes of it where it is not simply kept."""
    french = language == "fr"
    fates: dict[Fate, str] = {
        "kept": "",
        "matched": "comparé, puis effacé" if french else "matched, then dropped",
        "none": "non collecté" if french else "not collected",
        "hashed": "sous forme d'empreinte" if french else "as a hash",
    }
    lines = []
    for group in groups():
        lines += [group.title.in_language(language), f"  {group.why.in_language(language)}"]
        for field in group.fields:
            fate = fates[field.fate(asked)]
            lines.append(f"  - {field.words.in_language(language)}{f' ({fate})' if fate else ''}")
        lines.append("")
    lines.append("Jamais collecté" if french else "Never collected")
    return lines + [f"  - {words.in_language(language)}" for words in NEVER]


def offline(reason: str, queued: int, retry_at: dt.datetime | None) -> list[str]:
    """Lines when the service could not be asked."""
    kept = {
        0: "Nothing was lost.",
        1: "Your report is kept on this phone with its time and will be sent first.",
    }.get(queued, f"{queued} reports are kept on this phone with their times and will be sent in order.")
    when = f"Try again after {retry_at:%H:%M:%S} UTC:" if retry_at else "Try again when you are online:"
    return [reason, kept, f"{when}  vedette-agent check-in"]


def last_known(status: DeviceStatus | None, at: dt.datetime | None) -> list[str]:
    """Lines with what the service said last, before it could not be asked any more."""
    if status is None or at is None:
        return []
    return ["", f"Last known, {at:%Y-%m-%d %H:%M} UTC:", *state(status)]


def duration(seconds: float) -> str:
    """Seconds as a person says them: `45 s`, `5 minutes`, `4 hours`, `3 days`."""
    for size, word in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = round(seconds / size)
            return f"{count} {word}{'s' if count != 1 else ''}"
    return f"{round(seconds)} s"


_OUTCOMES = {
    "blocked": "DANGEROUS",
    "suspicious": "suspicious",
    "clean": "nothing is known against it, which proves nothing",
    "allowed": "allowed by your organisation",
}


def checked(result: Checked) -> list[str]:
    """Lines for a link, a text or a code that was checked."""
    lines = []
    for link in result.answer.links:
        lines.append(f"{link.address}: {_OUTCOMES.get(link.outcome, link.outcome)}")
        if link.why or link.title:
            lines.append(f"  {link.title}. {link.why}".rstrip())
        if link.stopped:
            lines.append("  Do not open it. Tell your administrator if you need it.")
    if not lines:
        lines.append("There is no link in it.")
    if result.asked and not result.told:
        lines.append(f"The link stayed on this phone; asked for: {', '.join(result.asked)}.")
    return lines


def resolver(answer: ResolverAnswer) -> list[str]:
    """Lines for the phone's resolver; its addresses where they were made just now."""
    lines = ["Web protection is on." if answer.on else "Your organisation has not turned web protection on."]
    if answer.https:
        lines += [
            "This phone's addresses (shown once, nobody else may know them):",
            f"  DNS over HTTPS: {answer.https}",
            f"  Private DNS (Android): {answer.tls_host or 'not offered here'}",
            f"  Profile (iOS): {answer.profile}",
        ]
    elif answer.made_at is None:
        lines.append("This phone has no address at the resolver. Make one: vedette-agent resolver make")
    if answer.paused_until:
        lines.append(f"Paused until {answer.paused_until:%H:%M} UTC; it resumes by itself.")
    return lines

"""Reading invitation mails as a person does: whose is it, which phone does it mean, what is the code. Pure."""

import html
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from vedette_lab.fleet.life import Profile

CODE = re.compile(r"(?<![0-9A-Z-])[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}(?![0-9A-Z-])")
_TAGS = re.compile(r"<[^>]+>")


@dataclass(frozen=True)
class Owned:
    """A phone in the hands of a person. `managed`: the MDM told its app which device of Entra it runs on."""

    profile: Profile
    device_id: str
    upn: str
    name: str
    managed: bool = False


def code_in(mail: Mapping[str, Any]) -> str | None:
    """Find the activation code, None in a mail that is no invitation."""
    found = CODE.search(_words(mail))
    return found[0] if found else None


def recipients(mail: Mapping[str, Any]) -> set[str]:
    """Name the addresses that got it, in lower case."""
    named = mail.get("recipients") or mail.get("to") or []
    return {str(address).lower() for address in ([named] if isinstance(named, str) else named)}


def phone_meant(mail: Mapping[str, Any], candidates: Iterable[Owned]) -> Owned | None:
    """Choose the phone that the mail names best among its recipients' phones; None when they have none."""
    words, people = _words(mail), recipients(mail)
    theirs = [phone for phone in candidates if phone.upn.lower() in people]
    return max(theirs, key=lambda phone: _likeness(words, phone), default=None)


def _likeness(words: str, phone: Owned) -> int:
    """Weigh what a mail may say of a phone: its ID surely, its name nearly so, its model, its system."""
    system = "Android" if phone.profile.platform == "ANDROID" else "iOS"
    said = (
        (8, phone.device_id),
        (4, phone.name),
        (2, phone.profile.model),
        (1, system),
    )
    return sum(weight for weight, text in said if text and text in words)


def _words(mail: Mapping[str, Any]) -> str:
    text = str(mail.get("text") or "")
    page = html.unescape(_TAGS.sub(" ", str(mail.get("html") or "")))
    return f"{mail.get('subject') or ''}\n{text or page}"

"""Pure: what the person of a phone reads in Company Portal, in English and French, and nothing that is secret.

A title holds 50 characters and a text 200, which every platform shows whole; the app itself says more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from vedette.verdict.classifications import CLASSIFICATIONS
from vedette.verdict.states import DeviceState

TITLE: Final = 50
BODY: Final = 200
SIMULATED: Final = "simulated"

_TITLES: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "blocked": "Company data is blocked on this phone",
        "test": "Test: company data is blocked on this phone",
        "recovered": "Company data is available again",
    },
    "fr": {
        "blocked": "Données de l’entreprise bloquées",  # noqa: RUF001 - French writes its apostrophe so
        "test": "Test : données de l’entreprise bloquées",  # noqa: RUF001 - as above
        "recovered": "Données de l’entreprise de nouveau accessibles",  # noqa: RUF001 - as above
    },
}
_BODIES: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "threat": "{title}. {mend}",
        "silent": "The protection app has not reported for too long. Open it on this phone, and access returns.",
        "other": "The protection app found a problem. Open it on this phone: it says what to do.",
        "recovered": "{organisation}: the problem is over. If an app still refuses, open it again in some minutes.",
    },
    "fr": {
        "threat": "{title}. {mend}",
        "silent": "Cette application de protection est silencieuse depuis trop longtemps. Ouvrez-la sur ce téléphone "
        "pour retrouver votre accès.",
        "other": "Un problème a été trouvé. Ouvrez votre application de protection sur ce téléphone : elle indique que "
        "faire.",
        "recovered": "{organisation} : le problème est résolu. Si une application refuse encore, rouvrez-la dans "
        "quelques minutes.",
    },
}


@dataclass(frozen=True)
class Notification:
    """What Company Portal shows."""

    title: str
    body: str


def compose(
    told: str, reasons: Sequence[Mapping[str, Any]], organisation: str, language: str, *, blocked: bool
) -> Notification:
    """Write the notification of a phone that is blocked, with the true reason, or is no longer."""
    known = "fr" if language.split("-", maxsplit=1)[0].lower() == "fr" else "en"
    titles, bodies = _TITLES[known], _BODIES[known]
    if not blocked:
        return _cut(titles["recovered"], bodies["recovered"].format(organisation=organisation))
    worst = next((each for each in reasons if each.get("subject") in CLASSIFICATIONS), None)
    if told == DeviceState.DISCONNECTED:
        return _cut(titles["blocked"], bodies["silent"])
    if worst is None:
        return _cut(titles["blocked"], bodies["other"])
    words = CLASSIFICATIONS[str(worst["subject"])].words(known)
    title = titles["test" if worst.get("key") == SIMULATED else "blocked"]
    return _cut(title, bodies["threat"].format(title=words.title, mend=words.mend))


def _cut(title: str, body: str) -> Notification:
    return Notification(_within(title, TITLE), _within(body, BODY))


def _within(text: str, most: int) -> str:
    """Cut at a word, with an ellipsis."""
    if len(text) <= most:
        return text
    return text[: most - 1].rsplit(" ", maxsplit=1)[0].rstrip(" .,;:") + "…"

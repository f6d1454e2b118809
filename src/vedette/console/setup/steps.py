"""Where somebody stands in the wizard: the draft itself says it, so it can be left and taken up again."""

from __future__ import annotations

from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from vedette.console.setup.place import Place
from vedette.tenants.models import AppRegistration

TITLES: Final = (
    ("application", _("Application"), _("Make the registration in Entra and enter its ID")),
    ("credential", _("Credential"), _("Certificate, federated credential or secret")),
    ("test", _("Test"), _("Does Entra give a token for it?")),
    ("start", _("Consent and start"), _("Grant the permissions, then put it in force")),
)


def current(draft: AppRegistration) -> str:
    """Return the first step that is not done."""
    return next(name for name, done in _done(draft).items() if not done)


def entries(place: Place, draft: AppRegistration, shown: str) -> list[dict[str, Any]]:
    """Return the steps for the kit's guided list; done ones and the next can be opened."""
    done, now = _done(draft), current(draft)
    rows = []
    for name, title, text in TITLES:
        reachable = name != shown and (done[name] or name == now)
        rows.append(
            {
                "title": title,
                "text": text,
                "state": "current" if name == shown else "done" if done[name] else "waiting",
                "href": place.url(name) if reachable else "",
                "action": _("Change") if done[name] else _("Continue"),
            }
        )
    return rows


def _done(draft: AppRegistration) -> dict[str, bool]:
    identified = draft.client_id is not None
    return {
        "application": identified,
        "credential": identified and bool(draft.kind),
        "test": identified and bool(draft.kind) and bool(draft.trial.get("token")),
        "start": False,
    }

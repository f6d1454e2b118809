"""What a failed test of a registration means, and what to do about it, in the words of the wizard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from vedette.foundation.graph_errors import advice_for_code

_FEDERATED: Final = _(
    "In Entra, App registrations > the application > Certificates & secrets > Federated credentials: compare issuer, "
    "subject and audience with those of the step before, letter by letter, also capitals and a slash at the end."
)
_REGISTER_AGAIN: Final = _("Correct it in the step “Application”, then test again.")

ADVICE: Final[Mapping[str, tuple[Promise, Promise]]] = {
    "90002": (
        _("This cloud knows no tenant with the account's Entra tenant ID."),
        _(
            "Choose the right cloud in the step “Application”. If it is right, the account was made with a wrong ID."
        ),
    ),
    "700016": (
        _("This tenant has no application with this ID."),
        _(
            "Copy “Application (client) ID” from the registration's overview once more, and see that the registration "
            "was made in this tenant and cloud."
        ),
    ),
    "700038": (_("This is no application ID."), _REGISTER_AGAIN),
    "7000229": (
        _("The application is registered, but not present in this tenant."),
        _("A Global Administrator gives consent first: go to the next step."),
    ),
    "7000215": (
        _("The secret is not one of this application's."),
        _(
            "Copy the column “Value” (it is shown only once, right after it was made), not “Secret ID”. If it is "
            "gone, make a new secret."
        ),
    ),
    "7000222": (_("The secret has expired."), _("Make a new one in Entra and enter it in the step before.")),
    "700027": (
        _("The certificate is not registered with this application, or has ended."),
        _(
            "Upload the certificate of the step before under Certificates & secrets > Certificates and compare the "
            "thumbprint. A fresh upload can take a minute to count."
        ),
    ),
    "700024": (
        _("The proof is not valid at this time: clocks differ, or the platform's token has ended."),
        _(
            "Set this server's clock. For a federated credential look whether the platform renews the token file."
        ),
    ),
    "700211": (_("No federated credential of this application has the token's issuer."), _FEDERATED),
    "700212": (_("No federated credential of this application has the token's audience."), _FEDERATED),
    "700213": (_("No federated credential of this application has the token's subject."), _FEDERATED),
    "7002138": (
        _("The subject differs from that of the federated credential in capitals only."),
        _FEDERATED,
    ),
    "50013": (
        _("The signature of the platform's token does not fit the keys that its issuer publishes."),
        _("See that the issuer's address can be reached from the internet and publishes its present keys."),
    ),
    "500011": (
        _("The tenant does not know Microsoft Graph under the address of this cloud."),
        _("Choose the right cloud in the step “Application”."),
    ),
    "not_configured": (
        _("There is nothing to prove the application with."),
        _("Choose a credential in the step before; of a token file the operator says where it is."),
    ),
}


def explain(problem: Mapping[str, Any]) -> dict[str, Any]:
    """Return what happened, why and what to do for a problem that `trial.look` found; empty for none."""
    if not problem:
        return {}
    code = str(problem.get("code", ""))
    known = ADVICE.get(code)
    other = advice_for_code(code)
    return {
        "why": known[0] if known else other.explanation,
        "next_step": known[1] if known else other.next_step,
        **{name: problem.get(name, "") for name in ("name", "message", "trace_id", "correlation_id")},
    }

"""What goes wrong with Entra and Graph, in words an administrator can act on.

Branch on `status` and `code`, never on texts: Microsoft changes them (reference: microsoft.md 2.10, 3.5).
"""

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _


@dataclass(frozen=True)
class Advice:
    """Why it happened and what to do; English, translated when it is shown."""

    explanation: str
    next_step: str


_WAIT: Final = _("Nothing to do: the service tries again by itself.")
_CONSENT: Final = _("A Global Administrator opens the consent link again and accepts.")
_SECRET: Final = _("The operator renews the application's certificate or secret and restarts the service.")
_REPORT: Final = _("Report this with the request ID: the service asked for something Graph does not know.")

# reference: microsoft.md 2.10
GRAPH: Final = {
    "InvalidAuthenticationToken": Advice(
        _("Microsoft Graph does not accept the service's token."),
        _("The next try takes a new token. If it stays, check the clock of this machine and the consent."),
    ),
    "Authorization_RequestDenied": Advice(
        _("The service lacks a permission in this tenant, or consent has been withdrawn."), _CONSENT
    ),
    "Request_ResourceNotFound": Advice(
        _("The directory no longer holds this object."),
        _("Check whether it was deleted in Entra; the next poll takes it up."),
    ),
    "Request_BadRequest": Advice(_("Microsoft Graph could not read the request."), _REPORT),
    "Request_UnsupportedQuery": Advice(_("Microsoft Graph does not support this query here."), _REPORT),
    "Directory_QuotaExceeded": Advice(
        _("The tenant's directory is full: its quota of objects is used up."),
        _("A Global Administrator removes deleted objects for good or asks Microsoft for a larger quota."),
    ),
    "activityLimitReached": Advice(_("The tenant has reached Microsoft's limit of calls."), _WAIT),
    "TooManyRequests": Advice(_("The tenant has reached Microsoft's limit of calls."), _WAIT),
    "serviceNotAvailable": Advice(_("Microsoft Graph is not available at the moment."), _WAIT),
    "resyncRequired": Advice(_("Microsoft Graph asks for a complete new listing."), _WAIT),
    "syncStateNotFound": Advice(
        _("Microsoft Graph has forgotten where the last listing ended; a complete one follows."), _WAIT
    ),
    "unreachable": Advice(
        _("Microsoft Graph cannot be reached."),
        _("Check this machine's network, name resolution and firewall. The service tries again by itself."),
    ),
    "refused": Advice(
        _("The address set for Microsoft Graph lies inside a private network, so it is not called."),
        _("The operator checks VEDETTE_GRAPH_URL, or sets VEDETTE_ALLOW_PRIVATE_ADDRESSES."),
    ),
    "circuit_open": Advice(
        _("Microsoft Graph has not answered several times in a row, so it is left alone for a while."), _WAIT
    ),
    "unanswered": Advice(_("Microsoft Graph answered other requests, but not this one."), _WAIT),
    "timeout": Advice(_("Microsoft Graph did not answer in time."), _WAIT),
    "unreadable": Advice(
        _("The answer did not come from Microsoft Graph or was cut off."),
        _("Check whether a proxy on the way answers in its place."),
    ),
}

_BY_STATUS: Final = {
    HTTPStatus.BAD_REQUEST: "Request_BadRequest",
    HTTPStatus.UNAUTHORIZED: "InvalidAuthenticationToken",
    HTTPStatus.FORBIDDEN: "Authorization_RequestDenied",
    HTTPStatus.NOT_FOUND: "Request_ResourceNotFound",
    HTTPStatus.GONE: "resyncRequired",
    HTTPStatus.TOO_MANY_REQUESTS: "TooManyRequests",
}

# reference: microsoft.md 3.5; the numbers are those of AADSTS codes
ENTRA: Final = {
    "7000215": Advice(_("The application's secret is wrong."), _SECRET),
    "7000222": Advice(_("The application's secret has expired."), _SECRET),
    "7000112": Advice(
        _("The application has been disabled in this tenant."),
        _("An administrator enables it again under Enterprise applications."),
    ),
    "700027": Advice(_("The application's certificate is not registered with it, or has expired."), _SECRET),
    **dict.fromkeys(
        ("700211", "700212", "700213", "7002138", "50013"),
        Advice(
            _("The platform's token does not fit the application's federated credential."),
            _(
                "Compare issuer, subject and audience in Entra with those that the wizard shows (Connectors > Intune > "
                "Access), letter by letter."
            ),
        ),
    ),
    "700024": Advice(
        _("The proof signed with the certificate is not valid at this time."),
        _("The operator sets the clock of this machine."),
    ),
    "500011": Advice(
        _("The tenant does not know the resource that a token was asked for."),
        _("The operator checks VEDETTE_GRAPH_URL against the tenant's cloud."),
    ),
    "700038": Advice(
        _("The application ID is not one Entra knows."),
        _("The operator checks VEDETTE_CLIENT_ID."),
    ),
    "700016": Advice(_("The application is not present in this tenant: consent is missing."), _CONSENT),
    "70003": Advice(
        _("Entra does not accept this kind of sign-in for the application."),
        _("The operator checks the application's registration."),
    ),
    "90002": Advice(
        _("Entra knows no tenant with this ID."),
        _("Check the tenant ID: Entra shows it on the overview page."),
    ),
    "65001": Advice(_("Nobody has consented to the application in this tenant."), _CONSENT),
    "65004": Advice(_("The person declined the consent."), _CONSENT),
    "50105": Advice(
        _("The person is not assigned to the application."),
        _("An administrator assigns the person or their group under Enterprise applications."),
    ),
    "50011": Advice(
        _("The address to return to is not registered with the application."),
        _("The operator adds the service's address to the redirect URIs of the application."),
    ),
    "53003": Advice(
        _("A conditional-access rule of the tenant blocks this sign-in."),
        _("An administrator finds the rule in Entra's sign-in logs by the correlation ID."),
    ),
    "53000": Advice(
        _("The tenant's conditional access asks for a compliant device, and this one is not."),
        _("Sign in from a compliant device, or mend what makes this one noncompliant."),
    ),
    "50076": Advice(
        _("The tenant asks for a second factor."),
        _("Sign in again and complete the second factor."),
    ),
    "unreachable": Advice(
        _("Entra's sign-in service cannot be reached."),
        _("Check this machine's network, name resolution and firewall. The service tries again by itself."),
    ),
    "not_configured": Advice(
        _("The service has no application to sign in to Microsoft with."),
        _("The operator sets VEDETTE_CLIENT_ID and a certificate or secret; `vedette doctor` checks them."),
    ),
}

_OTHER_GRAPH: Final = Advice(_("Microsoft Graph refused the request or failed."), _WAIT)
_OTHER_ENTRA: Final = Advice(
    _("Entra refused to issue a token."),
    _("Look the code up at Microsoft and search Entra's sign-in logs for the correlation ID."),
)


class GraphError(Exception):
    """Graph answered with an error, or not at all (status 0).

    `code` is Graph's own, or "unreachable", "refused", "timeout" or "unreadable". `retry_after` is how
    many seconds Graph asks to wait, None when it says nothing.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        request_id: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"Graph: {status or 'no answer'} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.request_id = request_id
        self.retry_after = retry_after

    @property
    def advice(self) -> Advice:
        """What is known about this error."""
        return GRAPH.get(self.code) or GRAPH.get(self._code_of_status(), _OTHER_GRAPH)

    @property
    def explanation(self) -> str:
        """Why it happened, in the current language."""
        return gettext(self.advice.explanation)

    @property
    def next_step(self) -> str:
        """What to do, in the current language."""
        return gettext(self.advice.next_step)

    def _code_of_status(self) -> str:
        if self.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return "serviceNotAvailable"
        try:
            return _BY_STATUS.get(HTTPStatus(self.status), "")
        except ValueError:
            return ""


class TokenError(Exception):
    """Entra issued no token.

    `code` is the number of the AADSTS code as text, or "unreachable" or "not_configured", or OAuth's error
    word when Entra gave no number. `trace_id` and `correlation_id` find the attempt in Entra's logs. With
    "circuit_open" Entra was not asked; it will be in `retry_after` seconds.
    """

    retry_after: float | None = None

    def __init__(self, code: str, description: str, trace_id: str = "", correlation_id: str = "") -> None:
        self.code = code
        self.description = _without_ids(description)
        self.trace_id = trace_id
        self.correlation_id = correlation_id
        super().__init__(self.description)

    @property
    def name(self) -> str:
        """The code as Microsoft's documents write it."""
        return f"AADSTS{self.code}" if self.code.isdigit() else self.code

    @property
    def advice(self) -> Advice:
        """What is known about this error."""
        return advice_for_code(self.code)

    @property
    def explanation(self) -> str:
        """Why it happened, in the current language."""
        return gettext(self.advice.explanation)

    @property
    def next_step(self) -> str:
        """What to do, in the current language."""
        return gettext(self.advice.next_step)


def advice_for_code(code: str) -> Advice:
    """Return what is known about an AADSTS number, however it is written; also for sign-in pages."""
    return ENTRA.get(code.upper().removeprefix("AADSTS"), ENTRA.get(code, _OTHER_ENTRA))


def _without_ids(description: str) -> str:
    """Cut "Trace ID: … Correlation ID: … Timestamp: …", which have their own fields."""
    return re.split(r"\s*Trace ID:", description, maxsplit=1)[0].strip()

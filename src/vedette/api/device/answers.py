"""Answers of the protocol: JSON, and errors in words a person can act on."""

from typing import Any, Final

import msgspec
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from vedette.api.http import Answer, Headers
from vedette_facts.protocol import ERROR_STATUS, ErrorAnswer

_WORDS: Final[dict[str, tuple[Any, Any]]] = {
    "malformed": (
        _("The message could not be read."),
        _("Update the app. If that does not help, give this text to your administrator."),
    ),
    "bad_signature": (
        _("The signature of the message does not fit."),
        _("Enrol this phone again with a new activation code."),
    ),
    "unknown_key": (
        _("This phone's key is not known here: the device was deleted, or this is another server."),
        _("Ask your administrator for a new activation code and enrol again."),
    ),
    "stale_request": (
        _("The message is too old, or the phone's clock has jumped."),
        _("Set the phone's clock, check in, then ask again."),
    ),
    "wrong_audience": (
        _("The message was made for another server."),
        _("Enrol with the server address that stands in your invitation."),
    ),
    "unknown_code": (
        _("This activation code is not known."),
        _("Check the code against your invitation, or ask your administrator for a new one."),
    ),
    "unknown_device": (
        _("Your organisation's directory does not hold this device as the app describes it."),
        _("Ask your administrator which phone is registered for you, or for an activation code."),
    ),
    "unknown_organisation": (
        _("Your organisation does not use this service."),
        _("Sign in with your work account, or enrol with an activation code."),
    ),
    "sign_in_refused": (
        _("Your sign-in is not accepted."),
        _("Sign in again on this phone. If it stays so, ask your administrator for an activation code."),
    ),
    "way_not_allowed": (
        _("Your organisation does not activate phones this way."),
        _("Ask your administrator for an activation code, or which way is open."),
    ),
    "facts_needed": (
        _("The service does not hold the facts that this report refers to."),
        _("The app sends the whole report next; nothing is to be done."),
    ),
    "sequence_reused": (
        _("A different report with this number is here already, or a later one."),
        _("The app counts on from the number in last_sequence; nothing is to be done."),
    ),
    "expired_code": (
        _("This activation code has expired or was withdrawn."),
        _("Ask your administrator for a new one."),
    ),
    "used_code": (
        _("This activation code has been used already."),
        _("Ask your administrator for a new one."),
    ),
    "retired_identity": (
        _("This phone's identity was retired: it was enrolled again or deactivated."),
        _("Ask your administrator for a new activation code and enrol again."),
    ),
    "too_large": (
        _("The message is larger than 1 MiB."),
        _("Give this text to your administrator; the report is set aside."),
    ),
    "unsupported_media_type": (
        _("The message must have the content type application/jose."),
        _("Update the app."),
    ),
    "busy": (_("The service is busy."), _("The app tries again by itself in a moment.")),
    "unavailable": (
        _("The service cannot answer at the moment."),
        _("The app tries again by itself in a few minutes."),
    ),
    "not_found": (
        _("There is nothing at this address."),
        _(
            "The device protocol knows /device/v1/enroll, /device/v1/check-in, /device/v1/status and "
            "/device/v1/sign-in."
        ),
    ),
    "method_not_allowed": (_("Only POST is possible here."), _("Send the message with POST.")),
}
_OTHER_STATUS: Final = {"not_found": 404, "method_not_allowed": 405}


class ProblemError(Exception):
    """Ends a request with an error of the protocol; `message` replaces the usual words where given."""

    def __init__(
        self,
        code: str,
        message: str = "",
        *,
        last_sequence: int | None = None,
        retry_after: int | None = None,
        allow: str = "POST",
    ) -> None:
        super().__init__(code)
        self.allow = allow
        self.code = code
        self.message = message
        self.last_sequence = last_sequence
        self.retry_after = retry_after


def good(status: int, body: msgspec.Struct) -> Answer:
    """Answer with a message of the protocol."""
    return Answer(status, msgspec.json.encode(body))


def bad(problem: ProblemError, language: str) -> Answer:
    """Answer with an error: what happened, and what to do."""
    what, next_step = _WORDS[problem.code]
    with translation.override(language):
        error = ErrorAnswer(
            error=problem.code,
            message=problem.message or str(what),
            next_step=str(next_step),
            last_sequence=problem.last_sequence,
        )
    status = ERROR_STATUS.get(problem.code) or _OTHER_STATUS[problem.code]
    headers: Headers = []
    if problem.retry_after is not None:
        headers.append((b"retry-after", str(problem.retry_after).encode()))
    if status == _OTHER_STATUS["method_not_allowed"]:
        headers.append((b"allow", problem.allow.encode()))
    return Answer(status, msgspec.json.encode(error), headers=headers)

"""What goes wrong with destinations: codes with their meaning, recorded once for all on the page of errors."""

import uuid
from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext_noop as _

from vedette.connectors import errors
from vedette.connectors.destination_kinds import Sent
from vedette.connectors.destination_models import DeadLetter, Destination
from vedette.connectors.errors import LASTING, Advice, Problem
from vedette.foundation import database

DEAD_LETTER: Final = "dead_letter"
_WAITS: Final = _("Events wait and are told in order as soon as it answers; nothing is lost meanwhile.")
ADVICE: Final[Mapping[str, Advice]] = {
    "private_address": Advice(
        _(
            "Its name leads to an address inside a private network, and this installation calls public addresses only."
        ),
        _("The operator allows receivers in your own network with VEDETTE_ALLOW_PRIVATE_ADDRESSES=1."),
    ),
    "unreachable": Advice(
        _WAITS, _("See whether the address is right, and whether a firewall lets Vedette through."), LASTING
    ),
    "no_answer": Advice(_WAITS, _("See whether the receiver is overloaded or stopped."), LASTING),
    "broken_off": Advice(_WAITS, _("The receiver ended the connection: look into its log."), LASTING),
    "certificate": Advice(
        _(
            "The receiver's certificate is not signed by an authority that is trusted here, or is for another name."
        ),
        _("Enter the certificate authority of the receiver, or have it use a certificate of a public one."),
    ),
    "client_certificate": Advice(
        _("The client certificate and its key cannot be used."),
        _("Enter both anew, in PEM, the key without a password."),
    ),
    "unauthorized": Advice(
        _("The receiver does not accept the credentials: they are wrong, were revoked or have expired."),
        _("Enter new credentials."),
    ),
    "forbidden": Advice(
        _("The credentials are right, but may not do this."),
        _("Give them the right to write where the settings say."),
    ),
    "not_found": Advice(
        _("The receiver answers, but there is nothing at this address."),
        _("Compare the address with the receiver's own page."),
    ),
    "gone": Advice(
        _("The receiver says that this address exists no more."),
        _("Enter a new address, or delete the destination."),
    ),
    "redirected": Advice(
        _("The receiver sends callers to another address; events are sent only where you said."),
        _("Enter the address that it redirects to, if you trust it."),
    ),
    "too_many": Advice(
        _WAITS,
        _("The receiver asks to be called less often: raise its limit, or tell it fewer events."),
        LASTING,
    ),
    "server_error": Advice(_WAITS, _("The receiver reports a fault of its own: look into its log."), LASTING),
    "unexpected_answer": Advice(
        _("What answers does not speak the protocol of this destination."),
        _("See whether the address is that of the receiver itself."),
    ),
    "not_acknowledged": Advice(
        _("The receiver took the events but does not say that it keeps them."),
        _("Look into its indexing queue."),
        LASTING,
    ),
    "rejected": Advice(
        _("The receiver refuses this event and would refuse it again."),
        _("Read its reason, mend the receiver or the settings, then send it again."),
    ),
    "too_large": Advice(
        _("The event is larger than the receiver takes."),
        _("Raise the receiver's limit, then send it again."),
    ),
    "too_many_letters": Advice(
        _("It has refused so many events that no more undelivered ones are kept: all others wait."),
        _("Mend the receiver or the settings, then send the undelivered events again or let them go."),
    ),
    "sealed": Advice(
        _("The stored secrets do not open with this installation's secret key."),
        _("Enter the secrets again, or restore the old key."),
    ),
    "settings": Advice(
        _("The settings do not work together."), _("Open the settings, and mend what the message says.")
    ),
    "internal_error": Advice(_("That is a fault of Vedette."), _("Report it with the text of the error.")),
    DEAD_LETTER: Advice(
        _("They are kept with the reason and can be sent again; everything behind them was told."),
        _("Open the destination's undelivered events."),
    ),
}
_FAILED: Final = _("“%(name)s” cannot be told: %(error)s")
_REFUSED: Final = _("“%(name)s” refused events: %(error)s")


def tell(tenant_id: uuid.UUID, row: Destination, sent: Sent) -> None:
    """Record what went wrong, and end what is past. `row` is the destination as it was claimed."""
    for why in list(sent.refused.values())[:1]:
        _record(tenant_id, row, DEAD_LETTER, _REFUSED, why.error, len(sent.refused))
    if sent.trouble:
        _record(tenant_id, row, sent.trouble.code, _FAILED, sent.trouble.error, 1)
    elif sent.done and (row.attempts or errors.stand(tenant_id, row.kind, row.name)):
        works(tenant_id, row)


def works(tenant_id: uuid.UUID, row: Destination) -> None:
    """Note that a destination can be told; its dead letters remain an error until none is left."""
    errors.passed(tenant_id, row.kind, row.name, still={DEAD_LETTER} if _has_letters(tenant_id, row) else ())


def settled(tenant_id: uuid.UUID, row: Destination) -> None:
    """Note that dead letters are gone: with the last of them that error is past, whatever else is wrong."""
    if not _has_letters(tenant_id, row):
        errors.passed(tenant_id, row.kind, row.name, still=set(ADVICE) - {DEAD_LETTER})


def _has_letters(tenant_id: uuid.UUID, row: Destination) -> bool:
    with database.tenant(tenant_id):
        return DeadLetter.objects.filter(destination=row).exists()


def forget(tenant_id: uuid.UUID, kind: str, name: str) -> None:
    """End the errors of a destination that is gone, switched off or has another name."""
    errors.passed(tenant_id, kind, name)


def _record(tenant_id: uuid.UUID, row: Destination, code: str, message: str, why: str, times: int) -> None:
    problem = Problem(
        row.name, code, message, advice=ADVICE.get(code, Advice()), words={"name": row.name, "error": why}
    )
    errors.record(tenant_id, row.kind, problem, times=times)

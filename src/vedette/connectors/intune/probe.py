"""The way to Microsoft, walked once without changing anything there (C1)."""

from dataclasses import dataclass, field
from typing import Final

from django.utils.translation import gettext_noop as _

from vedette.foundation.graph import Graph, GraphError, TokenError
from vedette.tenants.profiles import NOBODY

NOT_FOUND: Final = 404
FORBIDDEN: Final = 403
# Consent that is gone shows as a token without roles (403 on a read) or as no token at all.
CONSENT_CODES: Final = frozenset({"65001", "700016", "7000112"})

CONSENT: Final = "consent_withdrawn"
NO_INTUNE: Final = "intune_permission_missing"
NO_WRITE: Final = "write_permission_missing"
_LACK: Final = {"intune": NO_INTUNE, "write": NO_WRITE}

NEXT_STEPS: Final = {
    CONSENT: _("Consent is missing: a Global Administrator opens the consent link again and accepts."),
    NO_INTUNE: _(
        "DeviceManagementManagedDevices.Read.All is not granted: a Global Administrator accepts the consent again."
    ),
    NO_WRITE: _("Device.ReadWrite.All is not granted: a Global Administrator accepts the consent again."),
}


@dataclass
class Beat:
    """What one heartbeat found.

    ``answered``: every step was answered, so it got through. ``lacking`` names a permission that Microsoft
    refuses, ``fault`` why it did not get through. ``steps`` maps access, read, intune and write to ok, failed
    or missing.
    """

    answered: bool = False
    lacking: str = ""
    fault: str = ""
    message: str = ""
    next_step: str = ""
    request_id: str = ""
    steps: dict[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Tell whether nothing is amiss."""
        return self.answered and not self.lacking

    @property
    def consent_withdrawn(self) -> bool:
        """Tell whether Microsoft says that this tenant no longer lets the product in."""
        return self.fault == CONSENT


def walk(graph: Graph) -> Beat:
    """Take a fresh token, read, and probe each granted permission with a call that changes nothing."""
    beat = Beat()
    try:
        graph.fresh_token()
        beat.steps["access"] = "ok"
        _read(graph, beat)
        _probe_intune(graph, beat)
        _probe_write(graph, beat)
        beat.answered = True
    except TokenError as error:
        beat.steps["access"] = "failed"
        code = CONSENT if error.code in CONSENT_CODES else error.name
        _fault(beat, code, str(error), error.advice.next_step)
    except GraphError as error:
        step = next(name for name in ("read", "intune", "write") if name not in beat.steps)
        beat.steps[step] = "failed"
        code = CONSENT if step == "read" and error.status == FORBIDDEN else error.code
        _fault(beat, code, str(error), error.advice.next_step, error.request_id)
    return beat


def _read(graph: Graph, beat: Beat) -> None:
    graph.get("/groups", select="id", top=1)
    beat.steps["read"] = "ok"


def _probe_intune(graph: Graph, beat: Beat) -> None:
    try:
        graph.get("/deviceManagement/managedDevices", select="id", top=1)
    except GraphError as error:
        if error.status != FORBIDDEN:
            raise
        _lack(beat, "intune", error)
    else:
        beat.steps["intune"] = "ok"


def _probe_write(graph: Graph, beat: Beat) -> None:
    try:
        graph.patch(f"/devices/{NOBODY}", {"extensionAttributes": {}}, idempotent=True)
    except GraphError as error:
        if error.status == FORBIDDEN:
            _lack(beat, "write", error)
            return
        if error.status != NOT_FOUND:
            raise
    beat.steps["write"] = "ok"


def _lack(beat: Beat, step: str, error: GraphError) -> None:
    beat.steps[step] = "missing"
    beat.lacking = _LACK[step]
    beat.message, beat.request_id = str(error), error.request_id
    beat.next_step = NEXT_STEPS[beat.lacking]


def _fault(beat: Beat, code: str, message: str, next_step: str, request_id: str = "") -> None:
    beat.fault, beat.message, beat.request_id = code, message, request_id
    beat.next_step = NEXT_STEPS.get(code, next_step)

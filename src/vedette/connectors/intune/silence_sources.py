"""When the directory was last read and when the last heartbeat was tried, for the silence alarms."""

import uuid
from datetime import timedelta
from typing import Final

from django.utils.translation import gettext_noop as _

from vedette.connectors import silence
from vedette.connectors.errors import LASTING, Advice
from vedette.connectors.intune.models import IntuneConnector
from vedette.connectors.silence import HEARTBEAT, POLL, THRESHOLDS, Heard, Source

# One that is missed may be chance.
_MISSED: Final = 3


def _poll(tenant_id: uuid.UUID) -> Heard:
    connector = _saved(tenant_id)
    if connector is None:
        return Heard(None, THRESHOLDS[POLL])
    usual = max(THRESHOLDS[POLL], timedelta(minutes=_MISSED * connector.poll_minutes))
    return Heard(connector.last_synchronised_at or connector.saved_at, usual)


def _heartbeat(tenant_id: uuid.UUID) -> Heard:
    """When one was last tried: that it failed is told by the connector's state."""
    connector = _saved(tenant_id)
    if connector is None:
        return Heard(None, THRESHOLDS[HEARTBEAT])
    usual = max(THRESHOLDS[HEARTBEAT], timedelta(minutes=_MISSED * connector.heartbeat_minutes))
    return Heard(connector.heartbeat_tried_at or connector.saved_at, usual)


def _saved(tenant_id: uuid.UUID) -> IntuneConnector | None:
    return IntuneConnector.objects.filter(tenant_id=tenant_id, saved_at__isnull=False).first()


silence.listen(
    Source(
        POLL,
        _poll,
        _("The directory has not been read for %(span)s (usual: at most %(usual)s)."),
        Advice(
            _(
                "People who joined or left the enrollment groups since are not noticed, and nobody is taken out."
            ),
            _("Look at the errors of the poll; if there are none, see whether `vedette worker` runs."),
            LASTING,
        ),
    )
)
silence.listen(
    Source(
        HEARTBEAT,
        _heartbeat,
        _("No heartbeat has been tried for %(span)s (usual: at most %(usual)s)."),
        Advice(
            _("Whether the way to Microsoft works is not known."),
            _(
                "See whether `vedette worker` runs and what /readyz and its log say; restart it if it stands still."
            ),
            LASTING,
        ),
    )
)

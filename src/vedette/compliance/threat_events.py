"""How a change of a threat reads in the event log."""

from vedette.events.log import SYSTEM, Actor, Draft, Target, change
from vedette.events.models import Event
from vedette.threats.models import Threat


def threat_event(threat: Threat, change_type: str, *, before: str = "", actor: Actor = SYSTEM) -> Draft:
    """Describe what became of a threat: `change_type` CREATED, UPDATED or RESOLVED."""
    return Draft(
        action=f"threat.{threat.status}",
        type=Event.Type.THREAT,
        change_type=change_type,
        actor=actor,
        target=Target("threat", str(threat.id), threat.summary),
        changes=[change("status", before or None, threat.status)],
        detail={
            "device_id": threat.device_id,
            "classification": threat.classification,
            "risk": threat.risk,
            "detected_at": threat.detected_at.isoformat(),
            **({"simulated": True} if threat.simulated else {}),
        },
    )

"""Addresses about threats, and about the event log."""

from typing import Final

from vedette.api.native import events, threats
from vedette.api.native.device_shapes import Because
from vedette.api.native.route import Route
from vedette.tenants.application_keys import Scope

AREA: Final = "Threats"

THREAT_ROUTES: Final = (
    Route(
        method="GET",
        path="/threats",
        name="listThreats",
        summary="List threats, the newest first",
        area=AREA,
        scope=Scope.THREATS_READ,
        module="threats",
        query=threats.ThreatQuery,
        answer=threats.ThreatPage,
        act=threats.listed,
    ),
    Route(
        method="GET",
        path="/threats/{threat_id}",
        name="getThreat",
        summary="One threat with its evidence",
        area=AREA,
        scope=Scope.THREATS_READ,
        module="threats",
        answer=threats.ThreatDetail,
        act=threats.one,
    ),
    Route(
        method="POST",
        path="/threats/{threat_id}/ignore",
        name="ignoreThreat",
        summary="Take an open threat out of its device's risk",
        area=AREA,
        scope=Scope.THREATS_WRITE,
        module="threats",
        right="modify",
        body=Because,
        answer=threats.ThreatDetail,
        refusals=("conflict",),
        act=threats.ignore,
    ),
    Route(
        method="POST",
        path="/threats/{threat_id}/reopen",
        name="reopenThreat",
        summary="Count an ignored threat again",
        area=AREA,
        scope=Scope.THREATS_WRITE,
        module="threats",
        right="modify",
        answer=threats.ThreatDetail,
        refusals=("conflict",),
        act=threats.reopen,
    ),
    Route(
        method="POST",
        path="/threats/{threat_id}/resolve",
        name="resolveThreat",
        summary="Call a threat mended",
        area=AREA,
        scope=Scope.THREATS_WRITE,
        module="threats",
        right="modify",
        body=Because,
        answer=threats.ThreatDetail,
        refusals=("conflict",),
        act=threats.resolve,
        notes="The device is judged anew: what still shows is opened again within seconds, as a new threat.",
    ),
    Route(
        method="GET",
        path="/events",
        name="listEvents",
        summary="The event log from a position on, the oldest first",
        area="Events",
        scope=Scope.EVENTS,
        module="audit",
        query=events.EventQuery,
        answer=events.EventPage,
        act=events.listed,
        notes="Keep `last` and send it as `after`. Restricted access sees of the audit trail what it did itself.",
    ),
)

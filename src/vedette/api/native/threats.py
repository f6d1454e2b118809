"""Threats: the list, one with its evidence, and what people decide about it."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from django.db.models import QuerySet
from msgspec import Meta

from vedette.api.native import cursors
from vedette.api.native.device_shapes import Because, Platform
from vedette.api.native.route import Call, NoQuery
from vedette.api.native.shapes import Moment, Page, Paging, RiskName, risk_name
from vedette.compliance import triage
from vedette.threats.models import Threat as Row
from vedette.verdict.classifications import CLASSIFICATIONS
from vedette.verdict.risk import Risk

Status = Literal["open", "ignored", "resolved"]


class ThreatQuery(Paging, kw_only=True):
    """Filters of the list; several together must all hold."""

    status: Status | None = None
    risk: Annotated[RiskName, Meta(description="Exactly this risk")] | None = None
    risk_at_least: RiskName | None = None
    classification: Annotated[str, Meta(pattern="^[A-Z_]{1,60}$")] | None = None
    device_id: UUID | None = None
    simulated: bool | None = None
    updated_since: Moment | None = None


class Threat(msgspec.Struct, kw_only=True):
    """Something found on a device."""

    id: UUID
    device_id: UUID
    device_name: str
    owner_upn: str
    platform: Platform
    classification: str
    title: str
    family: str
    status: Status
    risk: RiskName
    response: str
    summary: str
    simulated: bool
    detected_at: datetime
    created_at: datetime
    updated_at: datetime
    resolved_at: datetime | None
    resolution: str
    ignored_at: datetime | None
    ignored_by: str
    ignore_reason: str


class ThreatPage(Page[Threat]):
    """Threats, the newest first."""


class Evidence(msgspec.Struct):
    """One fact that a finding rests on."""

    rule: str
    fact: str
    value: str
    source: str


class ThreatDetail(Threat, kw_only=True):
    """A threat with what it rests on and how to mend it."""

    key: Annotated[str, Meta(description="What makes it the same threat when it is reported again")]
    description: str
    mend: str
    evidence: list[Evidence]
    detector: str
    source: Annotated[str, Meta(description="The feed that named it; empty: none")]
    origin: Annotated[str, Meta(description="Who said what it rests on: agent or intune")]


def listed(call: Call[ThreatQuery, None]) -> ThreatPage:
    """Give a page of threats, the newest first."""
    query = call.query
    rows = _matching(call.tenant_id, query)
    if query.cursor:
        rows = rows.filter(id__lt=cursors.read_id(query.cursor, query))
    found = list(rows.order_by("-id")[: query.limit + 1])
    page = [_told(row) for row in found[: query.limit]]
    more = len(found) > query.limit
    return ThreatPage(page, cursors.after(page[-1].id, query) if more else None)


def one(call: Call[NoQuery, None]) -> ThreatDetail:
    """Give a threat with its evidence."""
    return _detail(_find(call.ids["threat_id"]))


def ignore(call: Call[NoQuery, Because]) -> ThreatDetail:
    """Take a threat out of the device's risk."""
    row = _find(call.ids["threat_id"])
    triage.ignore(row, call.body.reason, call.who.actor)
    return _detail(_find(row.id))


def reopen(call: Call[NoQuery, None]) -> ThreatDetail:
    """Count an ignored threat again."""
    row = _find(call.ids["threat_id"])
    triage.reopen(row, call.who.actor)
    return _detail(_find(row.id))


def resolve(call: Call[NoQuery, Because]) -> ThreatDetail:
    """Call a threat mended; what still shows is opened again."""
    row = _find(call.ids["threat_id"])
    triage.resolve(row, call.body.reason, call.who.actor)
    return _detail(_find(row.id))


def _find(threat_id: UUID) -> Row:
    return _rows().get(id=threat_id)


def _rows() -> QuerySet[Row]:
    large = ("device__facts", "device__managed_facts", "device__managed_apps")
    return Row.objects.select_related("device").defer(*large)


def _matching(tenant_id: UUID, query: ThreatQuery) -> QuerySet[Row]:
    exact = {
        "status": query.status,
        "risk": Risk[query.risk] if query.risk else None,
        "risk__gte": Risk[query.risk_at_least] if query.risk_at_least else None,
        "classification": query.classification,
        "device_id": query.device_id,
        "simulated": query.simulated,
        "updated_at__gte": query.updated_since,
    }
    known = {name: value for name, value in exact.items() if value is not None}
    return _rows().filter(tenant_id=tenant_id, **known)


def _told(row: Row) -> Threat:
    known = CLASSIFICATIONS.get(row.classification)
    return Threat(
        id=row.id,
        device_id=row.device_id,
        device_name=row.device.display_name,
        owner_upn=row.device.owner_upn,
        platform=row.device.platform,  # type: ignore[arg-type] # one of Device.Platform
        classification=row.classification,
        title=known.title if known else row.classification,
        family=row.family,
        status=row.status,  # type: ignore[arg-type] # one of Row.Status
        risk=risk_name(row.risk),
        response=row.response,
        summary=row.summary,
        simulated=row.simulated,
        detected_at=row.detected_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
        resolved_at=row.resolved_at,
        resolution=row.resolution,
        ignored_at=row.ignored_at,
        ignored_by=row.ignored_by,
        ignore_reason=row.ignore_reason,
    )


def _detail(row: Row) -> ThreatDetail:
    known, told = CLASSIFICATIONS.get(row.classification), _told(row)
    return ThreatDetail(
        **{name: getattr(told, name) for name in told.__struct_fields__},
        key=row.key,
        description=known.description if known else "",
        mend=row.mend or (known.mend if known else ""),
        evidence=[
            Evidence(*(str(item.get(name) or "") for name in Evidence.__struct_fields__))
            for item in row.evidence
        ],
        detector=row.detector,
        source=row.source,
        origin=row.origin,
    )

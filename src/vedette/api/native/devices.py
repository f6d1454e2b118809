"""Devices: the list, one with why it is blocked, and its history."""

from collections.abc import Iterable, Mapping
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from vedette.api.device.status import HYBRID_JOINED
from vedette.api.native import cursors, device_shapes
from vedette.api.native.device_shapes import DeviceDetail, DevicePage, DeviceQuery, HistoryQuery
from vedette.api.native.route import Call, NoQuery
from vedette.api.native.shapes import Person, risk_name
from vedette.compliance import release
from vedette.compliance.models import Release, StateChange
from vedette.connectors.intune import enforcement
from vedette.connectors.intune.desired import PREFIX as VALUE_PREFIX
from vedette.connectors.intune.enforcement import Enforcement
from vedette.connectors.intune.settings_read import connector_of
from vedette.connectors.models import Delivery
from vedette.devices.models import Device
from vedette.directory import read as directory
from vedette.tenants.models import Tenant
from vedette.threats.models import Threat
from vedette.verdict import DeviceState, Risk
from vedette.verdict.classifications import CLASSIFICATIONS

HISTORY: Final = 20
LARGE: Final = ("facts", "managed_facts", "managed_apps")
_SENTENCES: Final[Mapping[str, str]] = {
    "not_activated": "The app has not been opened and activated on the phone yet.",
    "no_report": "The app is activated, but its first report has not been judged yet.",
    "disconnected": "The phone has not reported for longer than the setting allows.",
    "deactivated": "The device is out of scope: it left, or was deactivated.",
}
_OPEN_THREATS: Final = Coalesce(
    Subquery(
        Threat.objects.filter(device=OuterRef("pk"), status=Threat.Status.OPEN)
        .order_by()
        .values("device")
        .annotate(count=Count("pk"))
        .values("count")
    ),
    0,
)


def listed(call: Call[DeviceQuery, None]) -> DevicePage:
    """Give a page of devices, the newest first."""
    query = call.query
    rows = _matching(call.tenant_id, query)
    if query.cursor:
        rows = rows.filter(id__lt=cursors.read_id(query.cursor, query))
    # filter and cut on IDs alone; what a row shows is read for the rows of the page only
    ids = list(rows.order_by("-id").values_list("id", flat=True)[: query.limit + 1])
    page = [_told(row) for row in _filled(ids[: query.limit])]
    more = len(ids) > query.limit
    return DevicePage(page, cursors.after(page[-1].id, query) if more else None)


def one(call: Call[NoQuery, Any]) -> DeviceDetail:
    """Give a device with reasons, deliveries, release and the newest of its history."""
    return detail(call.tenant_id, call.ids["device_id"])


def history(call: Call[HistoryQuery, None]) -> device_shapes.ChangePage:
    """Give a page of a device's changes of state, the newest first."""
    device, query = find(call.ids["device_id"]), call.query
    rows = StateChange.objects.filter(device=device).order_by("-position")
    if query.cursor:
        rows = rows.filter(position__lt=cursors.read_position(query.cursor, query))
    found = list(rows[: query.limit + 1])
    page = [_change(row) for row in found[: query.limit]]
    more = len(found) > query.limit
    return device_shapes.ChangePage(page, cursors.after(page[-1].position, query) if more else None)


def find(device_id: UUID) -> Device:
    """Return a device by ID. Raises Device.DoesNotExist."""
    return Device.objects.select_related("state_row").defer(*LARGE).get(id=device_id)


def detail(tenant_id: UUID, device_id: UUID) -> DeviceDetail:
    """Tell everything that is known of a device's state. Raises Device.DoesNotExist."""
    (row,) = _filled([device_id]) or (find(device_id),)
    state = getattr(row, "state_row", None)
    threats = Threat.objects.filter(device=row, status=Threat.Status.OPEN).order_by(
        "-risk", "created_at", "id"
    )
    deliveries = list(Delivery.objects.filter(device=row).order_by("route"))
    rules = enforcement.of(connector_of(tenant_id))
    told = _told(row)
    return DeviceDetail(
        **{name: getattr(told, name) for name in told.__struct_fields__},
        blocked=_blocked(tenant_id, row, told.told, deliveries, rules),
        needs_it=bool(state and state.needs_it),
        reasons=whys(state.reasons if state else ()),
        threats=[
            device_shapes.OpenThreat(threat.id, threat.classification, risk_name(threat.risk), threat.summary)
            for threat in threats
        ],
        rules=device_shapes.Rules(
            source=rules.source,  # type: ignore[arg-type] # one of enforcement's three words
            rule=rules.rule,
            minimum=rules.minimum,
            fail_closed=rules.fail_closed,
            read_at=rules.read_at,
        ),
        deliveries=[_delivery(item) for item in deliveries],
        release=release_of(release.running(row.id)),
        history=[
            _change(item) for item in StateChange.objects.filter(device=row).order_by("-position")[:HISTORY]
        ],
    )


def release_of(row: Release | None) -> device_shapes.Release | None:
    """Tell a release, if there is one."""
    if row is None:
        return None
    return device_shapes.Release(
        device_id=row.device_id,
        reason=row.reason,
        state=row.state,
        granted_at=row.granted_at,
        granted_by=row.granted_by,
        until=row.until,
    )


def whys(reasons: Iterable[Mapping[str, Any]]) -> list[device_shapes.Why]:
    """Tell the reasons of a state."""
    return [
        device_shapes.Why(
            code=str(reason.get("code", "")),
            subject=str(reason.get("subject", "")),
            risk=risk_name(int(reason.get("risk", 0))),
            text=_sentence(reason),
        )
        for reason in reasons
    ]


def _sentence(reason: Mapping[str, Any]) -> str:
    code, subject = str(reason.get("code", "")), str(reason.get("subject", ""))
    if code == "threat":
        known = CLASSIFICATIONS.get(subject)
        level = Risk(int(reason.get("risk", 0))).name.lower()
        return f"{known.title if known else subject}, rated {level} by the security policy."
    if code == "detector_failed":
        return f"The check {subject} could not be carried out, so the phone does not count as clean."
    if code == "unanswered":
        return f"The phone gives no answer to {subject}, so it does not count as clean."
    return _SENTENCES.get(code, code)


def _matching(tenant_id: UUID, query: DeviceQuery) -> QuerySet[Device]:
    rows = Device.objects.filter(tenant_id=tenant_id)
    exact = {
        "activation_status": query.activation,
        "platform": query.platform,
        "group_id": query.group_id,
        "owner_upn__iexact": query.owner,
        "entra_device_id": query.entra_device_id,
        "state_row__state": query.state,
    }
    rows = rows.filter(**{name: value for name, value in exact.items() if value is not None})
    if query.seen_before:
        rows = rows.filter(Q(last_seen_at__lt=query.seen_before) | Q(last_seen_at=None))
    for word in (query.search or "").split():
        rows = rows.filter(
            Q(display_name__icontains=word) | Q(owner_name__icontains=word) | Q(owner_upn__icontains=word)
        )
    return rows


def _filled(ids: list[UUID]) -> list[Device]:
    rows = Device.objects.filter(id__in=ids).select_related("state_row").defer(*LARGE)
    return list(rows.annotate(open_threats=_OPEN_THREATS).order_by("-id"))


def _told(row: Device) -> device_shapes.Device:
    state = getattr(row, "state_row", None)
    word: device_shapes.State = state.state if state else "pending"
    return device_shapes.Device(
        id=row.id,
        display_name=row.display_name,
        platform=row.platform,  # type: ignore[arg-type] # one of Device.Platform
        manufacturer=row.manufacturer,
        model=row.model,
        os_version=row.os_version,
        security_patch=row.security_patch,
        group_id=row.group_id,
        owner=Person(row.owner_oid, row.owner_upn, row.owner_name, row.owner_email),
        entra_device_id=row.entra_device_id,
        entra_object_id=row.entra_object_id,
        activation=row.activation_status,  # type: ignore[arg-type] # one of Device.Activation
        state=word,
        told=(state.told or word) if state else word,
        since=state.since if state else None,
        open_threats=row.open_threats,  # type: ignore[attr-defined] # annotated by _filled
        binding=row.binding,  # type: ignore[arg-type] # one of Device.Binding
        agent_version=row.agent_version,
        created_at=row.created_at,
        activated_at=row.activated_at,
        deactivated_at=row.deactivated_at,
        deactivation_reason=row.deactivation_reason,
        last_seen_at=row.last_seen_at,
        disconnected_at=row.disconnected_at,
    )


def _blocked(
    tenant_id: UUID, row: Device, told: str, deliveries: Iterable[Delivery], rules: Enforcement
) -> bool | None:
    """Say whether the phone loses access, as its own screen is told (api/device/status.py)."""
    if Tenant.objects.values_list("mode", flat=True).get(id=tenant_id) == Tenant.Mode.MONITOR:
        return False
    entry = directory.device(row.entra_object_id) if row.entra_object_id else None
    if entry is None:
        return None
    if entry.compliant is False and told != DeviceState.SECURED:
        return True
    if not (entry.managed or entry.compliant or entry.trust_type == HYBRID_JOINED):
        return None
    value = next((item.desired for item in deliveries if item.route == "attribute"), "")
    return rules.blocks(value.removeprefix(VALUE_PREFIX))


def _delivery(row: Delivery) -> device_shapes.Delivery:
    return device_shapes.Delivery(
        route=row.route,
        desired=row.desired,
        sent=row.sent,
        place=row.place,
        status=row.status,
        attempts=row.attempts,
        error_code=row.error_code,
        error=row.error,
        requested_at=row.requested_at,
        sent_at=row.sent_at,
        confirmed_at=row.confirmed_at,
    )


def _change(row: StateChange) -> device_shapes.Change:
    return device_shapes.Change(
        position=row.position,
        from_state=row.from_state,
        to_state=row.to_state,
        told=row.told,
        cause=row.cause,
        detail=row.detail,
        reasons=whys(row.reasons),
        changed_at=row.changed_at,
    )

"""The moment a device becomes Activated: a new key, the old one retired, twins of a wiped phone retired."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q

from vedette.compliance import lifecycle, state
from vedette.compliance.appear import same_model
from vedette.devices.managed import CHANGED
from vedette.devices.models import Device, DeviceKey, Invitation, WaitingIdentity
from vedette.directory import read as directory
from vedette.events.log import Actor, Draft, Target, change, emit
from vedette.events.models import Event
from vedette.foundation import clock
from vedette.tenants.models import Tenant
from vedette_facts import jose

CAUSE = "enroll"


def activate(
    device: Device,
    jwk: Mapping[str, str],
    claim: Mapping[str, Any],
    binding: str,
    *,
    invitation: Invitation | None = None,
    actor: Actor | None = None,
) -> DeviceKey:
    """Bind the key to the device, as strongly as `binding` says; inside `database.writer`.

    Enrolling again makes a new identity and retires the old one (design.md 2, rule 6). The device stays
    without data until its first report: missing is not clean.
    """
    now, key_id = clock.now(), jose.key_id(jwk)
    actor = actor or Actor(Event.Actor.DEVICE, str(device.id), device.display_name)
    before = device.activation_status, device.binding, device.model
    DeviceKey.objects.filter(device=device, retired_at__isnull=True).update(retired_at=now)
    key = DeviceKey.objects.create(
        tenant_id=device.tenant_id, device=device, key_id=key_id, public_jwk=dict(jwk), created_at=now
    )
    days = Tenant.objects.values_list("disconnected_days", flat=True).get(id=device.tenant_id)
    device.activation_status = Device.Activation.ACTIVATED
    device.activated_at = device.last_seen_at = now
    device.disconnected_after, device.disconnected_at = now + timedelta(days=days), None
    device.deactivated_at, device.deactivation_reason = None, ""
    device.binding = binding
    device.agent_version = claim["agent_version"]
    device.facts, device.facts_digest, device.facts_observed_at = None, "", None
    device.judged_with = CHANGED  # what Intune says is judged without waiting for the first report
    device.save()
    over = Q(key_id=key_id)
    if invitation:
        invitation.used_at, invitation.used_by_key = now, key_id
        invitation.save(update_fields=["used_at", "used_by_key"])
        over |= Q(invitation=invitation)
    WaitingIdentity.objects.filter(over).delete()
    emit(_event(device, before, claim, key_id, actor))
    lifecycle.leave(device.tenant_id, _twins(device), lifecycle.REPLACED)
    state.decide_devices([device.id], CAUSE, {"binding": device.binding}, actor=actor)
    return key


def _event(
    device: Device, before: tuple[str, str, str], claim: Mapping[str, Any], key_id: str, actor: Actor
) -> Draft:
    status, binding, model = before
    detail: dict[str, Any] = {"key_id": key_id, "agent_version": claim["agent_version"]}
    if model and not same_model(model, claim["model"]):
        detail["model_mismatch"] = {"directory": model, "phone": claim["model"]}
    return Draft(
        action="device.activated",
        type=Event.Type.DEVICE,
        actor=actor,
        target=Target("device", str(device.id), device.display_name),
        changes=[
            change("activation_status", status, device.activation_status),
            change("binding", binding, device.binding),
        ],
        detail=detail,
    )


def _twins(device: Device) -> list[UUID]:
    """Find rows of the same phone before it was wiped: silent since this one registered with Entra.

    Same owner, platform and model, registered earlier, not seen since (D5). Two phones of one kind that are
    both in use never match: each was seen after the other registered.
    """
    entry = directory.device(device.entra_object_id) if device.entra_object_id else None
    if entry is None or entry.registered_at is None or not device.model or device.owner_oid is None:
        return []
    others = (
        Device.objects.exclude(id=device.id)
        .defer("facts")
        .filter(
            activation_status=Device.Activation.ACTIVATED,
            owner_oid=device.owner_oid,
            platform=device.platform,
            last_seen_at__lt=entry.registered_at,
        )
    )
    older = directory.devices(other.entra_object_id for other in others if other.entra_object_id)
    twins = []
    for other in others:
        row = older.get(other.entra_object_id) if other.entra_object_id else None
        earlier = row is None or row.registered_at is None or row.registered_at < entry.registered_at
        if same_model(other.model, device.model) and earlier:
            twins.append(other.id)
    return twins

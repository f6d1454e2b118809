"""Intune's side of the simulated partner interface: what each call does to the tenant."""

import hashlib
import json
from datetime import datetime

from vedette_lab.answers import RefusalError
from vedette_lab.intune import connectors
from vedette_lab.intune import service as intune
from vedette_lab.intune_model import Json, MtdConnector, PartnerMessage, PartnerUpload
from vedette_lab.model import Tenant
from vedette_lab.partner.messages import DeviceHealth, MessageError, Threat, entries, read

KEPT_UPLOADS = 500


def connector(tenant: Tenant) -> MtdConnector:
    """Return the simulated partner's connector, made when it is missing."""
    return tenant.mtd_connectors.setdefault(connectors.SIMULATION_ID, MtdConnector(connectors.SIMULATION_ID))


def provision(tenant: Tenant, now: datetime) -> None:
    """Connect the partner; a second call changes nothing."""
    mine = connector(tenant)
    tenant.partner.connector_id = mine.id
    if tenant.partner.provisioned is None:
        tenant.partner.provisioned = now
    connectors.refresh(tenant, now)


def deprovision(tenant: Tenant, now: datetime) -> None:
    """Disconnect the partner and forget what it reported; phones that it made noncompliant recover."""
    tenant.partner.provisioned = None
    tenant.partner.resync_requested = False
    tenant.partner.threats.clear()
    connectors.refresh(tenant, now)
    for managed in tenant.managed_devices.values():
        if managed.partner_reported_at is not None:
            managed.partner_reported_threat_state = "unknown"
            managed.partner_reported_at = None
            intune.evaluate(tenant, managed, now)


def must_be_provisioned(tenant: Tenant) -> MtdConnector:
    """Return the connector; RefusalError 403 before provisioning."""
    if tenant.partner.provisioned is None:
        message = f"{tenant.name} is not provisioned for this partner: PUT …/tenant first"
        raise RefusalError(403, "TenantNotProvisioned", message)
    return connector(tenant)


def heartbeat(tenant: Tenant, now: datetime) -> MtdConnector:
    """Note a heartbeat; a partner that was unresponsive counts again at once."""
    mine = must_be_provisioned(tenant)
    intune.settle(tenant, now)
    mine.last_heartbeat = now
    intune.settle(tenant, now)
    return mine


def accept(tenant: Tenant, upload_id: str, body: Json, now: datetime) -> PartnerUpload:
    """Take an upload in; nothing of it has an effect before `work`.

    Returns the upload with status Failed and an error when it cannot be read as one, or when its id was
    used for another body.
    """
    must_be_provisioned(tenant)
    uploads = tenant.partner.uploads
    digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    known = uploads.get(upload_id)
    if known is not None:
        if known.digest == digest:
            return known
        error = f"the id {upload_id} was used for another upload"
        return PartnerUpload(upload_id, now, digest, status="Failed", error=error)
    try:
        found = entries(body, tenant.id)
    except MessageError as error:
        return PartnerUpload(upload_id, now, digest, status="Failed", error=str(error))
    messages = [
        PartnerMessage(
            str(each.get("messageId", number)), str(each.get("entityType")), each.get("deviceId"), dict(each)
        )
        for number, each in enumerate(found)
    ]
    upload = uploads[upload_id] = PartnerUpload(upload_id, now, digest, messages)
    while len(uploads) > KEPT_UPLOADS:
        del uploads[next(iter(uploads))]
    if body.get("resync") is True:
        tenant.partner.resync_requested = False
    return upload


def work(tenant: Tenant, upload: PartnerUpload, now: datetime) -> None:
    """Apply the messages of an upload, each on its own."""
    if upload.status != "Pending":
        return
    for message in upload.messages:
        try:
            message.status = _apply(tenant, message, now)
        except RefusalError as refusal:
            message.status, message.error_code = "failed", refusal.body["error"]["code"]
            message.error = str(refusal)
    failed = any(message.status == "failed" for message in upload.messages)
    upload.status = "Failed" if failed else "Completed"


def _apply(tenant: Tenant, message: PartnerMessage, now: datetime) -> str:
    try:
        content = read(message.body)
    except MessageError as error:
        raise RefusalError(400, "InvalidMessage", str(error)) from error
    managed = tenant.managed_by_device.get(content.device_id)
    if managed is None:
        why = f"Intune of {tenant.name} manages no device {content.device_id} (azureADDeviceId)"
        raise RefusalError(404, "DeviceNotFound", why)
    match content:
        case Threat():
            threats = tenant.partner.threats.setdefault(content.device_id, {})
            threats[content.threat_id] = dict(content.body)
        case DeviceHealth():
            if managed.partner_reported_at is not None and content.at < managed.partner_reported_at:
                return "superseded"
            intune.partner_reported(tenant, managed, content.state, content.at, now)
    return "applied"

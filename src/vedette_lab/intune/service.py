"""Compliance against the lab's state: when it is evaluated and what it writes.

Evaluated at check-in, at once when a partner reports (microsoft.md 1.5, "Timing"), and when a grace period
ends. A changed policy or toggle waits for the next check-in, as in Intune.
"""

from datetime import datetime

from vedette_lab.directory import Device
from vedette_lab.intune import connectors
from vedette_lab.intune.compliance import Outcome, Target, assess, platform_of, policy_states
from vedette_lab.intune.settings import Phone
from vedette_lab.intune_model import NO_DEVICE, ActionResult, ManagedDevice
from vedette_lab.model import Tenant


def find(tenant: Tenant, device_id: str) -> ManagedDevice | None:
    """Find a managed phone by Intune's id, by `azureADDeviceId` or by the Entra object id."""
    managed = tenant.managed_devices.get(device_id) or tenant.managed_by_device.get(device_id)
    if managed is None and (entra := tenant.directory.devices.get(device_id)):
        managed = tenant.managed_by_device.get(entra.device_id)
    return managed


def entra_device(tenant: Tenant, managed: ManagedDevice) -> Device | None:
    """Return the Entra object of a managed phone, if it is registered."""
    if managed.azure_ad_device_id == NO_DEVICE:
        return None
    return tenant.directory.device_by_device_id(managed.azure_ad_device_id)


def note_action(managed: ManagedDevice, name: str, now: datetime) -> None:
    """Write a remote action down: the newest of each name is kept, as Intune does."""
    managed.actions = [*(each for each in managed.actions if each.name != name), ActionResult(name, now)]


def target(tenant: Tenant, managed: ManagedDevice, now: datetime) -> Target:
    """Return the phone as a target of assignments, by the memberships that have spread by now."""
    directory = tenant.directory
    device = entra_device(tenant, managed)
    user = directory.user(managed.user_id)
    return Target(
        platform=platform_of(managed.operating_system),
        user_groups=frozenset(group.id for group in directory.transitive_member_of(user.id, seen_at=now))
        if user
        else frozenset(),
        device_groups=frozenset(group.id for group in directory.transitive_member_of(device.id, seen_at=now))
        if device
        else frozenset(),
        has_user=user is not None,
    )


def evaluate(tenant: Tenant, managed: ManagedDevice, now: datetime) -> Outcome:
    """Assess a phone and write the result on it and on its Entra object."""
    connectors.refresh(tenant, now)
    reached = target(tenant, managed, now)
    phone = Phone(
        os_version=managed.os_version,
        security_patch=managed.android_security_patch_level,
        jail_broken=managed.jail_broken,
        encrypted=managed.is_encrypted,
        passcode=managed.has_passcode,
        threat=connectors.threat_data(tenant, managed, reached.platform),
    )
    outcome = assess(
        list(tenant.compliance_policies.values()),
        reached,
        phone,
        noncompliant_since=managed.noncompliant_since,
        secure_by_default=tenant.compliance_settings.secure_by_default,
        now=now,
    )
    _write(tenant, managed, outcome)
    return outcome


def _write(tenant: Tenant, managed: ManagedDevice, outcome: Outcome) -> None:
    managed.compliance_state = outcome.state
    managed.noncompliant_since = outcome.noncompliant_since
    managed.grace_expires = outcome.grace_expires
    managed.policy_states = policy_states(outcome)
    device = entra_device(tenant, managed)
    if device is not None:
        device.is_compliant = outcome.counts_as_compliant
        device.is_managed = True


def check_in(tenant: Tenant, managed: ManagedDevice, now: datetime) -> Outcome:
    """Let a phone talk to Intune: it is evaluated by the policies and toggles of this moment."""
    managed.last_sync = now
    device = entra_device(tenant, managed)
    if device is not None:
        device.operating_system_version = managed.os_version
        device.is_rooted = {"true": True, "false": False}.get(managed.jail_broken.lower())
    return evaluate(tenant, managed, now)


def partner_reported(
    tenant: Tenant, managed: ManagedDevice, state: str, at: datetime, now: datetime
) -> Outcome:
    """Take a partner's health state for a phone and evaluate at once (an external compliance signal)."""
    managed.partner_reported_threat_state = state
    managed.partner_reported_at = at
    return evaluate(tenant, managed, now)


def settle(tenant: Tenant, now: datetime) -> int:
    """Do what time alone does: end grace periods, notice a silent partner. Returns phones evaluated."""
    connector = tenant.mtd_connectors.get(connectors.SIMULATION_ID)
    before = connector.partner_state if connector else None
    connectors.refresh(tenant, now)
    after = connector.partner_state if connector else None
    turned = (before == "unresponsive") != (after == "unresponsive")
    due = [
        managed
        for managed in tenant.managed_devices.values()
        if (turned and managed.compliance_state != "unknown")
        or (managed.grace_expires is not None and managed.grace_expires <= now)
    ]
    for managed in due:
        evaluate(tenant, managed, now)
    return len(due)

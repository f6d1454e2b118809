"""MTD connectors: the state machine of a partner, and what compliance may use of it.

States and toggles: reference microsoft.md 1.3 and 1.4 (memdocs overview.md, enable-connector.md).
"""

from datetime import datetime, timedelta

from vedette_lab.intune.settings import ThreatData
from vedette_lab.intune_model import ManagedDevice, MtdConnector
from vedette_lab.model import Tenant

SIMULATION_ID = "9c1f6e52-2b0d-4a55-8f0e-5d3f6a7b8c90"
"""The lab's own partner. Real partners' fixed ids are never impersonated (microsoft.md 2.1)."""

PARTNERS = {
    SIMULATION_ID: "Vedette (simulated partner)",
    "2c7790de-8b02-4814-85cf-e0c59380dee8": "Lookout for Work",
    "fc780465-2017-40d4-a0c5-307022471b92": "Microsoft Defender for Endpoint",
    "d3ddeae8-441f-4681-b80f-aef644f7195a": "Check Point Harmony Mobile",
    "08a8455c-48dd-45ff-ad82-7211355354f3": "Zimperium",
}


def name(connector: MtdConnector) -> str:
    """Return the partner's name, or its id where it is not one the lab knows."""
    return PARTNERS.get(connector.id, f"Partner {connector.id}")


def state(
    connector: MtdConnector, *, provisioned: datetime | None, was_provisioned: bool, now: datetime
) -> str:
    """Return the connector's `partnerState` (Graph β words: v1.0 has no notSetUp).

    A heartbeat that never came counts from the moment of provisioning.
    """
    if provisioned is None:
        return "unavailable" if was_provisioned else "notSetUp"
    heard = max(connector.last_heartbeat or provisioned, provisioned)
    if now - heard > timedelta(days=connector.partner_unresponsiveness_threshold_in_days):
        return "unresponsive"
    enabled = connector.android_enabled or connector.ios_enabled or connector.windows_enabled
    return "enabled" if enabled else "available"


def refresh(tenant: Tenant, now: datetime) -> None:
    """Bring the state of the simulated partner's connector up to date; others keep what they were given."""
    connector = tenant.mtd_connectors.get(SIMULATION_ID)
    if connector is not None:
        partner = tenant.partner
        connector.partner_state = state(
            connector,
            provisioned=partner.provisioned,
            was_provisioned=partner.connector_id is not None,
            now=now,
        )


def enabled_for(connector: MtdConnector, platform: str) -> bool:
    """Tell whether the toggle of this platform is on."""
    return {"android": connector.android_enabled, "ios": connector.ios_enabled}.get(platform, False)


def threat_data(tenant: Tenant, device: ManagedDevice, platform: str) -> ThreatData:
    """Return what compliance may use for a phone; `refresh` must have run for this moment."""
    usable = [each for each in tenant.mtd_connectors.values() if enabled_for(each, platform)]
    mine = next((each for each in usable if each.id == SIMULATION_ID), None)
    others = tuple(
        name(each) for each in usable if each.id != SIMULATION_ID and each.partner_state == "enabled"
    )
    if mine is None:
        return ThreatData(
            device.partner_reported_threat_state, others[0] if others else None, silent_partners=others
        )
    blocks = {
        "android": mine.android_device_blocked_on_missing_partner_data,
        "ios": mine.ios_device_blocked_on_missing_partner_data,
    }
    return ThreatData(
        state=device.partner_reported_threat_state,
        partner=name(mine),
        unresponsive=mine.partner_state not in {"enabled", "available"},
        missing_blocks=blocks.get(platform, False),
        silent_partners=others,
    )

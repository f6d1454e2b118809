"""What is known of one device, by source: as the detectors are given it, for pages that show it."""

from vedette.detection.sources import Known
from vedette.devices.models import Device
from vedette.directory.platforms import ANDROID, IOS
from vedette_facts.management import Inventory, ManagedFacts
from vedette_facts.report import FactsError, decode, decode_facts


def of(device: Device) -> Known:
    """Decode what is stored with a device; facts of the app that cannot be read count as none."""
    try:
        agent = decode_facts(device.facts) if device.facts else None
    except FactsError:
        agent = None
    observed = [moment for moment in (device.facts_observed_at, device.last_seen_at) if moment]
    return Known(
        platform=IOS if device.platform == IOS else ANDROID,
        manufacturer=device.manufacturer,
        model=device.model,
        agent=agent,
        agent_at=max(observed, default=None) if agent else None,
        managed=decode(device.managed_facts, ManagedFacts) if device.managed_facts else None,
        managed_at=device.managed_at,
        inventory=decode(device.managed_apps, Inventory) if device.managed_apps else None,
        inventory_at=device.managed_apps_at,
    )

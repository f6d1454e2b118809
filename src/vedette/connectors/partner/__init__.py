"""Partner adapter (simulation of the Intune MTD partner API): provision, heartbeat, upload."""

"""Intune connector: enrollment from Entra groups, heartbeat, state sync by extension attribute."""

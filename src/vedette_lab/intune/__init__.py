"""Intune: compliance of managed phones, and the connectors of threat-defense partners."""

from vedette_lab.intune.routes import lifespan, routes

__all__ = ["lifespan", "routes"]

"""SIMULATION of the interface between Intune and a Mobile Threat Defense partner (docs/lab-partner.md)."""

from vedette_lab.partner.routes import PROVIDER, endpoints, routes

__all__ = ["PROVIDER", "endpoints", "routes"]

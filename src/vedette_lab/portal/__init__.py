"""A small portal that plays Microsoft's: groups, devices, connectors, compliance and conditional access by hand."""

from vedette_lab.portal.routes import routes

__all__ = ["routes"]

"""A stand-in for Microsoft Graph v1.0, and for beta where the service needs it (microsoft.md 2)."""

from starlette.routing import BaseRoute

from vedette_lab.graph import (
    applications,
    batch,
    compliance,
    connectors,
    delta,
    detected_apps,
    devices,
    fallback,
    groups,
    intune,
    outlook,
    policies,
    principals,
    subscriptions,
    users,
)

routes: list[BaseRoute] = [
    *batch.routes,
    *delta.routes,
    *groups.routes,
    *users.routes,
    *devices.routes,
    *detected_apps.routes,
    *intune.routes,
    *compliance.routes,
    *connectors.routes,
    *policies.routes,
    *principals.routes,
    *applications.routes,
    *outlook.routes,
    *subscriptions.routes,
    *fallback.routes,
]

"""Service principals, what they were granted, and the organisation (microsoft.md 2.13 and 4.4)."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from odata_query import ast
from starlette.routing import BaseRoute

from vedette_lab.app_model import ServicePrincipal
from vedette_lab.entra.tokens import consented
from vedette_lab.graph.call import Call, operation
from vedette_lab.graph.errors import not_found
from vedette_lab.graph.properties import iso
from vedette_lab.intune_model import Json
from vedette_lab.model import Tenant
from vedette_lab.partner import endpoints
from vedette_lab.permissions import EXCHANGE_APP, GRAPH_APP, INTUNE_API_APP, OWNERS, PERMISSIONS

INTUNE_APP: Final = "0000000a-0000-0000-c000-000000000000"
MICROSOFT: Final = {
    GRAPH_APP: "Microsoft Graph",
    INTUNE_API_APP: "Microsoft Intune API",
    EXCHANGE_APP: "Office 365 Exchange Online",
    INTUNE_APP: "Microsoft Intune",
}
"""Applications of Microsoft that are in every tenant."""


def _microsoft(tenant: Tenant, app_id: str) -> ServicePrincipal:
    identifier = str(uuid5(NAMESPACE_URL, f"{tenant.id}/{app_id}"))
    return ServicePrincipal(identifier, app_id, tenant.created)


def _principals(tenant: Tenant) -> list[ServicePrincipal]:
    return [*tenant.service_principals.values(), *(_microsoft(tenant, app_id) for app_id in MICROSOFT)]


def _principal(call: Call) -> ServicePrincipal:
    params = call.asked.params
    wanted = str(params.get("app_id") or params.get("principal"))
    for principal in _principals(call.tenant):
        if wanted == (principal.app_id if "app_id" in params else principal.id):
            return principal
    raise not_found(wanted)


def render_principal(call: Call, principal: ServicePrincipal) -> Json:
    """Return a service principal as Graph's JSON."""
    app = call.cloud.apps.get(principal.app_id)
    name = MICROSOFT.get(principal.app_id) or (app.display_name if app else principal.app_id)
    return {
        "id": principal.id,
        "deletedDateTime": None,
        "accountEnabled": True,
        "appId": principal.app_id,
        "appDisplayName": name,
        "displayName": name,
        "appOwnerOrganizationId": app.home_tenant if app else None,
        "appRoleAssignmentRequired": app.assignment_required if app else False,
        "replyUrls": list(app.redirect_uris) if app else [],
        "servicePrincipalNames": [principal.app_id],
        "servicePrincipalType": "Application",
        "signInAudience": "AzureADMultipleOrgs" if app is None or app.multi_tenant else "AzureADMyOrg",
        "appRoles": _roles(principal.app_id),
        "oauth2PermissionScopes": [],
        "tags": ["WindowsAzureActiveDirectoryIntegratedApp"] if app else [],
    }


def _resource(app_id: str) -> str | None:
    return {app: resource for resource, app in OWNERS.items()}.get(app_id)


def _roles(app_id: str) -> list[Json]:
    return [
        {
            "allowedMemberTypes": ["Application"],
            "description": permission.description,
            "displayName": permission.title,
            "id": permission.id,
            "isEnabled": True,
            "origin": "Application",
            "value": name,
        }
        for name, permission in PERMISSIONS.items()
        if permission.resource == _resource(app_id)
    ]


async def list_principals(call: Call) -> Json:
    """GET /servicePrincipals; `$filter=appId eq` and `displayName eq`."""
    query = call.query()
    found = [render_principal(call, principal) for principal in _principals(call.tenant)]
    asked = query.filter
    if isinstance(asked, ast.Compare) and isinstance(asked.left, ast.Identifier):
        value = str(getattr(asked.right, "val", ""))
        found = [row for row in found if str(row.get(asked.left.name, "")).lower() == value.lower()]
    return call.page(found, query, "servicePrincipals", _selected(query.select))


def _selected(select: tuple[str, ...] | None) -> Callable[[Json], Json]:
    return lambda row: row if select is None else {name: row[name] for name in select if name in row}


async def get_principal(call: Call) -> Json:
    """GET /servicePrincipals/{id} and /servicePrincipals(appId='{appId}')."""
    row = render_principal(call, _principal(call))
    select = call.query().select
    return {
        "@odata.context": call.context("servicePrincipals", select, entity=True),
        **_selected(select)(row),
    }


async def role_assignments(call: Call) -> Json:
    """GET /servicePrincipals/{id}/appRoleAssignments: what an administrator granted and that has spread."""
    principal = _principal(call)
    app = call.cloud.apps.get(principal.app_id)
    consent = call.tenant.consents.get(principal.app_id)
    granted = consented(call.tenant, app, datetime.now(UTC)) if app else ()
    rows = [
        {
            "id": str(uuid5(NAMESPACE_URL, f"{principal.id}/{name}")),
            "deletedDateTime": None,
            "appRoleId": PERMISSIONS[name].id,
            "createdDateTime": iso(consent.granted if consent else None),
            "principalDisplayName": app.display_name if app else principal.app_id,
            "principalId": principal.id,
            "principalType": "ServicePrincipal",
            "resourceDisplayName": MICROSOFT[_owner(name)],
            "resourceId": _microsoft(call.tenant, _owner(name)).id,
        }
        for name in granted
    ]
    return call.page(rows, call.query(), "appRoleAssignments", lambda row: row)


def _owner(name: str) -> str:
    return OWNERS[PERMISSIONS[name].resource]


async def list_endpoints(call: Call) -> Json:
    """GET /servicePrincipals/{id}/endpoints: Intune's service addresses, the simulated partner's among them."""
    principal = _principal(call)
    rows = endpoints(call.cloud.base_url) if principal.app_id in {INTUNE_APP, INTUNE_API_APP} else []
    return call.page(rows, call.query(), f"servicePrincipals('{principal.id}')/endpoints", lambda row: row)


def render_organization(tenant: Tenant) -> Json:
    """Return the organisation as Graph's JSON."""
    return {
        "id": tenant.id,
        "deletedDateTime": None,
        "displayName": tenant.name,
        "createdDateTime": iso(tenant.created),
        "countryLetterCode": "FR",
        "preferredLanguage": "en",
        "tenantType": "AAD",
        "mobileDeviceManagementAuthority": "intune",
        "technicalNotificationMails": [],
        "businessPhones": [],
        "assignedPlans": [],
        "provisionedPlans": [],
        "verifiedDomains": [
            {
                "capabilities": "Email, OfficeCommunicationsOnline",
                "isDefault": True,
                "isInitial": True,
                "name": tenant.domain,
                "type": "Managed",
            }
        ],
    }


async def list_organizations(call: Call) -> Json:
    """GET /organization."""
    query = call.query()
    return call.page([render_organization(call.tenant)], query, "organization", _selected(query.select))


async def get_organization(call: Call) -> Json:
    """GET /organization/{id}."""
    if call.param("organization") != call.tenant.id:
        raise not_found(call.param("organization"))
    select = call.query().select
    row = _selected(select)(render_organization(call.tenant))
    return {"@odata.context": call.context("organization", select, entity=True), **row}


routes: list[BaseRoute] = [
    *operation("GET", "/servicePrincipals", list_principals),
    *(
        route
        for path in ("/servicePrincipals(appId='{app_id}')", "/servicePrincipals/{principal}")
        for tail, handler in (
            ("", get_principal),
            ("/appRoleAssignments", role_assignments),
            ("/endpoints", list_endpoints),
        )
        for route in operation("GET", f"{path}{tail}", handler, name=f"/servicePrincipals/{{id}}{tail}")
    ),
    *operation("GET", "/organization", list_organizations),
    *operation("GET", "/organization/{organization}", get_organization),
]

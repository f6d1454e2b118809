"""Compliance policies in the portal."""

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from vedette_lab.answers import cloud_of
from vedette_lab.intune_model import CompliancePolicy
from vedette_lab.model import Tenant
from vedette_lab.portal import compliance_form as forms
from vedette_lab.portal.kit import FormError, go, missing, show, tenant_form, tenant_page

TARGET_NAMES = {forms.ALL_USERS_TARGET: "All users", forms.ALL_DEVICES_TARGET: "All devices"}


def assigned_to(tenant: Tenant, policy: CompliancePolicy) -> list[str]:
    """Return whom a policy is assigned to, in words."""
    names = []
    for assignment in policy.assignments:
        kind = str(assignment.target.get("@odata.type"))
        group = tenant.directory.groups.get(str(assignment.target.get("groupId")))
        name = TARGET_NAMES.get(kind) or (group.display_name if group else "a deleted group")
        names.append(f"not {name}" if kind == forms.EXCLUSION_TARGET else name)
    return names


@tenant_page
async def policies(request: Request, tenant: Tenant) -> Response:
    """`/portal/{tid}/compliance`: every compliance policy."""
    return show(
        request,
        "portal/compliance.html",
        tenant=tenant,
        policies=list(tenant.compliance_policies.values()),
        platform=forms.platform_name,
        assigned=assigned_to,
        secure=tenant.compliance_settings.secure_by_default,
    )


def _form(
    request: Request,
    tenant: Tenant,
    typed: forms.Typed,
    policy: CompliancePolicy | None = None,
    error: str = "",
) -> Response:
    return show(
        request,
        "portal/compliance_form.html",
        status=400 if error else 200,
        tenant=tenant,
        typed=typed,
        policy=policy,
        kinds=forms.KINDS,
        levels=forms.LEVEL_NAMES,
        groups=sorted(tenant.directory.groups.values(), key=lambda group: group.display_name.lower()),
        error=error,
    )


@tenant_page
async def new(request: Request, tenant: Tenant) -> Response:
    """`/portal/{tid}/compliance/new`: the empty form."""
    return _form(request, tenant, forms.Typed())


@tenant_page
async def edit(request: Request, tenant: Tenant) -> Response:
    """`/portal/{tid}/compliance/{id}`: the form of one policy."""
    policy = tenant.compliance_policies.get(request.path_params["pid"])
    if policy is None:
        return missing(request, "There is no such compliance policy.")
    return _form(request, tenant, forms.from_policy(policy), policy)


@tenant_form
async def save(request: Request, tenant: Tenant, form: FormData) -> Response:
    """Create or change a policy."""
    policy_id = request.path_params.get("pid")
    existing = tenant.compliance_policies.get(policy_id) if policy_id else None
    if policy_id and existing is None:
        return missing(request, "There is no such compliance policy.")
    typed = forms.from_form(form)
    try:
        policy = forms.apply(typed, tenant, cloud_of(request).now(), existing)
    except FormError as error:
        return _form(request, tenant, typed, existing, str(error))
    tenant.compliance_policies[policy.id] = policy
    done = f"{policy.display_name} saved. It counts from each phone's next check-in."
    return go(f"/portal/{tenant.id}/compliance", done)


@tenant_form
async def delete(request: Request, tenant: Tenant, _: FormData) -> Response:
    """Delete a policy; phones notice at their next check-in."""
    policy = tenant.compliance_policies.pop(request.path_params["pid"], None)
    done = f"{policy.display_name} deleted." if policy else "The policy was gone already."
    return go(f"/portal/{tenant.id}/compliance", done)


@tenant_form
async def default(_: Request, tenant: Tenant, form: FormData) -> Response:
    """Set "mark devices with no compliance policy assigned as"."""
    tenant.compliance_settings.secure_by_default = form.get("secure") == "yes"
    word = "noncompliant" if tenant.compliance_settings.secure_by_default else "compliant"
    return go(f"/portal/{tenant.id}/compliance", f"Devices with no policy are now marked as {word}.")

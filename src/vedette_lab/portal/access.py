"""Conditional-access policies in the portal."""

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from vedette_lab.answers import cloud_of
from vedette_lab.model import ConditionalAccessPolicy, Tenant, new_id
from vedette_lab.portal import access_form as forms
from vedette_lab.portal.kit import FormError, field, go, missing, show, tenant_form, tenant_page


def summary(tenant: Tenant, policy: ConditionalAccessPolicy) -> dict[str, str]:
    """Return what a policy is for and does, in words."""
    typed = forms.from_body(policy.body, tenant)
    groups = [
        tenant.directory.groups[each].display_name
        for each in typed.include_groups
        if each in tenant.directory.groups
    ]
    who = ["All users"] if typed.all_users else [*groups, *typed.include_users.split()]
    controls = [forms.CONTROLS.get(each, "Block access") for each in typed.controls]
    device = {"include": "devices where ", "exclude": "devices except where "}.get(typed.filter_mode, "")
    return {
        "users": ", ".join(who) or "nobody",
        "devices": f"{device}{typed.filter_rule}" if device else "",
        "platforms": ", ".join(forms.PLATFORMS.get(each, each) for each in typed.include_platforms),
        "grant": f" {typed.operator.lower()} ".join(controls),
    }


@tenant_page
async def policies(request: Request, tenant: Tenant) -> Response:
    """`/portal/{tid}/conditional-access`: every policy."""
    rows = [(policy, summary(tenant, policy)) for policy in tenant.ca_policies.values()]
    return show(request, "portal/access.html", tenant=tenant, rows=rows, states=forms.STATES)


def _form(
    request: Request,
    tenant: Tenant,
    typed: forms.Typed,
    policy: ConditionalAccessPolicy | None = None,
    error: str = "",
) -> Response:
    names = {app.client_id: app.display_name for app in cloud_of(request).apps.values()}
    return show(
        request,
        "portal/access_form.html",
        status=400 if error else 200,
        tenant=tenant,
        typed=typed,
        policy=policy,
        states=forms.STATES,
        platforms=forms.PLATFORMS,
        clients=forms.CLIENTS,
        controls=forms.CONTROLS,
        modes=forms.FILTER_MODES,
        apps=forms.application_choices(tenant, names),
        groups=sorted(tenant.directory.groups.values(), key=lambda group: group.display_name.lower()),
        error=error,
    )


@tenant_page
async def new(request: Request, tenant: Tenant) -> Response:
    """`/portal/{tid}/conditional-access/new`: the empty form."""
    return _form(request, tenant, forms.Typed())


@tenant_page
async def edit(request: Request, tenant: Tenant) -> Response:
    """`/portal/{tid}/conditional-access/{id}`: the form of one policy."""
    policy = tenant.ca_policies.get(request.path_params["pid"])
    if policy is None:
        return missing(request, "There is no such conditional-access policy.")
    return _form(request, tenant, forms.from_body(policy.body, tenant), policy)


@tenant_form
async def save(request: Request, tenant: Tenant, form: FormData) -> Response:
    """Create or change a policy; it counts from the next token."""
    policy_id = request.path_params.get("pid")
    existing = tenant.ca_policies.get(policy_id) if policy_id else None
    if policy_id and existing is None:
        return missing(request, "There is no such conditional-access policy.")
    typed = forms.from_form(form)
    try:
        body = forms.body(typed, tenant)
    except FormError as error:
        return _form(request, tenant, typed, existing, str(error))
    now = cloud_of(request).now()
    if existing is None:
        created = ConditionalAccessPolicy(new_id(), body, now)
        tenant.ca_policies[created.id] = created
    else:
        existing.body, existing.modified = body, now
    done = f"{typed.name} saved: {forms.STATES.get(typed.state, typed.state)}."
    return go(f"/portal/{tenant.id}/conditional-access", done)


@tenant_form
async def set_state(request: Request, tenant: Tenant, form: FormData) -> Response:
    """Turn a policy on, off or to report-only."""
    policy = tenant.ca_policies.get(request.path_params["pid"])
    state = field(form, "state")
    if policy is None or state not in forms.STATES:
        return missing(request, "There is no such conditional-access policy or state.")
    policy.body = {**policy.body, "state": state}
    policy.modified = cloud_of(request).now()
    done = f"{policy.display_name}: {forms.STATES[state]}."
    return go(f"/portal/{tenant.id}/conditional-access", done)


@tenant_form
async def delete(request: Request, tenant: Tenant, _: FormData) -> Response:
    """Delete a policy."""
    policy = tenant.ca_policies.pop(request.path_params["pid"], None)
    done = f"{policy.display_name} deleted." if policy else "The policy was gone already."
    return go(f"/portal/{tenant.id}/conditional-access", done)

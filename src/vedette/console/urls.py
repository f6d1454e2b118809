"""Addresses of the console's modules."""

from django.urls import URLPattern, URLResolver, include, path

from vedette.console import (
    account,
    application_keys,
    audit,
    brake,
    dashboard,
    device,
    devices,
    disconnect,
    enrollment,
    invite,
    invite_person,
    policy,
    release,
    simulation,
    threat,
    threats,
    why,
)
from vedette.console.setup import urls as setup

app_name = "console"
urlpatterns: list[URLPattern | URLResolver] = [
    path("setup/", include((setup.administrator, "setup"))),
    path("operator/accounts/<uuid:tenant_id>/setup/", include((setup.operator, "operator_setup"))),
    path("dashboard/", dashboard.page, name="dashboard"),
    path("brake/<uuid:brake_id>/", brake.page, name="brake"),
    path("brake/<uuid:brake_id>/release", brake.release_held, name="brake-release"),
    path("brake/<uuid:brake_id>/revert", brake.revert_cause, name="brake-revert"),
    path("threats/", threats.page, name="threats"),
    path("threats/export", threats.export, name="threats-export"),
    path("threats/<uuid:threat_id>/", threat.page, name="threat"),
    path("threats/<uuid:threat_id>/ignore", threat.ignore, name="threat-ignore"),
    path("threats/<uuid:threat_id>/reopen", threat.reopen, name="threat-reopen"),
    path("devices/", devices.page, name="devices"),
    path("devices/why", why.page, name="why"),
    path("devices/export", devices.export, name="devices-export"),
    path("devices/<uuid:device_id>/", device.page, name="device"),
    path("devices/<uuid:device_id>/invite", invite.device, name="device-invite"),
    path("devices/<uuid:device_id>/release", release.grant, name="device-release"),
    path("devices/<uuid:device_id>/release/end", release.end, name="device-release-end"),
    path("devices/<uuid:device_id>/test-threat", simulation.start, name="device-simulate"),
    path("devices/<uuid:device_id>/test-threat/end", simulation.end, name="device-simulate-end"),
    path("devices/<uuid:device_id>/<slug:act>", device.act, name="device-act"),
    path("policy/", policy.page, name="policy"),
    path("policy/reset", policy.reset, name="policy-reset"),
    path("policy/parameters", policy.parameters, name="policy-parameters"),
    path("policy/export", policy.export, name="policy-export"),
    path("system/account/", account.page, name="account"),
    path("system/account/disconnect", disconnect.page, name="disconnect"),
    path("system/account/disconnect/finish", disconnect.finish, name="disconnect-finish"),
    path("system/account/arm", account.arm, name="arm"),
    path("system/account/monitor", account.monitor, name="monitor"),
    path("system/enrollment/", enrollment.page, name="enrollment"),
    path("system/enrollment/invite", enrollment.invite, name="invite-all"),
    path("system/enrollment/person", invite_person.page, name="invite-person"),
    path("system/enrollment/waiting/<uuid:waiting_id>", enrollment.decide_waiting, name="waiting"),
    path("system/enrollment/retry/<uuid:batch_id>", enrollment.retry, name="retry"),
    path("system/enrollment/invitations/", invite.page, name="invitations"),
    path("system/enrollment/invitations/<uuid:invitation_id>/renew", invite.renew, name="invitation-renew"),
    path(
        "system/enrollment/invitations/<uuid:invitation_id>/revoke", invite.revoke, name="invitation-revoke"
    ),
    path("system/enrollment/settings/", enrollment.settings_page, name="enrollment-settings"),
    path("system/keys/", application_keys.page, name="application-keys"),
    path("system/keys/new", application_keys.new, name="application-key-new"),
    path("system/keys/<uuid:key_id>/revoke", application_keys.revoke, name="application-key-revoke"),
    path(
        "system/keys/<uuid:key_id>/end-tokens", application_keys.end_tokens, name="application-key-end-tokens"
    ),
    path("system/audit/", audit.page, name="audit"),
    path("system/audit/export", audit.export, name="audit-export"),
    path("system/audit/<uuid:event_id>/", audit.detail, name="audit-event"),
]

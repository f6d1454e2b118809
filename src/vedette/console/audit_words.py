"""Words for the actions of the audit trail."""

from typing import Final

from django.utils.translation import gettext_lazy as _

ACTIONS: Final = {
    "administrator.signed_in": _("Signed in"),
    "administrator.signed_out": _("Signed out"),
    "administrator.preferences_changed": _("Changed own preferences"),
    "tenant.created": _("Account created"),
    "tenant.invitation_sent": _("Login link sent"),
    "tenant.consented": _("Consent given"),
    "tenant.groups_changed": _("Console access groups changed"),
    "tenant.armed": _("Tenant armed"),
    "tenant.monitored": _("Back to Monitor mode"),
    "connector.settings_changed": _("Connector settings changed"),
    "connector.state_changed": _("Connector state changed"),
    "connector.error_acknowledged": _("Connector error acknowledged"),
    "enrollment.group_added": _("Enrollment group added"),
    "enrollment.group_removed": _("Enrollment group taken out"),
    "enrollment.invited": _("Invitations sent"),
    "enrollment.confirmed": _("Waiting app confirmed"),
    "enrollment.rejected": _("Waiting app turned away"),
    "enrollment.disconnected_days_changed": _("Days until disconnected changed"),
    "device.activated": _("Device activated"),
    "device.deactivated": _("Device deactivated"),
    "device.reinstated": _("Device reinstated"),
    "device.deleted": _("Device deleted"),
    "device.taken_over": _("Device taken over by its new registration"),
    "device.resync_requested": _("Resync asked for"),
    "threat.ignored": _("Threat ignored"),
    "threat.reopened": _("Threat counts again"),
    "policy.levels_changed": _("Security policy changed"),
    "policy.parameters_changed": _("Up-to-date versions changed"),
}

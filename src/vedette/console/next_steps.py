"""What an administrator has still to do before phones are protected, in the order of the set-up page."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from vedette.connectors.intune.models import EnrollmentGroup, IntuneConnector
from vedette.connectors.intune.settings_read import connector_of
from vedette.devices.models import Device
from vedette.feeds.models import FeedVersion
from vedette.tenants import access
from vedette.tenants.models import Administrator, Tenant


def next_steps(tenant: Tenant, administrator: Administrator) -> list[dict[str, Any]]:
    """Return the guided list; empty once everything is done, or for who may not do it."""
    if not access.may(administrator, "connectors", "modify"):
        return []
    connector = connector_of(tenant.id)
    ready = connector.state in {IntuneConnector.State.AVAILABLE, IntuneConnector.State.ENABLED}
    has_groups = EnrollmentGroup.objects.exists()
    steps: list[tuple[bool, str, str, str]] = [
        (
            ready,
            _("Set up the Intune connector"),
            _("Its first heartbeat proves the way to Microsoft."),
            "intune:connection",
        ),
        (
            has_groups,
            _("Choose enrollment groups"),
            _("The Entra groups whose people's phones are protected."),
            "intune:enrollment",
        ),
        (
            bool(connector.error_emails),
            _("Say who is told of errors"),
            _("Connector errors are mailed once."),
            "intune:errors",
        ),
        (
            Device.objects.filter(activation_status=Device.Activation.ACTIVATED).exists(),
            _("Invite people"),
            _("Each phone is activated with a code from an e-mail."),
            "console:enrollment",
        ),
        (
            FeedVersion.objects.filter(active=True).exists(),
            _("Load threat intelligence"),
            _(
                "No indicators are loaded: known malware is not recognised. Choose public feeds, or import files."
            ),
            "console:intelligence",
        ),
        (
            connector.android_enabled or connector.ios_enabled,
            _("Turn a platform on"),
            _("States are sent for Android, iOS or both."),
            "intune:connection",
        ),
        (
            tenant.mode == Tenant.Mode.ARMED,
            _("Arm the tenant"),
            _("Until then nothing is written to Microsoft; you only watch."),
            "console:account",
        ),
    ]
    if all(done for done, *_rest in steps):
        return []
    return _guided(steps)


def _guided(steps: list[tuple[bool, str, str, str]]) -> list[dict[str, Any]]:
    entries, current_given = [], False
    for done, title, text, route in steps:
        state = "done" if done else ("waiting" if current_given else "current")
        current_given = current_given or not done
        entry: dict[str, Any] = {"title": title, "state": state, "text": "" if done else text}
        if not done:
            entry |= {"action": _("Open"), "href": reverse(route)}
        entries.append(entry)
    return entries

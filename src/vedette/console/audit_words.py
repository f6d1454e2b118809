"""Words for the audit trail: actions, what they are done to, attributes and their values."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from vedette.console import destination_words, guard_words, resolver_words, web_protection_words
from vedette.console.policy_words import RESPONSES
from vedette.console.words import title_of
from vedette.events.models import Event
from vedette.verdict.classifications import CLASSIFICATIONS
from vedette.verdict.risk import Risk
from vedette.web.badges import RISKS, STATES

ACTIONS: Final[Mapping[str, Promise]] = {
    "administrator.signed_in": _("Signed in"),
    "administrator.signed_out": _("Signed out"),
    "administrator.sign_in_refused": _("Sign-in refused"),
    "administrator.access_changed": _("Access changed"),
    "administrator.preferences_changed": _("Own preferences changed"),
    "tenant.created": _("Account created"),
    "tenant.invitation_sent": _("Login link sent"),
    "tenant.invitation_failed": _("Login link could not be sent"),
    "tenant.consented": _("Consent given"),
    "tenant.consent_renewed": _("Consent renewed"),
    "tenant.groups_changed": _("Console access groups changed"),
    "registration.draft_begun": _("Own registration begun"),
    "registration.draft_discarded": _("Draft of a registration thrown away"),
    "registration.identified": _("Registration's application chosen"),
    "registration.credential_chosen": _("Registration's credential chosen"),
    "registration.in_force": _("Registration put in force"),
    "registration.given_up": _("Own registration given up"),
    "device.owner_changed": _("Owner changed"),
    "tenant.armed": _("Tenant armed"),
    "tenant.monitoring": _("Back to Monitor mode"),
    "connector.settings_changed": _("Connector settings changed"),
    "connector.mail_tested": _("Test mail sent"),
    "connector.state_changed": _("Connector state changed"),
    "connector.heartbeat_requested": _("Heartbeat asked for"),
    "connector.reading_requested": _("Look at permissions and rules asked for"),
    "connector.poll_requested": _("Poll of the directory asked for"),
    "connector.pushes_exported": _("Writes to Microsoft exported"),
    "connector.send_again": _("States sent again"),
    "connector.error_acknowledged": _("Connector error acknowledged"),
    "connector.person_spared": _("Person left out of enforcement"),
    "connector.person_not_spared": _("Person no longer left out of enforcement"),
    "enrollment.group_added": _("Enrollment group added"),
    "enrollment.ways_changed": _("Ways of activation changed"),
    "enrollment.configuration_code_replaced": _("Code of the app configuration replaced"),
    "enrollment.group_removed": _("Enrollment group taken out"),
    "enrollment.invited": _("Invitations sent"),
    "enrollment.code_renewed": _("Invitation sent again"),
    "enrollment.code_revoked": _("Invitation revoked"),
    "enrollment.confirmed": _("Waiting app confirmed"),
    "enrollment.rejected": _("Waiting app turned away"),
    "enrollment.disconnected_days_changed": _("Days until disconnected changed"),
    "device.deactivated": _("Device deactivated"),
    "device.reinstated": _("Device reinstated"),
    "device.deleted": _("Device deleted"),
    "device.resync_requested": _("Resync asked for"),
    "device.check_requested": _("New verdict asked for"),
    "device.exported": _("Devices exported"),
    "threat.ignored": _("Threat ignored"),
    "threat.reopened": _("Threat counts again"),
    "threat.resolved": _("Threat called mended"),
    "threat.exported": _("Threats exported"),
    "policy.levels_changed": _("Security policy changed"),
    "policy.parameters_changed": _("Up-to-date versions changed"),
    "policy.change_requested": _("Large change of the security policy asked for"),
    "policy.change_failed": _("Change of the security policy could not be applied"),
    "policy.exported": _("Security policy exported"),
    "device.vulnerabilities_exported": _("Vulnerabilities exported"),
    "policy.privacy_changed": _("What is collected changed"),
    "policy.app_listed": _("App put on a list"),
    "policy.app_unlisted": _("App taken off a list"),
    "policy.rule_added": _("Rule on capabilities added"),
    "policy.rule_removed": _("Rule on capabilities removed"),
    "scan.uploaded": _("File uploaded for analysis"),
    "scan.deleted": _("Scan deleted"),
    "scan.exported": _("Scan downloaded"),
    "device.scan_attached": _("Scan counted for a device"),
    "device.scan_detached": _("Scan counted no more for a device"),
    "feed.subscribed": _("Feed fetched from now on"),
    "feed.refreshed": _("Feed looked for"),
    "feed.unsubscribed": _("Feed fetched no more"),
    "feed.rolled_back": _("Feed taken back a version"),
    "audit.exported": _("Audit trail exported"),
    "file_rules.added": _("File rules added"),
    "file_rules.changed": _("File rules changed"),
    "file_rules.switched": _("File rules switched on or off"),
    "file_rules.deleted": _("File rules deleted"),
    "threat_feed.created": _("Threat feed made"),
    "threat_feed.changed": _("Threat feed changed"),
    "threat_feed.filled": _("Domains of a threat feed changed"),
    "threat_feed.deleted": _("Threat feed deleted"),
    "application_key.created": _("Application key made"),
    "application_key.revoked": _("Application key revoked"),
    "application_key.tokens_ended": _("Tokens of an application key ended"),
    **destination_words.ACTIONS,
    **guard_words.ACTIONS,
    **resolver_words.ACTIONS,
    **web_protection_words.ACTIONS,
}

AREAS: Final[Mapping[str, Promise]] = {
    "administrator": _("Sign-in and people"),
    "tenant": _("Account"),
    "connector": _("Connectors"),
    "enrollment": _("Enrollment"),
    "registration": _("Registration at Entra"),
    "device": _("Devices"),
    "threat": _("Threats"),
    "policy": _("Security policy"),
    "audit": _("Audit trail"),
    "feed": _("Intelligence"),
    "scan": _("Scans"),
    "application_key": _("Application keys"),
    "threat_feed": _("Threat feeds"),
    "file_rules": _("File rules"),
    **destination_words.AREAS,
    **guard_words.AREAS,
    **web_protection_words.AREAS,
}
"""First part of each action's name."""

ATTRIBUTES: Final[Mapping[str, Promise]] = {
    "access": _("Access"),
    "action": _("List"),
    "address": _("Address"),
    "capabilities": _("Capabilities"),
    "company": _("Applications of the organisation's phones"),
    "personal": _("Applications of personal phones"),
    "unknown": _("Applications of phones of unknown owner"),
    "network_names": _("Names of Wi-Fi networks"),
    "requested": _("Asked for"),
    "version": _("Version"),
    "addresses": _("Addresses"),
    "acknowledged": _("Acknowledged"),
    "activation_status": _("Activation"),
    "android_enabled": _("Android"),
    "attribute_number": _("Extension attribute"),
    "binding": _("Binding"),
    "by_code": _("By code"),
    "by_configuration": _("By app configuration"),
    "by_sign_in": _("By sign-in"),
    "client_id": _("Application"),
    "owner_oid": _("Owner"),
    "cloud": _("Microsoft cloud"),
    "credential": _("Credential"),
    "device_claim_needed": _("Only from registered phones"),
    "made_at": _("Made"),
    "profiles": _("Purposes"),
    "delete_on_unenrollment": _("Delete on unenrollment"),
    "disconnected_days": _("Days until disconnected"),
    "enabled": _("Switched on"),
    "domains": _("Domains"),
    "enrolled": _("Enrolled"),
    "entra_object_id": _("Entra device"),
    "error_emails": _("People told of errors"),
    "expires_at": _("Expires"),
    "generation": _("Generation of tokens"),
    "full_group_id": _("Group with full access"),
    "fail_mode": _("Fail-open or fail-closed"),
    "heartbeat_minutes": _("Heartbeat, minutes"),
    "include_nested": _("With nested groups"),
    "ios_enabled": _("iOS"),
    "language": _("Language"),
    "minimum_android": _("Oldest Android"),
    "minimum_ios": _("Oldest iOS"),
    "missed_allowed": _("Missed heartbeats allowed"),
    "mode": _("Mode"),
    "notify_high": _("Mail at high risk"),
    "notify_low": _("Mail at low risk"),
    "notify_medium": _("Mail at medium risk"),
    "patch_age_days": _("Security patch at most, days"),
    "minimum_agent": _("Oldest protection app"),
    "poll_minutes": _("Poll, minutes"),
    "restricted_group_id": _("Group with restricted access"),
    "scan": _("Scan"),
    "scope": _("Devices taken in"),
    "scopes": _("What it may do"),
    "seen_within_days": _("Seen within, days"),
    "state": _("State"),
    "status": _("Status"),
    "sync_device_status": _("Device status sent"),
    "sync_threat_status": _("Threat status sent"),
    "theme": _("Theme"),
    **destination_words.ATTRIBUTES,
    **guard_words.ATTRIBUTES,
    **resolver_words.ATTRIBUTES,
    **web_protection_words.ATTRIBUTES,
}
DETAILS: Final[Mapping[str, Promise]] = {
    "access": _("Access"),
    "asked_by": _("Asked for by"),
    "claim": _("What the app said of its phone"),
    "count": _("How many"),
    "collected_at": _("Collected"),
    "kind": _("Kind"),
    "sha256": _("File (SHA-256)"),
    "size": _("Size, bytes"),
    "device_id": _("Device"),
    "devices_by_state": _("Devices by state"),
    "first_session": _("Session that gave consent"),
    "include_nested": _("With nested groups"),
    "invitation": _("Invitation"),
    "key_id": _("Key of the app"),
    "platform": _("Platform"),
    "reason": _("Reason"),
    "risk": _("Risk"),
    "search": _("Search"),
    "state": _("State"),
    "status": _("Status"),
    "threats": _("Threats to rate anew"),
    "when": _("When"),
    "who": _("Who"),
    "area": _("Area"),
    **destination_words.DETAILS,
}
_LEVELS: Final = {level.name: RISKS[int(level)].label for level in Risk}
_RISK, _RESPONSE = ".risk", ".response"


def action_words(action: str) -> str:
    """Say what was done; an action without words is shown by its name."""
    return str(ACTIONS.get(action, action))


def attribute_words(attribute: str) -> str:
    """Name an attribute: `patch_age_days`, or `TROJAN.risk` of the policy."""
    code, dot, part = attribute.partition(".")
    if dot and code in CLASSIFICATIONS:
        title = title_of(code)
        if f".{part}" == _RESPONSE:
            return gettext("%(classification)s, response") % {"classification": title}
        return title
    return str(ATTRIBUTES.get(attribute, attribute.replace("_", " ")))


def value_words(attribute: str, value: Any) -> str:
    """Write a value of an attribute as people read it."""
    if value is None or value in ("", []):
        return gettext("none")
    if isinstance(value, bool):
        return gettext("on") if value else gettext("off")
    if attribute.endswith(_RISK) and value in _LEVELS:
        return str(_LEVELS[value])
    if attribute.endswith(_RESPONSE):
        return str(RESPONSES.get(str(value), value))
    return _structure(value)


def _structure(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{_name(key)}: {value_words(str(key), item)}" for key, item in value.items())
    if isinstance(value, list):
        return ", ".join(value_words("", item) for item in value)
    return str(_name(value))


def changes_of(event: Event) -> list[tuple[str, str, str]]:
    """Give attribute, value before and value after of each change, in words."""
    return [
        (
            attribute_words(str(item["attribute"])),
            value_words(str(item["attribute"]), item.get("from")),
            value_words(str(item["attribute"]), item.get("to")),
        )
        for item in event.changes
    ]


def details_of(event: Event) -> list[tuple[str, str]]:
    """Give what else is known of an event, in words."""
    return [
        (str(DETAILS.get(name, name.replace("_", " "))), value_words(name, value))
        for name, value in event.detail.items()
    ]


def target_words(event: Event) -> str:
    """Say what it was done to; a sending of invitations by how many it was."""
    if event.target_type == "batch":
        count = int(event.detail.get("count", 0))
        return ngettext("%(count)d person", "%(count)d people", count) % {"count": count}
    return event.target_name or event.target_type


def _name(value: object) -> object:
    """A state by its label, where it is one."""
    badge = STATES.get(str(value)) or STATES.get(str(value).lower())
    return badge.label if badge else value

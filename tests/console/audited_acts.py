"""Every act of the console and the connectors' pages with the audit row that it must leave, as a table."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from django.urls import reverse
from tests.connectors.pages.addresses import CONNECTION, ENROLLMENT, SYNC
from tests.connectors.scene import Scene
from tests.support.console import Member, audit
from tests.support.microsoft import PERMISSIONS
from tests.support.world import ADA

from vedette.compliance.models import Brake
from vedette.connectors import errors
from vedette.connectors.errors import Problem
from vedette.connectors.models import SparedPerson
from vedette.devices import invitations
from vedette.devices.models import Device, Invitation, WaitingIdentity
from vedette.feeds import catalogue, store
from vedette.foundation import clock, config, database
from vedette.tenants import application_keys
from vedette.tenants.application_keys import Scope, Wish
from vedette.tenants.models import Tenant
from vedette.threats.models import AppEntry, CapabilityRule, Threat
from vedette_facts import jose


@dataclass
class Stage:
    """A tenant with phones, of which the first has a threat, and somebody with full access."""

    scene: Scene
    who: Member
    phone: Device
    spare: Device

    def post(self, route: str, /, *arguments: Any, **form: Any) -> Any:
        return self.who.post(reverse(route, args=arguments), **form)

    def get(self, route: str) -> Any:
        return self.who.export(reverse(route))

    def threat(self) -> UUID:
        with database.tenant(self.scene.tenant_id):
            return Threat.objects.get(device=self.phone, classification="TROJAN").id

    def secure_post(self, route: str) -> Any:
        """Post where people reach the service by HTTPS."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("VEDETTE_PUBLIC_URL", "https://vedette.example")
            config.current.cache_clear()
            answer = self.post(route)
        config.current.cache_clear()
        return answer

    def mailbox(self) -> str:
        """A mailbox at Microsoft that the application may send from."""
        app, organisation = self.scene.microsoft.client_id, self.scene.organisation
        body = {"client_id": app, "permissions": [*PERMISSIONS, "Mail.Send"]}
        self.scene.lab.post(f"/tenants/{organisation.id}/consents", body)
        return organisation.people["full"]

    def invitation(self) -> UUID:
        """An invitation that nobody has used."""
        with database.writer(self.scene.tenant_id):
            return invitations.invite_device(self.spare, ADA).invitation.id

    def failed_batch(self) -> UUID:
        with database.writer(self.scene.tenant_id):
            batch = invitations.prepare_batch(self.scene.tenant_id, ADA)
            assert batch
            invitations.fail_rest(self.scene.tenant_id, batch, "550 no such person")
            return batch

    def waiting(self) -> UUID:
        """An app that waits with a code of its own."""
        key, now = jose.public_jwk(jose.new_key()), clock.now()
        with database.writer(self.scene.tenant_id):
            row = WaitingIdentity.objects.create(
                tenant_id=self.scene.tenant_id,
                invitation=Invitation.objects.get(id=self.invitation()),
                key_id=jose.key_id(key),
                public_jwk=key,
                claim={"platform": self.spare.platform, "model": self.spare.model, "agent_version": "1"},
                reason="needs_confirmation",
                first_seen_at=now,
                last_seen_at=now,
            )
            return row.id

    def error(self) -> UUID:
        return errors.record(self.scene.tenant_id, "intune", Problem("poll", "odd", "Odd.")).id

    def tenant_name(self) -> str:
        with database.tenant(self.scene.tenant_id):
            return str(Tenant.objects.values_list("name", flat=True).get())

    def brake(self, kind: str, **detail: str) -> UUID:
        """A brake that holds nobody, pulled by what happened last."""
        with database.writer(self.scene.tenant_id):
            row = Brake.objects.create(
                tenant_id=self.scene.tenant_id,
                key=f"{kind}:x",
                kind=kind,
                limit=10,
                detail=detail,
                pulled_at=clock.now(),
            )
            return row.id

    def entry(self) -> UUID:
        with database.tenant(self.scene.tenant_id):
            return AppEntry.objects.values_list("id", flat=True).get()

    def rule(self) -> UUID:
        with database.tenant(self.scene.tenant_id):
            return CapabilityRule.objects.values_list("id", flat=True).get()

    def old_feed(self) -> str:
        """A feed with a version to go back to."""
        for package in ("org.x.a", "org.x.b"):
            text = f"- name: A\n  type: adware\n  packages: [{package}]".encode()
            store.import_document("ads", text)
        return "ads"

    def policy_brake(self) -> UUID:
        event = audit(self.scene.world, "policy.levels_changed")[-1]
        return self.brake("policy", event=str(event.id))

    def key(self) -> UUID:
        with database.writer(self.scene.tenant_id):
            return application_keys.create(Wish("SIEM", [Scope.EVENTS]), ADA).row.id

    def risk_group(self) -> UUID:
        """A group that phones and people at risk may be put into, made at first sight."""
        found = [g for g in self.scene.lab.get(self.scene.path)["groups"] if g["display_name"] == "At risk"]
        made = found or [self.scene.lab.post(f"{self.scene.path}/groups", {"display_name": "At risk"})]
        return UUID(made[0]["id"])

    def spared(self) -> UUID:
        with database.tenant(self.scene.tenant_id):
            return SparedPerson.objects.values_list("id", flat=True).get()

    def group(self, name: str) -> UUID:
        return UUID(self.scene.group(name)["id"])


Act = Callable[[Stage], Any]
Changed = tuple[str, Any, Any] | None

# route, what is done there, the audit row it leaves, and what it changed (attribute, from, to; ... is anything)
ACTS: list[tuple[str, Act, str, Changed]] = [
    ("console:threats-export", lambda s: s.get("console:threats-export"), "threat.exported", None),
    ("console:devices-export", lambda s: s.get("console:devices-export"), "device.exported", None),
    (
        "console:vulnerabilities-export",
        lambda s: s.get("console:vulnerabilities-export"),
        "device.vulnerabilities_exported",
        None,
    ),
    (
        "console:app-entry-add",
        lambda s: s.post("console:app-entry-add", action="deny", subject="package", value="com.games.*"),
        "policy.app_listed",
        ("action", None, "deny"),
    ),
    (
        "console:app-entry-remove",
        lambda s: s.post("console:app-entry-remove", s.entry()),
        "policy.app_unlisted",
        ("action", "deny", None),
    ),
    (
        "console:app-rule-add",
        lambda s: s.post("console:app-rule-add", name="No SMS", all_of=["read_sms"]),
        "policy.rule_added",
        ("capabilities", None, "read_sms"),
    ),
    (
        "console:app-rule-remove",
        lambda s: s.post("console:app-rule-remove", s.rule()),
        "policy.rule_removed",
        ("capabilities", "read_sms", None),
    ),
    (
        "console:feed-subscribe",
        lambda s: s.post("console:feed-subscribe", "kev"),
        "feed.subscribed",
        ("address", None, catalogue.BY_NAME["kev"].address),
    ),
    (
        "console:feed-refresh",
        lambda s: s.post("console:feed-refresh", "kev"),
        "feed.refreshed",
        ("requested", None, "now"),
    ),
    (
        "console:feed-unsubscribe",
        lambda s: s.post("console:feed-unsubscribe", "kev"),
        "feed.unsubscribed",
        ("enabled", "true", "false"),
    ),
    (
        "console:feed-rollback",
        lambda s: s.post("console:feed-rollback", s.old_feed()),
        "feed.rolled_back",
        ("version", 2, 1),
    ),
    ("console:policy-export", lambda s: s.get("console:policy-export"), "policy.exported", None),
    ("console:audit-export", lambda s: s.get("console:audit-export"), "audit.exported", None),
    (
        "console:threat-ignore",
        lambda s: s.post("console:threat-ignore", s.threat(), reason="ours"),
        "threat.ignored",
        ("status", "open", "ignored"),
    ),
    (
        "console:threat-reopen",
        lambda s: s.post("console:threat-reopen", s.threat()),
        "threat.reopened",
        ("status", "ignored", "open"),
    ),
    (
        "console:policy",
        lambda s: s.post("console:policy", **{"risk-TROJAN": "2", "confirmed": "1"}),
        "policy.levels_changed",
        ("TROJAN.risk", "HIGH", "LOW"),
    ),
    (
        "console:policy-reset",
        lambda s: s.post("console:policy-reset"),
        "policy.levels_changed",
        ("TROJAN.risk", "LOW", "HIGH"),
    ),
    (
        "console:policy-parameters",
        lambda s: s.post(
            "console:policy-parameters", minimum_android="14", minimum_ios="17.0", patch_age_days="180"
        ),
        "policy.parameters_changed",
        ("minimum_android", "13", "14"),
    ),
    (
        "console:brake-revert",
        lambda s: s.post("console:brake-revert", s.policy_brake()),
        "brake.reverted",
        ("brake", "on", "off"),
    ),
    (
        "console:brake-release",
        lambda s: s.post("console:brake-release", s.brake("sweep")),
        "brake.released",
        ("brake", "on", "off"),
    ),
    ("console:arm", lambda s: s.post("console:arm"), "tenant.armed", ("mode", "monitor", "armed")),
    (
        "console:monitor",
        lambda s: s.post("console:monitor"),
        "tenant.monitoring",
        ("mode", "armed", "monitor"),
    ),
    (
        "console:enrollment-ways",
        lambda s: s.post("console:enrollment-ways", by_code="on", by_configuration="on"),
        "enrollment.ways_changed",
        ("by_configuration", False, True),
    ),
    (
        "console:enrollment-code",
        lambda s: s.post("console:enrollment-code"),
        "enrollment.configuration_code_replaced",
        ("made_at", ..., ...),
    ),
    (
        "console:enrollment-settings",
        lambda s: s.post("console:enrollment-settings", days="7", confirmed="1"),
        "enrollment.disconnected_days_changed",
        ("disconnected_days", 30, 7),
    ),
    (
        "console:invite-person",
        lambda s: s.post("console:invite-person", person=s.spare.owner_upn, confirmed="1"),
        "enrollment.invited",
        None,
    ),
    (
        "console:device-invite",
        lambda s: s.post("console:device-invite", s.spare.id),
        "enrollment.invited",
        None,
    ),
    ("console:invite-all", lambda s: s.post("console:invite-all"), "enrollment.invited", None),
    (
        "console:invitation-renew",
        lambda s: s.post("console:invitation-renew", s.invitation()),
        "enrollment.code_renewed",
        ("expires_at", ..., ...),
    ),
    (
        "console:invitation-revoke",
        lambda s: s.post("console:invitation-revoke", s.invitation()),
        "enrollment.code_revoked",
        ("status", "open", "revoked"),
    ),
    ("console:retry", lambda s: s.post("console:retry", s.failed_batch()), "enrollment.invited", None),
    (
        "console:waiting",
        lambda s: s.post("console:waiting", s.waiting(), reject="1"),
        "enrollment.rejected",
        ("status", "waiting", "rejected"),
    ),
    (
        "console:waiting",
        lambda s: s.post("console:waiting", s.waiting(), device=str(s.spare.id)),
        "enrollment.confirmed",
        ("activation_status", "PENDING", "ACTIVATED"),
    ),
    (
        "console:device-release",
        lambda s: s.post("console:device-release", s.phone.id, hours="8", reason="On stage until noon"),
        "device.released",
        ("let_in_until", None, ...),
    ),
    (
        "console:device-release-end",
        lambda s: s.post("console:device-release-end", s.phone.id),
        "device.release_ended",
        ("let_in_until", ..., None),
    ),
    (
        "console:device-simulate",
        lambda s: s.post("console:device-simulate", s.phone.id, classification="TROJAN"),
        "threat.simulated",
        ("test_threat", None, "TROJAN"),
    ),
    (
        "console:device-simulate-end",
        lambda s: s.post("console:device-simulate-end", s.phone.id),
        "threat.simulation_ended",
        ("test_threat", "TROJAN", None),
    ),
    (
        "console:application-key-new",
        lambda s: s.post(
            "console:application-key-new", label="SIEM", scopes=["events.read"]
        ).content.decode(),
        "application_key.created",
        ("scopes", None, ["events.read"]),
    ),
    (
        "console:application-key-end-tokens",
        lambda s: s.post("console:application-key-end-tokens", s.key()),
        "application_key.tokens_ended",
        ("generation", 0, 1),
    ),
    (
        "console:application-key-revoke",
        lambda s: s.post("console:application-key-revoke", s.key()),
        "application_key.revoked",
        ("status", "active", "revoked"),
    ),
    (
        "connectors:send-device-again",
        lambda s: s.post("connectors:send-device-again", s.phone.id),
        "connector.send_again",
        None,
    ),
    (
        "connectors:send-group-again",
        lambda s: s.post("connectors:send-group-again", s.phone.group_id),
        "connector.send_again",
        None,
    ),
    (
        "console:device-act",
        lambda s: s.post("console:device-act", s.phone.id, "resync"),
        "device.resync_requested",
        None,
    ),
    (
        "console:device-act",
        lambda s: s.post("console:device-act", s.phone.id, "deactivate"),
        "device.deactivated",
        ("activation_status", "ACTIVATED", "DEACTIVATED"),
    ),
    (
        "console:device-act",
        lambda s: s.post("console:device-act", s.phone.id, "reinstate"),
        "device.reinstated",
        ("activation_status", "DEACTIVATED", "PENDING"),
    ),
    (
        "console:device-act",
        lambda s: s.post("console:device-act", s.phone.id, "delete"),
        "device.deleted",
        ("activation_status", "PENDING", None),
    ),
    (
        "intune:connection",
        lambda s: s.post("intune:connection", **CONNECTION | {"heartbeat_minutes": "20"}),
        "connector.settings_changed",
        ("heartbeat_minutes", 10, 20),
    ),
    (
        "intune:rules",
        lambda s: s.post("intune:rules", declared_minimum="medium"),
        "connector.settings_changed",
        ("declared_minimum", "", "medium"),
    ),
    (
        "intune:fail-closed",
        lambda s: s.post("intune:fail-closed"),
        "connector.settings_changed",
        ("fail_mode", "", "closed"),
    ),
    (
        "intune:fail-open",
        lambda s: s.post("intune:fail-open"),
        "connector.settings_changed",
        ("fail_mode", "closed", "open"),
    ),
    ("intune:read", lambda s: s.post("intune:read"), "connector.reading_requested", None),
    ("intune:beat", lambda s: s.post("intune:beat"), "connector.heartbeat_requested", None),
    (
        "intune:enrollment",
        lambda s: s.post("intune:enrollment", **ENROLLMENT | {"poll_minutes": "10", "confirmed": "1"}),
        "connector.settings_changed",
        ("poll_minutes", 5, 10),
    ),
    (
        "intune:group-add",
        lambda s: s.post("intune:group-add", object_id=str(s.group("Night Shift")), confirmed="1"),
        "enrollment.group_added",
        ("enrolled", False, True),
    ),
    ("intune:poll", lambda s: s.post("intune:poll"), "connector.poll_requested", None),
    (
        "intune:group-remove",
        lambda s: s.post("intune:group-remove", s.group("Company Phones")),
        "enrollment.group_removed",
        ("enrolled", True, False),
    ),
    (
        "intune:state-sync",
        lambda s: s.post("intune:state-sync", **SYNC | {"attribute_number": "2", "confirmed": "1"}),
        "connector.settings_changed",
        ("attribute_number", 1, 2),
    ),
    (
        "intune:errors",
        lambda s: s.post("intune:errors", error_emails="ops@example.test"),
        "connector.settings_changed",
        ("error_emails", [], ["ops@example.test"]),
    ),
    (
        "intune:acknowledge",
        lambda s: s.post("intune:acknowledge", s.error()),
        "connector.error_acknowledged",
        ("acknowledged", False, True),
    ),
    (
        "connectors:pushes-export",
        lambda s: s.who.export(reverse("connectors:pushes-export"), route="attribute"),
        "connector.pushes_exported",
        None,
    ),
    ("connectors:send-again", lambda s: s.post("connectors:send-again"), "connector.send_again", None),
    (
        "actions:page",
        lambda s: s.post(
            "actions:page",
            notify_enabled="on",
            sync_minutes="5",
            notify_minutes="30",
            revoke_minutes="60",
            levels=["high", "disconnected"],
            confirmed="1",
        ),
        "connector.settings_changed",
        ("notify_enabled", False, True),
    ),
    (
        "connectors:spared-add",
        lambda s: s.post("connectors:spared-add", person=s.scene.organisation.people["none"]),
        "connector.person_spared",
        ("spared", False, True),
    ),
    (
        "connectors:spared-remove",
        lambda s: s.post("connectors:spared-remove", s.spared()),
        "connector.person_not_spared",
        ("spared", True, False),
    ),
    (
        "groups:add",
        lambda s: s.post(
            "groups:add", "people", object_id=str(s.risk_group()), levels=["high"], confirmed="1"
        ),
        "connector.settings_changed",
        ("groups", None, ...),
    ),
    (
        "groups:levels",
        lambda s: s.post("groups:levels", "people", s.risk_group(), levels=["medium"], confirmed="1"),
        "connector.settings_changed",
        ("At risk", ["high"], ["medium"]),
    ),
    (
        "groups:administrators",
        lambda s: s.post("groups:administrators", "people"),
        "connector.settings_changed",
        ("spare_administrators", True, False),
    ),
    (
        "groups:on",
        lambda s: s.post("groups:on", "people"),
        "connector.settings_changed",
        ("enabled", False, True),
    ),
    ("groups:look", lambda s: s.post("groups:look", "people"), "connector.reading_requested", None),
    (
        "groups:off",
        lambda s: s.post("groups:off", "people"),
        "connector.settings_changed",
        ("enabled", True, False),
    ),
    (
        "groups:remove",
        lambda s: s.post("groups:remove", "people", s.risk_group()),
        "connector.settings_changed",
        ("groups", ..., None),
    ),
    (
        "partner:on",
        lambda s: s.post("partner:on"),
        "connector.settings_changed",
        ("enabled", False, True),
    ),
    (
        "partner:off",
        lambda s: s.post("partner:off"),
        "connector.settings_changed",
        ("enabled", True, False),
    ),
    (
        "mail:page",
        lambda s: s.post("mail:page", route="graph", address=s.mailbox()),
        "connector.settings_changed",
        ("mail_route", "operator", "graph"),
    ),
    (
        "notifications:on",
        lambda s: s.secure_post("notifications:on"),
        "connector.settings_changed",
        ("enabled", False, True),
    ),
    (
        "notifications:off",
        lambda s: s.post("notifications:off"),
        "connector.settings_changed",
        ("enabled", True, False),
    ),
    ("mail:test", lambda s: s.post("mail:test"), "connector.mail_tested", None),
    # the end of the tenant, so the end of the list
    (
        "console:disconnect",
        lambda s: s.post("console:disconnect", name=s.tenant_name()),
        "tenant.disconnecting",
        ("connection", "consented", "disconnecting"),
    ),
    (
        "console:disconnect-finish",
        lambda s: s.post("console:disconnect-finish"),
        "tenant.disconnected",
        ("connection", "disconnecting", "disconnected"),
    ),
]
LOOKING = {
    "connectors:spared", "groups:way", "groups:search",
    "console:dashboard", "console:threats", "console:threat", "console:devices", "console:device",
    "console:why", "intune:fail-mode",
    "console:account", "console:brake", "console:enrollment", "console:invitations", "console:audit",
    "console:audit-event", "console:application-keys",
    "console:vulnerabilities", "console:vulnerability", "console:app-rules", "console:intelligence",
    "console:feed",
    "connectors:overview", "connectors:pushes",
    "intune:group-search", "intune:access", "intune:handouts", "intune:unsupported", "partner:page",
    "notifications:page",
}  # fmt: skip

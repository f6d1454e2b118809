"""Acts of the connectors' pages with the audit row that each must leave, in an order in which they can be done."""

from django.urls import reverse
from tests.connectors.pages.addresses import CONNECTION, ENROLLMENT, SYNC
from tests.console.audited_stage import Audited
from tests.support.console import text

WEBHOOK = {
    "name": "Teams",
    "types": ["THREAT"],
    "level": "0",
    "template": "teams",
    "url": "http://127.0.0.1:9/",
    "language": "en",
}

CONNECTORS: list[Audited] = [
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
    (
        "deliveries:new",
        lambda s: s.post("deliveries:new", "webhook", **WEBHOOK),
        "destination.created",
        ("kind", None, "webhook"),
    ),
    (
        "deliveries:edit",
        lambda s: s.post("deliveries:edit", s.destination().pk, **WEBHOOK | {"name": "SOC", "level": "4"}),
        "destination.changed",
        ("level", 0, 4),
    ),
    ("deliveries:test", lambda s: s.post("deliveries:test", s.destination().pk), "destination.tested", None),
    (
        "deliveries:now",
        lambda s: s.post("deliveries:now", s.destination().pk),
        "destination.retry_requested",
        None,
    ),
    (
        "deliveries:off",
        lambda s: s.post("deliveries:off", s.destination().pk),
        "destination.changed",
        ("enabled", True, False),
    ),
    (
        "deliveries:on",
        lambda s: s.post("deliveries:on", s.destination().pk),
        "destination.changed",
        ("enabled", False, True),
    ),
    (
        "deliveries:secret",
        lambda s: text(s.post("deliveries:secret", s.destination().pk)),
        "destination.secret_replaced",
        ("secret.signing", ..., ...),
    ),
    (
        "deliveries:skip",
        lambda s: s.post("deliveries:skip", s.destination().pk),
        "destination.skipped",
        ("position", ..., ...),
    ),
    (
        "deliveries:replay",
        lambda s: s.post("deliveries:replay", s.destination().pk, s.letter()),
        "destination.replayed",
        None,
    ),
    (
        "deliveries:discard",
        lambda s: s.post("deliveries:discard", s.destination().pk, s.letter()),
        "destination.discarded",
        None,
    ),
    (
        "deliveries:replay-all",
        lambda s: s.letter() and s.post("deliveries:replay-all", s.destination().pk),
        "destination.replayed",
        None,
    ),
    (
        "deliveries:discard-all",
        lambda s: s.post("deliveries:discard-all", s.destination().pk),
        "destination.discarded",
        None,
    ),
    (
        "deliveries:delete",
        lambda s: s.post("deliveries:delete", s.destination().pk),
        "destination.deleted",
        ("enabled", True, None),
    ),
    # the end of the tenant, so the end of the list
]

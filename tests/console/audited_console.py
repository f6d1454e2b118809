"""Acts of the console's own pages with the audit row that each must leave, in an order in which they can be done."""

from tests.console.audited_stage import Audited

from vedette.feeds import catalogue

CONSOLE: list[Audited] = [
    ("console:threats-export", lambda s: s.get("console:threats-export"), "threat.exported", None),
    ("console:devices-export", lambda s: s.get("console:devices-export"), "device.exported", None),
    (
        "console:vulnerabilities-export",
        lambda s: s.get("console:vulnerabilities-export"),
        "device.vulnerabilities_exported",
        None,
    ),
    (
        "console:privacy",
        # nothing that would end a threat of the stage's phones, whosever they are
        lambda s: s.post(
            "console:privacy",
            company="kept",
            personal="kept",
            unknown="kept",
            network_names="on",
            confirmed="1",
        ),
        "policy.privacy_changed",
        ("network_names", False, True),
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
        "console:file-rules-save",
        lambda s: s.post(
            "console:file-rules-save", name="ours", text="rule evil { condition: filesize < 9 }"
        ),
        "file_rules.added",
        ("rules", None, "evil"),
    ),
    (
        "console:file-rules-switch",
        lambda s: s.post("console:file-rules-switch", s.file_rules(), on="0"),
        "file_rules.switched",
        ("enabled", True, False),
    ),
    (
        "console:file-rules-delete",
        lambda s: s.post("console:file-rules-delete", s.file_rules()),
        "file_rules.deleted",
        ("rules", "evil", None),
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
    (
        "console:scan-new",
        lambda s: s.post("console:scan-new", file=s.getprop(), password="", whole="1"),
        "scan.uploaded",
        None,
    ),
    (
        "console:scan-download",
        lambda s: s.who.get(s.address("console:scan-download", s.scan(), "json")).content.decode(),
        "scan.exported",
        None,
    ),
    (
        "console:scan-attach",
        lambda s: s.post("console:scan-attach", s.last_scan(), s.phone.id, collected=s.minute()),
        "device.scan_attached",
        ("scan", None, "getprop.txt"),
    ),
    (
        "console:scan-detach",
        lambda s: s.post("console:scan-detach", s.last_scan()),
        "device.scan_detached",
        ("scan", "getprop.txt", None),
    ),
    (
        "console:scan-delete",
        lambda s: s.post("console:scan-delete", s.last_scan()),
        "scan.deleted",
        ("status", "done", None),
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
]

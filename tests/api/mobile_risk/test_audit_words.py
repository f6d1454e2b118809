"""Acts of the audit trail under the types of the Mobile Risk API."""

import datetime as dt
import uuid
from typing import Any

import pytest

from vedette.api.mobile_risk.audit_types import audit, audit_type, audit_type_v1
from vedette.console import audit_words
from vedette.events.reading import Logged

KNOWN = {
    "ADMIN", "EMAIL_INVITE", "CLASSIFICATION_POLICY", "DENYLIST_POLICY", "ALLOWLIST_POLICY", "ENTERPRISE",
    "ENTERPRISE_FEATURE", "ADMIN_LOGIN", "ADMIN_LOGOUT", "MDM_CONNECTOR", "TENANCY", "POLICY_CHANGE",
    "POLICY_GROUP_CHANGE", "DEVICE_GROUP_CHANGE", "DEVICE", "THREAT", "EXPORT", "PRODUCT_SETTINGS", "APPLICATION",
}  # fmt: skip


def event(action: str, *changes: dict[str, Any]) -> Logged:
    now = dt.datetime.now(dt.UTC)
    return Logged(
        1,
        uuid.uuid4(),
        uuid.uuid4(),
        "AUDIT",
        "UPDATED",
        action,
        now,
        "ADMIN",
        "",
        "",
        "",
        "",
        list(changes),
        {},
    )


def test_every_act_of_the_console_has_a_type() -> None:
    assert {audit_type(action) for action in audit_words.ACTIONS} <= KNOWN


@pytest.mark.parametrize(
    ("action", "kind", "old"),
    [
        ("administrator.signed_in", "ADMIN_LOGIN", "ADMIN_LOGIN"),
        ("device.exported", "EXPORT", "EXPORT"),
        ("connector.pushes_exported", "EXPORT", "EXPORT"),
        ("threat.ignored", "THREAT", "THREAT"),
        ("threat_feed.filled", "DENYLIST_POLICY", "BLACKLIST_POLICY"),
        ("application_key.revoked", "APPLICATION", "APPLICATION"),
        ("something.new", "PRODUCT_SETTINGS", "PRODUCT_SETTINGS"),
    ],
)
def test_types_by_name_and_area(action: str, kind: str, old: str) -> None:
    assert (audit_type(action), audit_type_v1(action)) == (kind, old)


def test_a_changed_level_names_its_classification_first() -> None:
    told = audit(
        event(
            "policy.levels_changed",
            {"attribute": "AGENT_OUTDATED.risk", "from": "MEDIUM", "to": "HIGH"},
            {"attribute": "mode", "from": None, "to": ["a", 1]},
        )
    )
    changes = [(one.name, one.before, one.to) for one in told.attribute_changes or []]
    assert changes == [
        ("agent_outdated", None, None),
        ("severity", "medium", "high"),
        ("mode", None, '["a",1]'),
    ]

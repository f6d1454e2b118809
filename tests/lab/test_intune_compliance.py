"""Intune's compliance engine: settings, threat level, assignments, grace periods and connectors."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette_lab.directory import Device, Group, User
from vedette_lab.intune import connectors, service
from vedette_lab.intune.compliance import Target, assess, platform_of, reach
from vedette_lab.intune.settings import HEALTH_STATES, Phone, State, ThreatData, judge, version_key
from vedette_lab.intune_model import (
    ActionItem,
    Assignment,
    CompliancePolicy,
    ManagedDevice,
    MtdConnector,
    ScheduledAction,
)
from vedette_lab.model import Tenant

NOW = datetime(2026, 1, 1, tzinfo=UTC)
THREAT = ThreatData("secured", "Vedette", missing_blocks=False)
PHONE = Phone("15", "2026-01-05", "False", encrypted=True, passcode=True, threat=THREAT)
TARGET = Target("android", frozenset({"users"}), frozenset({"devices"}), has_user=True)
TO_USERS: dict[str, Any] = {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": "users"}
TO_DEVICES = TO_USERS | {"groupId": "devices"}
NOT_DEVICES = TO_DEVICES | {"@odata.type": "#microsoft.graph.exclusionGroupAssignmentTarget"}
ALL_USERS: dict[str, Any] = {"@odata.type": "#microsoft.graph.allLicensedUsersAssignmentTarget"}
ALL_DEVICES: dict[str, Any] = {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}
WANTS_LOW = {
    "deviceThreatProtectionEnabled": True,
    "deviceThreatProtectionRequiredSecurityLevel": "low",
}


def policy(
    settings: dict[str, Any],
    *targets: dict[str, Any],
    grace: int = 0,
    kind: str = "androidWorkProfileCompliancePolicy",
) -> CompliancePolicy:
    return CompliancePolicy(
        id=f"policy-{grace}",
        odata_type=f"#microsoft.graph.{kind}",
        display_name="Policy",
        created=NOW,
        modified=NOW,
        settings=settings,
        assignments=[Assignment(str(number), each) for number, each in enumerate(targets or [TO_USERS])],
        scheduled_actions=[ScheduledAction("s", "rule", [ActionItem("a", "block", grace)])],
    )


@pytest.mark.parametrize(
    ("setting", "wanted", "change", "good"),
    [
        ("osMinimumVersion", "14", {"os_version": "15"}, True),
        ("osMinimumVersion", "15.0", {"os_version": "15"}, True),
        ("osMinimumVersion", "17.4", {"os_version": "17.10.1"}, True),
        ("osMinimumVersion", "15.1", {"os_version": "15"}, False),
        ("osMinimumVersion", "14", {"os_version": ""}, False),
        ("osMaximumVersion", "14", {"os_version": "15"}, False),
        ("osMaximumVersion", "15", {"os_version": "15"}, True),
        ("securityBlockJailbrokenDevices", True, {"jail_broken": "False"}, True),
        ("securityBlockJailbrokenDevices", True, {"jail_broken": "True"}, False),
        ("securityBlockJailbrokenDevices", True, {"jail_broken": "Unknown"}, False),
        ("storageRequireEncryption", True, {"encrypted": True}, True),
        ("storageRequireEncryption", True, {"encrypted": False}, False),
        ("passwordRequired", True, {"passcode": False}, False),
        ("passcodeRequired", True, {"passcode": True}, True),
        ("minAndroidSecurityPatchLevel", "2026-01-01", {}, True),
        ("minAndroidSecurityPatchLevel", "2026-02-01", {}, False),
        ("minAndroidSecurityPatchLevel", "2026-01-01", {"security_patch": None}, False),
        ("minAndroidSecurityPatchLevel", "whenever", {}, False),
    ],
)
def test_settings(setting: str, wanted: Any, change: dict[str, Any], good: bool) -> None:
    [result] = judge({setting: wanted}, replace(PHONE, **change), through_user=True)
    assert result.state is (State.COMPLIANT if good else State.NONCOMPLIANT)
    assert result.why


def test_a_setting_that_is_not_demanded_is_not_judged() -> None:
    assert (
        judge({"storageRequireEncryption": False, "osMinimumVersion": None, "x": 1}, PHONE, through_user=True)
        == []
    )


GOOD, BAD = State.COMPLIANT, State.NONCOMPLIANT
# What is reported, and the outcome where secured, low, medium, high is required (microsoft.md 1.5:
# the scale is inverted; "high" is never failed by a threat but wants the app activated).
LEVEL_TABLE = [
    ("secured", GOOD, GOOD, GOOD, GOOD),
    ("lowSeverity", BAD, GOOD, GOOD, GOOD),
    ("mediumSeverity", BAD, BAD, GOOD, GOOD),
    ("highSeverity", BAD, BAD, BAD, GOOD),
    ("compromised", BAD, BAD, BAD, GOOD),
    ("activated", GOOD, GOOD, GOOD, GOOD),
    ("unknown", GOOD, GOOD, GOOD, BAD),
    ("deactivated", GOOD, GOOD, GOOD, BAD),
    ("unresponsive", BAD, BAD, BAD, BAD),
    ("misconfigured", BAD, BAD, BAD, GOOD),
]


def threat_result(level: str, threat: ThreatData, *, through_user: bool = True) -> State:
    settings = WANTS_LOW | {"deviceThreatProtectionRequiredSecurityLevel": level}
    [result] = judge(settings, replace(PHONE, threat=threat), through_user=through_user)
    assert result.why
    return result.state


@pytest.mark.parametrize("row", LEVEL_TABLE, ids=lambda row: str(row[0]))
def test_threat_level_table(row: tuple[str, State, State, State, State]) -> None:
    state, *wanted = row
    levels = ("secured", "low", "medium", "high")
    found = [threat_result(level, ThreatData(state, "Vedette")) for level in levels]
    assert found == wanted


def test_the_level_table_names_all_ten_states() -> None:
    assert {row[0] for row in LEVEL_TABLE} == set(HEALTH_STATES)


@pytest.mark.parametrize("state", ["unknown", "activated", "deactivated"])
def test_missing_data_blocks_when_the_toggle_says_so(state: str) -> None:
    assert threat_result("low", ThreatData(state, "Vedette", missing_blocks=True)) is BAD
    assert threat_result("low", ThreatData("secured", "Vedette", missing_blocks=True)) is GOOD


@pytest.mark.parametrize(
    ("threat", "through_user", "level"),
    [
        (ThreatData("highSeverity", "Vedette"), False, "low"),
        (ThreatData("highSeverity", "Vedette", unresponsive=True), True, "low"),
        (ThreatData("highSeverity", None), True, "low"),
        (ThreatData("highSeverity", "Vedette"), True, "notSet"),
        (ThreatData("highSeverity", "Vedette"), True, "unavailable"),
    ],
    ids=["device group", "unresponsive partner", "no connector", "not set", "unavailable"],
)
def test_when_the_threat_level_is_not_asked(threat: ThreatData, through_user: bool, level: str) -> None:
    assert threat_result(level, threat, through_user=through_user) is State.NOT_APPLICABLE


def test_every_enabled_partner_must_have_scanned() -> None:
    assert (
        threat_result("low", ThreatData("secured", "Vedette", silent_partners=("Lookout for Work",))) is BAD
    )


@pytest.mark.parametrize(
    ("targets", "way"),
    [
        ([TO_USERS], "user"),
        ([TO_DEVICES], "device"),
        ([TO_DEVICES, TO_USERS], "user"),
        ([ALL_USERS], "user"),
        ([ALL_DEVICES], "device"),
        ([TO_USERS, NOT_DEVICES], None),
        ([ALL_DEVICES, NOT_DEVICES], None),
        ([TO_USERS | {"groupId": "other"}], None),
        ([TO_USERS | {"groupId": None}], None),
    ],
)
def test_assignments(targets: list[dict[str, Any]], way: str | None) -> None:
    assert reach(policy({}, *targets), TARGET) == way


def test_a_phone_without_user_is_not_reached_by_all_users() -> None:
    assert reach(policy({}, ALL_USERS), replace(TARGET, user_groups=frozenset(), has_user=False)) is None


def outcome(
    *policies: CompliancePolicy, phone: Phone = PHONE, since: datetime | None = None, secure: bool = False
) -> tuple[str, datetime | None, datetime | None]:
    found = assess(policies, TARGET, phone, noncompliant_since=since, secure_by_default=secure, now=NOW)
    return found.state, found.noncompliant_since, found.grace_expires


WEAK = replace(PHONE, passcode=False)
LOCK = {"passwordRequired": True}


def test_without_a_policy_the_tenant_decides() -> None:
    assert outcome()[0] == "compliant"
    assert outcome(secure=True)[0] == "noncompliant"
    other_platform = policy(LOCK, kind="iosCompliancePolicy")
    assert outcome(other_platform, secure=True)[0] == "noncompliant"


def test_a_breach_without_grace_is_noncompliant_at_once() -> None:
    assert outcome(policy(LOCK), phone=WEAK) == ("noncompliant", NOW, None)


def test_grace_counts_from_the_start_of_the_breach() -> None:
    lenient = policy(LOCK, grace=24)
    assert outcome(lenient, phone=WEAK) == ("inGracePeriod", NOW, NOW + timedelta(hours=24))
    earlier = NOW - timedelta(hours=23)
    assert outcome(lenient, phone=WEAK, since=earlier) == (
        "inGracePeriod",
        earlier,
        NOW + timedelta(hours=1),
    )
    long_ago = NOW - timedelta(hours=24)
    assert outcome(lenient, phone=WEAK, since=long_ago) == ("noncompliant", long_ago, None)
    assert outcome(lenient, since=long_ago) == ("compliant", None, None)


def test_the_shortest_grace_period_counts() -> None:
    assert outcome(policy(LOCK, grace=24), policy(LOCK), phone=WEAK)[0] == "noncompliant"


@given(
    st.sampled_from(HEALTH_STATES),
    st.sampled_from(["secured", "low", "medium", "high"]),
    st.booleans(),
    st.integers(min_value=0, max_value=48),
)
def test_every_assessment_is_explained(state: str, level: str, blocks: bool, grace: int) -> None:
    wanted = policy(WANTS_LOW | {"deviceThreatProtectionRequiredSecurityLevel": level}, grace=grace)
    phone = replace(PHONE, threat=ThreatData(state, "Vedette", missing_blocks=blocks))
    found = assess([wanted], TARGET, phone, noncompliant_since=None, secure_by_default=False, now=NOW)
    assert found.state in {"compliant", "noncompliant", "inGracePeriod"}
    assert found.counts_as_compliant == (found.state != "noncompliant")
    assert all(result.why for each in found.policies for result in each.results)


@pytest.mark.parametrize(("left", "right"), [("15", "15.0.0"), ("8.0", "8"), ("17.4", "17.4.0")])
def test_versions_that_are_equal(left: str, right: str) -> None:
    assert version_key(left) == version_key(right)


@pytest.mark.parametrize(
    ("system", "platform"),
    [
        ("Android", "android"),
        ("AndroidForWork", "android"),
        ("iOS", "ios"),
        ("iPadOS", "ios"),
        ("Windows", "windows"),
    ],
)
def test_platforms(system: str, platform: str) -> None:
    assert platform_of(system) == platform


CONNECTOR = MtdConnector(connectors.SIMULATION_ID, partner_unresponsiveness_threshold_in_days=7)


@pytest.mark.parametrize(
    ("provisioned", "was", "android", "heartbeat", "wanted"),
    [
        (None, False, False, None, "notSetUp"),
        (None, True, True, None, "unavailable"),
        (1, True, False, None, "available"),
        (1, True, True, None, "enabled"),
        (8, True, True, None, "unresponsive"),
        (8, True, True, 1, "enabled"),
        (30, True, True, 7, "enabled"),
        (30, True, True, 8, "unresponsive"),
        (1, True, True, 30, "enabled"),
    ],
)
def test_connector_states(
    provisioned: int | None, was: bool, android: bool, heartbeat: int | None, wanted: str
) -> None:
    def ago(days: int | None) -> datetime | None:
        return None if days is None else NOW - timedelta(days=days)

    connector = replace(CONNECTOR, android_enabled=android, last_heartbeat=ago(heartbeat))
    found = connectors.state(connector, provisioned=ago(provisioned), was_provisioned=was, now=NOW)
    assert found == wanted


def tenant() -> Tenant:
    made = Tenant("t", "Contoso", "contoso.example", NOW)
    ada = User("ada", "Ada", "Ada", "L", "ada@contoso.example", "ada@contoso.example", NOW)
    made.directory.add_user(ada)
    made.directory.add_group(Group("inner", "Inner", NOW, members={"ada": None}))
    made.directory.add_group(Group("users", "Users", NOW, members={"inner": None}))
    made.directory.add_device(
        Device("object", "registration", "Phone", "Android", "15", NOW, NOW, owner_ids=["ada"])
    )
    made.add_managed(
        ManagedDevice(
            id="managed",
            azure_ad_device_id="registration",
            user_id="ada",
            device_name="Phone",
            operating_system="Android",
            os_version="15",
            manufacturer="Google",
            model="Pixel",
            serial_number="1",
            enrolled=NOW,
            last_sync=NOW,
            partner_reported_threat_state="unknown",
        )
    )
    made.mtd_connectors[CONNECTOR.id] = replace(CONNECTOR, android_enabled=True)
    made.partner.provisioned, made.partner.connector_id = NOW, CONNECTOR.id
    made.compliance_policies["p"] = policy(WANTS_LOW)
    return made


@pytest.mark.parametrize("key", ["managed", "registration", "object"])
def test_a_phone_is_found_by_each_of_its_ids(key: str) -> None:
    found = service.find(tenant(), key)
    assert found is not None
    assert found.id == "managed"


def test_a_partner_signal_is_evaluated_at_once() -> None:
    organisation = tenant()
    phone, device = organisation.managed_devices["managed"], organisation.directory.devices["object"]
    service.partner_reported(organisation, phone, "highSeverity", NOW, NOW)
    assert (phone.compliance_state, device.is_compliant) == ("noncompliant", False)
    assert "highSeverity" in phone.policy_states[0]["settingStates"][0]["errorDescription"]
    service.partner_reported(organisation, phone, "secured", NOW, NOW)
    assert (phone.compliance_state, device.is_compliant) == ("compliant", True)


def test_a_new_policy_waits_for_the_check_in() -> None:
    organisation = tenant()
    phone = organisation.managed_devices["managed"]
    service.check_in(organisation, phone, NOW)
    organisation.compliance_policies["lock"] = policy({"osMinimumVersion": "99"})
    assert service.settle(organisation, NOW) == 0
    assert phone.compliance_state == "compliant"
    later = NOW + timedelta(hours=8)
    service.check_in(organisation, phone, later)
    assert (phone.compliance_state, phone.last_sync) == ("noncompliant", later)


def test_the_end_of_a_grace_period_needs_no_check_in() -> None:
    organisation = tenant()
    phone, device = organisation.managed_devices["managed"], organisation.directory.devices["object"]
    organisation.compliance_policies = {"p": policy(WANTS_LOW, grace=6)}
    service.partner_reported(organisation, phone, "highSeverity", NOW, NOW)
    assert (phone.compliance_state, device.is_compliant) == ("inGracePeriod", True)
    assert service.settle(organisation, NOW + timedelta(hours=5)) == 0
    assert service.settle(organisation, NOW + timedelta(hours=6)) == 1
    assert (phone.compliance_state, device.is_compliant) == ("noncompliant", False)


def test_a_silent_partner_is_ignored_and_counts_again_when_it_speaks() -> None:
    organisation = tenant()
    phone = organisation.managed_devices["managed"]
    service.partner_reported(organisation, phone, "highSeverity", NOW, NOW)
    later = NOW + timedelta(days=8)
    assert service.settle(organisation, later) == 1
    assert phone.compliance_state == "compliant", "fail-open, as Microsoft's"
    organisation.mtd_connectors[CONNECTOR.id].last_heartbeat = later
    assert service.settle(organisation, later) == 1
    assert phone.compliance_state == "noncompliant"

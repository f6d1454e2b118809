"""Conditional access decisions as a pure function."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette_lab.conditional_access import engine
from vedette_lab.conditional_access.engine import Application, Decision, SignInRequest, decide
from vedette_lab.conditional_access.matching import FilterDevice
from vedette_lab.conditional_access.policy import PolicyError, read

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MAIL = Application("mail-app", "Exchange Online", frozenset({"Office365"}))
HIGH = FilterDevice("Phone", {"extensionAttribute1": "mtd:high"}, managed=True, compliant=False)
GOOD = FilterDevice("Phone", {"extensionAttribute1": "mtd:secured"}, managed=True, compliant=True)
REQUEST = SignInRequest(
    user_id="ada",
    groups=frozenset({"staff", "everyone"}),
    device=HIGH,
    application=MAIL,
    client_app_type="mobileAppsAndDesktopClients",
    platform="android",
    roles=frozenset({"role"}),
)


def body(
    name: str = "Block high", state: str = "enabled", control: str = "block", **conditions: Any
) -> dict[str, Any]:
    return {
        "displayName": name,
        "state": state,
        "conditions": {
            "users": {"includeUsers": ["All"]},
            "applications": {"includeApplications": ["All"]},
            "clientAppTypes": ["all"],
            **conditions,
        },
        "grantControls": {"operator": "OR", "builtInControls": control.split("+")},
    }


def device_filter(rule: str, mode: str = "include") -> dict[str, Any]:
    return {"deviceFilter": {"mode": mode, "rule": rule}}


def outcome(policy: dict[str, Any], request: SignInRequest = REQUEST) -> Decision:
    return decide([read("p", policy)], request, NOW)


def test_without_policies_everybody_comes_in() -> None:
    found = decide([], REQUEST, NOW)
    assert found.allowed
    assert "no enforced policy" in found.reason


@pytest.mark.parametrize(
    ("users", "applies"),
    [
        ({"includeUsers": ["All"]}, True),
        ({"includeUsers": ["None"]}, False),
        ({"includeUsers": ["ada"]}, True),
        ({"includeUsers": ["bob"]}, False),
        ({"includeGroups": ["staff"]}, True),
        ({"includeGroups": ["other"]}, False),
        ({"includeRoles": ["role"]}, True),
        ({"includeUsers": ["GuestsOrExternalUsers"]}, False),
        ({"includeUsers": ["All"], "excludeUsers": ["ada"]}, False),
        ({"includeUsers": ["All"], "excludeGroups": ["staff"]}, False),
        ({"includeUsers": ["ada"], "excludeRoles": ["role"]}, False),
        ({}, False),
    ],
)
def test_users(users: dict[str, Any], applies: bool) -> None:
    assert outcome(body(users=users)).allowed is not applies


def test_guests() -> None:
    policy = body(users={"includeUsers": ["GuestsOrExternalUsers"]})
    assert not outcome(policy, replace(REQUEST, guest=True)).allowed


@pytest.mark.parametrize(
    ("applications", "applies"),
    [
        ({"includeApplications": ["All"]}, True),
        ({"includeApplications": ["None"]}, False),
        ({"includeApplications": ["Office365"]}, True),
        ({"includeApplications": ["mail-app"]}, True),
        ({"includeApplications": ["other"]}, False),
        ({"includeApplications": ["All"], "excludeApplications": ["mail-app"]}, False),
        ({"includeApplications": ["All"], "excludeApplications": ["Office365"]}, False),
    ],
)
def test_applications(applications: dict[str, Any], applies: bool) -> None:
    assert outcome(body(applications=applications)).allowed is not applies


@pytest.mark.parametrize(
    ("platforms", "platform", "applies"),
    [
        (None, None, True),
        ({"includePlatforms": ["all"]}, None, True),
        ({"includePlatforms": ["all"]}, "windows", True),
        ({"includePlatforms": ["android", "iOS"]}, "android", True),
        ({"includePlatforms": ["android", "iOS"]}, "windows", False),
        ({"includePlatforms": ["android", "iOS"]}, None, False),
        ({"includePlatforms": ["all"], "excludePlatforms": ["android"]}, "android", False),
        ({"includePlatforms": ["all"], "excludePlatforms": ["android"]}, "iOS", True),
    ],
)
def test_platforms(platforms: dict[str, Any] | None, platform: str | None, applies: bool) -> None:
    found = outcome(body(platforms=platforms), replace(REQUEST, platform=platform))
    assert found.allowed is not applies


@pytest.mark.parametrize(
    ("types", "client", "applies"),
    [
        (["all"], "browser", True),
        (["browser"], "browser", True),
        (["browser"], "mobileAppsAndDesktopClients", False),
        (["mobileAppsAndDesktopClients", "other"], "other", True),
    ],
)
def test_client_app_types(types: list[str], client: str, applies: bool) -> None:
    found = outcome(body(clientAppTypes=types), replace(REQUEST, client_app_type=client))
    assert found.allowed is not applies


@pytest.mark.parametrize(
    ("mode", "rule", "device", "applies"),
    [
        ("include", 'device.extensionAttribute1 -eq "mtd:high"', HIGH, True),
        ("include", 'device.extensionAttribute1 -eq "mtd:high"', GOOD, False),
        ("include", 'device.extensionAttribute1 -eq "mtd:high"', None, False),
        ("include", 'device.extensionAttribute1 -ne "mtd:secured"', None, True),
        ("exclude", 'device.extensionAttribute1 -eq "mtd:secured"', GOOD, False),
        ("exclude", 'device.extensionAttribute1 -eq "mtd:secured"', HIGH, True),
        ("exclude", 'device.extensionAttribute1 -eq "mtd:secured"', None, True),
        ("exclude", 'device.extensionAttribute1 -ne "mtd:high"', None, False),
    ],
)
def test_device_filter(mode: str, rule: str, device: FilterDevice | None, applies: bool) -> None:
    found = outcome(body(devices=device_filter(rule, mode)), replace(REQUEST, device=device))
    assert found.allowed is not applies


@pytest.mark.parametrize(
    ("controls", "operator", "device", "mfa", "allowed"),
    [
        ("block", "OR", GOOD, True, False),
        ("compliantDevice", "OR", GOOD, True, True),
        ("compliantDevice", "OR", HIGH, True, False),
        ("compliantDevice", "OR", None, True, False),
        ("mfa", "OR", HIGH, True, True),
        ("mfa", "OR", HIGH, False, False),
        ("compliantDevice+mfa", "OR", HIGH, True, True),
        ("compliantDevice+mfa", "OR", HIGH, False, False),
        ("compliantDevice+mfa", "AND", HIGH, True, False),
        ("compliantDevice+mfa", "AND", GOOD, False, False),
        ("compliantDevice+mfa", "AND", GOOD, True, True),
        ("domainJoinedDevice", "OR", GOOD, True, False),
        ("domainJoinedDevice", "OR", replace(GOOD, hybrid_joined=True), True, True),
    ],
)
def test_grant_controls(
    controls: str, operator: str, device: FilterDevice | None, mfa: bool, allowed: bool
) -> None:
    policy = body(control=controls)
    policy["grantControls"]["operator"] = operator
    assert outcome(policy, replace(REQUEST, device=device, mfa=mfa)).allowed is allowed


@pytest.mark.parametrize(
    ("state", "device", "allowed", "result"),
    [
        ("enabled", HIGH, False, "failure"),
        ("enabled", GOOD, True, "notApplied"),
        ("disabled", HIGH, True, "notEnabled"),
        ("enabledForReportingButNotEnforced", HIGH, True, "reportOnlyFailure"),
        ("enabledForReportingButNotEnforced", GOOD, True, "reportOnlyNotApplied"),
    ],
)
def test_states(state: str, device: FilterDevice, allowed: bool, result: str) -> None:
    policy = body(state=state, devices=device_filter('device.extensionAttribute1 -eq "mtd:high"'))
    found = outcome(policy, replace(REQUEST, device=device))
    assert (found.allowed, found.results[0].result) == (allowed, result)


def test_the_reason_names_the_policy_and_the_value() -> None:
    found = outcome(body(devices=device_filter('device.extensionAttribute1 -eq "mtd:high"')))
    assert 'Blocked by "Block high"' in found.reason
    assert 'extensionAttribute1 is "mtd:high"' in found.reason
    assert found.error_code == engine.BLOCKED_BY_POLICY


def test_block_is_named_before_an_unmet_control() -> None:
    policies = [read("1", body("Compliant", control="compliantDevice")), read("2", body("Block"))]
    found = decide(policies, REQUEST, NOW)
    assert 'Blocked by "Block"' in found.reason
    assert [each.result for each in found.results] == ["failure", "failure"]


def test_every_applying_policy_must_be_met() -> None:
    policies = [
        read("1", body("MFA", control="mfa")),
        read("2", body("Compliant", control="compliantDevice")),
    ]
    found = decide(policies, REQUEST, NOW)
    assert not found.allowed
    assert found.error_code == engine.DEVICE_NOT_COMPLIANT


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"displayName": " "}, "displayName"),
        ({"state": "on"}, "state"),
        ({"conditions": None}, "conditions"),
        ({"grantControls": None}, "grantControls"),
        ({"grantControls": {"operator": "OR", "builtInControls": []}}, "names no control"),
        ({"grantControls": {"operator": "XOR", "builtInControls": ["block"]}}, "operator"),
        ({"grantControls": {"operator": "OR", "builtInControls": ["block", "mfa"]}}, "block cannot"),
        ({"grantControls": {"operator": "OR", "builtInControls": ["termsOfUse"]}}, "termsOfUse"),
    ],
)
def test_policies_that_cannot_be_taken(change: dict[str, Any], message: str) -> None:
    with pytest.raises(PolicyError, match=message):
        read("p", body() | change)


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ({"users": None}, "conditions.users"),
        ({"users": {"includeUsers": "All"}}, "list of strings"),
        ({"applications": {}}, "includeApplications"),
        ({"clientAppTypes": []}, "clientAppTypes"),
        ({"clientAppTypes": ["fax"]}, "fax"),
        ({"platforms": {"includePlatforms": ["Android"]}}, "Android"),
        ({"locations": {"includeLocations": ["All"]}}, "locations is not evaluated"),
        ({"userRiskLevels": ["high"]}, "userRiskLevels is not evaluated"),
        ({"devices": device_filter("device.x -eq '1'")}, "knows no attribute"),
        ({"devices": device_filter("device.model -eq 'a'", "both")}, "mode"),
        ({"devices": {"deviceFilter": {"mode": "include"}}}, "rule must be text"),
    ],
)
def test_conditions_that_cannot_be_taken(conditions: dict[str, Any], message: str) -> None:
    with pytest.raises(PolicyError, match=message):
        read("p", body(**conditions))


def test_empty_unmodelled_conditions_are_fine() -> None:
    assert read("p", body(locations=None, userRiskLevels=[], devices=None, platforms=None))


IDS = st.lists(st.sampled_from(["ada", "bob", "staff", "role", "All", "None"]), max_size=3)
BODIES = st.builds(
    lambda state, users, groups, out_users, out_groups, apps, platforms, rule, mode, controls, operator: {
        "displayName": "Policy",
        "state": state,
        "conditions": {
            "users": {
                "includeUsers": users,
                "includeGroups": groups,
                "excludeUsers": out_users,
                "excludeGroups": out_groups,
            },
            "applications": {"includeApplications": apps},
            "clientAppTypes": ["all"],
            "platforms": {"includePlatforms": platforms},
            "devices": device_filter(rule, mode) if rule else None,
        },
        "grantControls": {"operator": operator, "builtInControls": controls},
    },
    st.sampled_from(["enabled", "disabled", "enabledForReportingButNotEnforced"]),
    IDS, IDS, IDS, IDS,
    st.lists(st.sampled_from(["All", "mail-app", "other"]), min_size=1, max_size=2),
    st.lists(st.sampled_from(["all", "android", "iOS"]), max_size=2),
    st.sampled_from(
        ["", 'device.extensionAttribute1 -eq "mtd:high"', 'device.extensionAttribute1 -notIn ["a"]']
    ),
    st.sampled_from(["include", "exclude"]),
    st.sampled_from([["block"], ["mfa"], ["compliantDevice"], ["compliantDevice", "mfa"]]),
    st.sampled_from(["AND", "OR"]),
)  # fmt: skip
REQUESTS = st.builds(
    SignInRequest,
    user_id=st.sampled_from(["ada", "bob"]),
    groups=st.frozensets(st.sampled_from(["staff", "other"])),
    device=st.sampled_from([None, HIGH, GOOD]),
    application=st.just(MAIL),
    client_app_type=st.sampled_from(["browser", "mobileAppsAndDesktopClients"]),
    platform=st.sampled_from([None, "android", "iOS", "windows"]),
    mfa=st.booleans(),
)


@given(st.lists(BODIES, max_size=4), REQUESTS)
def test_every_decision_is_explained(bodies: list[dict[str, Any]], request: SignInRequest) -> None:
    policies = [read(str(number), each) for number, each in enumerate(bodies)]
    found = decide(policies, request, NOW)
    assert found.reason
    assert len(found.results) == len(policies)
    assert all(each.why for each in found.results)
    assert found.allowed == all(each.result != "failure" for each in found.results)
    assert bool(found.error_code) is not found.allowed


@given(st.lists(BODIES, max_size=4), REQUESTS)
def test_an_excluded_person_is_never_blocked(bodies: list[dict[str, Any]], request: SignInRequest) -> None:
    for each in bodies:
        each["conditions"]["users"]["excludeUsers"] = [request.user_id]
    assert decide([read("p", each) for each in bodies], request, NOW).allowed


@given(st.lists(BODIES, max_size=4), REQUESTS)
def test_report_only_never_blocks_but_says_what_it_would_do(
    bodies: list[dict[str, Any]], request: SignInRequest
) -> None:
    enforced = decide([read("p", each | {"state": "enabled"}) for each in bodies], request, NOW)
    reported = decide(
        [read("p", each | {"state": "enabledForReportingButNotEnforced"}) for each in bodies], request, NOW
    )
    assert reported.allowed
    assert [f"reportOnly{each.result[0].upper()}{each.result[1:]}" for each in enforced.results] == [
        each.result for each in reported.results
    ]

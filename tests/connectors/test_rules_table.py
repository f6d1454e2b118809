"""Pure: what rules make of our values, as tables, and held against the lab's own reading of the same rules."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.connectors.intune import device_filter, mtd_connectors, recipes, rules_read
from vedette.connectors.intune.device_filter import FilterError, matches, parse
from vedette.connectors.microsoft_apps import ENROLLMENT_APPS
from vedette.verdict.states import DeviceState, RequiredLevel, at_or_under
from vedette_lab.conditional_access import matching, rule

A = "device.extensionAttribute1"
GROUP = "11111111-1111-4111-8111-111111111111"


def policy(text: str, *, mode: str = "include", state: str = "enabled", **conditions: Any) -> dict[str, Any]:
    return {
        "displayName": "MTD",
        "state": state,
        "conditions": {
            "users": {"includeUsers": ["All"], "excludeGroups": ["breakglass"]},
            "applications": {"includeApplications": ["All"]},
            "platforms": {"includePlatforms": ["android", "iOS"]},
            "devices": {"deviceFilter": {"mode": mode, "rule": text}},
            **conditions,
        },
        "grantControls": {"operator": "OR", "builtInControls": ["block"]},
    }


def one(text: str, **more: Any) -> rules_read.Rule:
    (found,) = rules_read.acting([policy(text, **more)], 1, groups={GROUP})
    return found


@pytest.mark.parametrize(
    ("text", "mode", "minimum", "fail_closed", "positive"),
    [
        (f'{A} -in ["mtd:high", "mtd:disconnected"]', "include", "high", False, True),
        (f'{A} -eq "mtd:high"', "include", "high", False, True),
        (f'{A} -in ["mtd:medium","mtd:high"]', "include", "medium", False, True),
        (f'{A} -in ["mtd:low","mtd:medium","mtd:high"]', "include", "low", False, True),
        (f'{A} -notIn ["mtd:secured", "mtd:low"]', "include", "medium", True, False),
        (f'{A} -ne "mtd:secured"', "include", "low", True, False),
        (f'{A} -in ["mtd:secured", "mtd:low"]', "exclude", "medium", True, True),
        (f'{A} -notStartsWith "mtd:"', "include", "", True, False),
        (f'{A} -startsWith "MTD:H"', "include", "high", False, True),
        (f'not ({A} -eq "mtd:secured" or {A} -eq null)', "include", "low", False, True),
        (f'{A} -eq "mtd:low"', "include", "", False, True),
        (f'{A} -endsWith "high" -or {A} -contains "disc"', "include", "high", False, True),
    ],
)
def test_minimum_level_and_what_happens_without_a_value(
    text: str, mode: str, minimum: str, fail_closed: bool, positive: bool
) -> None:
    found = one(text, mode=mode)
    assert (found.minimum, found.fail_closed, found.positive) == (minimum, fail_closed, positive)


@pytest.mark.parametrize("minimum", ["low", "medium", "high"])
def test_the_rules_we_print_are_read_back_as_what_they_say(minimum: str) -> None:
    open_, closed = recipes.device_filters(1, minimum)
    assert (one(open_.rule).minimum, one(open_.rule).fail_closed) == (minimum, False)
    assert (one(closed.rule).minimum, one(closed.rule).fail_closed) == (minimum, True)


NOBODY: dict[str, Any] = {"users": {"includeUsers": ["All"]}}
SOME: dict[str, Any] = {"users": {"includeGroups": ["other"], "excludeGroups": ["b"]}}
EVERY: dict[str, Any] = {"users": {"includeGroups": [GROUP], "excludeUsers": ["b"]}}
APPS = {"includeApplications": ["All"], "excludeApplications": list(ENROLLMENT_APPS)}


@pytest.mark.parametrize(
    ("text", "conditions", "notes"),
    [
        (f'{A} -in ["mtd:high","mtd:disconnected"]', {}, ()),
        (f'{A} -in ["mtd:high","mtd:disconnected"]', EVERY, ()),
        (f'{A} -in ["mtd:high","mtd:disconnected"]', NOBODY, ("nobody_excluded",)),
        (f'{A} -in ["mtd:high","mtd:disconnected"]', SOME, ("some_people",)),
        (f'{A} -eq "mtd:high"', {}, ("silent_let_in",)),
        (f'{A} -in ["mtd:low","mtd:high"]', {}, ("gap", "silent_let_in")),
        (f'{A} -startsWith "mtd:"', {}, ("blocks_secured",)),
        (f'{A} -notIn ["mtd:secured"]', {}, ("enrollment_apps",)),
        (f'{A} -notIn ["mtd:secured"]', {"applications": APPS}, ()),
        (f'{A} -notIn ["mtd:secured"]', {"applications": APPS, "platforms": None}, ("computers_too",)),
        (
            f'{A} -in ["mtd:high","mtd:disconnected"]',
            {"platforms": {"includePlatforms": ["iOS"]}},
            ("some_phones",),
        ),
        (
            f'{A} -in ["mtd:high","mtd:disconnected"]',
            {"applications": {"includeApplications": ["Office365"]}},
            ("some_apps",),
        ),
        (f'{A} -eq "mtd:high" and device.model -eq "Pixel"', {}, ("unsure",)),
        ('device.extensionAttribute2 -eq "mtd:high"', {}, ("other_attribute",)),
    ],
)
def test_what_deserves_a_look(text: str, conditions: dict[str, Any], notes: tuple[str, ...]) -> None:
    assert one(text, **conditions).notes == notes


def test_policies_that_do_not_look_at_our_value_are_left_out() -> None:
    others = ["device.isCompliant -eq True", 'device.extensionAttribute2 -eq "vip"', ""]
    assert rules_read.acting([policy(text) for text in others], 1) == []
    requires = policy(f'{A} -eq "mtd:high"') | {"grantControls": {"builtInControls": ["mfa"]}}
    (found,) = rules_read.acting([requires], 1)
    assert (found.notes, found.minimum) == (("no_block",), "")


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([], ("none", "")),
        (["disabled"], ("off", "high")),
        (["disabled", "enabledForReportingButNotEnforced"], ("report_only", "high")),
        (["enabledForReportingButNotEnforced", "enabled"], ("enabled", "high")),
    ],
)
def test_what_enforces_is_the_rule_most_in_force(states: list[str], expected: tuple[str, str]) -> None:
    rules = rules_read.acting([policy(f'{A} -eq "mtd:high"', state=state) for state in states], 1)
    found = rules_read.verdict(rules)
    assert (found.state, found.minimum) == expected


def test_of_two_rules_in_force_the_stricter_one_counts() -> None:
    texts = [f'{A} -eq "mtd:high"', f'{A} -notIn ["mtd:secured","mtd:low"]']
    found = rules_read.verdict(rules_read.acting([policy(text) for text in texts], 1))
    assert (found.state, found.minimum, found.fail_closed) == ("enabled", "medium", True)


@pytest.mark.parametrize(
    ("enabled", "required", "minimum"),
    [
        (True, "medium", "high"),
        (True, "low", "medium"),
        (True, "secured", "low"),
        (True, "high", ""),
        (True, "unavailable", ""),
        (True, "notSet", ""),
        (False, "medium", ""),
    ],
)
def test_intune_counts_from_the_other_end(enabled: bool, required: str, minimum: str) -> None:
    """E3: "at or under" Medium, Low, Secured is our minimum level High, Medium, Low."""
    body = {
        "@odata.type": "#microsoft.graph.iosCompliancePolicy",
        "deviceThreatProtectionEnabled": enabled,
        "deviceThreatProtectionRequiredSecurityLevel": required,
    }
    found = rules_read.demand(body, {})
    assert (found.minimum, found.platform) == (minimum, "ios")
    if minimum:
        level = RequiredLevel(required)
        lowest_blocked = next(each for each in rules_read.LEVELS if not at_or_under(level, DeviceState(each)))
        assert lowest_blocked == minimum


OPERATORS = ["eq", "ne", "startsWith", "notStartsWith", "endsWith", "notEndsWith", "contains", "notContains"]
VALUES = st.sampled_from(["mtd:high", "mtd:low", "mtd:", "high", "MTD:HIGH", 'a"b', "it's", ""])


def quoted(value: str) -> str:
    return '"' + value.replace('"', '`"') + '"'


COMPARISONS = st.one_of(
    st.builds(lambda op, value: f"{A} -{op} {quoted(value)}", st.sampled_from(OPERATORS), VALUES),
    st.builds(
        lambda op, values: f"{A} -{op} [{', '.join(map(quoted, values))}]",
        st.sampled_from(["in", "notIn"]),
        st.lists(VALUES, min_size=1, max_size=3),
    ),
)
TREES = st.recursive(
    COMPARISONS,
    lambda inner: st.one_of(
        st.builds("({} and {})".format, inner, inner),
        st.builds("({} -or {})".format, inner, inner),
        st.builds("not ({})".format, inner),
    ),
    max_leaves=5,
)


@given(TREES, st.sampled_from([None, "mtd:high", "mtd:low", "mtd:secured", 'a"b', "it's"]))
def test_we_and_the_lab_read_the_same_rule_alike(text: str, value: str | None) -> None:
    device = matching.FilterDevice("Pixel", {"extensionAttribute1": value}, managed=True)
    theirs = matching.evaluate(rule.parse(text), device)
    assert matches(parse(text), "extensionAttribute1", value) is theirs.applies


@given(st.text(max_size=60))
def test_what_is_no_rule_is_refused_and_never_breaks(text: str) -> None:
    with suppress(FilterError):
        parse(text)
    found = rules_read.acting([policy(f"{text} extensionAttribute1")], 1)
    assert all(each.minimum == "" for each in found)


def test_a_rule_nested_without_end_is_refused() -> None:
    with pytest.raises(FilterError):
        parse("(" * 500)
    assert device_filter.MOST_NESTED < 100


LOOKOUT, DEFENDER = "2c7790de-8b02-4814-85cf-e0c59380dee8", "fc780465-2017-40d4-a0c5-307022471b92"


def test_two_partners_on_one_platform_are_named() -> None:
    rows = [
        {"id": LOOKOUT, "partnerState": "enabled", "androidEnabled": True, "iosEnabled": True},
        {"id": DEFENDER.upper(), "partnerState": "unresponsive", "androidEnabled": True},
        {"id": GROUP, "partnerState": "unavailable", "iosEnabled": True},
    ]
    found = mtd_connectors.of(rows)
    assert mtd_connectors.doubled(found) == {"Android": ["Lookout", "Microsoft Defender for Endpoint"]}
    assert [each.last_heartbeat for each in found] == [None, None, None]

"""Pure: which groups can be kept, who belongs where, when acts follow, and what people read, as tables."""

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.connectors.actions import plan, texts
from vedette.connectors.actions.plan import Change, Choice
from vedette.connectors.entra_groups import from_graph
from vedette.connectors.groups import eligibility
from vedette.connectors.groups.desired import Phone, Rule, barrier, desired, memberships
from vedette.connectors.groups.membership_route import Row, planned
from vedette.connectors.groups.ways import DEVICE_GROUP, USER_GROUP
from vedette.connectors.state_sync import SyncSettings
from vedette.verdict.classifications import CLASSIFICATIONS
from vedette.verdict.states import DeviceState

SECURITY = {
    "id": str(uuid4()),
    "displayName": "MTD",
    "securityEnabled": True,
    "mailEnabled": False,
    "groupTypes": [],
}
EVERYTHING = SyncSettings(
    armed=True, platforms=frozenset({"ANDROID"}), device_status=True, threat_status=True
)
OWNER, PHONE, GROUP, OTHER = uuid4(), uuid4(), str(uuid4()), str(uuid4())
AT_RISK = Phone("high", "ANDROID", PHONE, OWNER, managed=True)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, ""),
        ({"groupTypes": ["DynamicMembership"]}, "dynamic"),
        ({"isAssignableToRole": True}, "role_assignable"),
        ({"mailEnabled": True}, "mail_enabled"),
        ({"groupTypes": ["Unified"], "mailEnabled": True}, "mail_enabled"),
        ({"groupTypes": ["Unified"], "securityEnabled": False}, "mail_enabled"),
        ({"onPremisesSyncEnabled": True}, "on_premises"),
        ({"securityEnabled": False}, "not_security"),
    ],
    ids=["assigned", "dynamic", "role", "mail", "m365", "m365-plain", "synced", "no-security"],
)
def test_only_cloud_security_groups_with_assigned_members_are_kept(
    changes: dict[str, Any], code: str
) -> None:
    group = from_graph(SECURITY | changes)
    assert eligibility.refusal(group, {}) == code
    if code:
        assert "membership type Assigned" in eligibility.explanation(group, code, {})


def test_a_group_with_another_use_is_refused_with_that_use() -> None:
    group = from_graph(SECURITY)
    uses = {group.id: "access to this console"}
    assert eligibility.refusal(group, uses) == "in_use"
    assert "access to this console" in eligibility.explanation(group, "in_use", uses)


def rule(route: str = DEVICE_GROUP, **changes: Any) -> Rule:
    return replace(Rule(route, enabled=True, groups={"high": GROUP, "medium": OTHER}), **changes)


@pytest.mark.parametrize(
    ("phone", "settings", "the_rule", "expected"),
    [
        (AT_RISK, EVERYTHING, rule(), GROUP),
        (replace(AT_RISK, told="medium"), EVERYTHING, rule(), OTHER),
        (replace(AT_RISK, told="low"), EVERYTHING, rule(), ""),
        (replace(AT_RISK, told="deactivated"), EVERYTHING, rule(), ""),
        (AT_RISK, replace(EVERYTHING, armed=False), rule(), ""),
        (AT_RISK, replace(EVERYTHING, threat_status=False), rule(), ""),
        (replace(AT_RISK, platform="IOS"), EVERYTHING, rule(), ""),
        (AT_RISK, EVERYTHING, rule(enabled=False), ""),
        (replace(AT_RISK, managed=False), EVERYTHING, rule(), GROUP),
        (replace(AT_RISK, entra_object_id=None), EVERYTHING, rule(), ""),
        (replace(AT_RISK, entra_object_id=None), EVERYTHING, rule(USER_GROUP), GROUP),
        (replace(AT_RISK, owner_oid=None), EVERYTHING, rule(USER_GROUP), ""),
        (AT_RISK, EVERYTHING, rule(USER_GROUP, spared=frozenset({OWNER})), ""),
        (AT_RISK, EVERYTHING, rule(spared=frozenset({OWNER})), GROUP),
    ],
    ids=[
        *("high", "medium", "low", "left", "monitor", "no-levels", "platform-off", "off"),
        *("unmanaged", "no-entra", "person-without-entra", "no-owner", "spared", "spared-phone"),
    ],
)
def test_where_a_phone_belongs(phone: Phone, settings: SyncSettings, the_rule: Rule, expected: str) -> None:
    assert desired(phone, the_rule, settings) == expected


@pytest.mark.parametrize(
    ("phone", "the_rule", "why"),
    [
        (AT_RISK, rule(), ""),
        (replace(AT_RISK, managed=None), rule(), "not_managed"),
        (replace(AT_RISK, entra_object_id=None), rule(), "no_entra_device"),
        (replace(AT_RISK, owner_oid=None), rule(USER_GROUP), "no_owner"),
        (AT_RISK, rule(USER_GROUP, spared=frozenset({OWNER})), "spared"),
    ],
    ids=["none", "unmanaged", "no-entra", "no-owner", "spared"],
)
def test_why_a_way_cannot_block_a_phone(phone: Phone, the_rule: Rule, why: str) -> None:
    assert barrier(phone, the_rule) == why


PEOPLE = [UUID(int=number) for number in (1, 2, 3)]
GROUPS = ["g1", "g2"]
ROWS = st.builds(
    Row,
    member=st.sampled_from(PEOPLE),
    desired=st.sampled_from(["", *GROUPS]),
    told=st.sampled_from([False]),
    places=st.frozensets(st.sampled_from(GROUPS), max_size=2),
)


@given(st.lists(ROWS, max_size=8))
def test_a_person_is_left_out_only_when_none_of_their_phones_is_blocked(rows: list[Row]) -> None:
    found = memberships((row.member, row.desired) for row in rows)
    for person in PEOPLE:
        for group in GROUPS:
            asks = any(row.member == person and row.desired == group for row in rows)
            assert ((person, group) in found) is asks


@given(st.lists(ROWS, max_size=8), st.data())
def test_whoever_is_served_first_everybody_ends_where_they_belong(
    rows: list[Row], data: st.DataObject
) -> None:
    """Phones are served in any portions and order; what stands afterwards is what all of them ask for."""
    inside = {(row.member, place) for row in rows for place in row.places}
    left = list(range(len(rows)))
    while left:
        portion = data.draw(st.lists(st.sampled_from(left), min_size=1, unique=True))
        members = {rows[number].member for number in portion}
        others = [row for number, row in enumerate(rows) if row.member in members and number not in portion]
        step = planned([rows[number] for number in portion], others)
        wanted = memberships((row.member, row.desired) for row in rows)
        assert not step.take_out & wanted, "nobody is taken out whom another phone holds in"
        inside = (inside | step.put_in) - step.take_out
        for number in portion:
            row = rows[number]
            rows[number] = replace(
                row, told=bool(row.desired), places=frozenset({row.desired} if row.desired else set())
            )
        left = [number for number in left if number not in portion]
    assert inside == memberships((row.member, row.desired) for row in rows)


CHOICE = Choice(
    on=frozenset(plan.ACTS),
    levels=frozenset({"high", "disconnected"}),
    classifications=frozenset({"SPYWARE"}),
)
SPY = ({"code": "threat", "subject": "TROJAN"}, {"code": "threat", "subject": "SPYWARE"})


@pytest.mark.parametrize(
    ("before", "told", "notified", "revoked"),
    [
        ("", "pending", "", ""),
        ("secured", "low", "", ""),
        ("secured", "high", "high", "SPYWARE"),
        ("medium", "high", "high", "SPYWARE"),
        ("high", "high", "", ""),
        ("disconnected", "high", "", ""),
        ("high", "secured", "secured", ""),
        ("high", "low", "secured", ""),
        ("high", "deactivated", "", ""),
        ("", "high", "high", "SPYWARE"),
    ],
)
def test_when_acts_follow(before: str, told: str, notified: str, revoked: str) -> None:
    change = Change(before, told, "ANDROID", SPY)
    assert plan.notification(change, CHOICE, EVERYTHING) == notified
    assert plan.revocation(change, CHOICE, EVERYTHING) == revoked
    nothing = replace(CHOICE, on=frozenset())
    assert plan.notification(change, nothing, EVERYTHING) == ""
    assert plan.revocation(change, nothing, EVERYTHING) == ""
    watching = replace(EVERYTHING, armed=False)
    assert plan.revocation(change, CHOICE, watching) == ""


def test_other_threats_end_no_session() -> None:
    change = Change("secured", "high", "ANDROID", SPY)
    assert plan.revocation(change, replace(CHOICE, classifications=frozenset({"PHISHING"})), EVERYTHING) == ""


@pytest.mark.parametrize("language", ["en", "fr", "fr-CA", "de"])
@pytest.mark.parametrize("code", sorted(CLASSIFICATIONS))
def test_a_notification_says_the_true_reason_and_fits(code: str, language: str) -> None:
    reasons = [{"code": "threat", "subject": code, "key": "x"}]
    made = texts.compose("high", reasons, "Contoso", language, blocked=True)
    words = CLASSIFICATIONS[code].words(language)
    assert made.body.startswith(words.title[:40])
    assert 0 < len(made.title) <= texts.TITLE
    assert 0 < len(made.body) <= texts.BODY


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_other_notifications(language: str) -> None:
    long = "An organisation with quite a long name that goes on and on and on and on and on"
    silent = texts.compose(DeviceState.DISCONNECTED, [], long, language, blocked=True)
    over = texts.compose("secured", [], long, language, blocked=False)
    test = texts.compose("high", [{"subject": "TROJAN", "key": "simulated"}], long, language, blocked=True)
    other = texts.compose("misconfigured", [], long, language, blocked=True)
    for made in (silent, over, test, other):
        assert len(made.title) <= texts.TITLE
        assert len(made.body) <= texts.BODY
    assert test.title.startswith("Test")
    assert len({silent.body, over.body, test.body, other.body}) == 4

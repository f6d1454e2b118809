"""Fail-open or fail-closed: what each does in numbers, the choice, and whether the rules read are of that kind."""

import pytest
from tests.connectors.test_rules_table import policy
from tests.support.console import Member, sign_in, text
from tests.support.database import Database
from tests.support.scenes import Scenes
from tests.support.world import ADA, BAD_PACKAGE, World, begin, facts

from vedette.compliance.assess import assess
from vedette.connectors.intune import enforcement, fail_mode, settings_change
from vedette.connectors.intune.fail_mode import Consequences
from vedette.connectors.intune.models import IntuneConnector, Reading
from vedette.connectors.intune.settings_read import connector_of
from vedette.foundation import clock, database

PAGE = "/system/connectors/intune/rules/unknown/"
OPEN_RULE = 'device.extensionAttribute1 -in ["mtd:high", "mtd:disconnected"]'
CLOSED_RULE = 'device.extensionAttribute1 -notIn ["mtd:secured", "mtd:low", "mtd:medium"]'


@pytest.fixture
def world(db: Database, scenes: Scenes) -> World:
    assert db.name
    return scenes.give("fail mode", phones)


def phones() -> World:
    """At risk, fine, silent about its lock, pending twice; an iPhone whose platform is off; one merely registered."""
    world = begin()
    settings_change.save(world.tenant_id, {"heartbeat_minutes": 10, "android_enabled": True}, ADA)
    bad, fine, blind = world.activated(3)
    for _ in range(2):
        world.phone(managed=True)
    world.phone(operating_system="iOS", os_version="18.1", managed=True)
    for record in world.phones.values():
        assert record.managed in {None, True}
    world.poll()
    world.report(bad, facts(BAD_PACKAGE))
    world.report(fine, facts())
    world.report(blind, facts(posture={"screen_lock": None}))
    assess(world.tenant_id)
    return world


def counted(world: World) -> Consequences:
    with database.tenant(world.tenant_id):
        return fail_mode.consequences(connector_of(world.tenant_id))


def read_rule(world: World, rule: str) -> None:
    with database.tenant(world.tenant_id):
        Reading.objects.update_or_create(
            tenant_id=world.tenant_id, kind="rules",
            defaults={"read_at": clock.now(), "data": {"policies": [policy(rule)], "others": 0, "names": {}}},
        )  # fmt: skip


def test_both_kinds_in_numbers(world: World) -> None:
    found = counted(world)
    assert (found.minimum, found.live) == ("high", 6)
    assert (found.blocked_open, found.blocked_closed) == (1, 5)
    assert (found.unproven, found.without_value, found.beyond) == (3, 1, 3)
    assert found.difference == found.unproven + found.without_value
    settings_change.save(world.tenant_id, {"ios_enabled": True, "declared_minimum": "low"}, ADA)
    found = counted(world)
    assert (found.minimum, found.unproven, found.without_value) == ("low", 4, 0)


def test_the_choice_is_asked_with_its_numbers_and_kept(world: World, full: Member) -> None:
    assert "Not chosen yet" in text(full.get(PAGE))
    question = text(full.get(f"{PAGE}closed"))
    assert "Phones blocked now by such a rule" in question
    assert "Of these, let in by a fail-open rule" in question
    assert "Kept." in text(full.follow(f"{PAGE}closed"))
    with database.tenant(world.tenant_id):
        assert connector_of(world.tenant_id).fail_mode == IntuneConnector.FailMode.CLOSED
    page = text(full.get(PAGE))
    assert "Not chosen yet" not in page
    assert "every phone is blocked until the rule is off" in page


@pytest.mark.parametrize(
    ("chosen", "rule", "sentence"),
    [
        ("closed", OPEN_RULE, "You chose fail-closed, but “P” lets a phone without a value in."),
        ("open", CLOSED_RULE, "You chose fail-open, but “P” blocks a phone without a value."),
        ("open", OPEN_RULE, ""),
        ("closed", CLOSED_RULE, ""),
    ],
)
def test_a_rule_of_the_other_kind_is_said(
    world: World, full: Member, chosen: str, rule: str, sentence: str
) -> None:
    settings_change.save(world.tenant_id, {"fail_mode": chosen}, ADA)
    read_rule(world, rule)
    page = text(full.get(PAGE))
    assert ("Your rule is of the other kind" in page) is bool(sentence)
    assert sentence.replace("“P”", "") == "" or sentence.split("“", maxsplit=1)[0] in page


@pytest.mark.parametrize(
    ("chosen", "pending", "high"), [("", None, True), ("open", False, True), ("closed", True, True)]
)
def test_what_was_declared_counts_with_its_kind(
    world: World, chosen: str, pending: bool | None, high: bool
) -> None:
    settings_change.save(world.tenant_id, {"fail_mode": chosen, "declared_minimum": "high"}, ADA)
    with database.tenant(world.tenant_id):
        found = enforcement.of(connector_of(world.tenant_id))
    assert (found.blocks("pending"), found.blocks("high"), found.blocks("secured")) == (pending, high, False)


def test_restricted_people_do_not_see_it(world: World) -> None:
    restricted = sign_in(world, "restricted", "rita")
    assert restricted.client.get(PAGE).status_code == 403
    assert restricted.client.post(f"{PAGE}open").status_code == 403

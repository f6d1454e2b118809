"""The tab State sync: switches, the attribute, the rule to paste, what arrived."""

import re

import pytest
from tests.connectors.pages.addresses import (
    SYNC,
    TABS,
)
from tests.connectors.scene import Scene
from tests.support.console import Member, sign_in, text
from tests.support.world import ADA

from vedette.compliance import lifecycle


def test_a_switch_is_turned_off_only_after_a_question_with_numbers(ready: Scene) -> None:
    owner = sign_in(ready.world, "full")
    ready.activated()
    values = {**SYNC, "sync_threat_status": ""}
    page = text(owner.post(TABS["state-sync"], **values))
    assert re.search(r"Phones whose value is withdrawn</dt>\s*<dd>1</dd>", page)
    assert re.search(r"blocked by a fail-closed rule \(-notIn\)</dt>\s*<dd>1</dd>", page)
    assert ready.connector().sync_threat_status
    page = text(owner.follow(TABS["state-sync"], **values, confirmed="1"))
    assert "Incomplete" in page
    assert not ready.connector().sync_threat_status
    assert ready.connector().state == "enabled", "incomplete is a warning beside the state"


def test_the_attribute_is_changed_only_after_a_question_with_numbers(ready: Scene) -> None:
    owner = sign_in(ready.world, "full")
    taken, gone = ready.devices()[:2]
    ready.set_attribute(taken, "BYOD", 5)
    ready.set_attribute(ready.devices()[2], "mtd:high", 5)  # left by an earlier installation: ours
    ready.poll()
    lifecycle.deactivate(gone, "lost", ADA)
    ready.publish()
    values = {**SYNC, "attribute_number": "5"}
    page = text(owner.post(TABS["state-sync"], **values))
    assert "Move to another attribute?" in page
    for words, count in (
        ("Phones whose value is cleared from extensionAttribute1", 12),
        ("Phones whose value is written to extensionAttribute5", 11),
        ("Phones with somebody else&#x27;s value in extensionAttribute5, which is left alone", 1),
    ):
        assert re.search(rf"{re.escape(words)}</dt>\s*<dd>{count}</dd>", page), words
    assert ready.connector().attribute_number == 1
    assert "Your changes are saved" in text(owner.follow(TABS["state-sync"], **values, confirmed="1"))
    assert ready.connector().attribute_number == 5
    ready.publish()
    assert (ready.attribute(taken), ready.attribute(taken, 5)) == (None, "BYOD")
    assert sum(ready.attribute(device, 5) == "mtd:pending" for device in ready.devices()) == 11
    # both at once are one question
    page = text(owner.post(TABS["state-sync"], **{**SYNC, "sync_device_status": "", "attribute_number": "6"}))
    assert "Withdraw what was sent?" in page
    assert "written to extensionAttribute6" in page
    assert "Move to another attribute?" not in text(owner.follow(TABS["state-sync"], **values)), (
        "nothing to ask"
    )


@pytest.mark.parametrize("number", ["0", "16", "", "one"])
def test_no_such_attribute(scene: Scene, owner: Member, number: str) -> None:
    assert 'aria-invalid="true"' in text(
        owner.post(TABS["state-sync"], **{**SYNC, "attribute_number": number})
    )
    assert scene.connector().attribute_number == 1


@pytest.mark.parametrize(
    ("minimum", "blocked"),
    [
        ("", "[&quot;mtd:high&quot;, &quot;mtd:disconnected&quot;]"),
        ("medium", "[&quot;mtd:medium&quot;, &quot;mtd:high&quot;, &quot;mtd:disconnected&quot;]"),
        ("nonsense", "[&quot;mtd:high&quot;, &quot;mtd:disconnected&quot;]"),
    ],
)
def test_the_rule_is_ready_to_paste_for_each_level(owner: Member, minimum: str, blocked: str) -> None:
    assert f"device.extensionAttribute1 -in {blocked}" in text(owner.get(TABS["state-sync"], minimum=minimum))


def test_it_says_how_far_the_rule_reaches(ready: Scene) -> None:
    owner = sign_in(ready.world, "full")
    assert "13 of 13 protected phones can be blocked" in text(owner.get(TABS["state-sync"]))
    ready.save(scope="registered")
    ready.poll()
    page = text(owner.get(TABS["state-sync"]))
    assert "13 of 14 protected phones can be blocked" in page
    assert "1 protected phone is only registered in Entra" in page


def test_what_arrived_is_counted(ready: Scene) -> None:
    device = ready.device()
    ready.set_attribute(device, "BYOD")
    ready.poll()
    ready.publish()
    page = text(sign_in(ready.world, "full").get(TABS["state-sync"]))
    assert re.search(r"Written</dt><dd>12</dd>", page)
    assert "Value of somebody else" in page

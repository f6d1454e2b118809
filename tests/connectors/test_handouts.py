"""Hand-outs: what is printed is what Microsoft takes and what our own reading of it says."""

import json
from dataclasses import replace
from typing import Any

import pytest
from lxml import etree
from tests.connectors.scene import CONTACT, Scene

from vedette.connectors.intune import handouts, rules_read
from vedette.connectors.intune.handouts import Values
from vedette.connectors.microsoft_apps import ENROLLMENT_APPS

GROUP = "11111111-1111-4111-8111-111111111111"
VALUES = Values(
    'Tom & "Co"',
    CONTACT,
    "https://mtd.example.test",
    GROUP,
    [GROUP],
    3,
    "22222222-1111-4111-8111-111111111111",
    "high",
)


@pytest.mark.parametrize("minimum", ["low", "medium", "high"])
@pytest.mark.parametrize(
    ("make", "fail_closed"),
    [(handouts.block_by_level, False), (handouts.admit_known, True)],
    ids=["open", "closed"],
)
def test_policies_are_taken_and_read_back_as_what_they_say(
    scene: Scene, make: Any, fail_closed: bool, minimum: str
) -> None:
    group, emergency = scene.group("Company Phones")["id"], str(scene.organisation.groups["full"])
    text = make(replace(VALUES, groups=[group], minimum=minimum)).replace(handouts.BREAK_GLASS, emergency)
    taken = scene.lab.post(f"{scene.path}/ca-policies", json.loads(text))
    (rule,) = rules_read.acting([taken], 3, groups={group})
    assert (rule.state, rule.minimum, rule.fail_closed) == ("report_only", minimum, fail_closed)
    assert rule.notes == (), "nothing about it deserves a second look"


def test_the_policy_beside_it_is_taken(scene: Scene) -> None:
    body = json.loads(handouts.require_compliance(VALUES).replace(handouts.BREAK_GLASS, GROUP))
    taken = scene.lab.post(f"{scene.path}/ca-policies", body)
    assert taken["grantControls"]["builtInControls"] == ["compliantDevice"]
    assert set(ENROLLMENT_APPS) < set(taken["conditions"]["applications"]["excludeApplications"])


def test_app_configurations_are_well_formed_and_filled() -> None:
    android = json.loads(handouts.android_configuration(VALUES))
    keys = {row["key"]: row["valueString"] for row in android["managedProperty"]}
    root = etree.fromstring(handouts.ios_configuration(replace(VALUES, server="https://a.example/?x=1&y=2")))
    texts = [element.text for element in root]
    ios = dict(zip(texts[::2], texts[1::2], strict=True))
    assert keys.keys() == ios.keys()
    assert (keys["serverUrl"], keys["azureADDeviceId"]) == ("https://mtd.example.test", "{{aaddeviceid}}")
    assert ios["serverUrl"] == "https://a.example/?x=1&y=2"


def test_mails_name_the_organisation_and_whom_to_ask() -> None:
    english, french = handouts.mail("en", VALUES), handouts.mail("fr", VALUES)
    for text in (english, french):
        assert 'Tom & "Co"' in text
        assert CONTACT in text
    assert english.startswith("Subject:")
    assert french.startswith("Objet :")

"""Security Policy: shown before it is saved, re-rating at once, bad input answered in words (E1)."""

import csv
import io
import re
from typing import Any

import pytest
from tests.support.console import Member, audit, text
from tests.support.world import BAD_PACKAGE, World, facts

from vedette.compliance import change_policy, defaults, policy_wish
from vedette.compliance.assess import assess, reassess
from vedette.devices.models import Device
from vedette.foundation import database
from vedette.threats.models import PolicyLevel, PolicyParameters, PolicyWish
from vedette.verdict.classifications import CLASSIFICATIONS


@pytest.fixture
def phones(world: World) -> list[Device]:
    """Two at high risk, one at low, one fine."""
    devices = world.activated(4)
    for device, given in zip(
        devices,
        (facts(BAD_PACKAGE), facts(BAD_PACKAGE), facts(posture={"adb": True}), facts()),
        strict=True,
    ):
        world.report(device, given)
    assess(world.tenant_id)
    return devices


def states(world: World, devices: list[Device]) -> list[str]:
    return [world.state(device) for device in devices]


def level(world: World, code: str) -> tuple[int, str]:
    with database.tenant(world.tenant_id):
        row = PolicyLevel.objects.get(classification=code)
        return row.risk, row.response


def asked(answer: Any) -> dict[str, str]:
    """The figures a question shows, by their label."""
    pairs = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", text(answer))
    return dict(pairs)


def hidden(answer: Any) -> dict[str, str]:
    fields = re.findall(r'<input type="hidden" name="([\w-]+)" value="([^"]*)"', answer.content.decode())
    return {name: value for name, value in fields if name not in {"csrfmiddlewaretoken", "next"}}


def test_the_page_names_all_49_with_level_and_response(full: Member, restricted: Member) -> None:
    page, locked = text(full.get("/policy/")), text(restricted.get("/policy/"))
    for code, known in CLASSIFICATIONS.items():
        assert f'name="risk-{code}"' in page
        assert f'name="response-{code}"' in page
        assert known.text["en"].title.replace("'", "&#x27;") in locked
    assert "<select" not in locked
    assert "you can read the policy, not change it" in locked.replace("With restricted access ", "")


def test_what_is_shown_before_is_what_happens(full: Member, world: World, phones: list[Device]) -> None:
    assert states(world, phones) == ["high", "high", "low", "secured"]
    wanted = {"risk-TROJAN": "3", "risk-USB_DEBUGGING_ENABLED": "0", "response-WORM": "silent"}
    question = full.post("/policy/", **wanted)
    figures = asked(question)
    assert figures["Devices that change state"] == "3"
    assert figures["of them to a better state"] == "3"
    assert figures["High risk → Medium risk"] == "2"
    assert figures["Low risk → Secured"] == "1"
    assert figures["Trojan"] == "High → Medium"
    assert figures["Worm"] == "Alert device → Don&#x27;t alert device"
    assert states(world, phones) == ["high", "high", "low", "secured"], "asking changes nothing"
    assert not audit(world, "policy.levels_changed")
    done = text(full.follow("/policy/", **hidden(question)))
    assert "Saved. 3 devices changed their state by it." in done
    assert states(world, phones) == ["medium", "medium", "secured", "secured"]
    (event,) = audit(world, "policy.levels_changed")
    assert event.actor_name == full.administrator.upn
    assert {"attribute": "TROJAN.risk", "from": "HIGH", "to": "MEDIUM"} in event.changes
    assert {"attribute": "WORM.response", "from": "alert", "to": "silent"} in event.changes


def test_only_differences_are_saved(full: Member, world: World) -> None:
    same = {f"risk-{code}": str(level(world, code)[0]) for code in ("TROJAN", "WORM")}
    assert "Nothing was changed." in text(full.follow("/policy/", **same))
    question = full.post("/policy/", **same | {"risk-WORM": "2"})
    assert hidden(question) == {"risk-WORM": "2", "response-WORM": "alert", "confirmed": "1"}


def test_a_worse_policy_is_asked_in_red_and_blocks(full: Member, world: World, phones: list[Device]) -> None:
    question = full.post("/policy/", **{"risk-USB_DEBUGGING_ENABLED": "4"})
    assert asked(question)["of them to a worse state"] == "1"
    assert "btn-danger" in question.content.decode()
    full.post("/policy/", **hidden(question))
    assert states(world, phones)[2] == "high"


def test_reset_brings_the_defaults_back(full: Member, world: World, phones: list[Device]) -> None:
    assert "has its default level already" in text(full.client.get("/policy/reset", follow=True))
    full.post("/policy/", **{"risk-TROJAN": "0", "confirmed": "1"})
    assert states(world, phones)[:2] == ["secured", "secured"]
    assert "default: High" in text(full.get("/policy/"))
    question = full.get("/policy/reset")
    assert asked(question)["Devices that change state"] == "2"
    assert asked(question)["Trojan"] == "None → High"
    full.post("/policy/reset")
    assert states(world, phones)[:2] == ["high", "high"]
    assert len(audit(world, "policy.levels_changed")) == 2


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"risk-TROJANN": "1"}, "There is no classification TROJANN."),
        ({"risk-TROJAN": "9"}, "“9” is no risk level."),
        ({"risk-TROJAN": "-1"}, "“-1” is no risk level."),
        ({"risk-TROJAN": "high"}, "“high” is no risk level."),
        ({"risk-TROJAN": ""}, "“” is no risk level."),
        ({"risk-TROJAN": "٣"}, "“٣” is no risk level."),
        ({"risk-TROJAN": "1" * 5000}, "is no risk level."),
        ({"risk-TROJAN": "<b>"}, "“&lt;b&gt;” is no risk level."),
        ({"response-TROJAN": "explode"}, "“explode” is no response for this classification."),
        ({"response-TROJAN": "block_and_alert"}, "“block_and_alert” is no response for this classification."),
        ({"response-TROJAN": "\x00"}, "is no response for this classification."),
        ({"risk-trojan": "1"}, "Nothing was changed."),
        ({}, "Nothing was changed."),
    ],
)
@pytest.mark.parametrize("confirmed", [False, True])
def test_bad_input_is_answered_and_changes_nothing(
    full: Member, world: World, form: dict[str, str], words: str, confirmed: bool
) -> None:
    more = {"confirmed": "1"} if confirmed else {}
    assert words in text(full.follow("/policy/", **form, **more))
    assert level(world, "TROJAN") == (4, "alert")
    assert not audit(world, "policy.levels_changed")


def test_web_content_may_be_blocked_on_the_phone(full: Member, world: World) -> None:
    full.post("/policy/", **{"response-PHISHING_CONTENT": "warn_and_alert", "confirmed": "1"})
    assert level(world, "PHISHING_CONTENT")[1] == "warn_and_alert"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"minimum_android": "soon"}, "“soon” is not a version."),
        ({"minimum_ios": ""}, "This field is required."),
        ({"patch_age_days": "0"}, "Set a number of days from 1 to"),
        ({"patch_age_days": "-3"}, "Ensure this value is greater than or equal to 0."),
        ({"patch_age_days": "x"}, "Enter a whole number."),
        ({"patch_age_days": "99999"}, "Ensure this value is less than or equal to 32767."),
    ],
)
def test_versions_and_days_are_checked_where_they_are_typed(
    full: Member, world: World, change: dict[str, str], words: str
) -> None:
    form = {"minimum_android": "13", "minimum_ios": "17.0", "patch_age_days": "180"} | change
    answer = full.post("/policy/parameters", **form)
    assert answer.status_code == 200
    page = text(answer)
    assert words in page
    assert str(next(iter(change.values()))) in page, "what was typed is still there"
    assert not audit(world, "policy.parameters_changed")


def test_a_higher_minimum_finds_old_phones_at_the_next_judgement(
    full: Member, world: World, phones: list[Device]
) -> None:
    form = {"minimum_android": "16", "minimum_ios": "17.0", "patch_age_days": "180"}
    assert "Devices are judged anew" in text(full.follow("/policy/parameters", **form))
    (event,) = audit(world, "policy.parameters_changed")
    assert event.changes == [{"attribute": "minimum_android", "from": "13", "to": "16"}]
    reassess(world.tenant_id)
    assert states(world, phones)[3] == "medium"
    with database.tenant(world.tenant_id):
        assert PolicyParameters.objects.get().minimum_android == "16"


def test_too_many_threats_at_once_are_applied_by_a_job_that_says_how_far_it_is(
    full: Member, world: World, phones: list[Device], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(change_policy, "LARGEST", 1)
    page = text(full.follow("/policy/", **{"risk-TROJAN": "1", "confirmed": "1"}))
    assert "applied in the background" in page
    assert "The policy is being changed" in page
    assert "applied to 2 threats, 0 done" in page
    assert states(world, phones)[0] == "high"
    refused = text(full.follow("/policy/", **{"risk-WORM": "1", "confirmed": "1"}))
    assert "still being applied (0 of 2 threats)" in refused
    asking = full.client.get("/policy/", headers={"HX-Request": "true"})
    assert "HX-Refresh" not in asking
    with database.tenant(world.tenant_id):
        wish = PolicyWish.objects.get()
    policy_wish.apply_wish.func(str(world.tenant_id), str(wish.id))
    assert states(world, phones)[0] == "secured"
    assert full.client.get("/policy/", headers={"HX-Request": "true"})["HX-Refresh"] == "true"
    done = full.get("/policy/")
    assert "HX-Refresh" not in done
    assert "The policy is being changed" not in text(done)
    with database.writer(world.tenant_id):
        PolicyWish.objects.update(outcome="failed")
    assert "could not be applied" in text(full.get("/policy/"))


def test_export_lists_all_levels(restricted: Member, world: World) -> None:
    with database.writer(world.tenant_id):
        group = defaults.default_group(world.tenant_id)
        PolicyLevel.objects.filter(group=group, classification="WORM").update(risk=1)
    rows = {
        row["classification"]: row for row in csv.DictReader(io.StringIO(restricted.export("/policy/export")))
    }
    assert len(rows) == 49
    assert (rows["WORM"]["risk"], rows["WORM"]["default_risk"]) == ("ADVISORY", "HIGH")

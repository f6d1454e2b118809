"""The tab Connection settings: set-up, heartbeat, platforms, questions before an act."""

import re

import pytest
from tests.connectors.pages.addresses import CONNECTION, INTUNE, TABS
from tests.connectors.scene import Scene
from tests.support.console import Member, sign_in, text


def test_setting_the_connector_up_leads_to_ready(scene: Scene, owner: Member) -> None:
    fresh = text(owner.get(TABS["connection"]))
    assert "Create connector" in fresh
    assert fresh.count("Save the connection settings first") >= 4, "the other tabs wait"
    values = {**CONNECTION, "android_enabled": "", "ios_enabled": ""}
    assert "Waiting for the first heartbeat" in text(owner.follow(TABS["connection"], **values))
    assert "The heartbeat succeeded" in text(owner.follow(f"{INTUNE}connection/beat"))
    page = text(owner.get(TABS["connection"]))
    assert "Your Intune connector is now ready" in page
    assert "Turn a platform on to enable it" in page
    page = text(owner.follow(TABS["connection"], **CONNECTION))
    assert "Your changes are saved" in page
    assert "Enabled" in page
    assert scene.connector().state == "enabled"
    assert "connector.settings_changed" in scene.actions()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("heartbeat_minutes", "0"),
        ("heartbeat_minutes", "1441"),
        ("heartbeat_minutes", "ten"),
        ("heartbeat_minutes", ""),
        ("heartbeat_minutes", "9" * 30),
        ("missed_allowed", "0"),
        ("missed_allowed", "-1"),
    ],
)
def test_connection_settings_that_make_no_sense_are_refused_with_the_reason(
    scene: Scene, owner: Member, field: str, value: str
) -> None:
    page = owner.post(TABS["connection"], **{**CONNECTION, field: value})
    assert page.status_code == 200
    assert 'aria-invalid="true"' in text(page)
    assert scene.connector().saved_at is None


def test_a_platform_is_turned_off_only_after_a_question_with_numbers(ready: Scene) -> None:
    owner = sign_in(ready.world, "full")
    values = {**CONNECTION, "android_enabled": ""}
    page = text(owner.post(TABS["connection"], **values))
    android = len(ready.devices(platform="ANDROID"))
    assert "Withdraw what was sent?" in page
    assert re.search(rf"Phones whose value is withdrawn</dt>\s*<dd>{android}</dd>", page)
    assert ready.connector().android_enabled
    hidden = dict(re.findall(r'type="hidden" name="([a-z_]+)" value="([^"]*)"', page))
    hidden.pop("csrfmiddlewaretoken", None)
    assert hidden["confirmed"] == "1"
    assert "Your changes are saved" in text(owner.follow(TABS["connection"], **hidden))
    assert not ready.connector().android_enabled
    assert ready.connector().ios_enabled


def test_a_heartbeat_that_fails_says_what_to_do(ready: Scene) -> None:
    owner = sign_in(ready.world, "full")
    ready.lab.delete(f"{ready.path}/consents/{ready.microsoft.client_id}")
    page = text(owner.follow(f"{INTUNE}connection/beat"))
    assert "Global Administrator" in page
    assert "Microsoft no longer lets Vedette in" in page
    assert "Unavailable" in page
    ready.lab.post(f"{ready.path}/consents", {"client_id": ready.microsoft.client_id})

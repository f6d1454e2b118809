"""The heartbeat against the lab: every step of the path, what it means for the state, and who is told (C1, C6)."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.connectors.conftest import PARTNER
from tests.connectors.scene import CONTACT, Scene
from tests.support.microsoft import PERMISSIONS

from vedette.connectors.intune import heartbeat
from vedette.connectors.models import Delivery
from vedette.foundation import clock, database
from vedette.foundation.graph import Patience

WITHOUT_WRITE = [name for name in PERMISSIONS if name != "Device.ReadWrite.All"]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up at once instead of after ten seconds."""
    monkeypatch.setattr(heartbeat, "PATIENCE", Patience(1, seconds=1.0))


@pytest.fixture
def consent(scene: Scene) -> Iterator[Any]:
    """Grant other permissions than the manifest's, at once."""

    def grant(permissions: list[str] | None) -> None:
        path = f"{scene.path}/consents"
        if permissions is None:
            scene.lab.delete(f"{path}/{scene.microsoft.client_id}")
        else:
            body = {"client_id": scene.microsoft.client_id, "permissions": permissions}
            scene.lab.post(path, body)

    yield grant
    grant([*PERMISSIONS, *PARTNER])


def state(scene: Scene) -> str:
    return scene.connector().state


def test_a_heartbeat_proves_the_whole_path_and_changes_nothing(scene: Scene) -> None:
    scene.set_up()
    before, since = scene.phones(), scene.mark()
    found = scene.beat()
    assert found.ok
    assert found.steps == {"access": "ok", "read": "ok", "intune": "ok", "write": "ok"}
    assert scene.phones() == before
    (probe,) = scene.requests("PATCH", since=since)
    assert probe["status"] == 404, "granted: refused only because there is no such device"
    tokens = [e for e in scene.lab.get("/requests", since=since) if e["path"].endswith("/oauth2/v2.0/token")]
    assert len(tokens) == 1, "a fresh token each time"
    connector = scene.connector()
    assert connector.last_heartbeat_at == connector.heartbeat_tried_at
    assert connector.heartbeat_detail["oldest_unsent_seconds"] is None


def test_from_not_set_up_over_available_to_enabled(scene: Scene) -> None:
    assert state(scene) == "notSetUp"
    scene.beat()
    assert state(scene) == "notSetUp", "a heartbeat alone does not set the connector up"
    scene.set_up(android_enabled=False, ios_enabled=False)
    assert state(scene) == "available"
    scene.save(ios_enabled=True)
    assert state(scene) == "enabled"
    scene.save(ios_enabled=False)
    assert state(scene) == "available"


def test_settings_saved_before_the_first_heartbeat_wait_for_it(scene: Scene) -> None:
    scene.set_up()
    assert (state(scene), scene.connector().state_reason) == ("notSetUp", "no_heartbeat_yet")
    scene.beat()
    assert state(scene) == "enabled"


def test_a_first_heartbeat_that_fails_is_an_error_at_once(scene: Scene) -> None:
    scene.set_up()
    scene.fault("GET /v1.0/groups", status=500)
    scene.beat()
    assert (state(scene), scene.connector().state_reason) == ("error", "InternalServerError")


@pytest.mark.parametrize(
    ("match", "fault", "code"),
    [
        ("GET /v1.0/groups", {"status": 500}, "InternalServerError"),
        ("GET /v1.0/groups", {"drop": True}, "unreachable"),
        ("PATCH /v1.0/devices", {"status": 503}, "serviceNotAvailable"),
        ("POST /", {"status": 503}, "unreachable"),
        ("POST /", {"code": "7000222"}, "AADSTS7000222"),
    ],
)
def test_unresponsive_after_three_missed_and_told_once_until_it_recovers(
    scene: Scene, match: str, fault: dict[str, Any], code: str
) -> None:
    scene.set_up()
    scene.beat()
    scene.fault(match, **fault)
    for missed in (1, 2):
        assert scene.beat().fault == code
        assert (state(scene), scene.connector().heartbeat_missed) == ("enabled", missed)
    for _ in range(3):
        scene.beat()
        assert (state(scene), scene.connector().state_reason) == ("unresponsive", code)
    (error,) = scene.errors(source="heartbeat")
    assert (error.code, error.count, error.resolved_at) == (code, 5, None)
    scene.send_mail()
    (mail,) = scene.mails(CONTACT)
    assert "Unresponsive" in mail["subject"]
    scene.mend()
    scene.beat()
    assert (state(scene), scene.connector().heartbeat_missed) == ("enabled", 0)
    (error,) = scene.errors(source="heartbeat")
    assert error.resolved_at is not None
    scene.send_mail()
    assert len(scene.mails(CONTACT)) == 2
    assert scene.actions().count("connector.state_changed") == 3


def test_how_many_may_be_missed_is_the_administrators_choice(scene: Scene) -> None:
    scene.set_up(missed_allowed=1)
    scene.beat()
    scene.fault("GET /v1.0/groups", status=500)
    scene.beat()
    assert state(scene) == "unresponsive"


def test_a_missing_write_permission_is_an_error_though_the_heartbeat_got_through(
    scene: Scene, consent: Any
) -> None:
    consent(WITHOUT_WRITE)
    scene.set_up()
    found = scene.beat()
    assert (found.answered, found.lacking) == (True, "write_permission_missing")
    assert found.steps["write"] == "missing"
    assert "Device.ReadWrite.All" in found.next_step
    connector = scene.connector()
    assert (connector.state, connector.heartbeat_missed) == ("error", 0)
    # Silence does not mend a missing permission, and one silent heartbeat is no alarm.
    scene.fault("GET /v1.0/groups", status=500, times=1)
    scene.beat()
    assert (state(scene), scene.connector().state_reason) == ("error", "write_permission_missing")
    consent(PERMISSIONS)
    scene.beat()
    assert state(scene) == "enabled"


def test_a_missing_intune_permission_is_named(scene: Scene, consent: Any) -> None:
    consent([name for name in PERMISSIONS if not name.startswith("DeviceManagement")])
    scene.set_up()
    found = scene.beat()
    assert (found.lacking, found.steps["intune"]) == ("intune_permission_missing", "missing")
    assert found.steps["write"] == "ok", "the next step is tried all the same"
    assert state(scene) == "error"


def test_consent_withdrawn_makes_it_unavailable_until_it_is_given_again(scene: Scene, consent: Any) -> None:
    scene.set_up()
    scene.beat()
    consent(None)
    assert scene.beat().consent_withdrawn
    assert state(scene) == "unavailable"
    # Later silence does not turn "you were thrown out" into "nobody answers".
    scene.fault("GET /v1.0/groups", status=500, times=4)
    for _ in range(4):
        scene.beat()
    assert state(scene) == "unavailable"
    scene.send_mail()
    (mail,) = scene.mails(CONTACT)
    assert "Global Administrator" in mail["text"]
    consent(PERMISSIONS)
    scene.beat()
    assert state(scene) == "enabled"


def test_the_age_of_the_oldest_unsent_change_is_part_of_it(enrolled: Scene, move_clock: Any) -> None:
    move_clock(600)
    enrolled.beat()
    with database.tenant(enrolled.tenant_id):
        oldest = Delivery.objects.order_by("requested_at").values_list("requested_at", flat=True)[0]
    owed_for = (clock.now() - oldest).total_seconds()
    age = enrolled.connector().heartbeat_detail["oldest_unsent_seconds"]
    assert 600 < age <= owed_for < age + 60
    enrolled.publish()
    enrolled.beat()
    assert enrolled.connector().heartbeat_detail["oldest_unsent_seconds"] is None

"""Permissions are tried, not assumed: what is granted, missing or unknown, against the lab's Microsoft."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.connectors.conftest import PARTNER
from tests.connectors.scene import Scene
from tests.support.microsoft import PERMISSIONS
from tests.support.world import ADA

from vedette.connectors.intune import capabilities, jobs, readings
from vedette.foundation import clock, database
from vedette.foundation.graph import Patience
from vedette.tenants import consent, profiles
from vedette.tenants.models import Tenant

ALL = profiles.permissions()
READ = ["GroupMember.Read.All", "User.Read.All", "Device.Read.All"]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readings, "PATIENCE", Patience(1, seconds=10.0))


@pytest.fixture
def grant(scene: Scene) -> Iterator[Any]:
    def set_to(permissions: list[str]) -> None:
        body = {"client_id": scene.microsoft.client_id, "permissions": permissions}
        scene.lab.post(f"{scene.path}/consents", body)

    yield set_to
    set_to([*PERMISSIONS, *PARTNER])


def look(scene: Scene) -> dict[str, str]:
    found = readings.read(scene.tenant_id, readings.CAPABILITIES)
    assert not found.problem
    return {name: row["result"] for name, row in found.data["permissions"].items()}


def test_every_permission_has_a_probe_and_every_probe_a_permission() -> None:
    assert set(ALL) == set(profiles.PROBES)


def test_each_permission_alone_opens_its_probe_and_its_absence_closes_it(scene: Scene, grant: Any) -> None:
    """One world for all: granted alone the probe passes, with the minimum of the others it is refused."""
    before = scene.phones()
    grant([])
    assert set(look(scene).values()) == {"missing"}
    for name in ALL:
        grant([name])
        assert look(scene)[name] == "granted", name
    grant(ALL)
    assert set(look(scene).values()) == {"granted"}
    assert scene.phones() == before, "nothing was changed"
    assert scene.mails() == [], "nothing was sent"


def test_what_is_missing_says_which_profile_is_off_because_of_it(scene: Scene, grant: Any) -> None:
    grant([*READ, "Policy.Read.All"])
    look(scene)
    with database.tenant(scene.tenant_id):
        known = readings.known(readings.CAPABILITIES)
        assert capabilities.may("Policy.Read.All")
        assert not capabilities.may("Device.ReadWrite.All")
    found = {each.profile.key: each for each in capabilities.of(known.data)}
    assert (found["read"].result, found["read"].off) == ("granted", "")
    assert found["rules"].result == "missing", "one of its two permissions is there"
    assert "declare the minimum level" in str(found["rules"].off)


def test_an_answer_that_says_nothing_about_permission_is_not_known(scene: Scene) -> None:
    scene.fault("GET /v1.0/devices", status=500)
    found = readings.read(scene.tenant_id, readings.CAPABILITIES).data["permissions"]
    assert found["Device.Read.All"]["result"] == "unknown"
    assert "500" in found["Device.Read.All"]["message"]
    assert found["User.Read.All"]["result"] == "granted"


def test_without_a_token_the_last_reading_stays_with_its_age_and_why(scene: Scene) -> None:
    look(scene)
    scene.fault("POST /", code="7000222")
    found = readings.read(scene.tenant_id, readings.CAPABILITIES)
    assert found.problem["code"] == "AADSTS7000222"
    assert found.data["permissions"]["User.Read.All"]["result"] == "granted"
    assert found.read_at is not None
    assert found.tried_at is not None
    assert found.read_at < found.tried_at


def test_read_when_due_and_when_asked_for(scene: Scene) -> None:
    def due() -> bool:
        with database.system():
            return scene.tenant_id in readings.due(clock.now())

    scene.set_up()
    assert not due(), "first a heartbeat has to get through"
    scene.beat()
    assert due()
    jobs.read_microsoft.func(str(scene.tenant_id))
    assert not due()
    assert readings.read_due(scene.tenant_id) == []
    readings.ask(scene.tenant_id, ADA)
    assert due()
    assert readings.CAPABILITIES in readings.read_due(scene.tenant_id)
    assert "connector.reading_requested" in scene.actions()


def test_the_consent_link_asks_for_what_the_registration_lists_and_its_answer_is_understood(
    scene: Scene,
) -> None:
    scene.lab.delete(f"{scene.path}/consents/{scene.microsoft.client_id}")
    with database.tenant(scene.tenant_id):
        link = consent.link(Tenant.objects.get(pk=scene.tenant_id))
    browser = scene.microsoft.browser()
    administrator = scene.organisation.people["global_administrator"]
    landed = browser.accept(link, administrator)
    assert "admin_consent=True" in landed
    assert "state=handed-over" in landed
    assert look(scene)["User.Read.All"] == "granted"

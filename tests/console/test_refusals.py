"""What a form may send that nobody can mean is answered in words, and changes nothing."""

import pytest
from tests.support.console import Member
from tests.support.world import BAD_PACKAGE, World, facts

from vedette.compliance import change_policy
from vedette.compliance.assess import assess
from vedette.devices.models import Invitation, WaitingIdentity
from vedette.foundation import clock, database


@pytest.fixture
def waiting(world: World) -> WaitingIdentity:
    """An app that waits for an administrator's word."""
    now = clock.now()
    with database.tenant(world.tenant_id):
        invitation = Invitation.objects.create(
            tenant_id=world.tenant_id, email="bo@example.test", code_hash=b"x", created_at=now, expires_at=now
        )
        return WaitingIdentity.objects.create(
            tenant_id=world.tenant_id,
            key_id="k",
            public_jwk={},
            invitation=invitation,
            reason="needs_confirmation",
            claim={"platform": "ANDROID"},
            first_seen_at=now,
            last_seen_at=now,
        )


@pytest.mark.parametrize("device", ["", "the red one"])
def test_a_word_for_no_device_asks_to_choose_one(full: Member, waiting: WaitingIdentity, device: str) -> None:
    page = full.follow(f"/system/enrollment/waiting/{waiting.id}", device=device)
    assert page.status_code == 200
    assert "Choose the device that the app runs on." in page.content.decode()
    with database.tenant(waiting.tenant_id):
        assert WaitingIdentity.objects.filter(id=waiting.id).exists()


def test_a_reset_that_rerates_too_much_is_left_to_a_job(
    full: Member, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    (device,) = world.activated()
    world.report(device, facts(BAD_PACKAGE))
    assess(world.tenant_id)
    full.post("/policy/", **{"risk-TROJAN": "1", "confirmed": "1"})
    assert world.state(device) == "secured"
    monkeypatch.setattr(change_policy, "LARGEST", 0)
    page = full.follow("/policy/reset")
    assert page.status_code == 200
    assert "applied in the background" in page.content.decode()
    assert world.state(device) == "secured"

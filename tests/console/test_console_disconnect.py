"""Disconnecting a tenant: shown, confirmed by its name, everything withdrawn, and then nobody gets in (A7)."""

import pytest
from click.testing import CliRunner, Result
from tests.support.console import Member, audit, deliver_all, text
from tests.support.database import Database
from tests.support.scenes import Scenes
from tests.support.world import ADA, BAD_PACKAGE, World, begin, facts

from vedette.compliance import disconnect, mode
from vedette.compliance.assess import assess
from vedette.compliance.lifecycle import Refused
from vedette.connectors import withdrawal
from vedette.connectors.intune import settings_change
from vedette.connectors.models import Delivery
from vedette.connectors.withdrawal_jobs import finish_if_withdrawn
from vedette.devices.models import Device
from vedette.events.models import Event
from vedette.foundation import database
from vedette.project.tenant_commands import tenant
from vedette.tenants.models import Tenant

PATH = "/system/account/disconnect"


@pytest.fixture
def world(db: Database, scenes: Scenes) -> World:
    assert db.name
    return scenes.give("console disconnect", two_phones_told)


def two_phones_told() -> World:
    """An armed tenant that has told Microsoft of a bad phone and of a good one."""
    world = begin("Contoso")
    bad, fine = world.activated(2)
    world.report(bad, facts(BAD_PACKAGE))
    world.report(fine, facts())
    assess(world.tenant_id)
    settings_change.save(world.tenant_id, {"android_enabled": True, "heartbeat_minutes": 10}, ADA)
    with database.writer(world.tenant_id):
        Tenant.objects.update(status=Tenant.Status.CONSENTED)
    mode.arm(world.tenant_id, ADA)
    deliver_all(world)
    return world


def status(world: World) -> str:
    with database.tenant(world.tenant_id):
        return str(Tenant.objects.values_list("status", flat=True).get())


def run(*arguments: str) -> Result:
    return CliRunner().invoke(tenant, list(arguments))


def test_everything_is_shown_withdrawn_and_then_nobody_gets_in(full: Member, world: World) -> None:
    assert PATH in text(full.get("/system/account/"))
    page = text(full.get(PATH))
    for words in ("mtd:high", "mtd:secured", "extensionAttribute1", "blocked by a fail-closed rule"):
        assert words in page
    assert "not this tenant's name" in text(full.follow(PATH, name="Fabrikam")).replace("&#x27;", "'")
    assert status(world) == "consented"
    page = text(full.follow(PATH, name="Contoso"))
    assert status(world) == "disconnecting"
    assert "2 values are still to be withdrawn" in page
    assert "is being disconnected" in text(full.get("/dashboard/"))
    assert not finish_if_withdrawn(world.tenant_id), "values are left"
    deliver_all(world)
    with database.tenant(world.tenant_id):
        assert {row.sent for row in Delivery.objects.all()} == {""}
        assert withdrawal.written() == []
    assert finish_if_withdrawn(world.tenant_id)
    assert status(world) == "disconnected"
    answer = full.get("/dashboard/")
    assert answer.status_code == 403
    assert "Your organisation is disconnected" in text(answer)
    assert full.get("/dashboard/").status_code == 302, "the session is over"
    actions = [event.action for event in audit(world)]
    assert actions[-2:] == ["tenant.disconnecting", "tenant.disconnected"]
    assert "tenant.monitoring" in actions


def test_a_tenant_that_leaves_tells_nothing_and_cannot_be_armed(full: Member, world: World) -> None:
    full.post(PATH, name="Contoso")
    deliver_all(world)
    assert not mode.arm(world.tenant_id, ADA)
    (bad, *_rest) = world.devices()
    world.report(bad, facts(posture={"screen_lock": False}))
    assess(world.tenant_id)
    deliver_all(world)
    with database.tenant(world.tenant_id):
        assert withdrawal.remaining() == 0
    with pytest.raises(Refused, match="already"):
        disconnect.begin(world.tenant_id, "Contoso", ADA)


def test_what_cannot_be_withdrawn_is_named_and_may_be_left(full: Member, world: World) -> None:
    full.post(PATH, name="Contoso")
    with database.tenant(world.tenant_id):
        Delivery.objects.update(error_code="Authorization_RequestDenied", error="Microsoft refuses.")
    page = text(full.get(PATH))
    assert "Authorization_RequestDenied" in page
    assert "Finish anyway" in page
    assert full.get(f"{PATH}/finish").status_code == 200
    full.post(f"{PATH}/finish")
    assert status(world) == "disconnected"
    (event,) = audit(world, "tenant.disconnected")
    assert event.detail == {"values_left": 2}


def test_the_operator_disconnects_connects_again_and_removes(world: World) -> None:
    key = str(world.tenant_id)
    assert run("disconnect", key, "--name", "Fabrikam").exit_code == 1
    begun = run("disconnect", key, "--name", "Contoso")
    assert begun.exit_code == 0, begun.output
    assert "mtd:high" in begun.output
    assert run("disconnect", key, "--name", "Contoso", "--force").exit_code == 3
    assert status(world) == "disconnected"
    assert run("reconnect", key).exit_code == 0
    assert status(world) == "invited"
    assert run("reconnect", key).exit_code == 1
    assert run("remove", key, "--name", "Contoso").exit_code == 1
    run("disconnect", key, "--name", "Contoso", "--force")
    assert run("remove", key, "--name", "Fabrikam").exit_code == 2
    removed = run("remove", key, "--name", "Contoso")
    assert removed.exit_code == 0, removed.output
    with database.system():
        assert not Tenant.objects.filter(id=world.tenant_id).exists()
        assert not Device.objects.filter(tenant_id=world.tenant_id).exists()
        assert not Event.objects.filter(tenant_id=world.tenant_id).exists()


def test_only_full_access_of_the_own_tenant_disconnects(
    restricted: Member, stranger: Member, world: World
) -> None:
    for path in (PATH, f"{PATH}/finish"):
        assert restricted.get(path).status_code == 403
        assert restricted.post(path, name="Contoso").status_code == 403
        stranger.post(path, name="Contoso")
    assert PATH not in text(restricted.get("/system/account/"))
    assert status(world) == "consented"

"""Phones that change hands over a time in which they are nobody's, and those that stay out."""

from dataclasses import replace

from tests.support.world import ADA, World

from vedette.compliance import lifecycle
from vedette.devices import invitations
from vedette.devices.models import Device, Invitation
from vedette.events.models import Event
from vedette.foundation import database


def test_who_gets_a_phone_that_was_nobodys_for_a_while_inherits_nothing(world: World) -> None:
    bo, cy = world.person("bo"), world.person("cy")
    object_id = world.phone(bo)
    world.poll()
    world.activate(world.device(object_id))
    mailed = invitations.invite_device(world.device(object_id), ADA)
    for owner in (None, cy):
        world.phones[object_id] = replace(world.phones[object_id], owner_oid=owner)
        world.poll()
        assert world.device(object_id).binding == Device.Binding.ASSERTED
    with database.tenant(world.tenant_id):
        assert Invitation.objects.get(id=mailed.invitation.id).revoked_at
        (told,) = Event.objects.filter(action="device.owner_changed")
    assert told.changes[0] == {"attribute": "owner_oid", "from": str(bo), "to": ""}


def test_of_a_device_that_stays_out_no_owner_is_told_at_every_poll(world: World) -> None:
    object_id = world.phone(world.person("bo"))
    world.poll()
    lifecycle.deactivate(world.device(object_id), "lost", ADA)
    world.phones[object_id] = replace(world.phones[object_id], owner_oid=world.person("cy"))
    for _ in range(2):
        world.poll()
    with database.tenant(world.tenant_id):
        assert not Event.objects.filter(action="device.owner_changed").exists()


def test_a_phone_that_comes_back_as_nobodys_keeps_no_address(world: World) -> None:
    object_id = world.phone(world.person("bo"))
    world.poll()
    record = world.phones.pop(object_id)
    world.poll()
    world.phones[object_id] = replace(record, owner_oid=None)
    world.poll()
    device = world.device(object_id)
    assert (device.activation_status, device.owner_oid) == (Device.Activation.PENDING, None)
    assert (device.owner_upn, device.owner_name, device.owner_email) == ("", "", "")

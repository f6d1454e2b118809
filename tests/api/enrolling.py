"""What the tests of enrolment begin with: codes for a phone or a person, and who waits."""

import uuid

from tests.support.world import ADA, World

from vedette.devices import invitations
from vedette.devices.models import Device, WaitingIdentity
from vedette.foundation import database


def invite(device: Device) -> str:
    return invitations.invite_device(device, ADA).code


def invite_person(world: World, oid: uuid.UUID) -> str:
    person = world.people[oid]
    return invitations.invite_person(
        world.tenant_id, oid=oid, upn=person.upn, email=person.mail, actor=ADA
    ).code


def waiting(world: World) -> list[WaitingIdentity]:
    with database.tenant(world.tenant_id):
        return list(WaitingIdentity.objects.all())

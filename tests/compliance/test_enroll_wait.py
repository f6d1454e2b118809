"""Which apps wait on when another key comes by a sign-in of the same person."""

import uuid

import pytest
from tests.support.world import World

from vedette.compliance.enroll_wait import MOST_RIVALS, wait
from vedette.compliance.enrolment import NEEDS_CONFIRMATION, Attempt, BySignIn
from vedette.devices.models import WaitingIdentity
from vedette.foundation import database

BO = uuid.UUID(int=7)


def comes(world: World, vouched: uuid.UUID | None, key_id: str) -> None:
    claim = {"platform": "ANDROID", "model": "Pixel 8", "entra_device_id": ""}
    proof = BySignIn(BO, "bo@example.test", vouched)
    wait(Attempt(world.tenant_id, proof, {"kty": "EC"}, key_id, claim), NEEDS_CONFIRMATION)


def keys(world: World) -> set[str]:
    with database.tenant(world.tenant_id):
        return set(WaitingIdentity.objects.values_list("key_id", flat=True))


def test_two_phones_of_one_model_that_entra_tells_apart_wait_side_by_side(world: World) -> None:
    first, second = uuid.uuid4(), uuid.uuid4()
    comes(world, first, "one")
    comes(world, second, "two")
    assert keys(world) == {"one", "two"}
    comes(world, first, "one, installed again")
    assert keys(world) == {"one, installed again", "two"}


@pytest.mark.parametrize("count", [2, MOST_RIVALS + 1])
def test_where_entra_does_not_tell_the_newest_few_wait(world: World, count: int) -> None:
    names = [f"key {number}" for number in range(count)]
    for name in names:
        comes(world, None, name)
    assert keys(world) == set(names[-MOST_RIVALS:])

"""Why is my phone not here, pending or blocked? An answer for any person or device, known here or only to Entra."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from tests.support.console import Member, sign_in, text
from tests.support.database import Database
from tests.support.scenes import Scenes
from tests.support.world import ADA, BAD_PACKAGE, World, begin, facts, make_world

from vedette.compliance import lifecycle
from vedette.compliance.assess import assess
from vedette.connectors.intune import whereabouts
from vedette.connectors.intune.models import EnrollmentGroup
from vedette.connectors.intune.whereabouts import Found, Person, Thing
from vedette.devices import invitations
from vedette.directory.write import DeviceRecord, UserRecord
from vedette.foundation import clock, database
from vedette.foundation.graph import GraphError

Live = Callable[[Found | Exception], list[str]]


@pytest.fixture
def world(db: Database, scenes: Scenes) -> World:
    assert db.name
    return scenes.give("console why", some_phones)


def some_phones() -> World:
    """Bo has three phones: at risk, pending, too old; Cleo none; Dora's was deactivated."""
    world = begin()
    bo, dora = world.person("bo"), world.person("dora")
    world.person("cleo")
    bad = world.phone(bo, display_name="Bo's Pixel", serial_number="S-1")
    world.phone(bo, display_name="Bo's tablet")
    world.phone(bo, display_name="Bo's old one", unsupported_reason="os_too_old")
    gone = world.phone(dora, display_name="Dora's phone")
    world.poll()
    world.activate(world.device(bad))
    world.report(world.device(bad), facts(BAD_PACKAGE))
    assess(world.tenant_id)
    lifecycle.deactivate(world.device(gone), "lost", ADA)
    return world


@pytest.fixture
def live(monkeypatch: pytest.MonkeyPatch) -> Live:
    """Say what Entra answers; returns the words that it is asked for."""

    def answers(found: Found | Exception) -> list[str]:
        asked: list[str] = []

        def look(_graph: Any, words: str, _asked: Any) -> Found:
            asked.append(words)
            if isinstance(found, Exception):
                raise found
            return found

        monkeypatch.setattr(whereabouts, "look", look)
        return asked

    return answers


def why(member: Member, words: str, **more: str) -> str:
    return text(member.get("/devices/why", q=words, **more))


def test_known_devices_and_people_are_answered_without_asking_entra(
    full: Member, world: World, live: Live
) -> None:
    asked = live(Found())
    page = why(full, "bo@example.test")
    assert "Evidence: bad (org.vedette.test.bad) is listed as DemoBanker" in page
    assert "Your security policy rates “Trojan” High." in page
    assert "It is in scope: found through the enrollment groups." in page
    assert "No activation code was sent for it." in page
    assert "Operating system too old" in page
    assert "Update it, or lower the oldest version (Enrollment management)." in page
    assert "No device is registered in their name." in why(full, "cleo")
    assert "An administrator deactivated it" in why(full, "Dora's phone")
    assert "Reinstate it on its page." in why(full, "dora")
    assert "Bo's Pixel" in why(full, "s-1").replace("&#x27;", "'")
    assert asked == []
    why(full, "cleo", live="1")
    assert asked == ["cleo"]
    device = world.devices()[0]
    for key in (device.id, device.entra_object_id, device.entra_device_id):
        assert device.display_name.replace("'", "&#x27;") in why(full, str(key))


def test_what_became_of_the_activation_code_is_told(full: Member, world: World) -> None:
    (tablet,) = [d for d in world.devices() if d.display_name == "Bo's tablet"]
    invitations.invite_device(tablet, ADA)
    assert "An activation code was sent to bo@example.test and has not been used." in why(full, "tablet")


USER = UserRecord(oid=uuid.uuid4(), upn="eve@example.test", display_name="Eve")
PHONE = DeviceRecord(object_id=uuid.uuid4(), entra_device_id=uuid.uuid4(), display_name="Eve's phone")
OLD = DeviceRecord(
    object_id=uuid.uuid4(), entra_device_id=uuid.uuid4(), unsupported_reason="disabled", model="X"
)


@pytest.mark.parametrize(
    ("found", "sentences"),
    [
        (
            Found([Person(USER, member=False)]),
            ["Not in scope: in no enrollment group.", "No device is registered"],
        ),
        (
            Found([Person(USER, member=True, phones=[PHONE])]),
            ["the next poll brings it here", "can be protected"],
        ),
        (
            Found([Person(USER, member=True, phones=[OLD])]),
            ["no phone of theirs can be", "X: Disabled in Entra"],
        ),
        (Found([Person(USER, member=False, nested_only=True)]), ["nested groups do not count for that one"]),
        (Found(devices=[Thing(PHONE, None, owner_member=False, member=False)]), ["Nobody is its owner"]),
        (
            Found(devices=[Thing(PHONE, None, owner_member=False, member=True)]),
            ["device itself is in an enrollment"],
        ),
        (
            Found(devices=[Thing(OLD, USER, owner_member=True, member=False)]),
            ["Its owner is Eve.", "Disabled"],
        ),
        (Found(more=True), ["Nobody and nothing by these words", "type more of the name"]),
        (GraphError(503, "serviceNotAvailable", "down"), ["Microsoft could not be asked"]),
    ],
    ids=["no member", "member", "old phone", "nested", "ownerless", "shared", "owned", "nobody", "down"],
)
def test_whom_nobody_here_knows_is_asked_of_entra(
    full: Member, world: World, live: Live, found: Found | Exception, sentences: list[str]
) -> None:
    with database.tenant(world.tenant_id):
        EnrollmentGroup.objects.create(
            tenant_id=world.tenant_id, object_id=uuid.uuid4(), display_name="G", added_at=clock.now()
        )
    asked = live(found)
    page = why(full, "Eve")
    assert asked == ["Eve"]
    for sentence in sentences:
        assert sentence in page


def test_restricted_people_and_strangers(restricted: Member, live: Live) -> None:
    asked = live(Found([Person(USER, member=True, phones=[PHONE])]))
    page = why(restricted, "Eve")
    assert asked == [], "people outside the enrollment groups are not looked up for them"
    assert "Somebody with full access can look it up" in page
    assert "Bo&#x27;s Pixel" in why(restricted, "Pixel")
    other = sign_in(make_world("Other"), "full", "zoe")
    assert "Bo&#x27;s Pixel" not in why(other, "Pixel")


@pytest.mark.parametrize(
    "words", ["%", "_", "a", "'", "\x00\x00\x00", "x" * 5000, "';--", "%%%", "___", " a b c "]
)
def test_any_words_get_a_page(full: Member, live: Live, words: str) -> None:
    live(Found())
    assert full.client.get("/devices/why", {"q": words}).status_code == 200

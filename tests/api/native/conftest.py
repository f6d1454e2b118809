"""The native API for one tenant with one of everything, and for a stranger."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from tests.support.database import Database
from tests.support.native_api import Program, Service, program, serving
from tests.support.scenes import Scenes
from tests.support.world import ADA, BAD_PACKAGE, World, begin, facts, make_world

from vedette.compliance import change_apps, lifecycle, triage
from vedette.compliance.assess import assess
from vedette.connectors import spared
from vedette.devices import invitations
from vedette.foundation import clock, database
from vedette.foundation.ids import new_id
from vedette.scans import kept
from vedette.scans.models import Scan
from vedette.threats.models import PolicyWish, Threat
from vedette.verdict.findings import Evidence, Finding

Places = dict[str, str]
TROJAN = Finding("TROJAN", "app:a.b", "It is listed.", (Evidence("app", "a.b", "apps.indicators"),), "apps/1")


@pytest.fixture(scope="session")
def service(database: Database) -> Iterator[Service]:
    # the suite calls more often than any one key or address may
    limits = {"requests_per_minute": 1_000_000, "calls_per_minute": 1_000_000}
    with serving(database.login_url, body_seconds=1.5, **limits) as running:
        yield running


@pytest.fixture
def scene(db: Database, scenes: Scenes) -> tuple[World, Places]:
    assert db.name
    return scenes.give("native api", one_of_everything)


@pytest.fixture
def world(scene: tuple[World, Places]) -> World:
    return scene[0]


@pytest.fixture
def places(scene: tuple[World, Places]) -> Places:
    """An ID for each name that stands in a path."""
    return scene[1]


def one_of_everything() -> tuple[World, Places]:
    """Three phones: one at risk with several threats, one healthy, one deactivated; and one of all that has an ID."""
    world = begin("Contoso")
    bad, healthy, away = sorted(world.activated(3), key=lambda device: device.owner_email)
    world.report(bad, facts(BAD_PACKAGE, posture={"adb": True}))
    world.report(healthy, facts())
    assess(world.tenant_id)
    lifecycle.deactivate(world.fresh(away), "sold", ADA)
    entry = change_apps.add_entry(
        world.tenant_id, action="deny", subject="package", value="com.games.*", actor=ADA
    )
    rule = change_apps.add_rule(
        world.tenant_id, name="No SMS", all_of=["read_sms"], none_of=[], only_side_loaded=False, actor=ADA
    )
    spared.add(world.tenant_id, new_id(), "breakglass@example.test", "Break Glass", ADA)
    with database.writer(world.tenant_id):
        invitation = invitations.invite_device(world.fresh(healthy), ADA).invitation
        wish = PolicyWish.objects.create(
            tenant_id=world.tenant_id,
            group_id=bad.group_id,
            levels={},
            threats=5,
            asked_at=clock.now(),
            asked_by="Ada",
            finished_at=clock.now(),
            outcome="applied",
        )
        from vedette.connectors.models import SparedPerson  # noqa: PLC0415 needs Django

        trojan = Threat.objects.get(classification="TROJAN")
        other = Threat.objects.exclude(id=trojan.id).filter(device=bad).latest("id")
        triage.ignore(other, "known", ADA)
        scan = Scan.objects.create(
            tenant_id=world.tenant_id,
            created_at=clock.now(),
            created_by="Ada",
            file_name="acquisition.zip",
            size=12,
            sha256="ab" * 32,
            status=Scan.Status.DONE,
            kind="androidqf",
            findings=1,
            worst=4,
            result=kept.to_json(kept.Kept(kind="androidqf", findings=[TROJAN])),
            finished_at=clock.now(),
            keep_until=clock.now() + timedelta(days=30),
        )
        return world, {
            "scan_id": str(scan.id),
            "device_id": str(bad.id),
            "healthy": str(healthy.id),
            "away": str(away.id),
            "threat_id": str(trojan.id),
            "ignored": str(other.id),
            "group_id": str(bad.group_id),
            "change_id": str(wish.id),
            "entry_id": str(entry.id),
            "rule_id": str(rule.id),
            "person_id": str(SparedPerson.objects.get().id),
            "invitation_id": str(invitation.id),
        }


@pytest.fixture
def ours(service: Service, world: World) -> Program:
    return program(service, world)


@pytest.fixture
def stranger(service: Service, world: World) -> Program:
    assert world
    return program(service, make_world("Stranger"))
